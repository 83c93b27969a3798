//! A world as a scenario wants it: nodes that come up over some seconds, links, hash rates, roles.

use std::io;

use cairn::consensus::params::{ParamsOverride, PrefundOverride};
use cairn::consensus::testing::test_key;
use cairn::primitives::{Address, AddressKind, Amount};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::Options;
use crate::engine::{LinkSpec, Misdeed, NodeIndex, Sharing, World, WorldConfig, stream_of};
use crate::record::NetworkFacts;
use crate::report::duration;
use crate::scenario::{
    LatencyPlan, NetworkPlan, RoleKind, Scenario, ScenarioError, SplitPlan, TopologyKind, Who,
};
use crate::topology::{ClusterPlan, Topology};

/// Nodes come up one by one over this time, so that their clocks do not tick in step.
const START_US: u64 = 15_000_000;
/// What each client has in the beginning, in pebbles.
const CLIENT_MONEY: u64 = 1_000 * 100_000_000;

/// A world and what is to be known of it.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) world: World,
    pub(super) facts: NetworkFacts,
    /// What each node hashes when nothing changes it.
    pub(super) hash_rates: Vec<f64>,
    /// Where the scenario's own chance comes from.
    pub(super) random: ChaCha12Rng,
}

/// Builds the world of a scenario and lets its nodes come up.
pub(super) fn build(scenario: &Scenario, options: &Options) -> Result<Built, ScenarioError> {
    let nodes = options.nodes.unwrap_or(scenario.nodes);
    let topology = topology(scenario, nodes, options.seed)?;
    let mut config = WorldConfig::new(options.seed, parameters(scenario));
    config.sharing = if options.no_sharing { Sharing::Nothing } else { Sharing::Everything };
    let mut world = World::new(config);
    world.reserve(nodes, topology.links.len());
    if let Some(path) = &options.trace {
        world.write_story(path).map_err(|cause| trace_error(options, cause))?;
    }
    let mut random = stream_of(options.seed, 10);
    let uplink = scenario.links.uplink.map_or(0, |rate| rate.0);
    for node in 0..nodes {
        world.add_node();
        world.set_uplink(node, topology.uplinks.get(node).copied().unwrap_or(uplink));
    }
    for (number, (one, other)) in topology.links.iter().enumerate() {
        let mut spec = draw_link(scenario, &mut random);
        if let Some(latency_us) = topology.latencies_us.get(number) {
            spec.latency_us = *latency_us;
        }
        world.link(*one as usize, *other as usize, spec);
    }
    let hash_rates = hash_rates(scenario, nodes);
    for (node, rate) in hash_rates.iter().enumerate() {
        world.set_hash_rate(node, *rate);
    }
    for role in &scenario.roles {
        for node in named(&role.nodes, &world, &mut random) {
            world.misbehave(node, misdeed(role.kind));
        }
    }
    start_all(&mut world, &mut random);
    let facts = facts(scenario, &world, &hash_rates);
    Ok(Built { world, facts, hash_rates, random })
}

/// So large a part of a number, rounded.
#[expect(clippy::cast_sign_loss, reason = "clamped to what is not negative")]
fn part_of(number: usize, part: f64) -> u32 {
    (number as f64 * part).round().clamp(0.0, number as f64) as u32
}

/// The nodes that a scenario names.
pub(super) fn named(who: &Who, world: &World, random: &mut ChaCha12Rng) -> Vec<NodeIndex> {
    let all = 0..world.len();
    match who {
        Who::All => all.collect(),
        Who::Miners => all.filter(|node| world.node(*node).hash_rate > 0.0).collect(),
        Who::Stopped => all.filter(|node| !world.node(*node).is_running()).collect(),
        Who::These(nodes) => nodes.iter().copied().filter(|node| all.contains(node)).collect(),
        Who::Share(share) => {
            let mut running: Vec<_> = all.filter(|node| world.node(*node).is_running()).collect();
            let count = (part_of(running.len(), *share) as usize).max(1).min(running.len());
            let mut chosen: Vec<_> =
                (0..count).map(|_| running.swap_remove(random.random_range(0..running.len()))).collect();
            chosen.sort_unstable();
            chosen
        }
    }
}

