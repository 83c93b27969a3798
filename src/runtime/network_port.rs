//! The port between the node and its network: commands go out, inputs come in, a picture is published.

use std::sync::Arc;

use crate::node::effect::Verdict;
use crate::node::input::{GossipId, RequestId};
use crate::node::message::{Gossip, SyncRequest, SyncResponse};
use crate::primitives::PeerId;

/// Something for the network loop to do. The queue is bounded: when it is full, commands are dropped and counted,
/// and the core's own time-outs ask again.
#[derive(Debug, Clone)]
pub enum NetworkCommand {
    /// Gossip this.
    Publish(Gossip),
    /// Say whether a gossiped message may be forwarded.
    Verdict {
        /// The message.
        message: GossipId,
        /// The verdict.
        verdict: Verdict,
    },
    /// Ask a peer.
    Request {
        /// Whom.
        peer: PeerId,
        /// Comes back with the answer.
        request: RequestId,
        /// The question.
        body: SyncRequest,
    },
    /// Answer a peer.
    Respond {
        /// Whom.
        peer: PeerId,
        /// The question.
        request: RequestId,
        /// The answer.
        body: SyncResponse,
    },
    /// Close all connections to a peer.
    Disconnect {
        /// Whom.
        peer: PeerId,
        /// Why, in plain words.
        reason: &'static str,
    },
    /// Close all connections to a peer and accept none until then.
    Ban {
        /// Whom.
        peer: PeerId,
        /// End of the ban in milliseconds of wall-clock time since 1970.
        until_wall_ms: u64,
    },
    /// Dial an address a person gave: a multiaddress, or `host:port`.
    Dial {
        /// The address.
        address: String,
    },
}

/// What the network looks like, replaced when it changes and at least every few seconds.
#[derive(Debug, Clone, Default)]
pub struct NetworkView {
    /// This node.
    pub local: Option<PeerId>,
    /// Addresses it listens on, as multiaddresses with its peer id.
    pub listening: Vec<String>,
    /// Connected peers, ascending by id.
    pub peers: Vec<PeerConnection>,
    /// The last discovery steps, oldest first, at most 1,000.
    pub timeline: Arc<Vec<DiscoveryStep>>,
    /// Bytes received and sent since the start.
    pub bytes: (u64, u64),
}

/// A connected peer as the network knows it.
#[derive(Debug, Clone)]
pub struct PeerConnection {
    /// Who.
    pub peer: PeerId,
    /// The address it is connected by.
    pub address: String,
    /// Whether this node dialled.
    pub outbound: bool,
    /// How it was found first.
    pub found: Found,
    /// What software it runs, as it says.
    pub agent: String,
    /// Last round trip in milliseconds.
    pub ping_ms: Option<u32>,
    /// Monotonic milliseconds since the node's start at which the connection stood.
    pub connected_at_ms: u64,
}

/// How a peer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Multicast DNS on the LAN.
    Mdns,
    /// The rendezvous folder of this machine.
    Local,
    /// Kademlia.
    Kad,
    /// An address given with `--bootstrap`.
    Bootstrap,
    /// An address given with `--connect` or `addpeer`.
    Manual,
    /// Remembered from an earlier run.
    Remembered,
    /// It found us.
    Inbound,
}

/// One step of discovery that people can read.
#[derive(Debug, Clone)]
pub struct DiscoveryStep {
    /// Monotonic milliseconds since the node's start.
    pub at_ms: u64,
    /// About whom, if known.
    pub peer: Option<PeerId>,
    /// What happened, in plain words.
    pub what: String,
}

impl Found {
    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mdns => "mdns",
            Self::Local => "local",
            Self::Kad => "kad",
            Self::Bootstrap => "bootstrap",
            Self::Manual => "manual",
            Self::Remembered => "remembered",
            Self::Inbound => "inbound",
        }
    }
}
