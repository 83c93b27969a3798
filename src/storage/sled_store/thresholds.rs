//! When the store syncs, and when it begins and deletes files.

use super::bodies::writer;
use super::database::table;
use crate::storage::journal;

/// Bytes written after which they are made to last: as much must be replayed after a kill, in well under a second.
const SYNC_BYTES: usize = 16 << 20;
/// Groups written after which they are made to last, should they be small.
const SYNC_GROUPS: usize = 1_024;
/// Blocks in the index's memory after which they become a run: as many are indexed again after a kill.
const INDEX_BLOCKS: usize = 1_024;

/// Amounts after which the store does what it does from time to time. The default is right for every node; tests set
/// smaller ones, to see in a short run what otherwise takes days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Bytes of a journal segment after which the next begins.
    pub segment_bytes: u64,
    /// Bytes of journal that must follow a segment before it is deleted.
    pub kept_bytes: u64,
    /// Bytes of a file of bodies after which the next begins.
    pub body_file_bytes: u64,
    /// Bytes of a segment of the database's log: a power of two, and always the same for one folder.
    pub database_segment_bytes: usize,
    /// Bytes in the database after which they are made to last.
    pub sync_bytes: usize,
    /// Groups of commits in the database after which they are made to last.
    pub sync_groups: usize,
    /// Blocks in the memory of the wallet index after which they are written.
    pub index_blocks: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            segment_bytes: journal::SEGMENT_BYTES,
            kept_bytes: journal::KEPT_BYTES,
            body_file_bytes: writer::FILE_BYTES,
            database_segment_bytes: table::SEGMENT_BYTES,
            sync_bytes: SYNC_BYTES,
            sync_groups: SYNC_GROUPS,
            index_blocks: INDEX_BLOCKS,
        }
    }
}
