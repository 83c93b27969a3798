//! What peers claim to have, held against what they showed. Whether anybody is ahead is asked after every message, so the
//! answer "nobody" is kept for as long as nothing it rests on changes.

use super::Node;
use super::headers::{HeaderTree, Index};
use super::now::Now;
use super::peers::Claim;
use super::penalty::Offence;
use crate::primitives::{BlockHash, PeerId, Work};
use crate::storage::ChainReader;

/// Claims of work that headers did not prove, after which a peer is dropped.
const UNPROVEN_CLAIMS_MAX: u32 = 3;

/// All that says whether somebody is ahead: as long as it stays, so does the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    tip: Index,
    headers_changed: u64,
    claims_changed: u64,
}

impl<R: ChainReader> Node<R> {
    pub(super) fn standing(&self) -> Standing {
        Standing {
            tip: self.chain.tip(),
            headers_changed: self.chain.headers.changes(),
            claims_changed: self.peers.claims_changed(),
        }
    }

    /// Whether a peer claims more work than we know of, or a tip that we do not know.
    pub(super) fn claims_more(&self, peer: PeerId) -> bool {
        let headers = &self.chain.headers;
        let is_unknown = |tip: &BlockHash| headers.find(tip).is_none();
        self.peers.connected.get(&peer).is_some_and(|peer| {
            peer.claim().work > headers.work(headers.best())
                || peer.unknown_tip.as_deref().is_some_and(is_unknown)
        })
    }

    /// A peer showed a header: it has at least that much.
    pub(super) fn note_height(&mut self, peer: PeerId, index: Index) {
        let (height, work) = (self.chain.headers.height(index), self.chain.headers.work(index));
        let hash = self.chain.headers.id(index).hash;
        if let Some(known) = self.peers.connected.get_mut(&peer) {
            known.height = Some(known.height.map_or(height, |before| before.max(height)));
        }
        self.change_claim(peer, |claim, headers| {
            let before = claim.shown.and_then(|shown| headers.find(&shown));
            if before.is_none_or(|before| headers.work(before) <= work) {
                claim.shown = Some(hash);
            }
            claim.work = claim.work.max(work);
        });
    }

    /// Compares what a peer claimed when it was asked with what its headers came to, once it has no more. What it claims
    /// since then it is asked for next.
    pub(super) fn judge_claim(&mut self, now: Now, peer: PeerId, claimed: Work) {
        let known_work = self.chain.headers.work(self.chain.headers.best());
        let Some(known) = self.peers.connected.get_mut(&peer) else { return };
        if claimed.min(known.claim().work) <= known_work {
            known.unproven_claims = 0;
            return;
        }
        known.unproven_claims += 1;
        let often = known.unproven_claims >= UNPROVEN_CLAIMS_MAX;
        self.lower_claim(peer);
        if often {
            self.penalise(now, peer, Offence::UnprovenClaim);
        }
    }

    pub(super) fn change_claim(&mut self, peer: PeerId, change: impl FnOnce(&mut Claim, &HeaderTree)) {
        let headers = &self.chain.headers;
        let tip = self.chain.tip();
        let tip = (headers.id(tip).hash, headers.work(tip));
        self.peers.change_claim(peer, tip, |claim| change(claim, headers));
    }

    /// Who forwarded a block that turned out invalid vouched for its header alone: that is no claim of its own.
    pub(super) fn forget_invalid_claims(&mut self) {
        let headers = &self.chain.headers;
        let is_invalid =
            |hash| headers.find(&hash).is_some_and(|index| headers.get(index).violation.is_some());
        let shown_invalid =
            self.peers.connected.iter().filter(|(_, peer)| peer.claim().shown.is_some_and(is_invalid));
        let peers: Vec<_> = shown_invalid.map(|(id, _)| *id).collect();
        for peer in peers {
            self.lower_claim(peer);
        }
    }

    pub(super) fn lower_claim(&mut self, peer: PeerId) {
        let known_work = self.chain.headers.work(self.chain.headers.best());
        self.change_claim(peer, |claim, _| claim.work = claim.work.min(known_work));
    }
}
