//! Real swarms on loopback, each with a channel in place of its core.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names the inputs it waits for and passes over the rest"
)]

mod discover;
mod junk;
mod talk;
mod vandal;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Forgetful, NetworkConfig, NetworkHandle, NodeKey, start};
use crate::consensus::params::Params;
use crate::node::Input;
use crate::primitives::PeerId;
use crate::runtime::network_port::Found;
use crate::runtime::{NetworkCommand, NodeHandle};

/// What any event may take before a test fails. Nothing waits that long unless it never comes.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at a condition that has no event of its own.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A node without a core: the test reads its inputs and gives its commands.
struct Host {
    peer: PeerId,
    node: NodeHandle,
    network: NetworkHandle,
    inputs: mpsc::Receiver<Input>,
}

impl Host {
    /// On the network `lan`, alone.
    async fn alone() -> Self {
        Self::start(config("lan")).await
    }

    /// On the network `lan`, told to stay connected to another.
    async fn connected_to(other: &Self) -> Self {
        Self::start(NetworkConfig { connect: vec![other.address()], ..config("lan") }).await
    }

    async fn start(config: NetworkConfig) -> Self {
        let params = Arc::new(Params::named("lan").unwrap());
        let (node, inputs, commands) = NodeHandle::detached(params);
        let network = start(config, node.clone(), commands).await.unwrap();
        Self { peer: network.local, node, network, inputs }
    }

    /// Where it listens, as people write it.
    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.network.port)
    }

    fn command(&self, command: NetworkCommand) {
        assert!(self.node.command_network(command), "the queue of commands has room");
    }

    /// The first input that `pick` takes; others before it are passed over.
    async fn next<T>(&mut self, what: &str, mut pick: impl FnMut(Input) -> Option<T>) -> T {
        let search = async {
            loop {
                let input = self.inputs.recv().await.expect("the network outlives its inputs");
                if let Some(found) = pick(input) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("{what} never came"))
    }

    /// Waits until the core has heard of a peer; gives whether this node dialled.
    async fn meets(&mut self, other: PeerId) -> bool {
        self.next("a connection", |input| match input {
            Input::PeerConnected { peer, outbound } if peer == other => Some(outbound),
            _ => None,
        })
        .await
    }

    /// Waits until a peer is gone.
    async fn loses(&mut self, other: PeerId) {
        self.next("a disconnection", |input| match input {
            Input::PeerDisconnected { peer } if peer == other => Some(()),
            _ => None,
        })
        .await;
    }

    /// How a connected peer was found, by the published picture; waits until it is in it.
    async fn found(&self, other: PeerId) -> Found {
        let mut found = None;
        eventually("a picture with the peer", || {
            found = self.node.network().peers.iter().find(|peer| peer.peer == other).map(|peer| peer.found);
            found.is_some()
        })
        .await;
        found.expect("just seen")
    }

    /// Whether the story of discovery has a step with these words.
    fn told(&self, words: &str) -> bool {
        self.count(words) > 0
    }

    /// How many steps of the story have these words.
    fn count(&self, words: &str) -> usize {
        self.node.network().timeline.iter().filter(|step| step.what.contains(words)).count()
    }

    async fn stop(self) {
        self.node.stop("the test is over");
        timeout(PATIENCE, self.network.ended()).await.expect("a stopped node ends");
    }
}

/// Loopback only, nothing switched on.
fn config(network: &str) -> NetworkConfig {
    NetworkConfig {
        genesis: Params::named(network).unwrap().genesis_hash(),
        key: NodeKey::generate(),
        listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        bootstrap: Vec::new(),
        connect: Vec::new(),
        mdns: false,
        rendezvous: None,
        records: Arc::new(Forgetful),
    }
}

/// Waits until a condition holds.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} never came"));
}
