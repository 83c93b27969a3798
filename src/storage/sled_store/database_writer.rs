//! The thread behind the journal: it moves commits into the database and the files of bodies, makes them last there from
//! time to time, and then lets go of what is no longer needed: journal segments, superseded checkpoints, old undo records.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::apply::{self, Append};
use super::backlog::{Backlog, Next, Pending};
use super::bodies::writer::BodyWriter;
use super::database::checkpoint::Checkpoints;
use super::database::schema::{Kind, height_key};
use super::database::table::{Batch, Database};
use super::thresholds::Thresholds;
use crate::primitives::codec;
use crate::primitives::{BlockId, Height};
use crate::storage::chain_store::StorageError;
use crate::storage::journal::{self, Position};

/// Blocks whose undo records are kept below both the tip and the durable checkpoint: a deeper reorganisation starts
/// from genesis.
const UNDO_KEPT_BLOCKS: u32 = 5_000;
/// Heights by which undo records are deleted in one go: rarely enough not to matter, in steps that stay short.
const PRUNE_STEP_BLOCKS: u32 = 256;
/// Heights above which the rest waits for the next time.
const PRUNE_STEP_BLOCKS_MAX: u32 = 1_024;
/// Quiet time after which what was written is made to last.
const SYNC_IDLE: Duration = Duration::from_secs(5);

/// The thread's state.
#[derive(Debug)]
pub(super) struct DatabaseWriter {
    pub(super) database: Database,
    pub(super) bodies: BodyWriter,
    pub(super) backlog: Arc<Backlog>,
    pub(super) journal_folder: PathBuf,
    pub(super) checkpoints: Checkpoints,
    pub(super) undo_pruned_below: Height,
    pub(super) tip: Option<BlockId>,
    /// Up to where the database has the journal.
    pub(super) written: Position,
    /// Up to where the database says that it durably has the journal.
    pub(super) recorded: Position,
    pub(super) unsynced: Unsynced,
    pub(super) thresholds: Thresholds,
}

/// How much was written since the last sync.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    bytes: usize,
    groups: usize,
}

impl Unsynced {
    fn is_due(&self, thresholds: &Thresholds) -> bool {
        self.bytes >= thresholds.sync_bytes || self.groups >= thresholds.sync_groups
    }
}

impl DatabaseWriter {
    /// Writes until the backlog closes or an error ends it for good.
    pub(super) fn run(mut self) {
        let backlog = Arc::clone(&self.backlog);
        let folder = self.journal_folder.clone();
        let ended = catch_unwind(AssertUnwindSafe(move || self.write_all())).unwrap_or_else(|_| {
            Err(StorageError::Damaged {
                path: folder.with_file_name("sled"),
                cause: "the code that writes the database failed".to_owned(),
                next_step: "Start the node again; should it happen again, move this folder away".to_owned(),
            })
        });
        if let Err(error) = ended {
            tracing::error!("nothing more can be stored: {error}");
            backlog.fail(error);
        }
    }

    fn write_all(&mut self) -> Result<(), StorageError> {
        loop {
            match self.backlog.next(SYNC_IDLE) {
                Next::Write(groups) => {
                    self.write(&groups)?;
                    self.backlog.written(groups.len());
                    if self.unsynced.is_due(&self.thresholds) {
                        self.sync()?;
                    }
                }
                Next::Idle if self.database.has_unsynced() => self.sync()?,
                Next::Idle => {}
                Next::Close => {
                    // The second makes the position last that the first has recorded.
                    self.sync()?;
                    return self.sync();
                }
            }
        }
    }

