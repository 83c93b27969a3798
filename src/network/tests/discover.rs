//! Finding each other.

use std::sync::Mutex;

use tokio::net::TcpSocket;

use super::*;
use crate::network::{NetworkError, PeerRecords, everywhere};

/// Remembers in memory, over restarts within a test.
#[derive(Debug, Default)]
struct Notebook(Mutex<Option<Vec<u8>>>);

impl PeerRecords for Notebook {
    fn load(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap().clone()
    }

    fn save(&self, record: Vec<u8>) {
        *self.0.lock().unwrap() = Some(record);
    }
}

#[tokio::test]
async fn nodes_of_one_machine_find_each_other_in_the_rendezvous_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("cairn");
    let here = || NetworkConfig { rendezvous: Some(folder.clone()), ..config("lan") };
    let mut alice = Host::start(here()).await;
    let mut bob = Host::start(here()).await;
    alice.meets(bob.peer).await;
    bob.meets(alice.peer).await;
    let dialler = if alice.peer < bob.peer { (&alice, bob.peer) } else { (&bob, alice.peer) };
    assert_eq!(dialler.0.found(dialler.1).await, Found::Local);
    bob.stop().await;
    let entries = walk(&folder);
    assert_eq!(entries.len(), 1, "a stopped node takes its entry away: {entries:?}");
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let network = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let names =
        std::fs::read_dir(network).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[tokio::test]
async fn three_nodes_know_each_other_by_one_bootstrap_address() {
    let mut alice = Host::alone().await;
    let through_alice = || NetworkConfig { bootstrap: vec![alice.address()], ..config("lan") };
    let mut bob = Host::start(through_alice()).await;
    let mut carol = Host::start(through_alice()).await;
    bob.meets(carol.peer).await;
    carol.meets(bob.peer).await;
    alice.meets(bob.peer).await;
    assert_eq!(bob.found(alice.peer).await, Found::Bootstrap);
}

#[tokio::test]
async fn remembered_peers_are_dialled_after_a_restart() {
    let mut alice = Host::alone().await;
    let notebook: Arc<dyn PeerRecords> = Arc::new(Notebook::default());
    let mut bob = Host::start(NetworkConfig {
        connect: vec![alice.address()],
        records: Arc::clone(&notebook),
        ..config("lan")
    })
    .await;
    bob.meets(alice.peer).await;
    bob.stop().await;

    let mut bob = Host::start(NetworkConfig { records: notebook, ..config("lan") }).await;
    assert!(bob.meets(alice.peer).await);
    assert_eq!(bob.found(alice.peer).await, Found::Remembered);
    alice.meets(bob.peer).await;
}

#[tokio::test]
async fn an_address_is_dialled_until_somebody_is_there() {
    // As long as nobody listens on it, those who dial are refused, and nobody else is given the port.
    let reserved = TcpSocket::new_v4().unwrap();
    reserved.set_reuseaddr(true).unwrap();
    reserved.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = reserved.local_addr().unwrap();

    let mut bob = Host::start(NetworkConfig { connect: vec![address.to_string()], ..config("lan") }).await;
    eventually("a failed dial", || bob.told("could not connect")).await;
    drop(reserved);
    let alice = Host::start(NetworkConfig { listen: vec![address], ..config("lan") }).await;
    bob.meets(alice.peer).await;
}

#[tokio::test]
async fn a_person_may_add_an_address_while_the_node_runs() {
    let alice = Host::alone().await;
    let mut bob = Host::alone().await;
    bob.command(NetworkCommand::Dial { address: "otter".to_owned() });
    bob.command(NetworkCommand::Dial { address: bob.address() });
    let named = format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", alice.network.port, alice.peer);
    bob.command(NetworkCommand::Dial { address: named });
    bob.meets(alice.peer).await;
    eventually("a word about the address that is none", || bob.told("\"otter\" is no address")).await;
    eventually("a word about itself", || bob.told("this node itself")).await;
}

#[tokio::test]
async fn a_taken_port_is_said_so() {
    let alice = Host::alone().await;
    let taken = NetworkConfig { listen: vec![alice.address().parse().unwrap()], ..config("lan") };
    let (node, _inputs, commands) = NodeHandle::detached(Arc::new(Params::named("lan").unwrap()));
    let refused = start(taken, node, commands).await;
    assert!(matches!(refused, Err(NetworkError::PortTaken { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_node_listens_everywhere_on_one_port() {
    let alice = Host::start(NetworkConfig { listen: everywhere(0), ..config("lan") }).await;
    let port = format!("/tcp/{}/p2p/{}", alice.network.port, alice.peer);
    eventually("addresses", || {
        let listening = &alice.node.network().listening;
        !listening.is_empty() && listening.iter().all(|address| address.ends_with(&port))
    })
    .await;
}
