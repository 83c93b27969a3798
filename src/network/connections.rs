//! Who is connected, by which connections, and what each peer said of itself. Peers count, not connections.

use std::collections::BTreeMap;
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::swarm::ConnectionId;

use crate::primitives::PeerId;
use crate::runtime::network_port::{Found, PeerConnection};

/// Connections being set up in each direction at most.
const PENDING_MAX: u32 = 64;
/// Connections others opened at most.
const INBOUND_MAX: u32 = 192;
/// Connections this node opened at most.
const OUTBOUND_MAX: u32 = 64;
/// Connections to one peer at most: both ends may have dialled at the same moment.
const PER_PEER_MAX: u32 = 2;
/// Pings that may fail in a row before a connection is closed: libp2p leaves that to us.
const PING_FAILURES_MAX: u32 = 2;
/// A peer that neither said what it speaks nor spoke it for this long is let go, in milliseconds.
const STRANGER_MS_MAX: u64 = 30_000;
/// Characters shown of what a peer calls its software.
const AGENT_CHARACTERS_MAX: usize = 64;

/// The behaviour that refuses connections beyond the limits.
pub(super) fn limits() -> connection_limits::Behaviour {
    connection_limits::Behaviour::new(
        ConnectionLimits::default()
            .with_max_pending_incoming(Some(PENDING_MAX))
            .with_max_pending_outgoing(Some(PENDING_MAX))
            .with_max_established_incoming(Some(INBOUND_MAX))
            .with_max_established_outgoing(Some(OUTBOUND_MAX))
            .with_max_established_per_peer(Some(PER_PEER_MAX)),
    )
}

/// The connected peers.
#[derive(Debug, Default)]
pub(super) struct Connections {
    peers: BTreeMap<PeerId, Peer>,
}

#[derive(Debug)]
struct Peer {
    links: Vec<Link>,
    found: Found,
    agent: String,
    ping_ms: Option<u32>,
    connected_at_ms: u64,
    /// Whether the core knows of this peer: it speaks the sync protocol of this network.
    announced: bool,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    /// libp2p's name of it.
    pub(super) id: ConnectionId,
    /// Whether this node dialled.
    pub(super) outbound: bool,
    /// The other end.
    pub(super) address: Multiaddr,
    /// Pings that failed since the last answer.
    pub(super) ping_failures: u32,
}

impl Connections {
    /// A connection stands. True when it is the first to this peer.
    pub(super) fn opened(&mut self, peer: PeerId, link: Link, found: Found, now_ms: u64) -> bool {
        let connected = self.peers.entry(peer).or_insert_with(|| Peer {
            links: Vec::new(),
            found,
            agent: String::new(),
            ping_ms: None,
            connected_at_ms: now_ms,
            announced: false,
        });
        connected.links.push(link);
        connected.links.len() == 1
    }

    /// A connection is gone. When it was the last one to this peer: whether the core knew the peer.
    pub(super) fn closed(&mut self, peer: PeerId, id: ConnectionId) -> Option<bool> {
        let connected = self.peers.get_mut(&peer)?;
        connected.links.retain(|link| link.id != id);
        if !connected.links.is_empty() {
            return None;
        }
        self.peers.remove(&peer).map(|connected| connected.announced)
    }

    /// The core is to know of this peer from now on. The first time: whether this node dialled.
    pub(super) fn announce(&mut self, peer: PeerId) -> Option<bool> {
        let connected = self.peers.get_mut(&peer).filter(|connected| !connected.announced)?;
        connected.announced = true;
        connected.links.first().map(|link| link.outbound)
    }

    /// A peer said what software it runs: any text, so only plain characters of it are kept.
    pub(super) fn identified(&mut self, peer: PeerId, agent: &str) {
        if let Some(connected) = self.peers.get_mut(&peer) {
            let plain = agent.chars().filter(|character| character.is_ascii_graphic() || *character == ' ');
            connected.agent = plain.take(AGENT_CHARACTERS_MAX).collect();
        }
    }

    /// A ping was answered.
    pub(super) fn pinged(&mut self, peer: PeerId, id: ConnectionId, round_trip: Duration) {
        if let Some(connected) = self.peers.get_mut(&peer) {
            connected.ping_ms = u32::try_from(round_trip.as_millis()).ok();
            if let Some(link) = connected.links.iter_mut().find(|link| link.id == id) {
                link.ping_failures = 0;
            }
        }
    }

