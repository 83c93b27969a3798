//! The thread that keeps the wallet index at the tip.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::database::{Batch, Database};
use super::index::{IndexPosition, Shared};
use super::index_entry::{BlockEntries, Table};
use super::indexed::{Manifest, damaged};
use super::schema::{Kind, get_one, height_key};
use super::sorted_runs::{self, Runs};
use super::store::SledReader;
use super::tip_watch::TipWatch;
use crate::primitives::codec;
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::chain_store::{ChainReader, StorageError};

/// Entries in memory after which they become a run: about ten full blocks, one megabyte.
const RECENT_ENTRIES_MAX: usize = 1 << 16;

/// Follows the tip until the store closes.
#[derive(Debug)]
pub(super) struct Follower {
    shared: Arc<Shared>,
    tips: Arc<TipWatch>,
    recent_entries: usize,
    recent_blocks_max: usize,
}

/// How far the follower is, for whoever waits.
#[derive(Debug)]
pub(super) struct Progress {
    tips: Arc<TipWatch>,
    state: Mutex<ProgressState>,
    changed: Condvar,
}

#[derive(Debug)]
struct ProgressState {
    indexed: BlockId,
    failure: Option<StorageError>,
    has_ended: bool,
}

impl Progress {
    fn new(tips: Arc<TipWatch>, indexed: BlockId) -> Self {
        let state = ProgressState { indexed, failure: None, has_ended: false };
        Self { tips, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// How far it is.
    pub(super) fn position(&self) -> IndexPosition {
        let state = self.state();
        IndexPosition { indexed: state.indexed, tip: self.tips.tip(), failure: state.failure.clone() }
    }

    /// Waits until `block` is the last one indexed, or a higher one is.
    pub(super) fn wait_for(&self, block: BlockId) -> bool {
        let is_there = |state: &ProgressState| state.indexed == block || state.indexed.height > block.height;
        let waiting = |state: &mut ProgressState| !is_there(state) && !state.has_ended;
        let state = self.changed.wait_while(self.state(), waiting).unwrap_or_else(PoisonError::into_inner);
        is_there(&state)
    }

    fn set(&self, indexed: BlockId) {
        self.state().indexed = indexed;
        self.changed.notify_all();
    }

    fn end(&self, failure: Option<StorageError>) {
        let mut state = self.state();
        state.failure = failure;
        state.has_ended = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Takes up the index where it was left, or from nothing when it should be rebuilt, or a part of it is gone.
    pub(super) fn open(
        database: Database,
        reader: SledReader,
        tips: Arc<TipWatch>,
        genesis: BlockHash,
        rebuild: bool,
        recent_blocks_max: usize,
    ) -> Result<Self, StorageError> {
        if rebuild || database.get(&Kind::IndexDamaged.key())?.is_some() {
            remove_all(&database)?;
        }
        let start =
            Manifest { runs: Runs::default(), cursor: BlockId { height: Height::GENESIS, hash: genesis } };
        let mut manifest = get_one(&database, Kind::IndexManifest)?.unwrap_or_else(|| start.clone());
        // A database that was closed well has been compared with what it was then.
        if !database.is_as_left() && !manifest.runs.are_whole(&database)? {
            tracing::warn!("the wallet index has lost a part: it is made anew");
            remove_all(&database)?;
            manifest = start;
        }
        manifest.runs.remove_leftovers(&database)?;
        let progress = Progress::new(Arc::clone(&tips), manifest.cursor);
        let shared = Shared::new(database, reader, genesis, manifest, progress);
        Ok(Self { shared: Arc::new(shared), tips, recent_entries: 0, recent_blocks_max })
    }

    /// What queries share with it.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Follows until the store closes or something cannot be read.
    pub(super) fn run(mut self) {
        let ended = self.follow_tips();
        if let Err(error) = &ended {
            tracing::error!("the wallet index stays where it is: {error}");
        }
        self.shared.progress.end(ended.err());
    }

    fn follow_tips(&mut self) -> Result<(), StorageError> {
        let mut seen = None;
        while let Some(tip) = self.tips.wait(seen) {
            self.follow(tip)?;
            seen = Some(tip);
        }
        self.flush()
    }

    /// Goes back to where the chain of `tip` left the indexed one, and up to it.
    fn follow(&mut self, tip: BlockId) -> Result<(), StorageError> {
        let mut missing = Vec::new();
        let mut ancestor = tip;
        while !self.is_indexed(ancestor)? {
            missing.push(ancestor);
            ancestor = self.parent_of(ancestor)?;
        }
        self.go_back(ancestor);
        for id in missing.into_iter().rev() {
            if self.tips.is_closed() {
                break;
            }
            self.index(id)?;
        }
        Ok(())
    }

    fn is_indexed(&self, id: BlockId) -> Result<bool, StorageError> {
        if id.height == Height::GENESIS {
            return Ok(true);
        }
        Ok(self.shared.read().block_at(&self.shared.database, id.height)? == Some(id))
    }

    fn parent_of(&self, id: BlockId) -> Result<BlockId, StorageError> {
        let header = self.shared.reader.header(id)?.ok_or_else(|| self.missing("header", id))?;
        Ok(BlockId { height: id.height.minus(1), hash: header.header.previous })
    }

    fn go_back(&mut self, ancestor: BlockId) {
        let mut state = self.shared.write();
        if ancestor.height >= state.cursor.height {
            return;
        }
        state.cursor = ancestor;
        state.recent.retain(|(id, _)| id.height <= ancestor.height);
        self.recent_entries = state.recent.iter().map(|(_, entries)| entries.len()).sum();
        self.shared.progress.set(ancestor);
    }

    fn index(&mut self, id: BlockId) -> Result<(), StorageError> {
        let block = self.shared.reader.block(id)?.ok_or_else(|| self.missing("body", id))?;
        let entries = BlockEntries::of(&block, id.height, &self.shared.genesis);
        self.recent_entries += entries.len();
        let mut state = self.shared.write();
        state.recent.push((id, entries));
        state.cursor = id;
        let is_full =
            self.recent_entries >= RECENT_ENTRIES_MAX || state.recent.len() >= self.recent_blocks_max;
        drop(state);
        self.shared.progress.set(id);
        if is_full { self.flush() } else { Ok(()) }
    }

    /// Makes runs of what is in memory, in one batch with the cursor, and merges where a level is full.
    fn flush(&mut self) -> Result<(), StorageError> {
        let state = self.shared.read();
        if state.cursor == state.manifest.cursor {
            return Ok(());
        }
        let mut manifest = Manifest { runs: state.manifest.runs.clone(), cursor: state.cursor };
        let mut batch = Batch::default();
        for (id, _) in &state.recent {
            batch.put(&height_key(Kind::IndexedBlock, id.height), &codec::encode(&id.hash));
        }
        for table in Table::ALL {
            let mut entries: Vec<_> =
                state.recent.iter().flat_map(|(_, entries)| entries.table(table)).copied().collect();
            entries.sort_unstable();
            if !entries.is_empty() {
                manifest.runs.add(&self.shared.database, &mut batch, table, &entries);
            }
        }
        drop(state);
        self.replace(manifest, batch)?;
        self.merge()
    }

    fn merge(&mut self) -> Result<(), StorageError> {
        loop {
            let Manifest { runs, cursor } = self.shared.read().manifest.clone();
            let Some((runs, merged)) = runs.merge_once(&self.shared.database)? else { return Ok(()) };
            self.replace(Manifest { runs, cursor }, Batch::default())?;
            // Look-ups that began with the old runs have ended: they hold the lock that the replacement took.
            sorted_runs::remove(&self.shared.database, &merged)?;
        }
    }

    /// Writes a batch with the new manifest, and from then on answers by it.
    fn replace(&mut self, manifest: Manifest, mut batch: Batch) -> Result<(), StorageError> {
        batch.put(&Kind::IndexManifest.key(), &codec::encode(&manifest));
        let mut state = self.shared.write();
        self.shared.database.apply(batch)?;
        let Manifest { cursor, .. } = manifest;
        state.recent.retain(|(id, _)| id.height > cursor.height);
        state.manifest = manifest;
        self.recent_entries = state.recent.iter().map(|(_, entries)| entries.len()).sum();
        Ok(())
    }

    fn missing(&self, part: &str, id: BlockId) -> StorageError {
        damaged(&self.shared.database, &format!("the {part} of block {id:?} is missing"))
    }
}

fn remove_all(database: &Database) -> Result<(), StorageError> {
    let mut batch = Batch::default();
    // First what says that there is an index, last what says that it must be rebuilt: a kill in between changes nothing.
    batch.remove(&Kind::IndexManifest.key());
    database.apply(std::mem::take(&mut batch))?;
    for kind in [Kind::IndexedBlock, Kind::IndexRun] {
        for pair in database.prefix(&kind.key()) {
            batch.remove(&pair?.0);
            database.apply_if_full(&mut batch)?;
        }
    }
    batch.remove(&Kind::IndexDamaged.key());
    database.apply(batch)
}
