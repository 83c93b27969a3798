//! Questions about peers.
#![expect(clippy::unnecessary_wraps, reason = "every method answers alike")]

use super::api::Api;
use super::control::{AGENT, PROTOCOL_VERSION, VERSION};
use super::errors::{RpcError, RpcResult};
use super::method::methods;
use super::types::{DiscoveryEntry, NetworkInfo, PeerInfo};
use crate::node::view::PeerView;
use crate::runtime::{NetworkCommand, PeerConnection, clock};

/// Longest address that `addpeer` takes, in bytes; a multiaddress with a peer id has under 200.
const ADDRESS_BYTES_MAX: usize = 512;

methods! {
    /// This node among its peers: id, addresses, connections, bytes.
    Public "getnetworkinfo"() => get_network_info;
    /// The connected peers.
    Public "getpeerinfo"() => get_peer_info;
    /// How peers were looked for and found, oldest step first, at most 1,000.
    Public "getdiscoverylog"() => get_discovery_log;
    /// Dials a peer: a multiaddress, or host:port. Answers once the dial is under way.
    Admin "addpeer"(address: String) => add_peer;
}

fn get_network_info(api: &Api) -> RpcResult<NetworkInfo> {
    let network = api.node().network();
    let connections_out = network.peers.iter().filter(|peer| peer.outbound).count();
    Ok(NetworkInfo {
        version: VERSION.to_owned(),
        subversion: AGENT.to_owned(),
        protocolversion: PROTOCOL_VERSION,
        id: network.local.map(|peer| peer.to_string()),
        alias: network.local.map(|peer| peer.alias()),
        connections: network.peers.len(),
        connections_in: network.peers.len() - connections_out,
        connections_out,
        localaddresses: network.listening.clone(),
        bytesrecv: network.bytes.0,
        bytessent: network.bytes.1,
        bans: api.node().view().bans.len(),
    })
}

fn get_peer_info(api: &Api) -> RpcResult<Vec<PeerInfo>> {
    let view = api.node().view();
    let now_ms = clock::now().monotonic_ms;
    let describe = |connection: &PeerConnection| {
        let known = view.peers.iter().find(|peer| peer.peer == connection.peer);
        describe_peer(connection, known, now_ms)
    };
    Ok(api.node().network().peers.iter().map(describe).collect())
}

fn describe_peer(connection: &PeerConnection, known: Option<&PeerView>, now_ms: u64) -> PeerInfo {
    PeerInfo {
        id: connection.peer.to_string(),
        alias: connection.peer.alias(),
        addr: connection.address.clone(),
        subver: connection.agent.clone(),
        inbound: !connection.outbound,
        found: connection.found.word().to_owned(),
        pingtime: connection.ping_ms.map(|ping_ms| f64::from(ping_ms) / 1_000.0),
        conntime: now_ms.saturating_sub(connection.connected_at_ms) / 1_000,
        height: known.and_then(|peer| peer.height),
        timeoffset: known.and_then(|peer| peer.clock_offset_seconds),
        score: known.map_or(0.0, |peer| peer.score),
        inflight: known.map_or(0, |peer| peer.requests_in_flight),
    }
}

fn get_discovery_log(api: &Api) -> RpcResult<Vec<DiscoveryEntry>> {
    let timeline = &api.node().network().timeline;
    let entries = timeline.iter().map(|step| DiscoveryEntry {
        at_ms: step.at_ms,
        peer: step.peer.map(|peer| peer.to_string()),
        alias: step.peer.map(|peer| peer.alias()),
        what: step.what.clone(),
    });
    Ok(entries.collect())
}

fn add_peer(api: &Api, address: String) -> RpcResult<bool> {
    let plausible = !address.is_empty()
        && address.len() <= ADDRESS_BYTES_MAX
        && (address.starts_with('/') || address.contains(':'))
        && !address.chars().any(char::is_whitespace);
    if !plausible {
        let problem =
            "the parameter address must be a multiaddress such as /ip4/192.0.2.7/tcp/7331, or host:port";
        return Err(RpcError::invalid_params(problem, "addpeer"));
    }
    if api.node().command_network(NetworkCommand::Dial { address }) {
        Ok(true)
    } else {
        Err(RpcError::internal("network-busy", "the network loop has too much to do to dial now"))
    }
}
