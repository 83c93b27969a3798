//! What is kept of a run while it runs: blocks and how they spread, switches of branches, traffic.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cairn::primitives::{Block, BlockHash, BlockId, TransactionId};
use foldhash::fast::FixedState;

use super::NodeIndex;
use crate::checks::Finding;
use crate::record::{BlockRecord, Incident, PROPAGATION_PERCENTS, Propagation, Reorganisation, Traffic};

/// One block as the world sees it.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: BlockId,
    pub(crate) parent: BlockHash,
    pub(crate) block: Arc<Block>,
    pub(crate) miner: NodeIndex,
    pub(crate) found_at_us: u64,
    pub(crate) bits: u32,
    /// Nodes that it is to reach.
    audience: usize,
    transactions: usize,
    bytes: usize,
    delays_us: Vec<u32>,
    hops: Vec<u32>,
    copies: u64,
}

/// Collects what a record is made from.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    pub(crate) blocks: Vec<Track>,
    by_hash: HashMap<BlockHash, u32, FixedState>,
    pub(crate) reorganisations: Vec<Reorganisation>,
    pub(crate) incidents: Vec<Incident>,
    /// Who banned whom.
    pub(crate) bans: Vec<(NodeIndex, NodeIndex)>,
    pub(crate) traffic: Traffic,
    /// What should not have been.
    pub(crate) violations: Vec<Finding>,
    /// Transactions that some pool dropped, and said why.
    pub(crate) dropped: HashSet<TransactionId, FixedState>,
    /// Inputs that cores handled.
    pub(crate) inputs: u64,
}

impl Observer {
    /// Notes that a node found a block, which is to reach so many others.
    pub(crate) fn found(
        &mut self,
        block: &Arc<Block>,
        id: BlockId,
        bytes: usize,
        miner: NodeIndex,
        at_us: u64,
        audience: usize,
    ) {
        let number = self.blocks.len() as u32;
        self.by_hash.insert(id.hash, number);
        self.blocks.push(Track {
            id,
            parent: block.header.previous,
            block: Arc::clone(block),
            miner,
            found_at_us: at_us,
            bits: block.header.bits.0,
            audience,
            transactions: block.transactions.len(),
            bytes,
            delays_us: Vec::new(),
            hops: Vec::new(),
            copies: 0,
        });
    }

    /// The number of a block that was found here.
    pub(crate) fn number(&self, hash: &BlockHash) -> Option<u32> {
        self.by_hash.get(hash).copied()
    }

    /// A block by its hash.
    pub(crate) fn block(&self, hash: &BlockHash) -> Option<&Track> {
        self.by_hash.get(hash).map(|number| &self.blocks[*number as usize])
    }

    /// Notes that a copy of a block arrived somewhere, and whether it was the first at a node that it is to reach.
    pub(crate) fn arrived(&mut self, block: u32, at_us: u64, hop: u16, is_first: bool) {
        let track = &mut self.blocks[block as usize];
        track.copies += 1;
        if is_first {
            let delay = at_us - track.found_at_us;
            track.delays_us.push(u32::try_from(delay).unwrap_or(u32::MAX));
            let hop = usize::from(hop);
            if track.hops.len() <= hop {
                track.hops.resize(hop + 1, 0);
            }
            track.hops[hop] += 1;
        }
    }

    /// Every block as a record shows it. Delays are listed for up to `delays_max` arrivals in all.
    pub(crate) fn block_records(
        &self,
        delays_max: usize,
        is_best: impl Fn(&BlockHash) -> bool,
    ) -> Vec<BlockRecord> {
        let arrivals: usize = self.blocks.iter().map(|track| track.delays_us.len()).sum();
        let lists = arrivals <= delays_max;
        let record = |track: &Track| track.record(lists, is_best(&track.id.hash));
        self.blocks.iter().map(record).collect()
    }
}

impl Track {
    fn record(&self, lists_delays: bool, on_best_chain: bool) -> BlockRecord {
        let mut delays: Vec<u64> = self.delays_us.iter().map(|delay| u64::from(*delay)).collect();
        delays.sort_unstable();
        let quantile = |percent: u32| {
            let count = (self.audience * percent as usize).div_ceil(100).max(1);
            delays.get(count - 1).copied()
        };
        let propagation = Propagation {
            audience: self.audience,
            reached: delays.len(),
            quantiles_us: PROPAGATION_PERCENTS.map(quantile),
            mean_delay_us: delays.iter().sum::<u64>() / delays.len().max(1) as u64,
            hops: self.hops.clone(),
            messages: self.copies,
            delays_us: if lists_delays { delays } else { Vec::new() },
        };
        BlockRecord {
            hash: self.id.hash.to_string(),
            parent: self.parent.to_string(),
            height: self.id.height.0,
            miner: self.miner,
            found_at_us: self.found_at_us,
            bits: self.bits,
            transactions: self.transactions,
            bytes: self.bytes,
            on_best_chain,
            propagation,
        }
    }
}
