//! Where an export goes: a file that appears whole or not at all, or the standard output.

use std::fs::{self, File, Permissions};
use std::io::{self, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::files::STDIO;

/// What is written, until it is kept.
#[derive(Debug)]
pub(super) enum Destination {
    /// The standard output.
    Stdout(Stdout),
    /// A temporary file beside the one it will become.
    File { temporary: NamedTempFile, path: PathBuf, may_replace: bool },
}

impl Destination {
    /// Refuses, before any work is done, to replace a file that nobody said may be replaced.
    pub(super) fn open(path: &Path, may_replace: bool) -> Outcome<Self> {
        if path == Path::new(STDIO) {
            let stdout = io::stdout();
            if stdout.is_terminal() {
                return Err(Failure::usage(
                    "a chain is no text for a terminal",
                    "send it into a pipe or a file",
                ));
            }
            return Ok(Self::Stdout(stdout));
        }
        if path.is_dir() {
            return Err(Failure::usage(format!("{} is a folder", path.display()), "name a file in it"));
        }
        if path.exists() && !may_replace {
            return Err(exists(path));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".cairn-export-");
        let temporary =
            with_usual_permissions(&mut builder).tempfile_in(folder_of(path)).map_err(|error| {
                Failure::new(
                    format!("cannot write into {}: {error}", folder_of(path).display()),
                    "name a file in a folder that exists and can be written to",
                )
            })?;
        Ok(Self::File { temporary, path: path.to_owned(), may_replace })
    }

    /// Makes what was written last, under its own name.
    pub(super) fn keep(self) -> Outcome {
        let Self::File { temporary, path, may_replace } = self else { return Ok(()) };
        let failed = |error: io::Error| cannot_write(&path, &error);
        temporary.as_file().sync_all().map_err(failed)?;
        let persisted =
            if may_replace { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
        match persisted {
            Ok(_) => sync_folder(folder_of(&path)).map_err(failed),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&path)),
            Err(error) => Err(failed(error.error)),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File { temporary, .. } => temporary.flush(),
        }
    }
}

/// Temporary files are for their owner alone; an export is a file like any other.
fn with_usual_permissions<'a, 'b>(
    builder: &'a mut tempfile::Builder<'b, 'b>,
) -> &'a mut tempfile::Builder<'b, 'b> {
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    builder
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the new name last. Only Unix needs it, and only there a folder opens as a file.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn exists(path: &Path) -> Failure {
    let bytes = fs::metadata(path).map(|file| file.len()).unwrap_or_default();
    Failure::usage(
        format!("{} exists already, with {bytes} bytes", path.display()),
        "give --force to replace it, or another name",
    )
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()), "look at this disk and its rights")
}
