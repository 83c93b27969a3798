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

/// Lets a program start with it. By its name and its folder, since the list of such libraries ends at a space.
pub(crate) fn load(library: &Path, command: &mut Command) {
    let (folder, name) = (library.parent(), library.file_name());
    let (folder, name) = folder.zip(name).expect("it was built in a folder");
    command.env("LD_PRELOAD", name).env("LD_LIBRARY_PATH", folder);
}
