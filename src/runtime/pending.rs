//! Blocks on their way to the disk, so that whoever reads sees a commit from the moment the core made it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::consensus::undo::Undo;
use crate::primitives::{Block, BlockId};
use crate::storage::{ChainReader, Commit, StorageError, StoredHeader};

/// Bodies of commits that are not durable yet. Bounded, since the core waits when much is not durable.
#[derive(Clone, Default)]
pub(super) struct PendingBlocks(Arc<RwLock<HashMap<BlockId, Arc<Block>>>>);

impl PendingBlocks {
    /// Notes what is handed to the writer.
    pub(super) fn note(&self, commit: &Commit) {
        if !commit.bodies.is_empty() {
            let mut pending = self.0.write().unwrap_or_else(PoisonError::into_inner);
            pending.extend(commit.bodies.iter().cloned());
        }
    }

    /// Forgets what the store now has.
    pub(super) fn forget(&self, group: &[Commit]) {
        let mut pending = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (id, _) in group.iter().flat_map(|commit| &commit.bodies) {
            pending.remove(id);
        }
    }

    fn get(&self, id: BlockId) -> Option<Arc<Block>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

/// A store's reader that sees pending blocks too.
#[derive(Clone)]
pub(super) struct EagerReader<R> {
    pub(super) store: R,
    pub(super) pending: PendingBlocks,
}

impl<R: ChainReader> ChainReader for EagerReader<R> {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        self.store.header(id)
    }

    /// Pending ones first: what is pending no more is in the store already.
    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        self.pending.get(id).map_or_else(|| self.store.block(id), |block| Ok(Some(block)))
    }

    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        self.store.undo(id)
    }
}
