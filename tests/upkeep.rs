//! What keeps a chain's folder in order, by command, and what it leaves alone.
#![cfg(feature = "cli")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{Node, Sandbox};

/// Payments made before, each in a block of its own.
const PAYMENTS: usize = 12;

/// Where the index of wallets finds these transactions.
fn places(node: &Node, transactions: &[Value]) -> Vec<Value> {
    transactions.iter().map(|id| node.call("gettransaction", json!([id]))).collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the node made it")
}

#[test]
fn a_folder_is_checked_indexed_compacted_and_reset_with_nothing_lost_that_should_stay() {
    let sandbox = Sandbox::new("dev-upkeep");
    let alice = sandbox.wallet("alice");
    let node = sandbox.node("node", &[]);
    let paid: Vec<Value> =
        (0..PAYMENTS).map(|_| node.call("dev_fund", json!([alice, 1_000]))["txid"].clone()).collect();
    let blocks = node.height();
    let folder = node.folder().to_owned();
    let chain = |command: &[&'static str]| [&["chain"], command, &["--data-dir", folder.as_str()]].concat();
    for command in ["rebuild-index", "compact"] {
        let (code, said) = sandbox.fail(&chain(&[command]));
        assert!(code == 1 && said.contains("a node runs on"), "{code}: {said}");
    }
    let before = places(&node, &paid);
    let tip = internal(&node.call("getblockhash", json!([blocks])));
    node.stop();

    let verified = sandbox.json(&chain(&["verify", "--from-genesis"]));
    assert_eq!((&verified["ok"], &verified["blocks"]), (&json!(true), &json!(blocks)));
    let segment = sandbox.path("node/journal/0000000001.log");
    let whole = bytes(&segment);
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x10;
    fs::write(&segment, damaged).expect("the folder is ours");
    let said = sandbox.run(&chain(&["verify"]));
    let (success, said) = (said.status.success(), String::from_utf8_lossy(&said.stderr).into_owned());
    assert!(success && said.contains("0000000001.log is damaged after byte"), "{said}");
    fs::write(&segment, whole).expect("the folder is ours");
    let bodies = sandbox.path("node/bodies/0000000001.log");
    let mut damaged = bytes(&bodies);
    // Of a block of the chain: beside it may lie one that lost against it.
    let place = damaged.windows(32).position(|bytes| bytes == tip).expect("the tip's record names it");
    damaged[place + 100] ^= 0x10;
    fs::write(&bodies, damaged).expect("the folder is ours");
    let (code, said) = sandbox.fail(&chain(&["verify", "--from-genesis"]));
    assert!(code == 1 && said.contains("bodies/0000000001.log is damaged: the body of block #"), "{said}");
    let said = sandbox.run(&chain(&["verify", "--from-genesis"]));
    let (success, said) = (said.status.success(), String::from_utf8_lossy(&said.stderr).into_owned());
    assert!(success && said.contains("taken from the journal"), "{said}");
    let rebuilt = sandbox.json(&chain(&["rebuild-index"]));
    assert_eq!(rebuilt["blocks"], blocks);
    let compacted = sandbox.json(&chain(&["compact"]));
    assert!(compacted["bytes_after"].as_u64() <= compacted["bytes_before"].as_u64(), "{compacted}");
    let freed = compacted["bodies_before"].as_u64() > compacted["bodies_after"].as_u64();
    assert!(freed, "the damaged body was replaced: {compacted}");
    let node = sandbox.node("node", &[]);
    assert_eq!(places(&node, &paid), before);
    node.stop();

    let (code, said) = sandbox.fail(&chain(&["reset"]));
    assert!(code == 2 && said.contains("--yes"), "without a terminal nobody can say yes: {said}");
    let key = sandbox.path("node").join("node.key");
    let kept = bytes(&key);
    let folders = ["node/sled", "node/journal", "node/bodies"].map(|name| sandbox.path(name));
    assert!(folders.iter().all(|folder| folder.exists()));
    sandbox.json(&chain(&["reset", "--yes"]));
    assert!(!folders.iter().any(|folder| folder.exists()));
    assert_eq!(bytes(&key), kept);
    assert_eq!(sandbox.json(&["wallet", "address", "alice"])["address"], alice);
    let node = sandbox.node("node", &[]);
    assert_eq!(node.height(), 0);
}

/// A block's hash in the order of its bytes.
fn internal(shown: &Value) -> Vec<u8> {
    let mut bytes = hex::decode(shown.as_str().expect("a hash is text")).expect("a hash is hexadecimal");
    bytes.reverse();
    bytes
}
