//! What a world can say of itself once a run is over.

use std::collections::{BTreeMap, HashSet};

use cairn::node::Query;
use cairn::node::query::Answer;
use cairn::primitives::transaction::TransactionHashes;
use cairn::primitives::{BlockHash, BlockId, CompactTarget, TransactionId};
use cairn::storage::ChainReader;

use super::NodeIndex;
use super::node::SimNode;
use super::world::World;
use crate::record::{DifficultySample, MempoolSample, RunRecord, TipsSample};

/// Arrivals of all blocks together up to which each one's delay is listed in a record.
const DELAYS_LISTED_MAX: usize = 100_000;

impl World {
    /// Puts everything into a record that the world itself knows: blocks, switches, traffic, difficulty, hash.
    pub fn fill_record(&self, record: &mut RunRecord) {
        let best = self.best_chain();
        let on_best: HashSet<BlockHash> = best.iter().copied().collect();
        record.nodes = self.len();
        record.misbehaving = (0..self.len()).filter(|node| !self.is_honest(*node)).collect();
        record.duration_us = self.now_us;
        record.blocks = self.observer.block_records(DELAYS_LISTED_MAX, |hash| on_best.contains(hash));
        record.reorganisations.clone_from(&self.observer.reorganisations);
        record.incidents.clone_from(&self.observer.incidents);
        record.difficulty = self.difficulty(&best);
        record.traffic = self.observer.traffic;
        record.trace_hash = self.trace_hash();
    }

    /// How far the running nodes that keep the rules agree at this moment.
    pub fn sample_tips(&self) -> TipsSample {
        let mut followers: BTreeMap<BlockId, usize> = BTreeMap::new();
        for view in self.nodes.iter().filter(|node| node.keeps_rules()).filter_map(|node| node.view.as_ref())
        {
            *followers.entry(view.tip.id).or_default() += 1;
        }
        TipsSample {
            at_us: self.now_us,
            running: followers.values().sum(),
            distinct: followers.len(),
            largest: followers.values().copied().max().unwrap_or_default(),
            height: followers.keys().map(|tip| tip.height.0).max().unwrap_or_default(),
        }
    }

    /// How many transactions wait at this moment.
    pub fn sample_mempool(&self) -> MempoolSample {
        let views = self.nodes.iter().filter_map(|node| node.view.as_ref());
        let mut waiting: Vec<_> = views.map(|view| view.mempool.transactions).collect();
        waiting.sort_unstable();
        MempoolSample {
            at_us: self.now_us,
            most: waiting.last().copied().unwrap_or_default(),
            median: waiting.get(waiting.len() / 2).copied().unwrap_or_default(),
        }
    }

    /// The tip that most running nodes have; among equals the one with most work.
    pub fn favourite_tip(&self) -> Option<BlockId> {
        let mut followers: BTreeMap<BlockId, (usize, cairn::primitives::Work)> = BTreeMap::new();
        for view in self.nodes.iter().filter_map(|node| node.view.as_ref()) {
            followers.entry(view.tip.id).or_insert((0, view.tip.work)).0 += 1;
        }
        followers.into_iter().max_by_key(|(id, (count, work))| (*count, *work, *id)).map(|(id, _)| id)
    }

    /// The blocks above genesis that most nodes follow, lowest first.
    pub fn best_chain(&self) -> Vec<BlockHash> {
        let mut chain = Vec::new();
        let mut next = self.favourite_tip().map(|tip| tip.hash);
        while let Some(track) = next.and_then(|hash| self.observer.block(&hash)) {
            chain.push(track.id.hash);
            next = Some(track.parent);
        }
        chain.reverse();
        chain
    }

    /// The transactions of the chain that most nodes follow.
    pub fn best_transactions(&self) -> HashSet<TransactionId> {
        let tip = self.favourite_tip();
        let follows = |node: &&SimNode| node.view.as_ref().map(|view| view.tip.id) == tip;
        let Some(node) = self.nodes.iter().find(follows) else { return HashSet::new() };
        let genesis = self.params.genesis_hash();
        let best = self.best_chain();
        let ids = best.iter().filter_map(|hash| self.observer.block(hash)).map(|track| track.id);
        let blocks = ids.filter_map(|id| node.store.block(id).ok().flatten());
        blocks
            .flat_map(|block| {
                let hashes = TransactionHashes::of_each(block.transactions.iter(), &genesis);
                hashes.into_iter().map(|hashes| hashes.id)
            })
            .collect()
    }

    /// The transactions that wait in the pool of any running node.
    pub fn waiting_transactions(&mut self) -> HashSet<TransactionId> {
        let mut waiting = HashSet::new();
        for node in 0..self.nodes.len() {
            if let Some(Answer::Mempool(entries)) = self.ask(node, Query::Mempool) {
                waiting.extend(entries.iter().map(|entry| entry.hashes.id));
            }
        }
        waiting
    }

    /// Whether some pool dropped a transaction and said why; known only while the world audits.
    pub fn was_dropped(&self, id: &TransactionId) -> bool {
        self.observer.dropped.contains(id)
    }

    /// How many nodes a block is to reach that this one found: the honest ones that run.
    pub(super) fn audience(&self, miner: NodeIndex) -> usize {
        let others = self.nodes.iter().enumerate().filter(|(node, _)| *node != miner);
        others.filter(|(_, node)| node.is_running() && node.misdeeds.is_empty()).count()
    }

    /// Whether all nodes that run and keep the rules show the same tip.
    pub fn honest_agree(&self) -> bool {
        let honest = self.nodes.iter().filter(|node| node.keeps_rules());
        let mut tips = honest.filter_map(|node| node.view.as_ref()).map(|view| view.tip.id);
        let first = tips.next();
        tips.all(|tip| Some(tip) == first)
    }

    /// Honest nodes that banned honest nodes.
    pub fn unjust_bans(&self) -> Vec<(NodeIndex, NodeIndex)> {
        let is_unjust = |(by, whom): &&(NodeIndex, NodeIndex)| self.is_honest(*by) && self.is_honest(*whom);
        self.observer.bans.iter().filter(is_unjust).copied().collect()
    }

    fn difficulty(&self, best: &[BlockHash]) -> Vec<DifficultySample> {
        let mut samples: Vec<DifficultySample> = Vec::new();
        for track in best.iter().filter_map(|hash| self.observer.block(hash)) {
            if samples.last().is_none_or(|last| last.bits != track.bits) {
                let target = CompactTarget(track.bits).target();
                samples.push(DifficultySample {
                    at_us: track.found_at_us,
                    height: track.id.height.0,
                    bits: track.bits,
                    hashes: target.map_or(0.0, |target| target.work().as_f64()),
                });
            }
        }
        samples
    }
}
