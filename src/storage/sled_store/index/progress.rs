//! How far the index is, and waiting until it is there.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::primitives::BlockId;
use crate::storage::chain_store::StorageError;
use crate::storage::sled_store::tip_watch::TipWatch;

/// How far the index is.
#[derive(Debug, Clone)]
pub struct IndexPosition {
    /// The last block indexed; genesis at first.
    pub indexed: BlockId,
    /// The tip it knows of.
    pub tip: Option<BlockId>,
    /// What ended it, if something did. Answers are good up to the last block indexed.
    pub failure: Option<StorageError>,
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

impl IndexPosition {
    /// Blocks that the index is behind.
    pub fn lag(&self) -> u32 {
        self.tip.map_or(0, |tip| tip.height.since(self.indexed.height))
    }
}

impl Progress {
    /// At the block where it was left.
    pub(super) fn new(tips: Arc<TipWatch>, indexed: BlockId) -> Self {
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

    /// Tells of another block.
    pub(super) fn set(&self, indexed: BlockId) {
        self.state().indexed = indexed;
        self.changed.notify_all();
    }

    /// Tells that nothing more will be indexed.
    pub(super) fn end(&self, failure: Option<StorageError>) {
        let mut state = self.state();
        state.failure = failure;
        state.has_ended = true;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, ProgressState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
