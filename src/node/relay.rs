//! Blocks by gossip: judged by what every forwarder could check, rebuilt from the pool, completed by who sent them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rand_chacha::rand_core::Rng;

use super::Node;
use super::chain::TipMove;
use super::checks::BodyFrom;
use super::compact::{Rebuilt, Reconstruction, check_shape, compact_block};
use super::effect::{Effect, Verdict};
use super::headers::{Body, Entry, Index};
use super::holdings::Holding;
use super::input::GossipId;
use super::message::{CompactBlock, Gossip, SyncRequest};
use super::now::Now;
use super::peers::Asked;
use super::penalty::Offence;
use super::timers::Timer;
use super::waiting::Early;
use crate::consensus::check_block::check_coinbase_fields;
use crate::consensus::check_header::check_header_in_isolation;
use crate::consensus::params::NetworkKind;
use crate::consensus::violation::{GossipVerdict, Violation};
use crate::primitives::codec::encoded_len;
use crate::primitives::{BlockHash, List, PeerId, Transaction};
use crate::storage::ChainReader;

/// Blocks below the tip that are still news.
const NEWS_DEPTH: u32 = 6;
/// Milliseconds after which missing transactions are asked from someone else.
const MISSING_PATIENCE_MS: u64 = 500;
/// Blocks rebuilt at the same time.
const REBUILDS_MAX: usize = 16;
/// Peers asked for missing transactions before the whole block is wanted.
const PEERS_ASKED_MAX: usize = 2;
/// Blocks of which it is remembered who told of them first, those made here too: more than are news at one time.
const TOLD_BY_MAX: usize = 12;
/// Questions that one peer may owe answers to before no more missing transactions are asked from it.
const OWED_MAX: usize = 16;

/// Compact blocks that miss transactions, and who told of what.
#[derive(Debug, Default)]
pub(super) struct Relay {
    rebuilding: BTreeMap<BlockHash, Rebuilding>,
    made_here: BTreeSet<BlockHash>,
    /// The first variant of each block that was news, oldest first: no other variant is forwarded.
    told: VecDeque<Told>,
}

#[derive(Debug)]
struct Told {
    block: BlockHash,
    by: PeerId,
    /// Whether our peers hear of it through gossip.
    is_forwarded: bool,
}

#[derive(Debug)]
struct Rebuilding {
    rebuild: Reconstruction,
    asked: Vec<PeerId>,
}

impl Relay {
    pub(super) fn is_rebuilding(&self, hash: &BlockHash) -> bool {
        self.rebuilding.contains_key(hash)
    }

    /// Who told of a block first.
    pub(super) fn told_by(&self, hash: &BlockHash) -> Option<PeerId> {
        self.told(hash).map(|told| told.by)
    }

    /// What is remembered and rebuilt.
    pub(super) fn holdings(&self) -> [Holding; 3] {
        [
            Holding::new("blocks being rebuilt", self.rebuilding.len(), REBUILDS_MAX),
            Holding::new("blocks made here", self.made_here.len(), TOLD_BY_MAX),
            Holding::new("blocks with who told of them", self.told.len(), TOLD_BY_MAX),
        ]
    }

    fn is_forwarded(&self, hash: &BlockHash) -> bool {
        self.told(hash).is_some_and(|told| told.is_forwarded)
    }

    /// Mostly the newest is asked for.
    fn told(&self, hash: &BlockHash) -> Option<&Told> {
        self.told.iter().rev().find(|told| told.block == *hash)
    }

    fn note_forwarded(&mut self, hash: &BlockHash) {
        if let Some(told) = self.told.iter_mut().rev().find(|told| told.block == *hash) {
            told.is_forwarded = true;
        }
    }

    /// Notes that a client or miner of this node made a block: it is ours to announce.
    pub(super) fn note_made_here(&mut self, hash: BlockHash) {
        if self.made_here.len() >= TOLD_BY_MAX {
            self.made_here.pop_first();
        }
        self.made_here.insert(hash);
    }

    /// Notes who told of a block; asked only while nobody is known to have.
    fn note_teller(&mut self, block: BlockHash, peer: PeerId) {
        if self.told.len() >= TOLD_BY_MAX {
            self.told.pop_front();
        }
        self.told.reserve_exact(TOLD_BY_MAX - self.told.len());
        self.told.push_back(Told { block, by: peer, is_forwarded: false });
    }
}

impl<R: ChainReader> Node<R> {
    pub(super) fn on_gossip(&mut self, now: Now, peer: PeerId, message: GossipId, gossip: &Gossip) {
        match gossip {
            Gossip::Block(block) => self.on_compact_block(now, peer, message, block),
            Gossip::Transactions(transactions) => {
                self.on_gossiped_transactions(now, peer, message, transactions);
            }
        }
    }

