//! The peers as the core sees them: what they claim, what they owe us, and what they did wrong.

use std::collections::BTreeMap;

use super::holdings::Holding;
use super::input::RequestId;
use super::now::Now;
use super::penalty::Score;
use super::sorted_map::SortedMap;
use super::view::PeerView;
use crate::primitives::{BlockHash, Height, PeerId, Work};

/// First patience with a request for blocks, in milliseconds; doubles with each stall.
pub(super) const STALL_MS_MIN: u32 = 2_000;
/// Largest patience with a request for blocks, in milliseconds.
pub(super) const STALL_MS_MAX: u32 = 64_000;

/// Peers whose offences are remembered after they left; who has least against it is forgotten first.
const REMEMBERED_MAX: usize = 1_024;
/// Bans kept; the one that ends first gives way.
const BANS_MAX: usize = 1_024;
/// Questions that one peer may owe answers to, of all kinds together.
const QUESTIONS_PER_PEER_MAX: usize = 24;

/// One connected peer.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) outbound: bool,
    claim: Claim,
    /// Whether it has told where it stands.
    pub(super) has_told: bool,
    /// The tip of its last status, if that was unknown then.
    pub(super) unknown_tip: Option<Box<BlockHash>>,
    pub(super) height: Option<Height>,
    pub(super) clock_offset_seconds: Option<i64>,
    /// Whether people were told that its clock is off.
    pub(super) clock_told: bool,
    pub(super) score: Score,
    /// When it is asked again where it stands.
    pub(super) status_due_ms: u64,
    /// How long it may take with blocks, in milliseconds.
    pub(super) stall_ms: u32,
    /// Until when it is not asked for blocks, since it lacked what it seemed to have.
    pub(super) lacks_blocks_until_ms: u64,
    /// How often headers did not lead to the work it claimed.
    pub(super) unproven_claims: u32,
    /// Headers it brought since its last one that became the best: they lead nowhere so far.
    pub(super) side_headers: u32,
    /// When it may be given the waiting transactions again.
    pub(super) pool_due_ms: u64,
}

/// How far a peer is, by its word and by what it showed. Changed by [`Peers::change_claim`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// Most work it claims and has not failed to prove.
    pub(super) work: Work,
    /// The newest block it claimed or showed to have.
    pub(super) shown: Option<BlockHash>,
    /// Whether it claimed a tip that nobody has asked it about yet.
    pub(super) headers_due: bool,
}

impl Peer {
    pub(super) fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Whether it has sent the blocks that it was asked for, as far as it was asked for any.
    pub(super) fn delivers(&self, now: Now) -> bool {
        self.lacks_blocks_until_ms <= now.monotonic_ms && self.stall_ms == STALL_MS_MIN
    }
}

/// A question of ours that is not answered yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) peer: PeerId,
    pub(super) asked: Asked,
}

/// How a peer's id begins: names it in a timer with a fraction of the room, and hardly ever another one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IdStart(u64);

impl IdStart {
    pub(super) fn of(peer: PeerId) -> Self {
        Self(u64::from_be_bytes(*peer.0.first_chunk().expect("32 bytes begin with 8")))
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Status,
    /// Headers above some place; `above` is its height when the question goes on from an earlier answer, `claimed` what
    /// the answer should lead to: the peer may find more meanwhile.
    Headers {
        above: Height,
        claimed: Work,
    },
    Blocks(Vec<BlockHash>),
    BlockTransactions {
        block: BlockHash,
        indexes: Vec<u32>,
    },
    Mempool,
}

impl Asked {
    pub(super) fn is_headers(&self) -> bool {
        matches!(self, Self::Headers { .. })
    }

    pub(super) fn is_blocks(&self) -> bool {
        matches!(self, Self::Blocks(_))
    }
}

/// All connected peers, what they were asked, and who is banned.
#[derive(Debug, Default)]
pub(super) struct Peers {
    pub(super) connected: SortedMap<PeerId, Peer>,
    pub(super) requests: SortedMap<RequestId, Pending>,
    /// End of each ban in wall-clock milliseconds.
    pub(super) bans: BTreeMap<PeerId, u64>,
    /// What peers have against them that are not connected: a new connection is no clean slate.
    remembered: BTreeMap<PeerId, Score>,
    next_request: RequestId,
    /// How often a claim of more than our tip, or who owes headers, has changed: while it stays, nobody new is ahead.
    claims_changed: u64,
}

impl Peers {
    /// Nobody yet, and some who are not welcome.
    pub(super) fn new(bans: BTreeMap<PeerId, u64>) -> Self {
        Self { bans, ..Self::default() }
    }

    pub(super) fn connect(&mut self, peer: PeerId, outbound: bool) {
        if self.connected.contains_key(&peer) {
            return;
        }
        let fresh = Peer {
            outbound,
            claim: Claim { work: Work::ZERO, shown: None, headers_due: false },
            has_told: false,
            unknown_tip: None,
            height: None,
            clock_offset_seconds: None,
            clock_told: false,
            score: self.remembered.remove(&peer).unwrap_or_default(),
            status_due_ms: 0,
            stall_ms: STALL_MS_MIN,
            lacks_blocks_until_ms: 0,
            unproven_claims: 0,
            side_headers: 0,
            pool_due_ms: 0,
        };
        self.connected.insert(peer, fresh);
        self.claims_changed += 1;
    }

