//! Addresses of good peers, remembered over restarts.

use std::collections::BTreeMap;
use std::fmt;

use libp2p::Multiaddr;

use crate::primitives::codec::{Decode, Encode, decode, encode};
use crate::primitives::{List, PeerId, Text};

/// Peers remembered at most: enough to find a network again, small enough to be one record.
const PEERS_MAX: usize = 256;
/// Addresses remembered of one peer at most, newest first.
const ADDRESSES_PER_PEER_MAX: usize = 8;
/// Longest address in bytes that is kept: the longest sensible DNS name and a port.
const ADDRESS_BYTES_MAX: usize = 300;
/// A peer not met for this long is forgotten, in seconds.
const FORGET_AFTER_SECONDS: u64 = 30 * 24 * 3_600;
/// Longest record in bytes.
const RECORD_BYTES_MAX: usize = PEERS_MAX * (64 + ADDRESSES_PER_PEER_MAX * (8 + ADDRESS_BYTES_MAX));

/// Where the record of known peers is kept, one value under one name.
pub trait PeerRecords: Send + Sync + fmt::Debug {
    /// What was saved last, if anything.
    fn load(&self) -> Option<Vec<u8>>;
    /// Replaces it. A failure is the keeper's to report: peers can be found again.
    fn save(&self, record: Vec<u8>);
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl PeerRecords for Forgetful {
    fn load(&self) -> Option<Vec<u8>> {
        None
    }

    fn save(&self, _: Vec<u8>) {}
}

/// The peers that were good, and where.
#[derive(Debug, Default)]
pub(super) struct PeerStore {
    peers: BTreeMap<PeerId, Remembered>,
    changed: bool,
}

#[derive(Debug, Clone, Default)]
struct Remembered {
    met_at_seconds: u64,
    addresses: Vec<Multiaddr>,
}

/// One peer as it is written.
#[derive(Debug, Encode, Decode)]
struct Entry {
    peer: [u8; 32],
    met_at_seconds: u64,
    addresses: List<Text>,
}

impl PeerStore {
    /// Reads a record; one that makes no sense is as good as none.
    pub(super) fn read(record: Option<&[u8]>, now_seconds: u64) -> Self {
        let entries: List<Entry> =
            record.and_then(|bytes| decode(bytes, RECORD_BYTES_MAX).ok()).unwrap_or_default();
        let mut store = Self::default();
        for entry in entries {
            let addresses = entry.addresses.iter().filter_map(|text| text.parse().ok());
            store.met(PeerId(entry.peer), addresses, entry.met_at_seconds);
        }
        store.forget_old(now_seconds);
        store.changed = false;
        store
    }

    /// The record to save, when something changed since the last one.
    pub(super) fn record_if_changed(&mut self, now_seconds: u64) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        self.forget_old(now_seconds);
        let entries: List<Entry> =
            self.peers.iter().map(|(peer, remembered)| entry(*peer, remembered)).collect();
        Some(encode(&entries))
    }

    /// A peer of this network was met, and can be reached at these addresses, best first.
    pub(super) fn met(
        &mut self,
        peer: PeerId,
        addresses: impl IntoIterator<Item = Multiaddr>,
        now_seconds: u64,
    ) {
        let remembered = self.peers.entry(peer).or_default();
        remembered.met_at_seconds = remembered.met_at_seconds.max(now_seconds);
        let earlier = std::mem::take(&mut remembered.addresses);
        for address in addresses.into_iter().chain(earlier) {
            if remembered.addresses.len() < ADDRESSES_PER_PEER_MAX
                && address.as_ref().len() <= ADDRESS_BYTES_MAX
                && !remembered.addresses.contains(&address)
            {
                remembered.addresses.push(address);
            }
        }
        self.changed = true;
        if self.peers.len() > PEERS_MAX {
            self.forget_oldest();
        }
    }

    /// All of them, last met first.
    pub(super) fn newest_first(&self) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let mut peers: Vec<_> = self.peers.iter().collect();
        peers.sort_by_key(|(_, remembered)| std::cmp::Reverse(remembered.met_at_seconds));
        peers.into_iter().map(|(peer, remembered)| (*peer, remembered.addresses.clone())).collect()
    }

    fn forget_old(&mut self, now_seconds: u64) {
        self.peers.retain(|_, remembered| {
            !remembered.addresses.is_empty()
                && now_seconds.saturating_sub(remembered.met_at_seconds) < FORGET_AFTER_SECONDS
        });
    }

    fn forget_oldest(&mut self) {
        let oldest = self.peers.iter().min_by_key(|(_, remembered)| remembered.met_at_seconds);
        if let Some(peer) = oldest.map(|(peer, _)| *peer) {
            self.peers.remove(&peer);
        }
    }
}

fn entry(peer: PeerId, remembered: &Remembered) -> Entry {
    let addresses = remembered.addresses.iter().map(|address| Text(address.to_string())).collect();
    Entry { peer: peer.0, met_at_seconds: remembered.met_at_seconds, addresses }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: PeerId = PeerId([1; 32]);
    const BOB: PeerId = PeerId([2; 32]);

    fn address(port: u16) -> Multiaddr {
        format!("/ip4/192.0.2.7/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn good_peers_are_found_again_after_a_restart() {
        let mut store = PeerStore::default();
        store.met(ALICE, [address(1)], 100);
        store.met(BOB, [address(2)], 200);
        store.met(BOB, [address(3)], 300);
        let record = store.record_if_changed(300).unwrap();
        assert_eq!(store.record_if_changed(300), None);
        let again = PeerStore::read(Some(&record), 300);
        assert_eq!(again.newest_first(), [(BOB, vec![address(3), address(2)]), (ALICE, vec![address(1)])]);
    }

    #[test]
    fn peers_not_met_for_long_are_forgotten() {
        let mut store = PeerStore::default();
        store.met(ALICE, [address(1)], 0);
        store.met(BOB, [address(2)], 10);
        let record = store.record_if_changed(FORGET_AFTER_SECONDS).unwrap();
        assert_eq!(PeerStore::read(Some(&record), 10).newest_first(), [(BOB, vec![address(2)])]);
    }

    #[test]
    fn the_record_stays_bounded() {
        let mut store = PeerStore::default();
        for number in 0..2 * PEERS_MAX as u64 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            store.met(PeerId(key), (1..100).map(address), number);
        }
        let record = store.record_if_changed(0).unwrap();
        assert!(record.len() <= RECORD_BYTES_MAX);
        let peers = PeerStore::read(Some(&record), 0).newest_first();
        assert_eq!(peers.len(), PEERS_MAX);
        assert!(peers.iter().all(|(_, addresses)| addresses.len() == ADDRESSES_PER_PEER_MAX));
    }

    #[test]
    fn a_damaged_record_is_as_good_as_none() {
        assert_eq!(PeerStore::read(Some(b"junk"), 0).newest_first(), []);
        assert_eq!(PeerStore::read(None, 0).newest_first(), []);
    }
}
