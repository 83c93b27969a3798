//! The library that stands before a program's C library and records what it does to files, or makes that fail.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds it with the C compiler; `None`, and a word about it, where there is none.
pub(crate) fn build(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("recorder.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/recorder.c");
    let arguments = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"];
    let built =
        Command::new("cc").args(arguments).arg(&library).arg(source).args(["-ldl", "-lpthread"]).status();
    match built {
        Ok(status) => {
            assert!(status.success(), "the recorder does not compile");
            Some(library)
        }
        Err(error) => {
            println!(
                "SKIPPED: without a C compiler no operation on files is recorded or fails (cc: {error})"
            );
            None
        }
    }
}
