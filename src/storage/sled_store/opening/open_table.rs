//! Opening the database itself, whatever the last run has left of its files.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::options::OpenOptions;
use super::report::OpenReport;
use crate::storage::chain_store::StorageError;
use crate::storage::journal_scan::free_name;
use crate::storage::sled_store::database::file_sums::{self, Compared};
use crate::storage::sled_store::database::folder_lock::FolderLock;
use crate::storage::sled_store::database::table::{self, Database, OpenFailure};

/// Pause before sled is asked again for a lock that it is just letting go of.
const HELD_PAUSE: Duration = Duration::from_millis(100);
/// How often it is asked.
const HELD_TRIES: u32 = 50;

impl OpenOptions {
    /// Opens the database, clearing away what is known to keep sled from opening, or all of it in the end.
    pub(in crate::storage::sled_store) fn open_table(
        &self,
        folder: &Path,
        lock: &Arc<FolderLock>,
        report: &mut OpenReport,
    ) -> Result<Database, StorageError> {
        report.removed.extend(table::remove_unfinished_snapshots(folder)?);
        if table::is_marked_as_damaged(folder) {
            set_aside(folder, "an earlier run found damage while reading it".to_owned(), report)?;
        }
        let compared = file_sums::take(folder)?;
        if let Compared::Different(cause) = &compared {
            set_aside(folder, cause.clone(), report)?;
        }
        let cause = match self.open_patiently(folder, lock) {
            Err(OpenFailure::Broken(cause)) => cause,
            Err(failure) => return Err(refusal(folder, failure)),
            Ok(database) => {
                if compared == Compared::Same {
                    database.set_as_left();
                }
                return Ok(database);
            }
        };
        tracing::info!("{} does not open: {cause}. Trying again without its snapshots", folder.display());
        report.removed.extend(table::remove_snapshots(folder)?);
        match self.open_patiently(folder, lock) {
            Err(OpenFailure::Broken(_)) => set_aside(folder, cause, report)?,
            ended => return ended.map_err(|failure| refusal(folder, failure)),
        }
        self.open_patiently(folder, lock).map_err(|failure| refusal(folder, failure))
    }

    /// Waits a little for sled's own lock: our own is held, so it is only a handle that is just being dropped.
    fn open_patiently(&self, folder: &Path, lock: &Arc<FolderLock>) -> Result<Database, OpenFailure> {
        for _ in 0..HELD_TRIES {
            match Database::open(folder, Arc::clone(lock), self.thresholds.database_segment_bytes) {
                Err(OpenFailure::Held) => thread::sleep(HELD_PAUSE),
                ended => return ended,
            }
        }
        Err(OpenFailure::Held)
    }
}

/// Why a database cannot be had.
pub(in crate::storage::sled_store) fn refusal(folder: &Path, failure: OpenFailure) -> StorageError {
    match failure {
        OpenFailure::Held => StorageError::InUse {
            path: folder.to_owned(),
            holder: "a process that does not say its name".to_owned(),
        },
        OpenFailure::System(error) => error,
        OpenFailure::Broken(cause) => StorageError::Damaged {
            path: folder.to_owned(),
            cause,
            next_step: "A new database cannot be made there: check this disk, or give another --data-dir"
                .to_owned(),
        },
    }
}

/// Keeps a database that cannot be used under another name.
pub(super) fn set_aside(folder: &Path, cause: String, report: &mut OpenReport) -> Result<(), StorageError> {
    let kept_as = free_name(folder);
    fs::rename(folder, &kept_as).map_err(|error| StorageError::io(folder, &error))?;
    report.set_aside.push((kept_as, cause));
    Ok(())
}
