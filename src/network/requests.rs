//! Questions under way: ours until they are answered, and those of peers until the core has answered them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem::{Discriminant, discriminant};

use libp2p::request_response::{InboundRequestId, OutboundFailure, OutboundRequestId, ResponseChannel};

use super::sync_protocol::is_undecodable;
use crate::node::input::{RequestFailure, RequestId};
use crate::node::message::{SyncRequest, SyncResponse};
use crate::primitives::PeerId;

/// Questions of ours under way at most; the core's own windows are far smaller.
const ASKED_MAX: usize = 4_096;
/// Questions of one peer and kind that the core is given at a time.
const SERVED_PER_PEER_AND_KIND: usize = 2;
/// Further questions of one peer that wait; what exceeds them is refused.
const WAITING_PER_PEER_MAX: usize = 16;

/// A peer's question.
#[derive(Debug)]
pub(super) struct Question {
    /// What it asks.
    pub(super) body: SyncRequest,
    /// libp2p's name of it.
    pub(super) inbound: InboundRequestId,
    /// The way back. Dropping it refuses the question.
    pub(super) channel: ResponseChannel<SyncResponse>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Requests {
    asked: HashMap<OutboundRequestId, (PeerId, RequestId)>,
    serving: BTreeMap<RequestId, Serving>,
    waiting: HashMap<PeerId, VecDeque<Question>>,
    next: RequestId,
}

#[derive(Debug)]
struct Serving {
    peer: PeerId,
    kind: Discriminant<SyncRequest>,
    inbound: InboundRequestId,
    /// The way back, until the core has answered.
    channel: Option<ResponseChannel<SyncResponse>>,
}

impl Requests {
    /// Whether one more question may be asked.
    pub(super) fn may_ask(&self) -> bool {
        self.asked.len() < ASKED_MAX
    }

    /// A question of ours is on its way.
    pub(super) fn asked(&mut self, outbound: OutboundRequestId, peer: PeerId, request: RequestId) {
        self.asked.insert(outbound, (peer, request));
    }

    /// A question of ours is answered, or will not be; gives its name unless nobody waits for it any more.
    pub(super) fn answered(&mut self, outbound: OutboundRequestId) -> Option<RequestId> {
        self.asked.remove(&outbound).map(|(_, request)| request)
    }

    /// A peer asks: at once for the core, later, or refused because too many wait.
    pub(super) fn heard(&mut self, peer: PeerId, question: Question) {
        let waiting = self.waiting.entry(peer).or_default();
        if waiting.len() < WAITING_PER_PEER_MAX {
            waiting.push_back(question);
        }
    }

    /// The next question of a peer that the core may be given now, with the name under which it is to be answered.
    pub(super) fn next(&mut self, peer: PeerId) -> Option<(RequestId, SyncRequest)> {
        let waiting = self.waiting.get_mut(&peer)?;
        waiting.retain(|question| question.channel.is_open());
        let serving = &self.serving;
        let has_room = |question: &Question| {
            let kind = discriminant(&question.body);
            let same = serving.values().filter(|serving| serving.peer == peer && serving.kind == kind);
            same.count() < SERVED_PER_PEER_AND_KIND
        };
        let question = waiting.iter().position(has_room).and_then(|index| waiting.remove(index));
        if waiting.is_empty() {
            self.waiting.remove(&peer);
        }
        let Question { body, inbound, channel } = question?;
        let request = self.next;
        self.next += 1;
        self.serving
            .insert(request, Serving { peer, kind: discriminant(&body), inbound, channel: Some(channel) });
        Some((request, body))
    }

    /// The way back for an answer, unless the asker is gone. Until it is sent the question counts as being served,
    /// else a peer that reads slowly could make many answers wait for it.
    pub(super) fn answer(&mut self, request: RequestId) -> Option<ResponseChannel<SyncResponse>> {
        self.serving.get_mut(&request)?.channel.take()
    }

    /// The core is too busy for a question.
    pub(super) fn refuse(&mut self, request: RequestId) {
        self.serving.remove(&request);
    }

    /// The answer to a question is sent, or cannot be sent any more.
    pub(super) fn finished(&mut self, inbound: InboundRequestId) {
        self.serving.retain(|_, serving| serving.inbound != inbound);
    }

    /// The last connection to a peer is gone: nothing of either side will be answered.
    pub(super) fn disconnected(&mut self, peer: PeerId) {
        self.asked.retain(|_, (asked, _)| *asked != peer);
        self.serving.retain(|_, serving| serving.peer != peer);
        self.waiting.remove(&peer);
    }
}

/// What libp2p says of a failed question, in the core's terms.
pub(super) fn failure(error: &OutboundFailure) -> RequestFailure {
    match error {
        OutboundFailure::DialFailure | OutboundFailure::ConnectionClosed => RequestFailure::Disconnected,
        OutboundFailure::Timeout => RequestFailure::TimedOut,
        OutboundFailure::Io(error) if is_undecodable(error) => RequestFailure::Undecodable,
        // A stream that is closed without an answer is how questions are refused.
        OutboundFailure::UnsupportedProtocols | OutboundFailure::Io(_) => RequestFailure::Refused,
    }
}
