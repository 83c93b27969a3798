//! Blocks that came too early: before their parent, or before their time. Bounded; the oldest gives way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::holdings::Holding;
use super::message::CompactBlock;
use crate::primitives::{Block, BlockHash, Header, PeerId};

/// Blocks kept at most.
pub(super) const WAITING_BLOCKS_MAX: usize = 64;
/// Bytes kept at most.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// A block as it came.
#[derive(Debug, Clone)]
pub(super) enum Early {
    /// Gossiped by a peer.
    Compact { from: PeerId, block: Arc<CompactBlock> },
    /// From a client of this node.
    Whole(Arc<Block>),
}

impl Early {
    fn header(&self) -> &Header {
        match self {
            Self::Compact { block, .. } => &block.header,
            Self::Whole(block) => &block.header,
        }
    }
}

/// Blocks that wait, by hash.
#[derive(Debug, Default)]
pub(super) struct WaitingBlocks {
    blocks: BTreeMap<BlockHash, (Early, usize)>,
    by_age: VecDeque<BlockHash>,
    bytes: usize,
}

impl WaitingBlocks {
    /// Keeps a block of this encoded size, unless it is kept already.
    pub(super) fn keep(&mut self, hash: BlockHash, block: Early, size: usize) {
        if self.blocks.contains_key(&hash) || size > WAITING_BYTES_MAX {
            return;
        }
        self.blocks.insert(hash, (block, size));
        self.by_age.push_back(hash);
        self.bytes += size;
        while self.blocks.len() > WAITING_BLOCKS_MAX || self.bytes > WAITING_BYTES_MAX {
            let Some(oldest) = self.by_age.pop_front() else { break };
            self.take(&oldest);
        }
    }

    /// What is kept.
    pub(super) fn holdings(&self) -> [Holding; 2] {
        [
            Holding::new("blocks that came too early", self.blocks.len(), WAITING_BLOCKS_MAX),
            Holding::new("bytes of blocks that came too early", self.bytes, WAITING_BYTES_MAX),
        ]
    }

    /// Takes one block out.
    pub(super) fn take(&mut self, hash: &BlockHash) -> Option<Early> {
        let (block, size) = self.blocks.remove(hash)?;
        self.bytes -= size;
        self.by_age.retain(|kept| kept != hash);
        Some(block)
    }

    /// The first block whose header is so that it need not wait any longer.
    pub(super) fn first_ready(&self, is_ready: impl Fn(&Header) -> bool) -> Option<BlockHash> {
        let mut waiting = self.by_age.iter();
        let kept =
            |hash: &&BlockHash| self.blocks.get(hash).is_some_and(|(block, _)| is_ready(block.header()));
        waiting.find(kept).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::params::Params;

    #[test]
    fn the_oldest_waiting_block_gives_way() {
        let params = Params::named("dev").unwrap();
        let block = Arc::new(params.genesis().clone());
        let mut waiting = WaitingBlocks::default();
        for number in 0..=WAITING_BLOCKS_MAX as u8 {
            waiting.keep(BlockHash([number; 32]), Early::Whole(Arc::clone(&block)), 100);
        }
        assert!(waiting.take(&BlockHash([0; 32])).is_none());
        assert_eq!(waiting.first_ready(|_| true), Some(BlockHash([1; 32])));
        assert!(waiting.take(&BlockHash([1; 32])).is_some());
    }
}
