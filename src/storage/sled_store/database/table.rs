//! The one file that names sled: an ordered table of bytes on disk, changed by atomic batches.
//!
//! sled 0.34.7 has traps, all measured: long values go to files that are never synced, `flush` alone does not survive a
//! loss of power, a damaged snapshot can make it panic at opening, it relies on `sync_file_range` (which
//! `no_sync_file_range` takes from it), and it waits for ever when too many of its writes are under way (see
//! [`WRITES_UNDER_WAY_MAX`]).

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::file_sums::SumsAtClose;
use super::folder_lock::FolderLock;
use super::guarded::guarded;
use crate::storage::chain_store::StorageError;
use crate::storage::segment::{make_folder, sync_file, sync_folder};

/// Longest value. A leaf of sled's tree holds up to 20 pairs and is written as one piece. Beyond a quarter of a segment
/// that piece goes to a file of its own that is never synced (measured: with values of 60 KB nearly all did).
pub(super) const VALUE_BYTES_MAX: usize = 24_000;
/// Bytes of a segment of sled's log: 20 values and their keys stay below a quarter.
pub(in crate::storage::sled_store) const SEGMENT_BYTES: usize = 2 << 20;
/// Writes that sled may have under way before it must end them. Seven threads of it write, sync what they wrote, and
/// shorten the file. Should all seven sync, and then wait for a lock whose holder waits for the file to be shorter, they
/// wait for ever; ending them all is one write more.
const WRITES_UNDER_WAY_MAX: usize = 4;
/// Writes that sled begins for each batch: of what came before, and of the mark that makes the batch one.
const WRITES_PER_BATCH: usize = 2;
/// Bytes that sled writes for each byte that is put, at most: it writes leaves again (measured: 1.4 to 2.3).
const WRITTEN_PER_BYTE: usize = 3;
/// Changes after which a batch is applied: sled frees nothing that it replaces while it applies one.
const BATCH_CHANGES_MAX: usize = 256;
/// Bytes of pages that sled tries to keep in memory.
const CACHE_BYTES: u64 = 64 << 20;
/// What is wrong with contents on which sled panics.
const PANICKED: &str = "its own code failed on the contents";
/// Named by this file inside its folder, a database is set aside at the next opening.
const DAMAGE_MARK: &str = "damaged";

/// A key or value as read. Shares memory with the database.
pub(in crate::storage::sled_store) type Bytes = sled::IVec;

/// The table. Clones are the same table; it is closed, and its folder free, when the last is dropped.
#[derive(Debug, Clone)]
pub(in crate::storage::sled_store) struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: sled::Db,
    folder: PathBuf,
    value_bytes_max: usize,
    segment_bytes: usize,
    /// Writes of sled that may be under way for what was applied, at most.
    under_way: Mutex<usize>,
    has_unsynced: AtomicBool,
    is_as_left: AtomicBool,
    // Dropped after the table, so that it sums what sled leaves.
    sums: SumsAtClose,
    // Dropped last, when sled has let go of its files.
    _lock: Arc<FolderLock>,
}

/// Changes that happen together.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Batch {
    changes: sled::Batch,
    count: usize,
    removals: usize,
    /// Of what is put.
    bytes: usize,
}

/// Why sled did not open.
#[derive(Debug)]
pub(in crate::storage::sled_store) enum OpenFailure {
    /// It still holds its own lock, shortly after another handle was dropped.
    Held,
    /// The system refused something; the contents may be well.
    System(StorageError),
    /// It cannot use the contents, in its words.
    Broken(String),
}

impl Batch {
    /// Sets a value of at most [`VALUE_BYTES_MAX`] bytes.
    pub(in crate::storage::sled_store) fn put(&mut self, key: &[u8], value: &[u8]) {
        assert!(value.len() <= VALUE_BYTES_MAX, "longer values are split by `values`");
        self.count += 1;
        self.bytes += key.len() + value.len();
        self.changes.insert(key, value);
    }

    /// Removes a key, if it is there.
    pub(in crate::storage::sled_store) fn remove(&mut self, key: &[u8]) {
        self.count += 1;
        self.removals += 1;
        self.changes.remove(key);
    }

    /// Whether there is nothing to do.
    pub(in crate::storage::sled_store) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes that sled writes for it at most, with values of up to so many bytes beside those that are removed.
    fn written_bytes(&self, value_bytes_max: usize) -> usize {
        self.bytes * WRITTEN_PER_BYTE + self.removals * value_bytes_max
    }
}

