//! Everything a node does with its connections.

use std::time::Duration;

use libp2p::kad::store::MemoryStore;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    allow_block_list, connection_limits, gossipsub, identify, kad, mdns, memory_connection_limits, ping,
};

use super::identity::NodeKey;
use super::topics::{IDENTIFY_PROTOCOL, Names, agent};
use super::{NetworkError, connections, gossip, sync_protocol};

/// Between two mDNS questions, in seconds; libp2p's default of five minutes would leave a lost packet unnoticed.
const MDNS_QUERY_SECONDS: u64 = 10;
/// For how long an mDNS answer holds, in seconds: several questions.
const MDNS_TTL_SECONDS: u64 = 60;
/// Between two pings, in seconds.
const PING_SECONDS: u64 = 15;
/// Share of the machine's memory beyond which no connection is accepted.
const MEMORY_SHARE_MAX: f64 = 0.9;

/// The composite behaviour.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    /// Refuses banned peers; first, so that nothing else sees them.
    pub(super) banned: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
    /// Refuses connections beyond the limits.
    pub(super) limits: connection_limits::Behaviour,
    /// Refuses connections when memory runs out.
    pub(super) memory: memory_connection_limits::Behaviour,
    /// Spreads blocks and transactions.
    pub(super) gossip: gossipsub::Behaviour,
    /// Asks and answers.
    pub(super) sync: sync_protocol::Behaviour,
    /// Tells and learns who speaks what, and where each listens.
    pub(super) identify: identify::Behaviour,
    /// Notices connections that are dead.
    pub(super) ping: ping::Behaviour,
    /// Finds peers across networks.
    pub(super) kad: kad::Behaviour<MemoryStore>,
    /// Finds peers on the LAN.
    pub(super) mdns: Toggle<mdns::tokio::Behaviour>,
}

impl Behaviour {
    /// The behaviour of a node of one network. The second value says why there is no mDNS though it is wanted.
    pub(super) fn new(
        key: &NodeKey,
        names: &Names,
        mdns: bool,
    ) -> Result<(Self, Option<String>), NetworkError> {
        let local = key.0.public().to_peer_id();
        let (mdns, no_mdns) = if mdns { find_on_lan(local) } else { (None, None) };
        let identify = identify::Config::new(IDENTIFY_PROTOCOL.to_owned(), key.0.public())
            .with_agent_version(agent())
            .with_push_listen_addr_updates(true);
        let behaviour = Self {
            banned: allow_block_list::Behaviour::default(),
            limits: connections::limits(),
            memory: memory_connection_limits::Behaviour::with_max_percentage(MEMORY_SHARE_MAX),
            gossip: gossip::behaviour(names)?,
            sync: sync_protocol::behaviour(names.sync.clone()),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(Duration::from_secs(PING_SECONDS))),
            kad: find_across_networks(local, names),
            mdns: Toggle::from(mdns),
        };
        Ok((behaviour, no_mdns))
    }
}

/// Kademlia as a server, else nobody would ever be found through this node. It keeps no records for others.
fn find_across_networks(local: libp2p::PeerId, names: &Names) -> kad::Behaviour<MemoryStore> {
    let mut config = kad::Config::new(names.kad.clone());
    config.set_record_filtering(kad::StoreInserts::FilterBoth);
    let mut kad = kad::Behaviour::with_config(local, MemoryStore::new(local), config);
    kad.set_mode(Some(kad::Mode::Server));
    kad
}

/// mDNS, or why there is none.
fn find_on_lan(local: libp2p::PeerId) -> (Option<mdns::tokio::Behaviour>, Option<String>) {
    let config = mdns::Config {
        ttl: Duration::from_secs(MDNS_TTL_SECONDS),
        query_interval: Duration::from_secs(MDNS_QUERY_SECONDS),
        enable_ipv6: false,
    };
    match mdns::tokio::Behaviour::new(config, local) {
        Ok(mdns) => (Some(mdns), None),
        Err(error) => (None, Some(error.to_string())),
    }
}
