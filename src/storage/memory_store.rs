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
    undo: Option<Undo>,
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
        for commit in group {
            contents.apply(commit);
        }
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

    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        Ok(self.contents().blocks.get(&id).and_then(|known| known.undo))
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
            self.known(*id).undo = Some(*undo);
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
            root: Some(newest.root),
            accounts: groups.flatten().copied().collect(),
            maturing: newest.maturing.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::params::Params;
    use crate::consensus::testing::TestChain;
    use crate::consensus::{Account, HeaderFacts};
    use crate::primitives::{Address, Amount, BlockHash, Height, StateRoot};

    fn stored(facts: &HeaderFacts, block: &Block) -> StoredHeader {
        StoredHeader { id: facts.id(), header: block.header, work: facts.work }
    }

    #[test]
    fn what_was_committed_is_read_and_handed_over_in_the_order_of_heights() {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        for _ in 0..3 {
            chain.grow(Address([1; 32]), Vec::new()).unwrap();
        }
        let mut store = MemoryStore::new();
        for ((block, undo), facts) in chain.blocks.iter().zip(&chain.facts[1..]).rev() {
            let header = stored(facts, block.block());
            let commit = Commit {
                headers: vec![header],
                bodies: vec![(header.id, Arc::clone(block.block()))],
                undo: vec![(header.id, *undo)],
                tip: Some(header.id),
                ..Commit::default()
            };
            store.commit(&[commit]).unwrap();
            assert_eq!(store.reader().block(header.id).unwrap().as_ref(), Some(block.block()));
            assert_eq!(store.reader().undo(header.id).unwrap(), Some(*undo));
        }
        let reopened = store.stored_chain();
        let heights: Vec<_> = reopened.headers.iter().map(|header| header.id.height).collect();
        assert_eq!(heights, [Height(1), Height(2), Height(3)]);
        assert_eq!(reopened.bodies.len(), 3);
        assert_eq!(reopened.tip, Some(reopened.headers[0].id));
    }

    #[test]
    fn a_checkpoint_holds_the_newest_of_each_group() {
        let account = |balance| Account { balance: Amount(balance), nonce: 0 };
        let delta = |height, groups| {
            let at = BlockId { height: Height(height), hash: BlockHash::ZERO };
            let root = StateRoot([height as u8; 32]);
            let checkpoint = Some(Arc::new(CheckpointDelta { at, root, groups, maturing: Vec::new() }));
            Commit { checkpoint, ..Commit::default() }
        };
        let (alice, bob) = (Address([1; 32]), Address([2; 32]));
        let mut store = MemoryStore::new();
        let first = delta(64, vec![(1, vec![(alice, account(5))]), (2, vec![(bob, account(6))])]);
        let second = delta(128, vec![(1, vec![(alice, account(7))]), (2, Vec::new())]);
        store.commit(&[first, second]).unwrap();
        let loaded = store.stored_chain().checkpoint.unwrap();
        assert_eq!(loaded.accounts, [(alice, account(7))]);
        assert_eq!(loaded.at.map(|at| at.height), Some(Height(128)));
    }
}
