//! Small secret files: readable by their owner alone, written whole or not at all, never overwritten by accident.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Bytes of the longest file that is read: a wallet with all its addresses takes a tenth of it.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why a file cannot be read or written, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// A wallet is never overwritten: it may be the only copy of somebody's keys.
    #[error("{} exists already and is never overwritten: choose another name, or move that file away", .0.display())]
    Exists(PathBuf),
    /// The system does not allow it.
    #[error("no permission for {}: run as the user who owns it, or change its owner or mode", .0.display())]
    Denied(PathBuf),
    /// Far longer than any wallet.
    #[error("{} is longer than {FILE_BYTES_MAX} bytes, so it is no wallet: check the path", .0.display())]
    TooLong(PathBuf),
    /// Anything else, such as a full disk.
    #[error("{}: {source}: check the disk and its free space, then try again", path.display())]
    System {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads a whole file of bounded length.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(at(path))?;
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(at(path))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(FileError::TooLong(path.to_owned()));
    }
    Ok(bytes)
}

/// Writes a new file. One that exists stays as it is, and that is an error.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    written_beside(path, bytes)?.persist_noclobber(path).map_err(|failed| at(path)(failed.error))?;
    sync_folder_of(path)
}

/// Replaces a file by one rename, so that at each moment the old or the new one is there whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    // A link is followed: its target is replaced, not the link.
    let path = &fs::canonicalize(path).map_err(at(path))?;
    written_beside(path, bytes)?.persist(path).map_err(|failed| at(path)(failed.error))?;
    sync_folder_of(path)
}

/// Makes a folder that only its owner may enter, with all above it.
pub(super) fn create_folder(folder: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder).map_err(at(folder))
}

/// The error of the system, with the path it is about.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> FileError + '_ {
    |source| {
        let path = path.to_owned();
        let kind = source.kind();
        if kind == ErrorKind::NotFound {
            FileError::Missing(path)
        } else if kind == ErrorKind::AlreadyExists {
            FileError::Exists(path)
        } else if kind == ErrorKind::PermissionDenied {
            FileError::Denied(path)
        } else {
            FileError::System { path, source }
        }
    }
}

/// A temporary file in the same folder, on the disk before it gets its name; it is removed if it never does.
fn written_beside(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, FileError> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    let mut file = builder.prefix(".writing-").tempfile_in(folder_of(path)).map_err(at(path))?;
    file.write_all(bytes).map_err(at(path))?;
    file.as_file().sync_all().map_err(at(path))?;
    Ok(file)
}

/// A rename is on the disk once its folder is. Only Unix needs it, and only there a folder opens as a file.
fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_their_owners_alone_also_after_a_replacement() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a").join("b");
        create_folder(&inner).unwrap();
        let path = inner.join("alice.json");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        create(&path, b"one").unwrap();
        assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_file_that_exists_is_not_overwritten_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.json");
        create(&path, b"old").unwrap();
        assert!(matches!(create(&path, b"new"), Err(FileError::Exists(_))));
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(names_in(folder.path()), ["alice.json"]);
    }

    #[test]
    fn a_replacement_that_fails_changes_nothing_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.json");
        create_folder(&path.join("in-the-way")).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert!(path.join("in-the-way").exists());
        assert_eq!(names_in(folder.path()), ["alice.json"]);
        assert!(matches!(replace(&folder.path().join("bob.json"), b"new"), Err(FileError::Missing(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_to_the_replaced_file() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("stick.json"), folder.path().join("alice.json"));
        create(&target, b"old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(read(&target).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_file_far_longer_than_a_wallet_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("film");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(read(&path), Err(FileError::TooLong(_))));
    }

    #[test]
    fn errors_of_the_system_are_told_apart() {
        let error = |kind: ErrorKind| at(Path::new("alice.json"))(kind.into()).to_string();
        assert!(error(ErrorKind::NotFound).starts_with("there is no file alice.json"));
        assert!(error(ErrorKind::PermissionDenied).starts_with("no permission for alice.json"));
        assert!(error(ErrorKind::StorageFull).contains("free space"));
    }
}
