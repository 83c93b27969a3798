//! A store in memory that can be told to lose the undo records of old blocks, as stores on disk do after a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cairn::consensus::Undo;
use cairn::primitives::{Block, BlockId};
use cairn::storage::{ChainReader, ChainStore, Commit, MemoryStore, StorageError, StoredHeader};

/// The store. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) store: MemoryStore,
    /// Height below which undo records are gone.
    undo_from: Arc<AtomicU32>,
}

impl Shelf {
    /// Loses the undo records of all blocks of the best chain but the last.
    pub(crate) fn forget_undo_below(&self, blocks: u32) {
        let tip = self.store.stored_chain().tip.map_or(0, |tip| tip.height.0);
        self.undo_from.store(tip.saturating_sub(blocks), Ordering::Relaxed);
    }
}

impl ChainReader for Shelf {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        self.store.header(id)
    }

    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        self.store.block(id)
    }

    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        let is_lost = id.height.0 < self.undo_from.load(Ordering::Relaxed);
        if is_lost { Ok(None) } else { self.store.undo(id) }
    }
}

impl ChainStore for Shelf {
    type Reader = Self;

    fn reader(&self) -> Self {
        self.clone()
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        self.store.commit(group)
    }
}