    /// A ping was not answered. True when the connection is to be closed.
    pub(super) fn ping_failed(&mut self, peer: PeerId, id: ConnectionId) -> bool {
        let links = self.peers.get_mut(&peer).map(|connected| &mut connected.links);
        let link = links.and_then(|links| links.iter_mut().find(|link| link.id == id));
        link.is_some_and(|link| {
            link.ping_failures += 1;
            link.ping_failures >= PING_FAILURES_MAX
        })
    }

    /// Whether any connection to a peer stands.
    pub(super) fn contains(&self, peer: PeerId) -> bool {
        self.peers.contains_key(&peer)
    }

    /// Whether the core knows of a peer.
    pub(super) fn is_announced(&self, peer: PeerId) -> bool {
        self.peers.get(&peer).is_some_and(|connected| connected.announced)
    }

    /// The address of the other end of a connection, and whether this node dialled it.
    pub(super) fn link(&self, peer: PeerId, id: ConnectionId) -> Option<&Link> {
        self.peers.get(&peer)?.links.iter().find(|link| link.id == id)
    }

    /// Connected peers, those of other networks included until they are known as such.
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// Peers that have had their time to say who they are and did not: they hold places that others could use.
    pub(super) fn silent_strangers(&self, now_ms: u64) -> Vec<PeerId> {
        let strangers = self.peers.iter().filter(|(_, peer)| {
            !peer.announced && now_ms.saturating_sub(peer.connected_at_ms) >= STRANGER_MS_MAX
        });
        strangers.map(|(peer, _)| *peer).collect()
    }

    /// Peers of this network, ascending by id, for people.
    pub(super) fn view(&self) -> Vec<PeerConnection> {
        let announced = self.peers.iter().filter(|(_, connected)| connected.announced);
        announced.filter_map(|(peer, connected)| connected.view(*peer)).collect()
    }
}

impl Peer {
    fn view(&self, peer: PeerId) -> Option<PeerConnection> {
        let link = self.links.first()?;
        Some(PeerConnection {
            peer,
            address: link.address.to_string(),
            outbound: link.outbound,
            found: self.found,
            agent: self.agent.clone(),
            ping_ms: self.ping_ms,
            connected_at_ms: self.connected_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: PeerId = PeerId([2; 32]);

    fn link(id: usize, outbound: bool) -> Link {
        let address = "/ip4/192.0.2.7/tcp/7331".parse().unwrap();
        Link { id: ConnectionId::new_unchecked(id), outbound, address, ping_failures: 0 }
    }

    #[test]
    fn a_peer_with_two_connections_counts_once_and_is_gone_with_the_last() {
        let mut connections = Connections::default();
        assert!(connections.opened(BOB, link(1, true), Found::Mdns, 0));
        assert!(!connections.opened(BOB, link(2, false), Found::Inbound, 5));
        assert_eq!(connections.announce(BOB), Some(true));
        assert_eq!(connections.announce(BOB), None);
        assert_eq!(connections.len(), 1);
        assert_eq!(connections.closed(BOB, ConnectionId::new_unchecked(1)), None);
        assert_eq!(connections.closed(BOB, ConnectionId::new_unchecked(2)), Some(true));
        assert_eq!(connections.len(), 0);
    }

    #[test]
    fn two_pings_without_an_answer_in_a_row_close_a_connection() {
        let mut connections = Connections::default();
        let id = ConnectionId::new_unchecked(1);
        connections.opened(BOB, link(1, true), Found::Mdns, 0);
        assert!(!connections.ping_failed(BOB, id));
        connections.pinged(BOB, id, Duration::from_millis(3));
        assert!(!connections.ping_failed(BOB, id));
        assert!(connections.ping_failed(BOB, id));
    }

    #[test]
    fn a_peer_of_another_network_is_not_shown() {
        let mut connections = Connections::default();
        connections.opened(BOB, link(1, true), Found::Mdns, 0);
        assert_eq!(connections.view().len(), 0);
        assert_eq!(connections.silent_strangers(STRANGER_MS_MAX - 1), []);
        assert_eq!(connections.silent_strangers(STRANGER_MS_MAX), [BOB]);
        connections.announce(BOB);
        assert_eq!(connections.silent_strangers(STRANGER_MS_MAX), []);
        connections.identified(BOB, "cairn/1 \u{1b}[31m\n");
        assert_eq!(connections.view()[0].agent, "cairn/1 [31m");
    }
}
