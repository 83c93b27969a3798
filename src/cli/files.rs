//! Files that a command names, where `-` is the standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::failure::{Failure, Outcome};

/// Stands for the standard input, or the standard output.
pub(super) const STDIO: &str = "-";

/// Something to read, and its length if that is known.
pub(super) struct Input {
    pub(super) bytes: Box<dyn Read>,
    pub(super) length: Option<u64>,
}

/// Opens a file, or the standard input.
pub(super) fn open(path: &Path) -> Outcome<Input> {
    if path == Path::new(STDIO) {
        return Ok(Input { bytes: Box::new(io::stdin().lock()), length: None });
    }
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!("{} is a folder", path.display()), "name a file in it"));
    }
    Ok(Input { length: metadata.is_file().then_some(metadata.len()), bytes: Box::new(file) })
}

/// What a person calls it.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new(STDIO) { "the standard input".to_owned() } else { path.display().to_string() }
}

/// Everything in a file, of at most so many bytes.
pub(super) fn read(path: &Path, bytes_max: u64) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = open(path)?.bytes.take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > bytes_max {
        let cause = format!("{} is longer than {bytes_max} bytes", name(path));
        return Err(Failure::usage(cause, "is it the right file?"));
    }
    Ok(bytes)
}

/// A file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot read {}: {error}", name(path)), "name a file that can be read, or -")
}