    fn on_compact_block(&mut self, now: Now, peer: PeerId, message: GossipId, block: &Arc<CompactBlock>) {
        let hash = block.header.hash();
        match self.judge_compact(now, peer, hash, block) {
            Ok(index) => {
                self.relay.note_forwarded(&hash);
                // Where work protects nothing, forwarding waits until the block is known to be valid.
                if self.params.kind == NetworkKind::Development {
                    if let Some(message) = self.checks.hold_verdict(hash, message) {
                        self.outbox.push(Effect::Verdict { message, verdict: Verdict::Ignore });
                    }
                } else {
                    self.outbox.push(Effect::Verdict { message, verdict: Verdict::Accept });
                }
                self.rebuild(now, peer, index, block);
                self.take_waiting_blocks(now);
            }
            Err(verdict) => {
                self.outbox.push(Effect::Verdict { message, verdict });
                if verdict == Verdict::Reject {
                    self.penalise(now, peer, Offence::InvalidBlockGossip);
                }
            }
        }
        self.schedule_downloads(now);
    }

    /// The place of a gossiped block that is news and may be forwarded, else the verdict.
    fn judge_compact(
        &mut self,
        now: Now,
        peer: PeerId,
        hash: BlockHash,
        block: &Arc<CompactBlock>,
    ) -> Result<Index, Verdict> {
        if let Some(index) = self.chain.headers.find(&hash) {
            let Entry { violation, body, .. } = *self.chain.headers.get(index);
            if violation.is_some() {
                return Err(Verdict::Ignore);
            }
            self.note_height(peer, index);
            if body != Body::Missing || self.relay.told_by(&hash).is_some() {
                return Err(Verdict::Ignore);
            }
        }
        check_shape(block).map_err(|_| Verdict::Reject)?;
        let verdict_of = |violation: Violation| match violation.gossip_verdict() {
            GossipVerdict::Reject => Verdict::Reject,
            GossipVerdict::Ignore => Verdict::Ignore,
        };
        check_header_in_isolation(&block.header, &hash, &self.params).map_err(verdict_of)?;
        if block.coinbase.commitment() != block.header.commitment {
            return Err(Verdict::Reject);
        }
        let Some(parent) = self.chain.headers.find(&block.header.previous) else {
            self.on_early_compact(now, peer, hash, block);
            return Err(Verdict::Ignore);
        };
        let height = self.chain.headers.height(parent).next();
        check_coinbase_fields(&block.coinbase, &block.header, height).map_err(verdict_of)?;
        if height < self.chain.height().minus(NEWS_DEPTH) || !self.has_work_of_news(parent, block) {
            return Err(Verdict::Ignore);
        }
        match self.chain.accept_header(&block.header, now.timestamp(), &mut self.outbox) {
            Ok((index, _)) => {
                self.relay.note_teller(hash, peer);
                self.note_height(peer, index);
                Ok(index)
            }
            Err(Violation::TimeTooFarAhead) => {
                let early = Early::Compact { from: peer, block: Arc::clone(block) };
                self.waiting.keep(hash, early, encoded_len(block.as_ref()));
                Err(Verdict::Ignore)
            }
            Err(violation) => Err(verdict_of(violation)),
        }
    }

    /// Whether a block has at least the work of the chain some blocks below the tip: cheap branches are no news.
    fn has_work_of_news(&self, parent: Index, block: &CompactBlock) -> bool {
        let least = self.chain.at(self.chain.height().minus(NEWS_DEPTH));
        let record = self.chain.headers.get(parent).child(&block.header, BlockHash::ZERO);
        least.is_none_or(|least| record.work >= self.chain.headers.work(least))
    }

    /// Its parent is unknown: it waits, and its sender is asked for the headers between.
    fn on_early_compact(&mut self, now: Now, peer: PeerId, hash: BlockHash, block: &Arc<CompactBlock>) {
        let early = Early::Compact { from: peer, block: Arc::clone(block) };
        self.waiting.keep(hash, early, encoded_len(block.as_ref()));
        self.ask_headers_of(now, peer);
    }

