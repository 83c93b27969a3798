//! Answers about this node and its peers.

use serde::{Deserialize, Serialize};

use crate::primitives::{BlockHash, Height};

/// Answer of `getnodeinfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Version of the software.
    pub version: String,
    /// Version of the protocol.
    pub protocol: u32,
    /// Name of the network.
    pub network: String,
    /// What names the network to programs.
    pub genesis_hash: BlockHash,
    /// The block at height 1: tells a chain from one that was reset under the same name.
    pub block_one: Option<BlockHash>,
    /// This node's id among peers; none before its network is up.
    pub peer_id: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// Addresses peers can dial.
    pub listening: Vec<String>,
    /// Height of the tip.
    pub height: Height,
    /// Connected peers.
    pub peers: usize,
    /// Whether many blocks are still behind.
    pub syncing: bool,
    /// Seconds since the start.
    pub uptime: u64,
    /// Where everything is kept.
    pub data_dir: String,
}

/// A connected peer, in the answer of `getpeerinfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Who.
    pub id: String,
    /// The same in two words.
    pub alias: String,
    /// The address it is connected by.
    pub addr: String,
    /// What software it runs, as it says.
    pub subver: String,
    /// Whether it dialled us.
    pub inbound: bool,
    /// How it was found: mdns, local, kad, bootstrap, manual, remembered or inbound.
    pub found: String,
    /// Last round trip in seconds.
    pub pingtime: Option<f64>,
    /// Seconds since the connection stood.
    pub conntime: u64,
    /// What it said or showed last of its height.
    pub height: Option<Height>,
    /// Its clock minus ours in seconds.
    pub timeoffset: Option<i64>,
    /// 0 is good; −20 disconnects, −50 bans.
    pub score: f64,
    /// Requests it has not answered yet.
    pub inflight: usize,
}

/// Answer of `getnetworkinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// Version of the software.
    pub version: String,
    /// What this node tells peers it runs.
    pub subversion: String,
    /// Version of the protocol.
    pub protocolversion: u32,
    /// This node's id among peers.
    pub id: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// Connected peers.
    pub connections: usize,
    /// Of which dialled us.
    pub connections_in: usize,
    /// Of which we dialled.
    pub connections_out: usize,
    /// Addresses peers can dial.
    pub localaddresses: Vec<String>,
    /// Bytes received since the start.
    pub bytesrecv: u64,
    /// Bytes sent since the start.
    pub bytessent: u64,
    /// Banned peers.
    pub bans: usize,
}

/// A step of discovery, in the answer of `getdiscoverylog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryEntry {
    /// Milliseconds since the node's start.
    pub at_ms: u64,
    /// About whom.
    pub peer: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// What happened, in plain words.
    pub what: String,
}
