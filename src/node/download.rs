//! Fetching bodies of the best branch that somebody has, from several peers in parallel, in a moving window.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::Node;
use super::chain::Chain;
use super::checks::BodyFrom;
use super::claims::Standing;
use super::headers::{Body, Index};
use super::holdings::Holding;
use super::message::{BLOCKS_PER_REQUEST_MAX, SyncRequest};
use super::now::Now;
use super::peers::{Asked, Peer, Peers, Pending, STALL_MS_MAX, STALL_MS_MIN};
use super::penalty::Offence;
use super::timers::Timer;
use crate::primitives::{Block, BlockHash, List, PeerId};
use crate::storage::ChainReader;

/// Blocks from the lowest missing one that are asked for at most.
const WINDOW_BLOCKS: usize = 1_024;
/// Bytes of unconnected bodies in memory above which nothing more is asked for.
const UNCONNECTED_BYTES_MAX: usize = 96 << 20;
/// Requests for blocks under way at one peer: one being answered, one waiting, which is what a server takes.
const REQUESTS_PER_PEER_MAX: usize = 2;
/// Bytes that one request should bring: libp2p moves answers of this size best, many at a time.
const REQUEST_BYTES: usize = 1 << 20;
/// Bodies being checked above which nothing more is asked for: the checks are the bottleneck then.
const CHECKING_MAX: usize = 512;
/// Their bytes above which nothing more is asked for.
const CHECKING_BYTES_MAX: usize = 64 << 20;
/// Milliseconds for which a peer is not asked after it lacked a block it seemed to have, or refused to send it.
const LACKS_MS: u64 = 5_000;

/// Which bodies are wanted and who was asked for them.
#[derive(Debug)]
pub(super) struct Download {
    /// The header whose branch is fetched: that with most work which somebody may have. None: nothing is to be had.
    goal: Option<Index>,
    /// The goal's branch from its lowest missing body on.
    path: VecDeque<Index>,
    path_goal: Option<Index>,
    /// How often headers had been evicted when the path was made.
    evictions: u64,
    /// Who was asked, by block.
    in_flight: BTreeMap<BlockHash, PeerId>,
    /// Running mean of a body's size in bytes.
    body_bytes: usize,
    /// How things stood when no peer was found to be ahead.
    nobody_ahead: Option<Standing>,
}

impl Default for Download {
    fn default() -> Self {
        Self {
            goal: None,
            path: VecDeque::new(),
            path_goal: None,
            evictions: 0,
            in_flight: BTreeMap::new(),
            body_bytes: 1_000,
            nobody_ahead: None,
        }
    }
}

impl Download {
    /// The header whose branch is fetched.
    fn goal<R: ChainReader>(&self, chain: &Chain<R>) -> Option<Index> {
        self.goal.filter(|_| self.evictions == chain.evictions)
    }

    /// Brings the path up to date with its goal and the bodies that came. A branch that is being fetched may still
    /// have less work than the tip, so what is here is no longer on the path, connected or not.
    fn refresh<R: ChainReader>(&mut self, chain: &Chain<R>, goal: Option<Index>) {
        if self.evictions != chain.evictions {
            self.evictions = chain.evictions;
            self.path.clear();
            self.path_goal = None;
        }
        self.goal = goal;
        if let Some(goal) = goal.filter(|goal| self.path_goal != Some(*goal)) {
            self.extend_to(chain, goal);
            self.path_goal = Some(goal);
        }
        while self.path.front().is_some_and(|index| chain.has_body(*index)) {
            self.path.pop_front();
        }
    }

    fn extend_to<R: ChainReader>(&mut self, chain: &Chain<R>, goal: Index) {
        let mut above = Vec::new();
        let mut at = goal;
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

    /// Blocks that wait for an answer which nobody owes would wait for ever.
    pub(super) fn asked_of_nobody(&self, peers: &Peers) -> Holding {
        let mut owed = BTreeSet::<&BlockHash>::new();
        for Pending { peer, asked } in peers.requests.values().filter(|_| !self.in_flight.is_empty()) {
            if let Asked::Blocks(hashes) = asked {
                owed.extend(hashes.iter().filter(|hash| self.in_flight.get(hash) == Some(peer)));
            }
        }
        Holding::new("blocks asked of nobody", self.in_flight.len() - owed.len(), 0)
    }

    fn blocks_per_request(&self) -> usize {
        (REQUEST_BYTES / self.body_bytes.max(1)).clamp(1, BLOCKS_PER_REQUEST_MAX)
    }
}

impl<R: ChainReader> Node<R> {
    /// Asks for the lowest missing bodies, as many as peers, memory and checks allow.
    pub(super) fn schedule_downloads(&mut self, now: Now) {
        let standing = self.standing();
        if self.download.nobody_ahead == Some(standing) {
            return;
        }
        let to_be_had = self.best_to_be_had();
        self.download.nobody_ahead = to_be_had.is_none().then_some(standing);
        // Who shows headers and sends no bodies must not keep us from those who send theirs.
        let goal = to_be_had.and_then(|_| self.best_of(|peer| peer.delivers(now))).or(to_be_had);
        self.download.refresh(&self.chain, goal);
        if goal.is_none() || self.download.path.is_empty() || !self.has_room_for_bodies() {
            return;
        }
        let mut free = self.free_peers(now);
        let mut missing = if free.is_empty() { VecDeque::new() } else { self.missing_bodies() };
        while let Some(first) = missing.front().copied() {
            let Some(peer) = self.take_freest(&mut free, first) else { return };
            let count = missing.len().min(self.download.blocks_per_request());
            let hashes = missing.drain(..count).map(|index| self.chain.headers.id(index).hash).collect();
            self.ask_blocks(now, peer, hashes);
        }
    }

