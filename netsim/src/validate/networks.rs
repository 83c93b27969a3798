//! Whole networks for the comparisons: real cores that check and store in no time, so that links alone delay.

use cairn::consensus::params::ParamsOverride;

use crate::engine::{LinkSpec, World, WorldConfig};
use crate::record::{BlockRecord, RunRecord};
use crate::topology::Topology;

/// Every second hash meets it.
const EASIEST_BITS: u32 = 0x207f_ffff;

/// Hashes that a block takes on average at that target.
const HASHES_A_BLOCK: f64 = 2.0;

/// Virtual microseconds until all connections stand, and after a block until it has reached everybody: many times what
/// either takes. More of it would be time in which a thousand cores do nothing but look at their timers.
const SETTLE_US: u64 = 3_000_000;

/// Virtual microseconds that nothing here takes.
const FOREVER_US: u64 = 1 << 50;

/// Cores linked like a topology; links without a latency of their own take `latency_us`.
pub(super) fn network(topology: &Topology, latency_us: u64, seed: u64) -> World {
    let overrides = ParamsOverride {
        retarget: Some(false),
        first_bits: Some(EASIEST_BITS),
        limit_bits: Some(EASIEST_BITS),
        ..ParamsOverride::default()
    };
    let config = WorldConfig { check_us: 0, disk_us: 0, ..WorldConfig::new(seed, overrides) };
    let mut world = World::of_nodes(config, topology.nodes as usize);
    for (index, &(one, other)) in topology.links.iter().enumerate() {
        let latency_us = topology.latencies_us.get(index).copied().unwrap_or(latency_us);
        world.link(one as usize, other as usize, LinkSpec::of_latency(latency_us));
    }
    world.run_for(SETTLE_US);
    world
}

/// Lets all nodes find so many blocks together at this rate a second, each as often as any other.
pub(super) fn mine(world: &mut World, blocks: usize, blocks_per_second: f64) {
    let hash_rate = blocks_per_second * HASHES_A_BLOCK / world.len() as f64;
    set_all(world, hash_rate);
    let goal = world.blocks_found() + blocks;
    world.run_until(FOREVER_US, |world| world.blocks_found() >= goal);
    set_all(world, 0.0);
    world.run_for(SETTLE_US);
}

/// Lets one node find a block, and waits until it has reached everybody.
pub(super) fn mine_one(world: &mut World, node: u32) {
    world.mine_at(node as usize);
    world.run_for(SETTLE_US);
}

/// What became of every block.
pub(super) fn records(world: &World) -> Vec<BlockRecord> {
    let mut record = RunRecord::default();
    world.fill_record(&mut record);
    record.blocks
}

fn set_all(world: &mut World, hash_rate: f64) {
    for node in 0..world.len() {
        world.set_hash_rate(node, hash_rate);
    }
}
