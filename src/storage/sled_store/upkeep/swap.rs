//! How a copy of the database takes the original's place: by two renames, of which the next opening finishes or undoes
//! whatever a crash leaves.

use std::fs;
use std::path::{Path, PathBuf};

use crate::storage::chain_store::StorageError;
use crate::storage::segment::sync_folder;
use crate::storage::sled_store::opening::options::DATABASE_FOLDER;

/// A copy that is being written.
pub(super) const UNFINISHED: &str = "sled.compacting";
/// A whole copy that has not yet taken the original's place.
const FINISHED: &str = "sled.compacted";
/// The original when the copy has.
const REPLACED: &str = "sled.replaced";

/// What to do with a whole copy beside an original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finish {
    Replace,
    /// The original may have been written to since.
    KeepOriginal,
}

/// Finishes or undoes what a crash has left of a compaction.
pub(in crate::storage::sled_store) fn finish_interrupted(data_dir: &Path) -> Result<(), StorageError> {
    finish(data_dir, Finish::KeepOriginal)
}

/// Puts a whole copy in the place of the original.
pub(super) fn replace(data_dir: &Path) -> Result<(), StorageError> {
    rename(&data_dir.join(UNFINISHED), &data_dir.join(FINISHED))?;
    finish(data_dir, Finish::Replace)
}

fn finish(data_dir: &Path, with: Finish) -> Result<(), StorageError> {
    let [original, unfinished, finished, replaced] =
        [DATABASE_FOLDER, UNFINISHED, FINISHED, REPLACED].map(|name| data_dir.join(name));
    if finished.exists() {
        if with == Finish::Replace && original.exists() {
            remove(&replaced)?;
            rename(&original, &replaced)?;
        }
        if original.exists() {
            remove(&finished)?;
        } else {
            rename(&finished, &original)?;
        }
    }
    remove(&unfinished)?;
    remove(&replaced)
}

/// Renames inside the data folder, for good.
fn rename(from: &PathBuf, to: &Path) -> Result<(), StorageError> {
    fs::rename(from, to).map_err(|error| StorageError::io(from, &error))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Removes a folder, if it is there.
pub(super) fn remove(folder: &Path) -> Result<(), StorageError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| StorageError::io(folder, &error))?;
    }
    Ok(())
}
