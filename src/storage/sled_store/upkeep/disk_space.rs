//! How much room is left: below a limit a node stops mining and writing, while there is still room to stop cleanly.

use std::path::Path;

use crate::storage::chain_store::StorageError;

/// Free bytes below which nothing more should be written: room for a journal segment, a checkpoint and sled's own work.
pub const FREE_BYTES_MIN: u64 = 500 << 20;

/// Bytes that this user may still write on the disk that holds `path`, which must exist.
pub fn free_bytes(path: &Path) -> Result<u64, StorageError> {
    fs2::available_space(path).map_err(|error| StorageError::io(path, &error))
}