impl Database {
    /// Opens the table in `folder`, or makes it, with a log in segments of so many bytes.
    pub(in crate::storage::sled_store) fn open(
        folder: &Path,
        lock: Arc<FolderLock>,
        segment_bytes: usize,
    ) -> Result<Self, OpenFailure> {
        // The folder, and what a kill has left unsynced in it, last before sled builds on them.
        make_folder(folder).map_err(OpenFailure::System)?;
        sync_files(folder).map_err(OpenFailure::System)?;
        let config = sled::Config::new()
            .path(folder)
            .flush_every_ms(None)
            .cache_capacity(CACHE_BYTES)
            .segment_size(segment_bytes);
        let table = match guarded(|| config.open()) {
            Some(Ok(table)) => table,
            Some(Err(error)) if error.to_string().contains("could not acquire lock") => {
                return Err(OpenFailure::Held);
            }
            Some(Err(sled::Error::Io(error))) if !speaks_of_contents(error.kind()) => {
                return Err(OpenFailure::System(StorageError::io(folder, &error)));
            }
            Some(Err(error)) => return Err(OpenFailure::Broken(error.to_string())),
            None => return Err(OpenFailure::Broken(PANICKED.to_owned())),
        };
        let sums = SumsAtClose::new(folder);
        let folder = folder.to_owned();
        let value_bytes_max = VALUE_BYTES_MAX * segment_bytes / SEGMENT_BYTES;
        Ok(Self(Arc::new(Inner {
            table,
            folder,
            value_bytes_max,
            segment_bytes,
            under_way: Mutex::default(),
            has_unsynced: AtomicBool::new(true),
            is_as_left: AtomicBool::new(false),
            sums,
            _lock: lock,
        })))
    }

    /// The value of a key.
    pub(in crate::storage::sled_store) fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StorageError> {
        self.guard(|| self.0.table.get(key))
    }

    /// All pairs with `from` ≤ key < `to`, ascending; from both ends.
    pub(in crate::storage::sled_store) fn range(
        &self,
        from: &[u8],
        to: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(Bytes, Bytes), StorageError>> + use<'_> {
        Pairs { database: self, iter: self.0.table.range(from..to), has_failed: false }
    }

    /// All pairs whose key begins with `prefix`, ascending.
    pub(in crate::storage::sled_store) fn prefix(
        &self,
        prefix: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<(Bytes, Bytes), StorageError>> + use<'_> {
        Pairs { database: self, iter: self.0.table.scan_prefix(prefix), has_failed: false }
    }

    /// Makes changes, all or none; they last once [`Self::sync`] has returned.
    pub(in crate::storage::sled_store) fn apply(&self, batch: Batch) -> Result<(), StorageError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.0.has_unsynced.store(true, Ordering::Release);
        self.0.sums.set_whole(false);
        let mut under_way = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let written_bytes = batch.written_bytes(self.0.value_bytes_max);
        let added = WRITES_PER_BATCH + written_bytes / self.0.segment_bytes;
        if *under_way + added > WRITES_UNDER_WAY_MAX {
            self.guard(|| self.0.table.flush())?;
            *under_way = 0;
        }
        *under_way += added;
        self.guard(|| self.0.table.apply_batch(batch.changes))
    }

    /// Applies a batch that is full and leaves an empty one in its place. While sled applies one, readers wait.
    pub(in crate::storage::sled_store) fn apply_if_full(
        &self,
        batch: &mut Batch,
    ) -> Result<(), StorageError> {
        let is_full = batch.count >= BATCH_CHANGES_MAX
            || batch.written_bytes(self.0.value_bytes_max) >= self.0.segment_bytes;
        if is_full { self.apply(std::mem::take(batch)) } else { Ok(()) }
    }

    /// Whether anything was changed since the last sync.
    pub(in crate::storage::sled_store) fn has_unsynced(&self) -> bool {
        self.0.has_unsynced.load(Ordering::Acquire)
    }

    /// Makes all that was applied last. An error is final.
    pub(in crate::storage::sled_store) fn sync(&self) -> Result<(), StorageError> {
        self.0.has_unsynced.store(false, Ordering::Release);
        self.guard(|| self.0.table.flush())?;
        // Named here, so that the linker keeps what makes this flush a true one.
        tracing::trace!(synced = no_sync_file_range::refusals(), "the database was flushed");
        sync_files(&self.0.folder)?;
        self.0.sums.set_whole(!self.has_unsynced());
        Ok(())
    }

    /// The error for contents that are not what was written; the database will be set aside at the next opening.
    pub(in crate::storage::sled_store) fn damaged(&self, cause: String) -> StorageError {
        let marked = fs::write(self.0.folder.join(DAMAGE_MARK), &cause);
        let next_step = match marked {
            Ok(()) => {
                "Start the node again: it sets the database aside and rebuilds it from its journal and its peers"
            }
            Err(_) => {
                "Move this folder away and start the node again: it rebuilds it from its journal and its peers"
            }
        };
        StorageError::Damaged { path: self.0.folder.clone(), cause, next_step: next_step.to_owned() }
    }

    /// Whether it was opened just as it had been closed.
    pub(in crate::storage::sled_store) fn is_as_left(&self) -> bool {
        self.0.is_as_left.load(Ordering::Acquire)
    }

    /// Says that it was.
    pub(in crate::storage::sled_store) fn set_as_left(&self) {
        self.0.is_as_left.store(true, Ordering::Release);
    }

    /// Longest value that its segments take: [`VALUE_BYTES_MAX`] with segments as they usually are.
    pub(in crate::storage::sled_store) fn value_bytes_max(&self) -> usize {
        self.0.value_bytes_max
    }

    /// Where it is.
    pub(in crate::storage::sled_store) fn folder(&self) -> &Path {
        &self.0.folder
    }

    fn guard<T>(&self, act: impl FnOnce() -> sled::Result<T>) -> Result<T, StorageError> {
        match guarded(act) {
            Some(done) => done.map_err(|error| self.error(error)),
            None => Err(self.damaged(PANICKED.to_owned())),
        }
    }

    fn error(&self, error: sled::Error) -> StorageError {
        match error {
            sled::Error::Io(error) => StorageError::io(&self.0.folder, &error),
            sled::Error::Corruption { .. }
            | sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_) => self.damaged(error.to_string()),
        }
    }
}

