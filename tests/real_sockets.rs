//! Whole nodes in one process, over real sockets on the loopback: threads, libp2p and mining, on stores in memory.
#![cfg(feature = "network")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cairn::consensus::params::Params;
use cairn::consensus::testing::{dev_key, payment};
use cairn::mining::mine_now;
use cairn::network::{Forgetful, NetworkConfig, NodeKey, start as start_network};
use cairn::node::input::Purpose;
use cairn::node::query::AccountView;
use cairn::node::{Answer, Query};
use cairn::primitives::{Address, Amount, Height};
use cairn::runtime::{NetworkCommand, NodeHandle, Threads, start};
use cairn::storage::{MemoryStore, StoredChain};

/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_mins(1);
const CAIRN: u64 = 100_000_000;

/// A node and the port it listens on.
struct Whole {
    node: NodeHandle,
    port: u16,
    /// Dropping them stops the node.
    _threads: Threads,
}

/// A node on an empty store that dials these ports.
async fn whole_node(network: &str, dial: &[u16]) -> Whole {
    let params = Arc::new(Params::named(network).expect("a test gives its network a good name"));
    let running = start(Arc::clone(&params), MemoryStore::new(), StoredChain::default(), &mut |_, _| {})
        .expect("an empty store can be read");
    let config = NetworkConfig {
        genesis: params.genesis_hash(),
        key: NodeKey::generate(),
        listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        bootstrap: Vec::new(),
        connect: dial.iter().map(|port| format!("127.0.0.1:{port}")).collect(),
        mdns: false,
        rendezvous: None,
        records: Arc::new(Forgetful),
    };
    let network = start_network(config, running.handle.clone(), running.network_commands)
        .await
        .expect("there is a free port");
    Whole { node: running.handle, port: network.port, _threads: running.threads }
}

async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "waited too long until {what}");
}

async fn account(node: &NodeHandle, address: Address) -> AccountView {
    match node.query(Query::Account(address)).await {
        Ok(Answer::Account(account)) => account,
        other => panic!("no account but {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_and_a_payment_made_at_one_node_arrive_at_another_and_a_late_third_catches_up() {
    let alice = whole_node("dev-sockets", &[]).await;
    let bob = whole_node("dev-sockets", &[alice.port]).await;
    eventually("the two are connected", async || {
        bob.node.view().peers.iter().any(|peer| peer.height.is_some())
    })
    .await;

    let to = Address([7; 32]);
    let transaction = Arc::new(payment(&dev_key(0), alice.node.params(), 0, to, Amount(5 * CAIRN)));
    let verdicts = alice.node.submit_transactions(vec![transaction], Purpose::Admit).await.unwrap();
    assert!(verdicts[0].is_ok(), "{verdicts:?}");
    eventually("the payment waits at the other", async || bob.node.view().mempool.transactions == 1).await;

    mine_now(&bob.node, Address([9; 32]), 3).await.unwrap();
    eventually("the blocks are here too", async || alice.node.view().tip.id.height == Height(3)).await;
    assert_eq!(account(&alice.node, to).await.confirmed, Amount(5 * CAIRN));

    let carol = whole_node("dev-sockets", &[bob.port]).await;
    eventually("the late one is at the tip", async || carol.node.view().tip.id == bob.node.view().tip.id)
        .await;
    assert_eq!(account(&carol.node, to).await.confirmed, Amount(5 * CAIRN));
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_that_mined_two_and_two_come_to_one_tip_and_the_lost_payment_is_mined_again() {
    let alice = whole_node("dev-apart", &[]).await;
    let bob = whole_node("dev-apart", &[alice.port]).await;
    let carol = whole_node("dev-apart", &[]).await;
    let dave = whole_node("dev-apart", &[carol.port]).await;
    let everyone = [&alice, &bob, &carol, &dave];
    let to = Address([7; 32]);
    let transaction = Arc::new(payment(&dev_key(0), alice.node.params(), 0, to, Amount(5 * CAIRN)));
    let verdicts = alice.node.submit_transactions(vec![transaction], Purpose::Admit).await.unwrap();
    assert!(verdicts[0].is_ok(), "{verdicts:?}");
    mine_now(&alice.node, Address([8; 32]), 5).await.unwrap();
    mine_now(&carol.node, Address([9; 32]), 9).await.unwrap();
    eventually("each side agrees", async || {
        bob.node.view().tip.id.height == Height(5) && dave.node.view().tip.id.height == Height(9)
    })
    .await;
    assert_eq!(account(&bob.node, to).await.confirmed, Amount(5 * CAIRN));

    let address = format!("127.0.0.1:{}", dave.port);
    assert!(bob.node.command_network(NetworkCommand::Dial { address }));
    let heavier = carol.node.view().tip.id;
    eventually("all follow the heavier side", async || {
        everyone.iter().all(|at| at.node.view().tip.id == heavier)
    })
    .await;
    assert_eq!(account(&alice.node, to).await.pending_in, Amount(5 * CAIRN), "the lost payment waits again");

    mine_now(&alice.node, Address([8; 32]), 1).await.unwrap();
    eventually("the lost payment is mined again", async || {
        account(&dave.node, to).await.confirmed == Amount(5 * CAIRN)
    })
    .await;
    for whole in everyone {
        let Ok(Answer::Supply(supply)) = whole.node.query(Query::Supply).await else { panic!("no supply") };
        assert_eq!(supply.circulating.0 + supply.maturing.0, supply.prefund.0 + supply.issued.0);
    }
}
