//! What libp2p tells, in the core's terms.

use libp2p::core::ConnectedPoint;
use libp2p::gossipsub::{self, Message, MessageAcceptance, MessageId};
use libp2p::request_response::Message as SyncMessage;
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{identify, kad, mdns, ping};

use super::address::{dialable, split_peer};
use super::behaviour::BehaviourEvent;
use super::connections::Link;
use super::event_loop::EventLoop;
use super::identity::from_libp2p;
use super::requests::{Question, failure};
use super::sync_protocol::{self, Undecodable};
use crate::node::Input;
use crate::primitives::PeerId;
use crate::runtime::clock;
use crate::runtime::network_port::Found;

/// Addresses believed of one peer at most.
const ADDRESSES_PER_PEER_MAX: usize = 8;

impl EventLoop {
    /// Handles one event of the swarm.
    #[expect(clippy::wildcard_enum_match_arm, reason = "libp2p adds events; all that matter here are named")]
    pub(super) fn on_swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour_event(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } => {
                self.on_closed(peer_id, connection_id);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, peer_id, error } => {
                self.on_dial_failed(connection_id, peer_id, &error);
            }
            SwarmEvent::NewListenAddr { .. }
            | SwarmEvent::ExpiredListenAddr { .. }
            | SwarmEvent::ListenerClosed { .. } => self.on_listening(&event),
            _ => {}
        }
    }

    fn on_behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Gossip(event) => self.on_gossip_event(event),
            BehaviourEvent::Sync(event) => self.on_sync_event(event),
            BehaviourEvent::Identify(event) => self.on_identify_event(event),
            BehaviourEvent::Ping(event) => self.on_ping_event(event),
            BehaviourEvent::Kad(event) => self.on_kad_event(event),
            BehaviourEvent::Mdns(event) => self.on_mdns_event(event),
            BehaviourEvent::Banned(never) | BehaviourEvent::Limits(never) | BehaviourEvent::Memory(never) => {
                match never {}
            }
        }
    }

    fn on_connected(&mut self, peer: libp2p::PeerId, id: ConnectionId, endpoint: &ConnectedPoint) {
        let Some(peer) = from_libp2p(&peer) else {
            self.swarm.close_connection(id);
            return;
        };
        let now = clock::now();
        let outbound = endpoint.is_dialer();
        let (address, _) = split_peer(endpoint.get_remote_address().clone());
        let found = self.discovery.connected(id, peer, outbound);
        let direction = if outbound { "connected to" } else { "connected from" };
        self.discovery.step(now, Some(peer), format!("{direction} {address}"));
        self.connections.opened(
            peer,
            Link { id, outbound, address, ping_failures: 0 },
            found,
            now.monotonic_ms,
        );
        self.view_changed = true;
    }

    fn on_closed(&mut self, peer: libp2p::PeerId, id: ConnectionId) {
        let Some(peer) = from_libp2p(&peer) else { return };
        let Some(announced) = self.connections.closed(peer, id) else { return };
        let now = clock::now();
        self.requests.disconnected(peer);
        self.discovery.disconnected(peer, now);
        self.discovery.step(now, Some(peer), "disconnected");
        if announced {
            self.core.deliver(Input::PeerDisconnected { peer });
        }
        self.view_changed = true;
    }

    fn on_dial_failed(&mut self, id: ConnectionId, peer: Option<libp2p::PeerId>, error: &DialError) {
        let peer = peer.and_then(|peer| from_libp2p(&peer));
        let connected = peer.filter(|peer| self.connections.contains(*peer));
        self.discovery.dial_failed(id, connected, error, clock::now());
        self.view_changed = true;
    }

    /// The core is to know a peer as soon as it is sure that it is of this network: it says so, or acts so.
    fn announce(&mut self, peer: PeerId) {
        if let Some(outbound) = self.connections.announce(peer) {
            self.core.deliver(Input::PeerConnected { peer, outbound });
            self.view_changed = true;
        }
    }

    fn on_gossip_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_gossip(propagation_source, &message_id, &message);
            }
            gossipsub::Event::Subscribed { topic, .. } => {
                if topic == self.names.blocks.hash() {
                    self.publish_unheard_block();
                }
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                tracing::debug!(peer = %peer_id, "slow to take gossip");
            }
            // Who does not gossip is let go when it identifies itself, if it is a stranger.
            gossipsub::Event::Unsubscribed { .. } | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn on_gossip(&mut self, source: libp2p::PeerId, id: &MessageId, message: &Message) {
        if let Some(verdict) = self.hear(source, id, message) {
            let gossip = &mut self.swarm.behaviour_mut().gossip;
            gossip.report_message_validation_result(id, &source, verdict);
        }
    }

    /// Hands a message to the core, whose verdict follows, unless it is clear already.
    fn hear(
        &mut self,
        source: libp2p::PeerId,
        id: &MessageId,
        message: &Message,
    ) -> Option<MessageAcceptance> {
        let Some(peer) = from_libp2p(&source).filter(|peer| self.connections.contains(*peer)) else {
            return Some(MessageAcceptance::Ignore);
        };
        self.announce(peer);
        let Some(gossip) = self.names.read(&message.topic, &message.data) else {
            self.core.deliver(Input::Undecodable { peer });
            return Some(MessageAcceptance::Reject);
        };
        let now_ms = clock::now().monotonic_ms;
        let Some(name) = self.verdicts.add(id.clone(), source, message.data.len(), now_ms) else {
            return Some(MessageAcceptance::Ignore);
        };
        if self.core.offer(Input::Gossip { peer, message: name, gossip }) {
            return None;
        }
        self.verdicts.take(name);
        Some(MessageAcceptance::Ignore)
    }

    fn on_sync_event(&mut self, event: sync_protocol::Event) {
        match event {
            sync_protocol::Event::Message { peer, message, .. } => {
                if let Some(peer) = from_libp2p(&peer) {
                    self.on_sync_message(peer, message);
                }
            }
            sync_protocol::Event::OutboundFailure { peer, request_id, error, .. } => {
                let asked = from_libp2p(&peer).zip(self.requests.answered(request_id));
                if let Some((peer, request)) = asked {
                    self.core.deliver(Input::Response { peer, request, body: Err(failure(&error)) });
                }
            }
            sync_protocol::Event::InboundFailure { peer, request_id, .. }
            | sync_protocol::Event::ResponseSent { peer, request_id, .. } => {
                self.requests.finished(request_id);
                if let Some(peer) = from_libp2p(&peer) {
                    self.serve_next(peer);
                }
            }
        }
    }

    fn on_sync_message(&mut self, peer: PeerId, message: sync_protocol::Message) {
        match message {
            SyncMessage::Request { request: Ok(body), request_id, channel } => {
                self.announce(peer);
                self.requests.heard(peer, Question { body, inbound: request_id, channel });
                self.serve_next(peer);
            }
            SyncMessage::Request { request: Err(Undecodable), .. } => {
                self.announce(peer);
                self.core.deliver(Input::Undecodable { peer });
            }
            SyncMessage::Response { request_id, response } => {
                if let Some(request) = self.requests.answered(request_id) {
                    self.core.deliver(Input::Response { peer, request, body: Ok(response) });
                }
            }
        }
    }

    /// Gives the core as many questions of a peer as it may have.
    pub(super) fn serve_next(&mut self, peer: PeerId) {
        while let Some((request, body)) = self.requests.next(peer) {
            if !self.core.offer(Input::Request { peer, request, body }) {
                self.requests.refuse(request);
            }
        }
    }

    fn on_identify_event(&mut self, event: identify::Event) {
        let identify::Event::Received { connection_id, peer_id, info } = event else { return };
        let Some(peer) = from_libp2p(&peer_id) else { return };
        let now = clock::now();
        if !info.protocols.contains(&self.names.sync) {
            self.discovery.foreign(peer, now);
            self.let_go(peer, "it is of another network", now);
            return;
        }
        let Some(link) = self.connections.link(peer, connection_id) else { return };
        let mut addresses: Vec<_> = link.outbound.then(|| link.address.clone()).into_iter().collect();
        let told = info.listen_addrs.into_iter().filter_map(|address| dialable(address, &link.address));
        addresses.extend(told);
        addresses.dedup();
        addresses.truncate(ADDRESSES_PER_PEER_MAX);
        for address in &addresses {
            self.swarm.behaviour_mut().kad.add_address(&peer_id, address.clone());
        }
        self.discovery.met(peer, addresses, now);
        self.connections.identified(peer, &info.agent_version);
        self.announce(peer);
        self.view_changed = true;
    }

    fn on_ping_event(&mut self, event: ping::Event) {
        let Some(peer) = from_libp2p(&event.peer) else { return };
        match event.result {
            Ok(round_trip) => self.connections.pinged(peer, event.connection, round_trip),
            Err(error) => {
                if self.connections.ping_failed(peer, event.connection) {
                    self.discovery.step(
                        clock::now(),
                        Some(peer),
                        format!("closing a dead connection: {error}"),
                    );
                    self.swarm.close_connection(event.connection);
                }
            }
        }
    }

    fn on_kad_event(&mut self, event: kad::Event) {
        if let kad::Event::RoutingUpdated { peer, addresses, .. } = event
            && let Some(peer) = from_libp2p(&peer)
        {
            let addresses = addresses.iter().map(|address| split_peer(address.clone()).0).collect();
            self.discovery.found(peer, addresses, Found::Kad, clock::now());
        }
    }

    fn on_mdns_event(&mut self, event: mdns::Event) {
        let mdns::Event::Discovered(found) = event else { return };
        for (peer, address) in found {
            let address = dialable(address.clone(), &address);
            if let Some((peer, address)) = from_libp2p(&peer).zip(address) {
                self.discovery.found(peer, vec![address], Found::Mdns, clock::now());
            }
        }
    }
}