    /// Rebuilds a block from the pool; what is missing is asked from who sent it.
    fn rebuild(&mut self, now: Now, peer: PeerId, index: Index, block: &Arc<CompactBlock>) {
        match Reconstruction::begin(Arc::clone(block), self.mempool.leaves()) {
            Ok(Rebuilt::Complete(block)) => self.check_body(index, Arc::new(block), BodyFrom::Gossip),
            Ok(Rebuilt::Incomplete(rebuild)) => {
                if self.relay.rebuilding.len() >= REBUILDS_MAX {
                    self.relay.rebuilding.pop_first();
                }
                let hash = block.header.hash();
                self.relay.rebuilding.insert(hash, Rebuilding { rebuild, asked: Vec::new() });
                self.ask_missing(now, peer, hash);
            }
            // The body is nobody's fault here: it is fetched whole.
            Err(_) => {}
        }
    }

    fn ask_missing(&mut self, now: Now, peer: PeerId, hash: BlockHash) {
        let owed = self.peers.asked(peer).count();
        let Some(rebuilding) = self.relay.rebuilding.get_mut(&hash) else { return };
        rebuilding.asked.push(peer);
        if let Some(index) = self.chain.headers.find(&hash) {
            self.timers.set(now.monotonic_ms + MISSING_PATIENCE_MS, Timer::CompactStalled(index));
        }
        if owed >= OWED_MAX || !self.peers.connected.contains_key(&peer) {
            return;
        }
        let indexes = rebuilding.rebuild.missing().to_vec();
        let body = SyncRequest::BlockTransactions { block: hash, indexes: List(indexes.clone()) };
        self.ask(peer, Asked::BlockTransactions { block: hash, indexes }, body);
    }

    pub(super) fn on_block_transactions(
        &mut self,
        now: Now,
        peer: PeerId,
        hash: BlockHash,
        indexes: &[u32],
        transactions: List<Arc<Transaction>>,
    ) {
        if !transactions.is_empty() && transactions.len() != indexes.len() {
            self.penalise(now, peer, Offence::WrongAnswer);
        }
        let Some(Rebuilding { rebuild, asked }) = self.relay.rebuilding.remove(&hash) else { return };
        let Some(index) = self.chain.headers.find(&hash) else { return };
        let filled = if rebuild.missing() == indexes { rebuild.fill(transactions) } else { Err(rebuild) };
        match filled {
            Ok(block) => self.check_body(index, Arc::new(block), BodyFrom::Gossip),
            Err(rebuild) => {
                self.relay.rebuilding.insert(hash, Rebuilding { rebuild, asked });
                self.on_compact_stalled(now, hash);
            }
        }
    }

    /// Missing transactions did not come: another peer is asked, and at last the whole block is fetched.
    pub(super) fn on_compact_stalled(&mut self, now: Now, hash: BlockHash) {
        let Some(rebuilding) = self.relay.rebuilding.get(&hash) else { return };
        let work = self.chain.headers.find(&hash).map(|index| self.chain.headers.work(index));
        let able = self.peers.connected.iter().filter(|(_, peer)| Some(peer.claim().work) >= work);
        let next = able.map(|(id, _)| *id).find(|id| !rebuilding.asked.contains(id));
        match next {
            Some(peer) if rebuilding.asked.len() < PEERS_ASKED_MAX => self.ask_missing(now, peer, hash),
            Some(_) | None => {
                self.relay.rebuilding.remove(&hash);
                self.fetch_whole(now, &hash);
            }
        }
    }

    /// Looks again at a gossiped block that came before its parent or its time.
    pub(super) fn on_compact_no_longer_early(&mut self, now: Now, peer: PeerId, block: &Arc<CompactBlock>) {
        if let Ok(index) = self.judge_compact(now, peer, block.header.hash(), block) {
            self.rebuild(now, peer, index, block);
        }
    }

    /// Tells the network of a new tip: a block made here is gossiped, one that gossip does not carry on is claimed.
    pub(super) fn announce_tip(&mut self, now: Now, change: &TipMove) {
        let Some(tip) = change.connected.last() else { return };
        let is_made_here = self.relay.made_here.remove(&tip.hash());
        if self.peers.connected.is_empty() {
            // Who comes later asks for the tip.
            return;
        }
        if is_made_here {
            let key = self.random.next_u64();
            // Peers must hear of the transactions before the block that names them.
            self.publish_transactions();
            let leaves: Vec<_> = tip.hashes().iter().map(|hashes| hashes.leaf).collect();
            let known: Vec<_> = self.mempool.have_good_signatures(tip.hashes()).collect();
            let compact = compact_block(tip.block(), &leaves, key, |index, _| !known[index]);
            self.outbox.push(Effect::Publish(Gossip::Block(Arc::new(compact))));
        } else if !self.relay.is_forwarded(&tip.hash()) {
            let peers: Vec<_> = self.peers.connected.keys().copied().collect();
            for peer in peers {
                self.send_status(now, peer);
            }
        }
    }
}
