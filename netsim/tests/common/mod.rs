//! Worlds and people for the scenarios.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file takes what it needs")]

use cairn::consensus::params::{ParamsOverride, PrefundOverride};
use cairn::consensus::testing::{payment, test_key};
use cairn::node::Query;
use cairn::node::query::Answer;
use cairn::primitives::{Address, AddressKind, Amount, TransactionId};
use netsim::{LinkSpec, World, WorldConfig};

/// 1 in 2^10: real work that costs a tenth of a millisecond.
pub const EASY_BITS: u32 = 0x1f40_0000;
/// Mines a block every ten seconds on four nodes together at that target.
pub const HASHES_PER_SECOND: f64 = 1_024.0 / 40.0;
pub const SECOND: u64 = 1_000_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const CAIRN: u64 = 100_000_000;

pub fn config(seed: u64) -> WorldConfig {
    let prefund = (0..4).map(|number| PrefundOverride {
        address: Address::of(&test_key(number).public_key()).to_text(AddressKind::Standard),
        amount: Amount(1_000 * CAIRN),
    });
    let overrides = ParamsOverride {
        first_bits: Some(EASY_BITS),
        limit_bits: Some(EASY_BITS),
        prefund: Some(prefund.collect()),
        ..ParamsOverride::default()
    };
    WorldConfig { keeps_events: true, ..WorldConfig::new(seed, overrides) }
}

pub fn complete(seed: u64, nodes: usize) -> World {
    World::complete(config(seed), nodes, link_ms(50))
}

pub fn apart(seed: u64, nodes: usize) -> World {
    World::of_nodes(config(seed), nodes)
}

pub fn link_ms(latency_ms: u64) -> LinkSpec {
    LinkSpec::of_latency(latency_ms * 1_000)
}

pub fn all_mine(world: &mut World, nodes: usize) {
    for node in 0..nodes {
        world.set_hash_rate(node, HASHES_PER_SECOND);
    }
}

pub fn none_mines(world: &mut World, nodes: usize) {
    for node in 0..nodes {
        world.set_hash_rate(node, 0.0);
    }
}

pub fn balance(world: &mut World, node: usize, address: Address) -> u64 {
    match world.ask(node, Query::Account(address)) {
        Some(Answer::Account(account)) => account.confirmed.0,
        other => panic!("no balance but {other:?}"),
    }
}

pub fn pay(world: &mut World, node: usize, sender: u64, nonce: u64, to: Address) -> TransactionId {
    let params = world.params().clone();
    world
        .submit(node, payment(&test_key(sender), &params, nonce, to, Amount(5 * CAIRN)))
        .expect("the node runs")
        .expect("it is affordable")
}
