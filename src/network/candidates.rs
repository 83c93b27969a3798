//! Peers that discovery told of, and when to dial which.
//!
//! Both ends of a pair usually find each other at the same moment. So the lower peer id dials at once and the other
//! only if no connection came of that; a pair then ends with one connection.

use std::collections::{BTreeMap, BTreeSet};

use libp2p::Multiaddr;

use crate::primitives::PeerId;
use crate::runtime::network_port::Found;

/// Peers kept at most.
const CANDIDATES_MAX: usize = 1_024;
/// Addresses kept of one peer at most.
const ADDRESSES_PER_PEER_MAX: usize = 8;
/// What the higher peer id leaves the lower one to dial, in milliseconds.
const COURTESY_MS: u64 = 1_500;
/// Pause after a first failure, in milliseconds; it doubles with each further one.
const PAUSE_MIN_MS: u64 = 1_000;
/// Longest pause between two attempts, in milliseconds.
const PAUSE_MAX_MS: u64 = 60_000;
/// A peer is forgotten after this many failures in a row, some five minutes.
const FAILURES_MAX: u32 = 10;

/// The peers known of.
#[derive(Debug)]
pub(super) struct Candidates {
    local: PeerId,
    peers: BTreeMap<PeerId, Candidate>,
    /// Peers that need no dial, whoever dialled; not all of them were found first.
    connected: BTreeSet<PeerId>,
}

#[derive(Debug)]
struct Candidate {
    addresses: Vec<Multiaddr>,
    found: Found,
    dial_at_ms: u64,
    failures: u32,
    dialling: bool,
}

/// A peer whose time to be dialled has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Whom.
    pub(super) peer: PeerId,
    /// Where.
    pub(super) addresses: Vec<Multiaddr>,
    /// How it was found first.
    pub(super) found: Found,
}

impl Candidates {
    /// Nobody yet.
    pub(super) fn new(local: PeerId) -> Self {
        Self { local, peers: BTreeMap::new(), connected: BTreeSet::new() }
    }

    /// A peer was found. True when it was not known before.
    pub(super) fn found(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, how: Found, now_ms: u64) -> bool {
        if peer == self.local || addresses.is_empty() || !self.has_room_for(peer) {
            return false;
        }
        let dial_at_ms = self.polite(peer, now_ms);
        let mut is_new = false;
        let candidate = self.peers.entry(peer).or_insert_with(|| {
            is_new = true;
            Candidate { addresses: Vec::new(), found: how, dial_at_ms, failures: 0, dialling: false }
        });
        let known = std::mem::take(&mut candidate.addresses);
        for address in addresses.into_iter().chain(known) {
            if candidate.addresses.len() < ADDRESSES_PER_PEER_MAX && !candidate.addresses.contains(&address) {
                candidate.addresses.push(address);
            }
        }
        is_new
    }

    /// How a peer was found first, if it was.
    pub(super) fn how(&self, peer: PeerId) -> Option<Found> {
        self.peers.get(&peer).map(|candidate| candidate.found)
    }

    /// Peers to dial now, at most `room` of them.
    pub(super) fn due(&mut self, now_ms: u64, room: usize) -> Vec<Due> {
        let waiting = self.peers.iter_mut().filter(|(peer, candidate)| {
            !candidate.dialling && candidate.dial_at_ms <= now_ms && !self.connected.contains(peer)
        });
        let due = waiting.take(room).map(|(peer, candidate)| {
            candidate.dialling = true;
            Due { peer: *peer, addresses: candidate.addresses.clone(), found: candidate.found }
        });
        due.collect()
    }

    /// A connection to a peer stands, whoever dialled.
    pub(super) fn connected(&mut self, peer: PeerId) {
        self.connected.insert(peer);
        if let Some(candidate) = self.peers.get_mut(&peer) {
            candidate.dialling = false;
        }
    }

    /// A connected peer turned out to be one of us.
    pub(super) fn met(&mut self, peer: PeerId) {
        if let Some(candidate) = self.peers.get_mut(&peer) {
            candidate.failures = 0;
        }
    }

    /// The last connection to a peer is gone. One that was not met counts as a failure: it shut us out.
    pub(super) fn disconnected(&mut self, peer: PeerId, now_ms: u64) {
        self.connected.remove(&peer);
        self.failed(peer, now_ms);
    }

    /// A peer could not be dialled.
    pub(super) fn failed(&mut self, peer: PeerId, now_ms: u64) {
        let polite_ms = self.polite(peer, now_ms);
        let Some(candidate) = self.peers.get_mut(&peer) else { return };
        candidate.dialling = false;
        // A longer pause that was set while the connection was being closed stands.
        candidate.dial_at_ms = candidate.dial_at_ms.max(polite_ms + pause_ms(candidate.failures));
        candidate.failures += 1;
        if candidate.failures == FAILURES_MAX {
            self.peers.remove(&peer);
        }
    }

