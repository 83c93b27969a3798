//! What the core and people ask of the network.

use libp2p::gossipsub::{MessageAcceptance, PublishError};

use super::address::Place;
use super::event_loop::EventLoop;
use super::gossip::Waiting;
use super::identity::to_libp2p;
use crate::node::effect::Verdict;
use crate::node::input::{RequestFailure, RequestId};
use crate::node::message::{Gossip, SyncRequest, SyncResponse};
use crate::node::{Input, Now};
use crate::primitives::PeerId;
use crate::runtime::network_port::Found;
use crate::runtime::{NetworkCommand, clock};

/// A peer the core let go is not dialled again for this long, in milliseconds.
const DISCONNECTED_PAUSE_MS: u64 = 60_000;

impl EventLoop {
    /// Does it.
    pub(super) fn on_command(&mut self, command: NetworkCommand) {
        match command {
            NetworkCommand::Publish(gossip) => self.publish(&gossip),
            NetworkCommand::Verdict { message, verdict } => {
                if let Some(waiting) = self.verdicts.take(message) {
                    self.report(&waiting, acceptance(verdict));
                }
            }
            NetworkCommand::Request { peer, request, body } => self.ask(peer, request, body),
            NetworkCommand::Respond { peer, request, body } => self.respond(peer, request, body),
            NetworkCommand::Disconnect { peer, reason } => {
                let now = clock::now();
                self.discovery.avoid(peer, DISCONNECTED_PAUSE_MS, now);
                self.let_go(peer, reason, now);
            }
            NetworkCommand::Ban { peer, until_wall_ms } => self.ban(peer, until_wall_ms),
            NetworkCommand::Dial { address } => match address.parse::<Place>() {
                Ok(place) => self.discovery.add(place, Found::Manual),
                Err(error) => self.discovery.step(clock::now(), None, error.to_string()),
            },
        }
    }

    /// Closes all connections to a peer.
    pub(super) fn let_go(&mut self, peer: PeerId, reason: &str, now: Now) {
        if self.swarm.disconnect_peer_id(to_libp2p(peer)).is_ok() {
            self.discovery.step(now, Some(peer), format!("let go: {reason}"));
        }
    }

    /// Publishes the own block that nobody heard, now that someone listens.
    pub(super) fn publish_unheard_block(&mut self) {
        if let Some(block) = self.unheard_block.take() {
            self.publish_block(block);
        }
    }

    /// Tells libp2p what to do with a message.
    pub(super) fn report(&mut self, waiting: &Waiting, acceptance: MessageAcceptance) {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.report_message_validation_result(&waiting.message, &waiting.source, acceptance);
    }

    /// Messages on which the core said nothing in time are dropped; nobody is at fault.
    pub(super) fn ignore_expired_gossip(&mut self, now: Now) {
        while let Some(expired) = self.verdicts.take_expired(now.monotonic_ms) {
            self.report(&expired, MessageAcceptance::Ignore);
        }
    }

    /// Peers whose ban is over may come back.
    pub(super) fn lift_bans(&mut self, now: Now) {
        let banned = &mut self.swarm.behaviour_mut().banned;
        self.bans.retain(|peer, until_wall_ms| {
            let stands = now.wall_ms < *until_wall_ms;
            if !stands {
                banned.unblock_peer(to_libp2p(*peer));
            }
            stands
        });
    }

    fn publish(&mut self, gossip: &Gossip) {
        let (topic, bytes) = self.names.write(gossip);
        match gossip {
            Gossip::Block(_) => self.publish_block(bytes),
            Gossip::Transactions(_) => {
                // Whoever connects later asks for the whole pool.
                if let Err(error) = self.swarm.behaviour_mut().gossip.publish(topic, bytes) {
                    tracing::debug!(%error, "transactions were not published");
                }
            }
        }
    }

    /// Right after dialling nobody has subscribed yet: then the block waits for the first who does.
    fn publish_block(&mut self, bytes: Vec<u8>) {
        let published = self.swarm.behaviour_mut().gossip.publish(self.names.blocks.hash(), bytes.clone());
        self.unheard_block = None;
        match published {
            Ok(_) | Err(PublishError::Duplicate) => {}
            Err(PublishError::NoPeersSubscribedToTopic) => self.unheard_block = Some(bytes),
            Err(error) => tracing::debug!(%error, "a block was not published"),
        }
    }

    fn ask(&mut self, peer: PeerId, request: RequestId, body: SyncRequest) {
        let failure = if !self.connections.is_announced(peer) {
            RequestFailure::Disconnected
        } else if !self.requests.may_ask() {
            RequestFailure::Refused
        } else {
            let outbound = self.swarm.behaviour_mut().sync.send_request(&to_libp2p(peer), Ok(body));
            self.requests.asked(outbound, peer, request);
            return;
        };
        self.core.deliver(Input::Response { peer, request, body: Err(failure) });
    }

    fn respond(&mut self, peer: PeerId, request: RequestId, body: SyncResponse) {
        if let Some(channel) = self.requests.answer(request) {
            // An asker that is gone in the meantime is told of by an event of its own.
            let _ = self.swarm.behaviour_mut().sync.send_response(channel, body);
        }
        self.serve_next(peer);
    }

    fn ban(&mut self, peer: PeerId, until_wall_ms: u64) {
        let now = clock::now();
        self.bans.insert(peer, until_wall_ms);
        self.discovery.avoid(peer, until_wall_ms.saturating_sub(now.wall_ms), now);
        self.discovery.step(now, Some(peer), "banned");
        self.swarm.behaviour_mut().banned.block_peer(to_libp2p(peer));
    }
}

fn acceptance(verdict: Verdict) -> MessageAcceptance {
    match verdict {
        Verdict::Accept => MessageAcceptance::Accept,
        Verdict::Ignore => MessageAcceptance::Ignore,
        Verdict::Reject => MessageAcceptance::Reject,
    }
}
