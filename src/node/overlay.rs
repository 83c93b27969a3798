//! Bodies and undo records that the store may not show yet, and those that will be wanted soon.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::consensus::check_block::CheckedBlock;
use crate::consensus::undo::Undo;
use crate::primitives::BlockHash;
use crate::storage::Sequence;

/// Bytes of bodies kept although the store has them: those not yet connected, and the newest connected ones.
const KEPT_BYTES_MAX: usize = 64 << 20;
/// Connected blocks kept for peers that miss a transaction of a fresh block, and for short reorganisations.
const RECENT_BLOCKS_KEPT: usize = 4;

/// What is kept of one block.
#[derive(Debug)]
struct Kept {
    block: CheckedBlock,
    undo: Option<Undo>,
    /// The commit after which the store shows all of this.
    sequence: Sequence,
    connected: bool,
}

/// Bodies in memory, by block hash.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    kept: HashMap<BlockHash, Kept, RandomState>,
    /// Blocks by the commit that holds them, oldest first; a block committed again stands here twice.
    committed: VecDeque<(Sequence, BlockHash)>,
    /// Durable blocks in the order in which they may be dropped.
    droppable: VecDeque<BlockHash>,
    bytes: usize,
}

impl Overlay {
    /// Keeps a checked body that goes into the commit with this number.
    pub(super) fn insert(&mut self, block: CheckedBlock, sequence: Sequence) {
        self.bytes += block.size();
        self.committed.push_back((sequence, block.hash()));
        let kept = Kept { block, undo: None, sequence, connected: false };
        if let Some(replaced) = self.kept.insert(kept.block.hash(), kept) {
            self.bytes -= replaced.block.size();
        }
    }

    /// Notes that a block was connected, with its undo in the commit with this number.
    pub(super) fn connected(&mut self, block: &CheckedBlock, undo: Undo, sequence: Sequence) {
        if self.kept.contains_key(&block.hash()) {
            self.committed.push_back((sequence, block.hash()));
        } else {
            self.insert(block.clone(), sequence);
        }
        if let Some(kept) = self.kept.get_mut(&block.hash()) {
            kept.undo = Some(undo);
            kept.connected = true;
            kept.sequence = sequence;
        }
    }

    /// A body in memory.
    pub(super) fn block(&self, hash: &BlockHash) -> Option<&CheckedBlock> {
        self.kept.get(hash).map(|kept| &kept.block)
    }

    /// An undo record in memory.
    pub(super) fn undo(&self, hash: &BlockHash) -> Option<Undo> {
        self.kept.get(hash).and_then(|kept| kept.undo)
    }

    /// Bytes of all bodies in memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops what the store shows and nobody will want soon.
    pub(super) fn on_durable(&mut self, durable: Sequence) {
        while let Some((sequence, hash)) = self.committed.front().copied() {
            if sequence > durable {
                break;
            }
            self.committed.pop_front();
            if self.kept.get(&hash).is_some_and(|kept| kept.sequence == sequence) {
                self.droppable.push_back(hash);
            }
        }
        while self.droppable.len() > RECENT_BLOCKS_KEPT && self.drop_first(durable) {}
    }

    /// Drops the oldest droppable block, unless it waits to be connected and there is room. False: nothing to drop.
    fn drop_first(&mut self, durable: Sequence) -> bool {
        let Some(hash) = self.droppable.pop_front() else { return false };
        let Some(kept) = self.kept.get(&hash) else { return true };
        if kept.sequence > durable {
            return true;
        }
        if !kept.connected && self.bytes <= KEPT_BYTES_MAX {
            self.droppable.push_back(hash);
            return false;
        }
        self.bytes -= kept.block.size();
        self.kept.remove(&hash);
        true
    }
}