/// Pairs as they are read, up to the first that cannot be.
struct Pairs<'a> {
    database: &'a Database,
    iter: sled::Iter,
    has_failed: bool,
}

impl Pairs<'_> {
    fn step(
        &mut self,
        take: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(Bytes, Bytes)>>,
    ) -> Option<Result<(Bytes, Bytes), StorageError>> {
        if self.has_failed {
            return None;
        }
        let iter = &mut self.iter;
        let pair = self.database.guard(|| take(iter).transpose()).transpose();
        self.has_failed = matches!(pair, Some(Err(_)));
        pair
    }
}

impl Iterator for Pairs<'_> {
    type Item = Result<(Bytes, Bytes), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

/// Makes the database's files last as they are, and their names.
fn sync_files(folder: &Path) -> Result<(), StorageError> {
    for path in ["db", "conf"].map(|name| folder.join(name)) {
        match sync_file(&path) {
            // A new database has none yet.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(StorageError::io(&path, &error)),
            _ => {}
        }
    }
    sync_folder(folder)
}

/// Whether sled means what it read by such an error, and not the system.
fn speaks_of_contents(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other
    )
}

/// Whether reading found damage in an earlier run.
pub(in crate::storage::sled_store) fn is_marked_as_damaged(folder: &Path) -> bool {
    folder.join(DAMAGE_MARK).exists()
}

/// Removes snapshots that sled had not finished when it was killed: it would not open with one.
pub(in crate::storage::sled_store) fn remove_unfinished_snapshots(
    folder: &Path,
) -> Result<Vec<PathBuf>, StorageError> {
    remove_files(folder, |name| name.ends_with(".generating"))
}

/// Removes all snapshots: sled then reads its whole log instead.
pub(in crate::storage::sled_store) fn remove_snapshots(folder: &Path) -> Result<Vec<PathBuf>, StorageError> {
    remove_files(folder, |name| name.starts_with("snap."))
}

fn remove_files(folder: &Path, is_unwanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, StorageError> {
    let failed = |error: io::Error| StorageError::io(folder, &error);
    let mut removed = Vec::new();
    if !folder.exists() {
        return Ok(removed);
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_str().is_some_and(&is_unwanted) {
            fs::remove_file(entry.path()).map_err(failed)?;
            removed.push(entry.path());
        }
    }
    Ok(removed)
}

/// A database in a folder that goes with the test.
#[cfg(test)]
pub(in crate::storage::sled_store) fn temporary() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let lock = FolderLock::acquire(folder.path(), "a test", 0).unwrap();
    let database = Database::open(&folder.path().join("sled"), Arc::new(lock), SEGMENT_BYTES).unwrap();
    (folder, database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn what_sled_writes_is_synced_for_good() {
        let (_folder, database) = temporary();
        let before = no_sync_file_range::refusals();
        let mut batch = Batch::default();
        batch.put(b"key", b"value");
        database.apply(batch).unwrap();
        database.sync().unwrap();
        assert!(no_sync_file_range::refusals() > before, "sled calls the C library's function");
    }
}
