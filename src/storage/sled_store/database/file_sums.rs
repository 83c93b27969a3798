//! Sums of the database's file while nobody has it open.
//!
//! sled takes a message of its log that is not what was written for the end of a segment, and goes on without what
//! followed: a bit that flips on the disk can silently bring back an older state of some keys. So a node that stops
//! leaves sums of the file behind, and one that starts compares. While the database is open there are none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use fs2::FileExt;

use crate::storage::chain_store::StorageError;
use crate::storage::segment::{sync_file, sync_folder};

/// The file's name, beside the database's own.
const FILE_NAME: &str = "sums";
/// What is summed, inside the database's folder.
const SUMMED: &str = "db";
/// Bytes of which each has its sum, so that damage can be told by its place.
const PART_BYTES: u64 = 4 << 20;
/// Bytes of a sum: enough against accidents.
const SUM_BYTES: usize = 16;
/// Longest file that is summed: reading more would make stopping and starting slow (a second or two for this).
const SUMMED_BYTES_MAX: u64 = 4 << 30;
/// Pause between two looks whether sled has let go of its file, and how often.
const HELD_PAUSE: Duration = Duration::from_millis(5);
const HELD_TRIES: u32 = 400;

/// What comparing has found.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::storage::sled_store) enum Compared {
    /// It is what it was when it was closed.
    Same,
    /// There is nothing to compare with: it was not closed.
    Unknown,
    /// It is something else, in words.
    Different(String),
}

/// Leaves sums behind when it is dropped, if the database was closed well.
#[derive(Debug)]
pub(super) struct SumsAtClose {
    folder: PathBuf,
    is_whole: AtomicBool,
}

impl SumsAtClose {
    /// For the database in a folder.
    pub(in crate::storage::sled_store) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), is_whole: AtomicBool::new(false) }
    }

    /// Whether everything has been written and synced, as far as it goes.
    pub(super) fn set_whole(&self, is_whole: bool) {
        self.is_whole.store(is_whole, Ordering::Release);
    }
}

impl Drop for SumsAtClose {
    fn drop(&mut self) {
        if self.is_whole.load(Ordering::Acquire)
            && let Err(error) = leave(&self.folder)
        {
            tracing::debug!("{}: no sums are left: {error}", self.folder.display());
        }
    }
}

/// Compares the file with its sums, if there are any, and takes them away.
pub(in crate::storage::sled_store) fn take(folder: &Path) -> Result<Compared, StorageError> {
    let path = folder.join(FILE_NAME);
    let kept = match fs::read(&path) {
        Ok(kept) => kept,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Compared::Unknown),
        Err(error) => return Err(StorageError::io(&path, &error)),
    };
    let compared = if let Some(kept) = open_sums(&kept) {
        compare(folder, kept)?
    } else {
        tracing::warn!("{} is damaged: the database is not compared with it", path.display());
        Compared::Unknown
    };
    // Before the database changes, and for good: else they would be compared with what it becomes.
    fs::remove_file(&path).map_err(|error| StorageError::io(&path, &error))?;
    sync_folder(folder)?;
    Ok(compared)
}

fn compare(folder: &Path, kept: &[u8]) -> Result<Compared, StorageError> {
    let path = folder.join(SUMMED);
    let found = match File::open(&path).and_then(sums) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Compared::Different(format!("{SUMMED} is gone")));
        }
        Err(error) => return Err(StorageError::io(&path, &error)),
    };
    let (found_length, found) = found.split_at(size_of::<u64>());
    let (kept_length, kept) = kept.split_at_checked(size_of::<u64>()).unwrap_or_default();
    if found_length != kept_length {
        let cause = format!("{SUMMED} has another length than when the node was stopped");
        return Ok(Compared::Different(cause));
    }
    let parts = found.chunks(SUM_BYTES).zip(kept.chunks(SUM_BYTES));
    let damaged = parts.zip((0_u64..).step_by(PART_BYTES as usize)).find(|((found, kept), _)| found != kept);
    Ok(damaged.map_or(Compared::Same, |(_, from)| {
        let to = from + PART_BYTES;
        let cause = format!("{SUMMED} was changed between bytes {from} and {to} since the node was stopped");
        Compared::Different(cause)
    }))
}

fn leave(folder: &Path) -> io::Result<()> {
    let file = File::open(folder.join(SUMMED))?;
    if file.metadata()?.len() > SUMMED_BYTES_MAX {
        return Ok(());
    }
    wait_for_lock(&file)?;
    let sums = sums(file)?;
    let unfinished = folder.join(format!("{FILE_NAME}.new"));
    fs::write(&unfinished, [blake3::hash(&sums).as_bytes(), sums.as_slice()].concat())?;
    sync_file(&unfinished)?;
    fs::rename(unfinished, folder.join(FILE_NAME))?;
    // Only there a folder opens as a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Waits until sled has let go of a database that was dropped.
pub(in crate::storage::sled_store) fn wait_until_closed(folder: &Path) -> io::Result<()> {
    wait_for_lock(&File::open(folder.join(SUMMED))?)
}

/// sled locks its file; once it is free nobody writes there any more.
fn wait_for_lock(file: &File) -> io::Result<()> {
    let mut tries = HELD_TRIES;
    while let Err(error) = FileExt::try_lock_exclusive(file) {
        tries = tries.checked_sub(1).ok_or(error)?;
        thread::sleep(HELD_PAUSE);
    }
    Ok(())
}

/// Length ‖ sums of the parts.
fn sums(file: File) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    let mut sums = length.to_le_bytes().to_vec();
    let mut rest = length;
    let mut reader = file;
    while rest > 0 {
        let part = rest.min(PART_BYTES);
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader((&mut reader).take(part))?;
        sums.extend_from_slice(&hasher.finalize().as_bytes()[..SUM_BYTES]);
        rest -= part;
    }
    Ok(sums)
}

fn open_sums(kept: &[u8]) -> Option<&[u8]> {
    let (check, sums) = kept.split_first_chunk::<32>()?;
    (blake3::hash(sums) == *check).then_some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_is_found_and_told_by_its_place_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SUMMED);
        let whole: Vec<u8> = (0..PART_BYTES as u32 + 1_000).map(|i| i as u8).collect();
        for at in [0, 77, PART_BYTES as usize - 1, PART_BYTES as usize, whole.len() - 1] {
            fs::write(&path, &whole).unwrap();
            leave(folder.path()).unwrap();
            let mut changed = whole.clone();
            changed[at] ^= 4;
            fs::write(&path, changed).unwrap();
            let compared = take(folder.path()).unwrap();
            let part = if at < PART_BYTES as usize { "bytes 0 " } else { "bytes 4194304 " };
            assert!(matches!(&compared, Compared::Different(cause) if cause.contains(part)), "{compared:?}");
            assert_eq!(take(folder.path()).unwrap(), Compared::Unknown, "the sums are taken away");
        }
        leave(folder.path()).unwrap();
        fs::write(&path, &whole[1..]).unwrap();
        assert!(matches!(take(folder.path()).unwrap(), Compared::Different(_)));
    }

    #[test]
    fn what_was_not_changed_is_not_blamed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(SUMMED), b"as it was").unwrap();
        leave(folder.path()).unwrap();
        assert_eq!(take(folder.path()).unwrap(), Compared::Same);
        leave(folder.path()).unwrap();
        fs::write(folder.path().join(FILE_NAME), b"not what was left").unwrap();
        assert_eq!(take(folder.path()).unwrap(), Compared::Unknown);
    }
}
