//! A store in memory, for simulated networks and tests: a real store that forgets nothing until it is dropped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chain_store::{ChainReader, ChainStore, StorageError, StoredChain};
use super::commit::{Checkpoint, CheckpointDelta, Commit, StoredHeader};
use crate::consensus::undo::Undo;
use crate::consensus::violation::Violation;
use crate::primitives::{Block, BlockId};

/// A chain kept in memory. Clones are the same store, and are its readers too.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

/// Blocks are shared with whoever made them; nothing is encoded or copied.
#[derive(Debug, Default)]
struct Contents {
    blocks: BTreeMap<BlockId, Known>,
    tip: Option<BlockId>,
    newest_checkpoint: Option<Arc<CheckpointDelta>>,
    /// For each account group, the newest checkpoint that holds it, and where in its list.
    groups: BTreeMap<u16, (Arc<CheckpointDelta>, usize)>,
}

#[derive(Debug, Default)]
struct Known {
    header: Option<StoredHeader>,
    block: Option<Arc<Block>>,
    undo: Option<Arc<Undo>>,
    invalid: Option<Violation>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a store on disk would hand over if it were opened now.
    pub fn stored_chain(&self) -> StoredChain {
        let contents = self.contents();
        let known = || contents.blocks.iter();
        StoredChain {
            headers: known().filter_map(|(_, known)| known.header).collect(),
            bodies: known().filter(|(_, known)| known.block.is_some()).map(|(id, _)| *id).collect(),
            invalid: known().filter_map(|(id, known)| Some((*id, known.invalid?))).collect(),
            tip: contents.tip,
            checkpoint: contents.checkpoint(),
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChainStore for MemoryStore {
    type Reader = Self;

    fn reader(&self) -> Self {
        self.clone()
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        let mut contents = self.contents();
        group.iter().for_each(|commit| contents.apply(commit));
        Ok(())
    }
}

impl ChainReader for MemoryStore {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        Ok(self.contents().blocks.get(&id).and_then(|known| known.header))
    }

    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        Ok(self.contents().blocks.get(&id).and_then(|known| known.block.clone()))
    }

    fn undo(&self, id: BlockId) -> Result<Option<Arc<Undo>>, StorageError> {
        Ok(self.contents().blocks.get(&id).and_then(|known| known.undo.clone()))
    }
}

impl Contents {
    fn apply(&mut self, commit: &Commit) {
        for header in &commit.headers {
            self.known(header.id).header = Some(*header);
        }
        for (id, block) in &commit.bodies {
            self.known(*id).block = Some(Arc::clone(block));
        }
        for (id, undo) in &commit.undo {
            self.known(*id).undo = Some(Arc::clone(undo));
        }
        for (id, violation) in &commit.invalid {
            self.known(*id).invalid = Some(*violation);
        }
        self.tip = commit.tip.or(self.tip);
        if let Some(delta) = &commit.checkpoint {
            for (index, (group, _)) in delta.groups.iter().enumerate() {
                self.groups.insert(*group, (Arc::clone(delta), index));
            }
            self.newest_checkpoint = Some(Arc::clone(delta));
        }
    }

    fn known(&mut self, id: BlockId) -> &mut Known {
        self.blocks.entry(id).or_default()
    }

    fn checkpoint(&self) -> Option<Checkpoint> {
        let newest = self.newest_checkpoint.as_ref()?;
        let groups = self.groups.values().map(|(delta, index)| &delta.groups[*index].1);
        Some(Checkpoint {
            at: Some(newest.at),
            accounts: groups.flatten().copied().collect(),
            maturing: newest.maturing.clone(),
        })
    }
}