/// A link as the plan has it, its latency drawn.
pub(super) fn draw_link(scenario: &Scenario, random: &mut ChaCha12Rng) -> LinkSpec {
    let plan = &scenario.links;
    let latency_us = match &plan.latency {
        LatencyPlan::Constant(span) => span.0,
        LatencyPlan::Exponential { exponential } => {
            let uniform: f64 = random.random();
            crate::engine::microseconds(-(1.0 - uniform).ln() * exponential.seconds())
        }
        LatencyPlan::Uniform { uniform: [least, most] } => random.random_range(least.0..=most.0.max(least.0)),
        LatencyPlan::Table { table } if table.is_empty() => 0,
        LatencyPlan::Table { table } => table[random.random_range(0..table.len())].0,
    };
    LinkSpec {
        latency_us,
        bytes_per_second: plan.bandwidth.map_or(0, |rate| rate.0),
        loss: plan.loss,
        jitter_us: plan.jitter.0,
    }
}

fn topology(scenario: &Scenario, nodes: usize, seed: u64) -> Result<Topology, ScenarioError> {
    let (plan, count) = (&scenario.topology, nodes as u32);
    let drawn = match plan.kind {
        TopologyKind::Complete => Topology::complete(count),
        TopologyKind::Line => Topology::line(count),
        TopologyKind::Ring => Topology::ring(count),
        TopologyKind::RandomRegular => Topology::random_regular(count, plan.degree, seed),
        TopologyKind::Internet => Topology::internet(count, seed),
        TopologyKind::Clusters => {
            let latencies = plan.latencies.iter().map(|row| row.iter().map(|span| span.0).collect());
            let clusters = ClusterPlan {
                sizes: sizes(&plan.clusters, nodes),
                inner_degree: plan.degree,
                bridges: plan.bridges,
                latencies_us: latencies.collect(),
            };
            Topology::clusters(&clusters, seed)
        }
    };
    drawn.map_err(|why| ScenarioError::Impossible { name: scenario.name.clone(), why: why.to_string() })
}

/// Whole numbers in the proportion of the parts, that sum to `nodes`.
pub(super) fn sizes(parts: &[f64], nodes: usize) -> Vec<u32> {
    let sum: f64 = parts.iter().sum();
    let mut before = 0;
    let mut reached = 0.0;
    let size = |part: &f64| {
        reached += part;
        let end = part_of(nodes, reached / sum);
        let size = end - before;
        before = end;
        size
    };
    parts.iter().map(size).collect()
}

fn parameters(scenario: &Scenario) -> ParamsOverride {
    let plan = &scenario.network;
    let has_clients = scenario.load.transactions_per_second > 0.0
        || scenario.events.iter().any(|event| event.burst.is_some());
    let clients = if has_clients { scenario.load.senders } else { 0 };
    ParamsOverride {
        interval_seconds: Some(interval_seconds(plan)),
        retarget: Some(plan.retarget),
        limit_bits: Some(bits_of(plan.hashes_per_block_min)),
        maturity: Some(plan.maturity),
        ..client_parameters(clients, plan.hashes_per_block)
    }
}

/// Parameters under which so many clients have money, and the first blocks take so many hashes; no later one less.
pub(crate) fn client_parameters(clients: u32, hashes_per_block: u32) -> ParamsOverride {
    let client = |number: u32| PrefundOverride {
        address: client_address(number).to_text(AddressKind::Standard),
        amount: Amount(CLIENT_MONEY),
    };
    let bits = Some(bits_of(hashes_per_block));
    let prefund = Some((0..clients).map(client).collect());
    ParamsOverride { first_bits: bits, limit_bits: bits, prefund, ..ParamsOverride::default() }
}

/// Where a client is paid.
pub(super) fn client_address(number: u32) -> Address {
    Address::of(&test_key(u64::from(number)).public_key())
}

fn interval_seconds(plan: &NetworkPlan) -> u32 {
    (plan.interval.0 / 1_000_000) as u32
}

/// The compact target that takes about so many hashes: 2^256 / hashes, rounded down to its 23 bits.
fn bits_of(hashes: u32) -> u32 {
    let hashes = u128::from(hashes.max(3));
    for exponent in (29..=32_u32).rev() {
        let mantissa = (1_u128 << (256 - 8 * (exponent - 3))) / hashes;
        if (0x8000..=0x7f_ffff).contains(&mantissa) {
            return exponent << 24 | mantissa as u32;
        }
    }
    0x1f7f_ffff
}

