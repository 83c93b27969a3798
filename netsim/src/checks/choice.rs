//! Which of the blocks that a node has checked it must follow: kept beside the node, block by block.

use std::collections::{HashMap, HashSet};

use cairn::primitives::{BlockHash, Work};
use foldhash::fast::FixedState;

use super::oracle::Oracle;
use super::{Finding, Property};
use crate::engine::NodeIndex;

/// The blocks that a node has whole, and the one of most work among those that hang together from genesis.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// In which order bodies were checked in this life; those from before have 0, for nobody knows theirs.
    orders: HashMap<BlockHash, u32, FixedState>,
    /// Blocks that keep every rule, and whose ancestors are all here.
    linked: HashSet<BlockHash, FixedState>,
    /// Blocks whose parent is not linked yet, by that parent.
    waiting: HashMap<BlockHash, Vec<BlockHash>, FixedState>,
    best: Option<Best>,
}

#[derive(Debug, Clone, Copy)]
struct Best {
    block: BlockHash,
    work: Work,
    order: u32,
}

impl Choice {
    /// What a node has at genesis.
    pub(super) fn at_genesis(genesis: BlockHash, work: Work) -> Self {
        let mut choice = Self { best: Some(Best { block: genesis, work, order: 0 }), ..Self::default() };
        choice.orders.insert(genesis, 0);
        choice.linked.insert(genesis);
        choice
    }

    /// A block that was checked in an earlier life.
    pub(super) fn recall(&mut self, block: BlockHash, parent: BlockHash, oracle: &Oracle) {
        self.take(block, parent, 0, oracle);
    }

    /// A block that was checked just now.
    pub(super) fn learn(&mut self, block: BlockHash, parent: BlockHash, oracle: &Oracle) {
        let order = self.orders.len() as u32;
        self.take(block, parent, order, oracle);
    }

    /// Blocks of one life are followed in the order of work, and on equal work that which was checked first. Between
    /// two from before a restart nobody can tell.
    pub(super) fn check(&self, node: NodeIndex, tip: BlockHash, tip_work: Work) -> Result<(), Finding> {
        let Some(best) = self.best.filter(|best| best.block != tip) else { return Ok(()) };
        Property::MostWork.ensure(tip_work >= best.work, || {
            format!(
                "node {node} has checked a chain of more work than it follows: that of block {}",
                best.block
            )
        })?;
        let order = self.orders.get(&tip).copied();
        Property::FirstSeen.ensure(order.is_some_and(|order| order <= best.order), || {
            format!("node {node} had checked block {} before its tip of equal work", best.block)
        })
    }

    fn take(&mut self, block: BlockHash, parent: BlockHash, order: u32, oracle: &Oracle) {
        if self.orders.contains_key(&block) {
            return;
        }
        self.orders.insert(block, order);
        if self.linked.contains(&parent) {
            self.link(block, oracle);
        } else {
            self.waiting.entry(parent).or_default().push(block);
        }
    }

    fn link(&mut self, block: BlockHash, oracle: &Oracle) {
        let mut pending = vec![block];
        while let Some(block) = pending.pop() {
            // What breaks a rule that only its place on a chain shows is nothing to follow.
            let Some(work) = oracle.after(&block).map(|after| after.work) else { continue };
            self.linked.insert(block);
            let order = self.orders.get(&block).copied().unwrap_or_default();
            let is_better = |best: Best| work > best.work || work == best.work && order < best.order;
            if self.best.is_none_or(is_better) {
                self.best = Some(Best { block, work, order });
            }
            pending.extend(self.waiting.remove(&block).unwrap_or_default());
        }
    }
}
