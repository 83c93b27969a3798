//! Fetching bodies of the best header's branch, from several peers in parallel, in a window that moves with the tip.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Node;
use super::chain::Chain;
use super::checks::BodyFrom;
use super::headers::{Body, Index};
use super::message::{BLOCKS_PER_REQUEST_MAX, SyncRequest};
use super::now::Now;
use super::peers::{Asked, STALL_MS_MAX, STALL_MS_MIN};
use super::penalty::Offence;
use super::timers::Timer;
use crate::primitives::{Block, BlockHash, List, PeerId};
use crate::storage::ChainReader;

/// Blocks ahead of the tip that are asked for at most.
const WINDOW_BLOCKS: usize = 1_024;
/// Bytes of unconnected bodies in memory above which nothing more is asked for.
const UNCONNECTED_BYTES_MAX: usize = 96 << 20;
/// Requests for blocks under way at one peer: one being answered, one waiting, which is what a server takes.
const REQUESTS_PER_PEER_MAX: usize = 2;
/// Bytes that one request should bring: libp2p moves answers of this size best, many at a time.
const REQUEST_BYTES: usize = 1 << 20;
/// Bodies being checked above which nothing more is asked for: the checks are the bottleneck then.
const CHECKING_MAX: usize = 512;
/// Milliseconds for which a peer is not asked after it lacked a block it seemed to have.
const LACKS_MS: u64 = 5_000;

/// Which bodies are wanted and who was asked for them.
#[derive(Debug)]
pub(super) struct Download {
    /// The branch from above the tip to the best header, lowest first.
    path: VecDeque<Index>,
    target: Option<Index>,
    /// Who was asked, by block.
    in_flight: BTreeMap<BlockHash, PeerId>,
    /// Running mean of a body's size in bytes.
    body_bytes: usize,
}

impl Default for Download {
    fn default() -> Self {
        Self { path: VecDeque::new(), target: None, in_flight: BTreeMap::new(), body_bytes: 1_000 }
    }
}

impl Download {
    /// Brings the path up to date with the best header and the tip.
    fn refresh<R: ChainReader>(&mut self, chain: &Chain<R>) {
        let best = chain.headers.best();
        if self.target != Some(best) {
            self.extend_to(chain, best);
            self.target = Some(best);
        }
        while self.path.front().is_some_and(|index| chain.is_active(*index)) {
            self.path.pop_front();
        }
    }

    fn extend_to<R: ChainReader>(&mut self, chain: &Chain<R>, best: Index) {
        let mut above = Vec::new();
        let mut at = best;
        let end = self.path.back().copied();
        while Some(at) != end && !chain.is_active(at) {
            above.push(at);
            let Some(parent) = chain.headers.get(at).parent else { break };
            at = parent;
        }
        if Some(at) != end {
            self.path.clear();
        }
        self.path.extend(above.into_iter().rev());
    }

    fn blocks_per_request(&self) -> usize {
        (REQUEST_BYTES / self.body_bytes.max(1)).clamp(1, BLOCKS_PER_REQUEST_MAX)
    }
}

impl<R: ChainReader> Node<R> {
    /// Asks for the lowest missing bodies, as many as peers, memory and checks allow.
    pub(super) fn schedule_downloads(&mut self, now: Now) {
        self.download.refresh(&self.chain);
        if self.download.path.is_empty()
            || self.chain.overlay.bytes() > UNCONNECTED_BYTES_MAX
            || self.checks.bodies() > CHECKING_MAX
        {
            return;
        }
        let mut missing = self.missing_bodies();
        while !missing.is_empty() {
            let Some(peer) = self.freest_peer(now, missing[0]) else { return };
            let count = missing.len().min(self.download.blocks_per_request());
            let hashes: Vec<_> =
                missing.drain(..count).map(|index| self.chain.headers.id(index).hash).collect();
            self.ask_blocks(now, peer, hashes);
        }
    }

    pub(super) fn ask_blocks(&mut self, now: Now, peer: PeerId, hashes: Vec<BlockHash>) {
        for hash in &hashes {
            self.download.in_flight.insert(*hash, peer);
        }
        let body = SyncRequest::Blocks { hashes: List(hashes.clone()) };
        let request = self.ask(peer, Asked::Blocks(hashes), body);
        let patience = self.peers.connected.get(&peer).map_or(STALL_MS_MIN, |peer| peer.stall_ms);
        self.timers.set(now.monotonic_ms + patience, Timer::RequestStalled(request));
    }

    fn missing_bodies(&self) -> VecDeque<Index> {
        let window = self.download.path.iter().take(WINDOW_BLOCKS).copied();
        window
            .filter(|index| {
                let entry = self.chain.headers.get(*index);
                entry.body == Body::Missing
                    && !self.download.in_flight.contains_key(&entry.facts.hash)
                    && !self.relay.is_rebuilding(&entry.facts.hash)
            })
            .collect()
    }

    /// The peer with the fewest requests under way among those that should have a block.
    fn freest_peer(&self, now: Now, index: Index) -> Option<PeerId> {
        let work = self.chain.headers.work(index);
        let able =
            self.peers.connected.iter().filter(|(_, peer)| {
                peer.claimed_work >= work && peer.lacks_blocks_until_ms <= now.monotonic_ms
            });
        let busy = |peer: PeerId| {
            self.peers.asked(peer).filter(|(_, pending)| matches!(pending.asked, Asked::Blocks(_))).count()
        };
        able.map(|(id, peer)| (busy(*id), peer.stall_ms, *id))
            .filter(|(busy, _, _)| *busy < REQUESTS_PER_PEER_MAX)
            .min()
            .map(|(_, _, id)| id)
    }

    pub(super) fn on_blocks(
        &mut self,
        now: Now,
        peer: PeerId,
        asked: &[BlockHash],
        blocks: List<Arc<Block>>,
    ) {
        let count = blocks.len();
        let mut wanted = asked.iter();
        for block in blocks {
            let hash = block.hash();
            if !wanted.any(|asked| *asked == hash) {
                self.penalise(now, peer, Offence::WrongAnswer);
                break;
            }
            self.download.in_flight.remove(&hash);
            if let Some(index) = self.chain.headers.find(&hash) {
                self.check_body(index, block, BodyFrom::Peer(peer));
            }
        }
        self.release_blocks(peer, asked);
        if let Some(known) = self.peers.connected.get_mut(&peer) {
            if count == 0 {
                known.lacks_blocks_until_ms = now.monotonic_ms + LACKS_MS;
            } else {
                known.stall_ms = (known.stall_ms / 2).max(STALL_MS_MIN);
            }
        }
    }

    /// A body's size, to judge how many to ask for at once.
    pub(super) fn note_body_size(&mut self, bytes: usize) {
        self.download.body_bytes = (self.download.body_bytes * 7 + bytes) / 8;
    }

    /// Lets others be asked for blocks that this peer was asked for.
    pub(super) fn release_blocks(&mut self, peer: PeerId, hashes: &[BlockHash]) {
        for hash in hashes {
            if self.download.in_flight.get(hash) == Some(&peer) {
                self.download.in_flight.remove(hash);
            }
        }
    }

    pub(super) fn on_blocks_stalled(&mut self, peer: PeerId) {
        if let Some(known) = self.peers.connected.get_mut(&peer) {
            known.stall_ms = (known.stall_ms * 2).min(STALL_MS_MAX);
        }
    }

    pub(super) fn forget_who_lacks_blocks(&mut self) {
        for peer in self.peers.connected.values_mut() {
            peer.lacks_blocks_until_ms = 0;
            peer.stall_ms = STALL_MS_MIN;
        }
    }
}