fn hash_rates(scenario: &Scenario, nodes: usize) -> Vec<f64> {
    let (plan, network) = (&scenario.mining, &scenario.network);
    let total =
        f64::from(network.hashes_per_block) * plan.pace.unwrap_or(1.0) / f64::from(interval_seconds(network));
    let miners = plan.miners.unwrap_or(nodes).min(nodes);
    let parts: Vec<f64> = match &plan.split {
        SplitPlan::Equal => vec![1.0; miners],
        SplitPlan::Zipf => (1..=miners).map(|place| 1.0 / place as f64).collect(),
        SplitPlan::Parts(given) => {
            let given = &given[..given.len().min(miners)];
            let others = miners - given.len();
            let rest = (1.0 - given.iter().sum::<f64>()).max(0.0) / others.max(1) as f64;
            given.iter().copied().chain(std::iter::repeat_n(rest, others)).collect()
        }
    };
    let sum: f64 = parts.iter().sum();
    (0..nodes).map(|node| parts.get(node).map_or(0.0, |part| total * part / sum)).collect()
}

const fn misdeed(kind: RoleKind) -> Misdeed {
    match kind {
        RoleKind::ForeignBodies => Misdeed::ForeignBodies,
        RoleKind::Silent => Misdeed::Silent,
        RoleKind::Boaster => Misdeed::Boaster,
        RoleKind::Freeloader => Misdeed::Freeloader,
        RoleKind::SelfishMiner => Misdeed::SelfishMiner,
        RoleKind::Refuser => Misdeed::Refuser,
        RoleKind::RuleBreaker => Misdeed::RuleBreaker,
        RoleKind::Orphans => Misdeed::Orphans,
        RoleKind::Attacker => Misdeed::Attacker,
    }
}

fn start_all(world: &mut World, random: &mut ChaCha12Rng) {
    let mut starts: Vec<_> = (0..world.len()).map(|node| (random.random_range(0..START_US), node)).collect();
    starts.sort_unstable();
    for (at_us, node) in starts {
        world.run_to(at_us);
        world.start(node);
    }
}

fn facts(scenario: &Scenario, world: &World, hash_rates: &[f64]) -> NetworkFacts {
    let (links, mean_latency_us) = world.links_summary();
    let topology = match scenario.topology.kind {
        TopologyKind::Complete => "complete".into(),
        TopologyKind::Line => "line".into(),
        TopologyKind::Ring => "ring".into(),
        TopologyKind::RandomRegular => format!("random regular, degree {}", scenario.topology.degree),
        TopologyKind::Clusters => format!("{} clusters", scenario.topology.clusters.len()),
        TopologyKind::Internet => "Internet-like".into(),
    };
    let has_own_latency = matches!(scenario.topology.kind, TopologyKind::Clusters | TopologyKind::Internet);
    let latency = match &scenario.links.latency {
        _ if has_own_latency => "of the topology".into(),
        LatencyPlan::Constant(span) => format!("constant, {}", duration(span.0)),
        LatencyPlan::Exponential { exponential: mean } => format!("exponential, mean {}", duration(mean.0)),
        LatencyPlan::Uniform { uniform: [least, most] } => {
            format!("uniform, {} to {}", duration(least.0), duration(most.0))
        }
        LatencyPlan::Table { table } => format!("one of {}", table.len()),
    };
    NetworkFacts {
        interval_seconds: world.params().interval_seconds,
        retargets: world.params().retarget,
        hashes_per_second: hash_rates.iter().sum(),
        miners: hash_rates.iter().filter(|rate| **rate > 0.0).count(),
        topology,
        links,
        latency,
        mean_latency_us,
        transactions_per_second: scenario.load.transactions_per_second,
    }
}

/// What kept a trace from being written.
pub(super) fn trace_error(options: &Options, cause: io::Error) -> ScenarioError {
    let path = options.trace.as_ref().map_or(String::new(), |path| path.display().to_string());
    ScenarioError::Unreadable { path, cause }
}

#[cfg(test)]
mod tests {
    use cairn::primitives::CompactTarget;

    use super::*;

    #[test]
    fn a_target_takes_about_the_hashes_that_were_asked_for() {
        for hashes in [16, 100, 512, 1_024, 5_000, 131_072, 1 << 20] {
            let bits = CompactTarget(bits_of(hashes));
            assert!(bits.is_canonical(), "{hashes}");
            let work = bits.target().unwrap().work().as_f64();
            assert!(
                (work - f64::from(hashes)).abs() <= 1.0 + f64::from(hashes) / 1_000.0,
                "{hashes}: {work}"
            );
        }
    }

    #[test]
    fn parts_become_whole_numbers_that_sum_up() {
        assert_eq!(sizes(&[0.6, 0.4], 20), [12, 8]);
        assert_eq!(sizes(&[1.0, 1.0, 1.0], 10), [3, 4, 3]);
    }
}
