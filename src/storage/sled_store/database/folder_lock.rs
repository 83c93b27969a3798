//! One process at a time in a data folder, and by whom it is held.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::storage::chain_store::StorageError;

/// The locked file's name; it says in plain words who holds the folder.
const FILE_NAME: &str = "lock";
/// Between two tries: a node that was just stopped needs a moment to let go.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Held as long as this lives. The system lets go of it when the process ends, in whatever way.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock of a folder for `holder`, trying again some times while another process has it.
    pub(in crate::storage::sled_store) fn acquire(
        folder: &Path,
        holder: &str,
        retries: u32,
    ) -> Result<Self, StorageError> {
        let path = folder.join(FILE_NAME);
        let failed = |error| StorageError::io(&path, &error);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let mut tries_left = retries;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) if tries_left == 0 => return Err(in_use(folder, &path)),
                Err(TryLockError::WouldBlock) => {}
            }
            tries_left -= 1;
            thread::sleep(RETRY_PAUSE);
        }
        file.set_len(0).and_then(|()| (&file).write_all(holder.as_bytes())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn in_use(folder: &Path, lock_path: &Path) -> StorageError {
    let said = fs::read_to_string(lock_path).unwrap_or_default();
    let holder = if said.is_empty() { "another process".to_owned() } else { said };
    StorageError::InUse { path: folder.to_owned(), holder }
}
