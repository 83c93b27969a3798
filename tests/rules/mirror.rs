//! The state after a node's tip, recomputed beside it: the node shows accounts and money, but not the state root.

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn::consensus::testing::TestChain;
use cairn::primitives::{Block, BlockHash};

/// Every block that was delivered, and the chain up to the node's tip.
pub(crate) struct Mirror {
    blocks: BTreeMap<BlockHash, Arc<Block>>,
    chain: TestChain,
}

impl Mirror {
    /// At the genesis of a chain.
    pub(crate) fn new(chain: &TestChain) -> Self {
        Self { blocks: BTreeMap::new(), chain: TestChain::new(chain.params.clone()) }
    }

    /// Notes a block that is delivered. Of two bodies under one header the later one counts.
    pub(crate) fn note(&mut self, block: &Block) {
        self.blocks.insert(block.hash(), Arc::new(block.clone()));
    }

    /// Goes where the node is.
    pub(crate) fn follow(&mut self, tip: BlockHash) {
        let mut ahead = Vec::new();
        let mut at = tip;
        while !self.is_on_chain(at) {
            let block = self.blocks.get(&at).expect("a node's chain holds nothing but what was delivered");
            ahead.push(Arc::clone(block));
            at = block.header.previous;
        }
        while self.chain.tip().hash != at {
            assert!(self.chain.shrink(), "the fork is on the chain");
        }
        for block in ahead.into_iter().rev() {
            self.chain.connect(block).expect("a node's chain keeps every rule");
        }
    }

    /// The chain up to the tip.
    pub(crate) fn chain(&self) -> &TestChain {
        &self.chain
    }

    /// Looks from the tip downwards, since that is where nodes switch.
    fn is_on_chain(&self, hash: BlockHash) -> bool {
        self.chain.facts.iter().rev().any(|facts| facts.hash == hash)
    }
}