    /// Forgets a peer and answers what it was still asked.
    pub(super) fn disconnect(&mut self, now: Now, peer: PeerId) -> Vec<Pending> {
        if let Some(known) = self.connected.remove(&peer) {
            self.remember(now, peer, known.score);
        }
        self.claims_changed += 1;
        let gone: Vec<_> = self.asked(peer).map(|(request, _)| request).collect();
        gone.into_iter().filter_map(|request| self.requests.remove(&request)).collect()
    }

    fn remember(&mut self, now: Now, peer: PeerId, score: Score) {
        self.remembered.retain(|_, score| !score.is_clean_at(now.monotonic_ms));
        if score.is_clean_at(now.monotonic_ms) {
            return;
        }
        self.remembered.insert(peer, score);
        if self.remembered.len() > REMEMBERED_MAX {
            let points = |score: &Score| score.parts_at(now.monotonic_ms);
            let least = self.remembered.iter().min_by_key(|(_, score)| points(score)).map(|(peer, _)| *peer);
            least.and_then(|peer| self.remembered.remove(&peer));
        }
    }

    /// Notes a ban, and forgets those that ended.
    pub(super) fn ban(&mut self, now: Now, peer: PeerId, until_wall_ms: u64) {
        self.bans.retain(|_, until| *until > now.wall_ms);
        self.bans.insert(peer, until_wall_ms);
        if self.bans.len() > BANS_MAX {
            let first = self.bans.iter().min_by_key(|(_, until)| **until).map(|(peer, _)| *peer);
            first.and_then(|peer| self.bans.remove(&peer));
        }
    }

    pub(super) fn is_banned(&self, now: Now, peer: PeerId) -> bool {
        self.bans.get(&peer).is_some_and(|until| *until > now.wall_ms)
    }

    /// The peers whose ids begin so.
    pub(super) fn with_start(&self, start: IdStart) -> impl Iterator<Item = (&PeerId, &Peer)> {
        let mut least = PeerId([0; 32]);
        least.0[..8].copy_from_slice(&start.0.to_be_bytes());
        self.connected.iter_from(&least).take_while(move |(id, _)| IdStart::of(**id) == start)
    }

    /// Numbers a new question.
    pub(super) fn ask(&mut self, peer: PeerId, asked: Asked) -> RequestId {
        self.next_request += 1;
        self.claims_changed += u64::from(asked.is_headers());
        self.requests.insert(self.next_request, Pending { peer, asked });
        self.next_request
    }

    /// Takes out what a peer was asked under this number; `None` when it was not.
    pub(super) fn answered(&mut self, peer: PeerId, request: RequestId) -> Option<Asked> {
        self.requests.get(&request).filter(|pending| pending.peer == peer)?;
        let asked = self.requests.remove(&request)?.asked;
        self.claims_changed += u64::from(asked.is_headers());
        Some(asked)
    }

    /// Changes what a peer claims. Who claims no more than our tip (its hash and its work) changes nothing for us.
    pub(super) fn change_claim(
        &mut self,
        peer: PeerId,
        tip: (BlockHash, Work),
        change: impl FnOnce(&mut Claim),
    ) {
        let Some(known) = self.connected.get_mut(&peer) else { return };
        let before = known.claim;
        change(&mut known.claim);
        let is_at_our_tip = known.claim.shown == Some(tip.0) && known.claim.work <= tip.1;
        self.claims_changed += u64::from(known.claim != before && !is_at_our_tip);
    }

    /// How often a claim of more than our tip, or who owes headers, has changed.
    pub(super) fn claims_changed(&self) -> u64 {
        self.claims_changed
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

    /// Questions of a kind that each peer has not answered, in one pass over all.
    pub(super) fn count_requests(&self, what: impl Fn(&Asked) -> bool) -> BTreeMap<PeerId, usize> {
        let mut counts = BTreeMap::new();
        for pending in self.requests.values().filter(|pending| what(&pending.asked)) {
            *counts.entry(pending.peer).or_default() += 1;
        }
        counts
    }

    /// What is asked and remembered.
    pub(super) fn holdings(&self) -> [Holding; 4] {
        let most = self.count_requests(|_| true).into_values().max().unwrap_or_default();
        let is_gone = |pending: &&Pending| !self.connected.contains_key(&pending.peer);
        let to_the_gone = self.requests.values().filter(is_gone).count();
        [
            Holding::new("questions to one peer", most, QUESTIONS_PER_PEER_MAX),
            Holding::new("questions to peers that are gone", to_the_gone, 0),
            Holding::new("offences of peers that are gone", self.remembered.len(), REMEMBERED_MAX),
            Holding::new("bans", self.bans.len(), BANS_MAX),
        ]
    }

    /// What everyone may see of the peers.
    pub(super) fn views(&self, now: Now) -> Vec<PeerView> {
        let view = |(peer, known): (&PeerId, &Peer)| PeerView {
            peer: *peer,
            outbound: known.outbound,
            height: known.height,
            clock_offset_seconds: known.clock_offset_seconds,
            score: known.score.shown_at(now.monotonic_ms),
            requests_in_flight: 0,
        };
        let mut views: Vec<_> = self.connected.iter().map(view).collect();
        for pending in self.requests.values() {
            if let Ok(place) = views.binary_search_by_key(&pending.peer, |view| view.peer) {
                views[place].requests_in_flight += 1;
            }
        }
        views
    }
}