    /// Leaves a peer alone until then.
    pub(super) fn avoid(&mut self, peer: PeerId, until_ms: u64) {
        if let Some(candidate) = self.peers.get_mut(&peer) {
            candidate.dial_at_ms = candidate.dial_at_ms.max(until_ms);
        }
    }

    /// Whether a peer may be kept; one that failed most makes room.
    fn has_room_for(&mut self, peer: PeerId) -> bool {
        if self.peers.len() < CANDIDATES_MAX || self.peers.contains_key(&peer) {
            return true;
        }
        let worst = self.peers.iter().max_by_key(|(_, candidate)| candidate.failures);
        let worst = worst.filter(|(_, candidate)| candidate.failures > 0).map(|(peer, _)| *peer);
        worst.is_some_and(|worst| self.peers.remove(&worst).is_some())
    }

    /// The earliest polite moment to dial a peer.
    fn polite(&self, peer: PeerId, now_ms: u64) -> u64 {
        if self.local < peer { now_ms } else { now_ms + COURTESY_MS }
    }
}

/// The pause after so many failures, in milliseconds.
pub(super) fn pause_ms(failures: u32) -> u64 {
    PAUSE_MIN_MS.saturating_mul(1 << failures.min(16)).min(PAUSE_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: PeerId = PeerId([1; 32]);
    const BOB: PeerId = PeerId([2; 32]);
    const CAROL: PeerId = PeerId([3; 32]);

    fn address(port: u16) -> Vec<Multiaddr> {
        vec![format!("/ip4/192.0.2.7/tcp/{port}").parse().unwrap()]
    }

    fn due(candidates: &mut Candidates, now_ms: u64) -> Vec<PeerId> {
        candidates.due(now_ms, 8).into_iter().map(|due| due.peer).collect()
    }

    #[test]
    fn the_lower_peer_id_dials_at_once_and_the_higher_one_later() {
        let mut bob = Candidates::new(BOB);
        assert!(bob.found(ALICE, address(1), Found::Mdns, 0));
        assert!(bob.found(CAROL, address(2), Found::Mdns, 0));
        assert_eq!(due(&mut bob, 0), [CAROL]);
        assert_eq!(due(&mut bob, COURTESY_MS), [ALICE]);
    }

    #[test]
    fn who_connected_in_the_meantime_is_not_dialled() {
        let mut bob = Candidates::new(BOB);
        bob.connected(ALICE);
        bob.found(ALICE, address(1), Found::Local, 0);
        assert_eq!(due(&mut bob, COURTESY_MS), []);
        bob.disconnected(ALICE, 10_000);
        assert_eq!(due(&mut bob, 10_000 + PAUSE_MIN_MS), []);
        assert_eq!(due(&mut bob, 10_000 + PAUSE_MIN_MS + COURTESY_MS), [ALICE]);
    }

    #[test]
    fn pauses_grow_and_a_peer_that_never_answers_is_forgotten() {
        let mut alice = Candidates::new(ALICE);
        alice.found(BOB, address(1), Found::Remembered, 0);
        let mut now_ms = 0;
        for failures in 0..FAILURES_MAX {
            assert_eq!(due(&mut alice, now_ms), [BOB], "after {failures} failures");
            alice.failed(BOB, now_ms);
            assert_eq!(due(&mut alice, now_ms), []);
            now_ms += PAUSE_MAX_MS;
        }
        assert_eq!(alice.how(BOB), None);
    }

    #[test]
    fn how_a_peer_was_found_first_stays_and_new_addresses_come_first() {
        let mut alice = Candidates::new(ALICE);
        alice.found(BOB, address(1), Found::Mdns, 0);
        assert!(!alice.found(BOB, address(2), Found::Kad, 0));
        let due = alice.due(0, 8).remove(0);
        assert_eq!((due.found, due.addresses), (Found::Mdns, [address(2), address(1)].concat()));
    }

    #[test]
    fn a_peer_to_be_avoided_is_left_alone_that_long() {
        let mut alice = Candidates::new(ALICE);
        alice.found(BOB, address(1), Found::Mdns, 0);
        alice.connected(BOB);
        alice.avoid(BOB, 600_000);
        alice.disconnected(BOB, 0);
        assert_eq!(due(&mut alice, 599_999), []);
        assert_eq!(due(&mut alice, 600_000), [BOB]);
    }

    #[test]
    fn the_number_of_candidates_is_bounded_and_oneself_is_none() {
        let mut alice = Candidates::new(ALICE);
        assert!(!alice.found(ALICE, address(1), Found::Kad, 0));
        for number in 0..2 * CANDIDATES_MAX as u64 {
            let mut key = [9; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            alice.found(PeerId(key), address(1), Found::Kad, 0);
        }
        assert_eq!(alice.peers.len(), CANDIDATES_MAX);
        assert!(!alice.found(BOB, address(1), Found::Mdns, 0));
        let unreachable = alice.due(0, 1).remove(0).peer;
        alice.failed(unreachable, 0);
        assert!(alice.found(BOB, address(1), Found::Mdns, 0));
        assert_eq!((alice.peers.len(), alice.how(unreachable)), (CANDIDATES_MAX, None));
    }
}
