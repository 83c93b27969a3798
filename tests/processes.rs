//! Real processes over real sockets: nodes that are told nothing but their network find each other and agree.
#![cfg(feature = "cli")]

mod support;

use serde_json::json;
use support::Sandbox;

/// Blocks made before the story begins.
const BLOCKS: u64 = 5;

/// How often a node is started anew.
const STARTS: u64 = 6;

#[test]
fn three_processes_find_each_other_agree_and_carry_a_payment_and_a_fourth_catches_up() {
    let sandbox = Sandbox::new("dev-three");
    let nodes = ["one", "two", "three"].map(|name| sandbox.node(name, &[]));
    for node in &nodes {
        node.wait("two peers", |node| node.peers() == 2);
    }
    let [one, two, three] = &nodes;

    let alice = sandbox.wallet("alice");
    one.call("generatetoaddress", json!([BLOCKS, alice]));
    for node in &nodes {
        node.wait("the tip of the first", |node| node.height() == BLOCKS && node.tip() == one.tip());
    }

    let bob = sandbox.wallet("bob");
    let payment = [
        "wallet", "send", "2.5", "--from", "alice", "--to", "bob", "--memo", "lunch", "--yes", "--wait", "1",
    ];
    let sent = sandbox.json(&[&payment[..], &["--data-dir", two.folder()]].concat());
    assert_eq!(sent["confirmations"], 1, "{sent}");
    three.wait("bob's money", |node| node.call("getbalance", json!([bob]))["confirmed"] == 250_000_000);
    let seen = three.call("getblock", json!([three.tip(), 1]));
    assert_eq!(seen["tx"], json!([sent["txid"]]));

    let fourth = sandbox.node("four", &[]);
    fourth.wait("the tip of the others", |node| node.tip() == one.tip());
    fourth.wait("bob's money", |node| node.call("getbalance", json!([bob]))["confirmed"] == 250_000_000);

    let verified = sandbox.json(&["chain", "verify", "--data-dir", fourth.folder()]);
    assert_eq!((&verified["ok"], &verified["blocks"]), (&json!(true), &json!(BLOCKS + 1)));
    fourth.stop();
}

#[test]
fn up_makes_a_wallet_serves_and_stops_cleanly() {
    let sandbox = Sandbox::new("dev-up");
    let data_dir = sandbox.path("data");
    let mut up = sandbox.command(&["up", "--no-mdns", "--stop-when-stdin-closes", "--data-dir"]);
    up.arg(&data_dir).args(["--listen", "127.0.0.1:0", "--rpc-bind", "127.0.0.1:0"]);
    up.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut up = up.spawn().expect("the program can be started");
    support::wait_until("the node's address", || data_dir.join("rpc.url").exists(), String::new);

    let folder = data_dir.to_str().expect("temporary folders have plain names");
    let mined = sandbox.json(&["mine", "2", "--data-dir", folder]);
    assert_eq!(mined.as_array().map(Vec::len), Some(2));
    let balance = sandbox.json(&["wallet", "balance", "--data-dir", folder]);
    assert_eq!(balance["confirmed"], 1_000_000_000, "the first reward is mature: {balance}");

    drop(up.stdin.take());
    let output = up.wait_with_output().expect("it can be waited for");
    assert!(output.status.success(), "{}", output.status);
    let said = String::from_utf8_lossy(&output.stdout);
    for expected in ["Made the wallet main", "NO password", "Ready.", "block #2", "everything is kept"] {
        assert!(said.contains(expected), "`{expected}` is missing in:\n{said}");
    }
    assert!(!data_dir.join("rpc.url").exists(), "a stopped node has no address");
}

#[test]
fn a_payment_that_waits_survives_a_restart() {
    let sandbox = Sandbox::new("dev-restart");
    let node = sandbox.node("one", &["--dev-blocks", "manual"]);
    let alice = sandbox.wallet("alice");
    sandbox.wallet("bob");
    node.call("dev_fund", json!([alice, 1_000_000_000]));
    let payment =
        ["wallet", "send", "2.5", "--from", "alice", "--to", "bob", "--yes", "--data-dir", node.folder()];
    let waiting = sandbox.json(&payment)["txid"].clone();
    assert_eq!(node.call("getrawmempool", json!([])), json!([waiting]));
    node.stop();

    let again = sandbox.node("one", &["--dev-blocks", "manual"]);
    assert_eq!(again.call("getrawmempool", json!([])), json!([waiting]));
    again.call("generatetoaddress", json!([1, alice]));
    let found = sandbox.json(&["tx", waiting.as_str().expect("an id is text"), "--data-dir", again.folder()]);
    assert_eq!(found["confirmations"], 1, "{found}");
    again.stop();
}

/// Right after a start the index is still taking blocks in while somebody asks where a payment is.
#[test]
fn the_faucet_makes_one_block_for_each_payment() {
    let sandbox = Sandbox::new("dev-faucet");
    for height in 1..=STARTS {
        let node = sandbox.node("one", &["--dev-blocks", "manual"]);
        let funded = node.call("dev_fund", json!([support::dev_address(), 1_000]));
        assert_eq!((&funded["height"], node.height()), (&json!(height), height));
        node.stop();
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_a_node_cleanly() {
    let sandbox = Sandbox::new("dev-signal");
    for signal in ["INT", "TERM"] {
        let node = sandbox.node("one", &["--dev-blocks", "manual"]);
        node.call("dev_fund", json!([support::dev_address(), 1_000]));
        node.signal(signal);
    }
    let node = sandbox.node("one", &[]);
    assert_eq!(node.height(), 2, "nothing was lost");
}
