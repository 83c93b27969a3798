//! The peers as the core sees them: what they claim, what they owe us, and what they did wrong.

use std::collections::BTreeMap;

use super::input::RequestId;
use super::message::Status;
use super::now::Now;
use super::penalty::Score;
use super::view::PeerView;
use crate::primitives::{BlockHash, Height, PeerId, Work};

/// First patience with a request for blocks, in milliseconds; doubles with each stall.
pub(super) const STALL_MS_MIN: u64 = 2_000;
/// Largest patience with a request for blocks, in milliseconds.
pub(super) const STALL_MS_MAX: u64 = 64_000;

/// One connected peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) outbound: bool,
    /// Its last status, or what it showed since.
    pub(super) status: Option<Status>,
    /// Most work it claims and has not failed to prove.
    pub(super) claimed_work: Work,
    pub(super) height: Option<Height>,
    pub(super) clock_offset_seconds: Option<i64>,
    pub(super) score: Score,
    /// How long it may take with blocks, in milliseconds.
    pub(super) stall_ms: u64,
    /// Until when it is not asked for blocks, since it lacked what it seemed to have.
    pub(super) lacks_blocks_until_ms: u64,
    /// How often headers did not lead to the work it claimed.
    pub(super) unproven_claims: u32,
}

/// A question of ours that is not answered yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) peer: PeerId,
    pub(super) asked: Asked,
    /// Whether it took too long already: the blocks were asked from others.
    pub(super) stalled: bool,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Status,
    Headers,
    Blocks(Vec<BlockHash>),
    BlockTransactions { block: BlockHash, indexes: Vec<u32> },
    Mempool,
}

/// All connected peers, what they were asked, and who is banned.
#[derive(Debug, Default)]
pub(super) struct Peers {
    pub(super) connected: BTreeMap<PeerId, Peer>,
    pub(super) requests: BTreeMap<RequestId, Pending>,
    /// End of each ban in wall-clock milliseconds.
    pub(super) bans: BTreeMap<PeerId, u64>,
    next_request: RequestId,
}

impl Peers {
    pub(super) fn connect(&mut self, peer: PeerId, outbound: bool) {
        let fresh = Peer {
            outbound,
            status: None,
            claimed_work: Work::ZERO,
            height: None,
            clock_offset_seconds: None,
            score: Score::default(),
            stall_ms: STALL_MS_MIN,
            lacks_blocks_until_ms: 0,
            unproven_claims: 0,
        };
        self.connected.insert(peer, fresh);
    }

    /// Forgets a peer and answers what it was still asked.
    pub(super) fn disconnect(&mut self, peer: PeerId) -> Vec<Pending> {
        self.connected.remove(&peer);
        let gone: Vec<_> = self.asked(peer).map(|(request, _)| request).collect();
        gone.into_iter().filter_map(|request| self.requests.remove(&request)).collect()
    }

    /// Numbers a new question.
    pub(super) fn ask(&mut self, peer: PeerId, asked: Asked) -> RequestId {
        self.next_request += 1;
        self.requests.insert(self.next_request, Pending { peer, asked, stalled: false });
        self.next_request
    }

    /// What a peer was asked and has not answered.
    pub(super) fn asked(&self, peer: PeerId) -> impl Iterator<Item = (RequestId, &Pending)> {
        self.requests
            .iter()
            .filter(move |(_, pending)| pending.peer == peer)
            .map(|(id, pending)| (*id, pending))
    }

    /// Whether a peer owes an answer to such a question.
    pub(super) fn owes(&self, peer: PeerId, what: impl Fn(&Asked) -> bool) -> bool {
        self.asked(peer).any(|(_, pending)| what(&pending.asked))
    }

    /// What everyone may see of the peers.
    pub(super) fn views(&self, now: Now) -> Vec<PeerView> {
        let view = |(peer, known): (&PeerId, &Peer)| PeerView {
            peer: *peer,
            outbound: known.outbound,
            height: known.height,
            clock_offset_seconds: known.clock_offset_seconds,
            score: known.score.shown_at(now.monotonic_ms),
            requests_in_flight: self.asked(*peer).count(),
        };
        self.connected.iter().map(view).collect()
    }
}
