//! How long a node takes to join a chain that others have, and what an idle node costs. Prints; judges only that it works.
#![cfg(feature = "cli")]

mod support;

use serde_json::json;
use support::{Sandbox, now_ms, resident_kib};

/// Height of the chain, unless `CAIRN_JOIN_HEIGHT` says otherwise.
const HEIGHT: u64 = 2_000;

/// Blocks asked for in one call.
const BLOCKS_PER_CALL: u64 = 500;

#[test]
#[ignore = "takes a while and is of interest in a release build: `just join`"]
fn a_node_joins_a_long_chain() {
    let height =
        std::env::var("CAIRN_JOIN_HEIGHT").map_or(HEIGHT, |text| text.parse().expect("it is a number"));
    let sandbox = Sandbox::new("dev-join");
    let old = sandbox.node("old", &[]);
    let miner = sandbox.wallet("miner");
    while old.height() < height {
        old.call("generatetoaddress", json!([BLOCKS_PER_CALL.min(height - old.height()), miner]));
    }
    let started_ms = now_ms();
    let new = sandbox.node("new", &[]);
    let ready_ms = now_ms() - started_ms;
    new.wait("the whole chain", |node| node.height() >= height);
    let joined_ms = now_ms() - started_ms;
    let resident =
        |process| resident_kib(process).map_or("unknown".to_owned(), |kib| format!("{} MiB", kib / 1_024));
    println!("ready after {ready_ms} ms, at height {height} after {joined_ms} ms from its start");
    println!(
        "memory: {} (the one that mined), {} (the one that joined)",
        resident(old.process()),
        resident(new.process())
    );
}