    fn write(&mut self, groups: &[Arc<Pending>]) -> Result<(), StorageError> {
        let mut batch = Batch::default();
        for pending in groups {
            let payloads = pending.records.payloads();
            apply::apply(&self.database, &mut self.bodies, &mut batch, payloads, Append::All)?;
        }
        self.database.apply(batch)?;
        for pending in groups {
            for delta in &pending.checkpoints {
                self.checkpoints.write(&self.database, delta)?;
            }
            self.tip = pending.tip.or(self.tip);
            self.written = pending.end;
            self.unsynced.bytes += pending.records.len();
            self.unsynced.groups += 1;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StorageError> {
        self.unsynced = Unsynced::default();
        // Bodies first: what the database durably knows of lies where it says.
        self.bodies.sync()?;
        self.database.sync()?;
        journal::delete_covered(&self.journal_folder, self.recorded, self.thresholds.kept_bytes)?;
        self.checkpoints.after_sync(&self.database)?;
        let mut batch = Batch::default();
        self.prune_undo(&mut batch)?;
        if self.recorded != self.written {
            // Only after the sync: whatever a loss of power leaves of this, the journal covers what is missing.
            put_ends(&mut batch, self.written, self.bodies.end());
            self.recorded = self.written;
        }
        self.database.apply(batch)
    }

    fn prune_undo(&mut self, batch: &mut Batch) -> Result<(), StorageError> {
        let (Some(tip), Some(checkpoint)) = (self.tip, self.checkpoints.durable_height()) else {
            return Ok(());
        };
        let limit = tip.height.min(checkpoint).minus(UNDO_KEPT_BLOCKS);
        if limit.since(self.undo_pruned_below) < PRUNE_STEP_BLOCKS {
            return Ok(());
        }
        let below = limit.min(self.undo_pruned_below.plus(PRUNE_STEP_BLOCKS_MAX));
        let range = height_key(Kind::Undo, self.undo_pruned_below)..height_key(Kind::Undo, below);
        for pair in self.database.range(&range.start, &range.end) {
            batch.remove(&pair?.0);
            self.database.apply_if_full(batch)?;
        }
        batch.put(&Kind::UndoPruned.key(), &codec::encode(&below));
        self.undo_pruned_below = below;
        Ok(())
    }
}

/// Notes up to where journal and bodies have been made to last in the database and beside it.
pub(super) fn put_ends(batch: &mut Batch, journal: Position, bodies: Position) {
    batch.put(&Kind::JournalPosition.key(), &codec::encode(&journal));
    batch.put(&Kind::BodiesEnd.key(), &codec::encode(&bodies));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{BlockHash, StateRoot};
    use crate::storage::commit::CheckpointDelta;
    use crate::storage::sled_store::bodies::writer;
    use crate::storage::sled_store::database::schema::{block_key, block_of};
    use crate::storage::sled_store::database::table::temporary;

    fn block(height: u32) -> BlockId {
        BlockId { height: Height(height), hash: BlockHash([height as u8; 32]) }
    }

    fn lowest_undo(database: &Database) -> Option<u32> {
        let (key, _) = database.prefix(&Kind::Undo.key()).next()?.unwrap();
        block_of(&key).map(|id| id.height.0)
    }

    #[test]
    fn undo_records_go_when_they_are_far_below_both_tip_and_durable_checkpoint() {
        let (folder, database) = temporary();
        let mut batch = Batch::default();
        for height in 1..=7_000 {
            batch.put(&block_key(Kind::Undo, block(height)), b"undo");
        }
        database.apply(batch).unwrap();
        let mut writer = DatabaseWriter {
            database: database.clone(),
            bodies: writer::temporary(&folder.path().join("bodies")),
            backlog: Arc::default(),
            journal_folder: folder.path().to_owned(),
            checkpoints: Checkpoints::default(),
            undo_pruned_below: Height::GENESIS,
            tip: Some(block(9_000)),
            written: Position::default(),
            recorded: Position::default(),
            unsynced: Unsynced::default(),
            thresholds: Thresholds::default(),
        };
        writer.sync().unwrap();
        assert_eq!(lowest_undo(&database), Some(1), "without a checkpoint everything may be needed");
        let root = StateRoot([1; 32]);
        let delta = CheckpointDelta { at: block(6_976), root, groups: Vec::new(), maturing: Vec::new() };
        writer.checkpoints.write(&database, &delta).unwrap();
        writer.sync().unwrap();
        assert_eq!(lowest_undo(&database), Some(PRUNE_STEP_BLOCKS_MAX));
        writer.sync().unwrap();
        assert_eq!(lowest_undo(&database), Some(6_976 - UNDO_KEPT_BLOCKS));
        writer.tip = Some(block(5_100));
        writer.sync().unwrap();
        assert_eq!(lowest_undo(&database), Some(6_976 - UNDO_KEPT_BLOCKS));
    }
}
