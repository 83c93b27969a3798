//! libp2p: finds other nodes, gossips with them, asks them and answers them.
//!
//! [`start`] takes a [`NodeHandle`] and the commands of the core, and runs until the node stops. One task owns the
//! swarm (`event_loop`); it turns events into inputs of the core and commands into calls. It never validates, and
//! never touches storage. Each concern has a file: what may be lost when the core is busy stands in `core_queue`,
//! whom to dial and when in `candidates` and `standing`, questions under way in `requests`, verdicts in `gossip`.

mod address;
mod behaviour;
mod candidates;
mod connections;
mod core_queue;
mod dial;
mod discovery;
mod event_loop;
mod gossip;
mod identity;
mod listen;
mod on_command;
mod on_event;
mod peer_store;
mod rendezvous;
mod requests;
mod silence;
mod standing;
mod sync_protocol;
#[cfg(test)]
mod tests;
mod timeline;
mod topics;
mod transport;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::primitives::{BlockHash, PeerId};
use crate::runtime::{NetworkCommand, NodeHandle};

pub use identity::NodeKey;
pub use listen::everywhere;
pub use peer_store::{Forgetful, PeerRecords};
pub use rendezvous::default_folder as default_rendezvous;

/// Log filters for what the parts of libp2p say and nobody needs to hear: no multicast here, nobody known yet, and
/// warnings that any peer could cause at will.
pub const QUIET_LOG: &str =
    "libp2p_mdns=off,libp2p_kad=error,libp2p_gossipsub=error,libp2p_request_response=error";

/// How a node takes part.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// Names the network: nodes with another genesis are strangers.
    pub genesis: BlockHash,
    /// Who this node is.
    pub key: NodeKey,
    /// Where to listen: the first address must work, the others may. Port 0 stands for any free one.
    pub listen: Vec<SocketAddr>,
    /// Nodes through which others are found: `host:port` or multiaddresses.
    pub bootstrap: Vec<String>,
    /// Nodes to stay connected to, written likewise.
    pub connect: Vec<String>,
    /// Whether to look around on the LAN.
    pub mdns: bool,
    /// Where the nodes of this machine find each other, usually [`default_rendezvous`].
    pub rendezvous: Option<PathBuf>,
    /// Where addresses of good peers are kept over restarts.
    pub records: Arc<dyn PeerRecords>,
}

/// A running network.
#[derive(Debug)]
pub struct NetworkHandle {
    /// This node.
    pub local: PeerId,
    /// The port it listens on.
    pub port: u16,
    /// Where it listens, as multiaddresses with its peer id; those of every interface may follow a little later,
    /// in [`crate::runtime::NetworkView::listening`].
    pub listening: Vec<String>,
    task: JoinHandle<()>,
}

impl NetworkHandle {
    /// Waits for the end, after the node was asked to stop.
    pub async fn ended(self) {
        // A task that was cut off has ended as well.
        let _ = self.task.await;
    }
}

/// Why the network does not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Another process listens there.
    #[error("{address} is in use by another program. Stop it, or give another port")]
    PortTaken {
        /// The address.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("cannot listen on {address}: {cause}. Give another --listen address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: String,
    },
    /// No address to listen on was given.
    #[error("no address to listen on was given")]
    NoAddress,
    /// Text that is no address.
    #[error(
        "{text:?} is no address. Write host:port, such as 192.168.1.20:7331, or a multiaddress, such as /ip4/192.168.1.20/tcp/7331"
    )]
    Address {
        /// The text.
        text: String,
    },
    /// The node's key cannot be read or written.
    #[error("{path}: {cause}. Mend the file, or move it away to get a new identity")]
    NodeKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// libp2p refused its settings.
    #[error("the network does not start: {0}")]
    Transport(String),
}

/// Joins the network. What happens there reaches the core through `node`; `commands` say what to do.
pub async fn start(
    config: NetworkConfig,
    node: NodeHandle,
    commands: mpsc::Receiver<NetworkCommand>,
) -> Result<NetworkHandle, NetworkError> {
    let local = config.key.peer();
    let mut network = event_loop::EventLoop::new(&config, node, commands)?;
    let listening = network.first_addresses().await;
    let port = network.port();
    Ok(NetworkHandle { local, port, listening, task: tokio::spawn(network.run()) })
}