    /// Asks for one whole block that could overtake the tip, whether it is on the best header's branch or not.
    pub(super) fn fetch_whole(&mut self, now: Now, hash: &BlockHash) {
        self.schedule_downloads(now);
        let Some(index) = self.chain.headers.find(hash) else { return };
        let could_overtake = self.chain.headers.work(index) > self.chain.headers.work(self.chain.tip());
        if could_overtake && self.is_wanted(index) && self.has_room_for_bodies() {
            let mut free = self.free_peers(now);
            if let Some(peer) = self.take_freest(&mut free, index) {
                self.ask_blocks(now, peer, vec![*hash]);
            }
        }
    }

    /// The header ahead of the tip with most work that some peer showed or may well have. Others may have mined more
    /// and gone away: then the best of those who are here counts.
    pub(super) fn best_to_be_had(&self) -> Option<Index> {
        if self.download.nobody_ahead == Some(self.standing()) { None } else { self.best_of(|_| true) }
    }

    /// The same among some of the peers.
    fn best_of(&self, counts: impl Fn(&Peer) -> bool) -> Option<Index> {
        let headers = &self.chain.headers;
        let best = headers.best();
        let tip = self.chain.tip_id().hash;
        let tip_work = headers.work(self.chain.tip());
        let of_peer = |peer: &Peer| match peer.claim().shown.and_then(|shown| headers.find(&shown)) {
            Some(shown) => Some(shown).filter(|shown| headers.get(*shown).violation.is_none()),
            None => (peer.claim().work >= headers.work(best)).then_some(best),
        };
        // Most peers are where we are: they need no look into the tree.
        let elsewhere = self.peers.connected.values().filter(|peer| peer.claim().shown != Some(tip));
        let ahead = elsewhere
            .filter(|peer| counts(peer))
            .filter_map(of_peer)
            .filter(|index| headers.work(*index) > tip_work);
        // On equal work the best header comes first, then the one that is fetched already.
        ahead.max_by_key(|index| {
            let was_goal = self.download.goal(&self.chain) == Some(*index);
            (headers.work(*index), *index == best, was_goal, std::cmp::Reverse(*index))
        })
    }

    /// Whether a peer claims the work of a block and is not known to follow another branch.
    fn may_have(&self, peer: &Peer, index: Index) -> bool {
        let headers = &self.chain.headers;
        let shown = peer.claim().shown.and_then(|shown| headers.find(&shown));
        peer.claim().work >= headers.work(index)
            && shown.is_none_or(|shown| headers.ancestor(shown, headers.height(index)) == index)
    }

    fn has_room_for_bodies(&self) -> bool {
        self.chain.overlay.bytes() <= UNCONNECTED_BYTES_MAX
            && self.checks.bodies() <= CHECKING_MAX
            && self.checks.bytes() <= CHECKING_BYTES_MAX
    }

    pub(super) fn ask_blocks(&mut self, now: Now, peer: PeerId, hashes: Vec<BlockHash>) {
        for hash in &hashes {
            self.download.in_flight.insert(*hash, peer);
        }
        let body = SyncRequest::Blocks { hashes: List(hashes.clone()) };
        let request = self.ask(peer, Asked::Blocks(hashes), body);
        let patience = self.peers.connected.get(&peer).map_or(STALL_MS_MIN, |peer| peer.stall_ms);
        self.timers.set(now.monotonic_ms + u64::from(patience), Timer::RequestStalled(request));
    }

    fn missing_bodies(&self) -> VecDeque<Index> {
        let window = self.download.path.iter().take(WINDOW_BLOCKS).copied();
        window.filter(|index| self.is_wanted(*index)).collect()
    }

    /// Whether a body is missing and nobody was asked for it.
    fn is_wanted(&self, index: Index) -> bool {
        let entry = self.chain.headers.get(index);
        entry.body == Body::Missing
            && entry.violation.is_none()
            && !self.download.in_flight.contains_key(&entry.hash())
            && !self.relay.is_rebuilding(&entry.hash())
    }

    /// Peers that may be asked for blocks, with the requests each has under way.
    fn free_peers(&self, now: Now) -> BTreeMap<PeerId, usize> {
        let busy = self.peers.count_requests(Asked::is_blocks);
        let willing =
            self.peers.connected.iter().filter(|(_, peer)| peer.lacks_blocks_until_ms <= now.monotonic_ms);
        willing
            .map(|(id, _)| (*id, busy.get(id).copied().unwrap_or_default()))
            .filter(|(_, busy)| *busy < REQUESTS_PER_PEER_MAX)
            .collect()
    }

    /// The peer with the fewest requests under way among those that should have a block; it gets one more.
    fn take_freest(&self, free: &mut BTreeMap<PeerId, usize>, index: Index) -> Option<PeerId> {
        let able = free.iter().filter_map(|(id, busy)| {
            let peer = self.peers.connected.get(id).filter(|peer| self.may_have(peer, index))?;
            Some((*busy, peer.stall_ms, *id))
        });
        let (busy, _, peer) = able.min()?;
        if busy + 1 < REQUESTS_PER_PEER_MAX {
            free.insert(peer, busy + 1);
        } else {
            free.remove(&peer);
        }
        Some(peer)
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
        if count == 0 {
            self.note_lack(now, peer);
        } else if let Some(known) = self.peers.connected.get_mut(&peer) {
            known.stall_ms = (known.stall_ms / 2).max(STALL_MS_MIN);
        }
    }

    /// A peer has no blocks to give at the moment, whatever it claims.
    pub(super) fn note_lack(&mut self, now: Now, peer: PeerId) {
        if let Some(known) = self.peers.connected.get_mut(&peer) {
            known.lacks_blocks_until_ms = now.monotonic_ms + LACKS_MS;
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
