//! A network like the public ones: most nodes at home, some in data centres, in the regions of the world.
//!
//! Regions, shares of nodes, latencies and uplinks are those of 2019 in `SimBlock` (Aoki, Otsuki, Kaneko, Banno, Shudo,
//! "`SimBlock`: A Blockchain Network Simulator", 2019; `NetworkConfiguration.java`). A link's latency is drawn once from
//! `SimBlock`'s Pareto distribution around the mean of its two regions, and taken as one-way, as there.
//! Connections follow Bitcoin Core: eight outbound, 125 at most.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::measure::parts;
use super::{Topology, TopologyError, ordered};

/// Connections that each node opens, where there are nodes enough to take them.
pub const INTERNET_OUTBOUND: u32 = 8;

/// Connections that a hub takes: 125 less the eight it opens.
const HUB_INBOUND_MAX: u32 = 117;

/// Connections that a home takes, where the router lets them in at all.
const HOME_INBOUND_MAX: u32 = 4;

/// Share of nodes that are hubs: those with the widest uplinks.
const HUB_SHARE: f64 = 0.1;

/// Shape of the Pareto distribution of uplinks: below 2, so the few widest carry much of the whole.
const UPLINK_SHAPE: f64 = 1.5;

/// The widest uplink, in bytes a second: 1 Gbit/s.
const UPLINK_MAX: f64 = 125_000_000.0;

/// Draws of a partner before a connection is given up; only tiny networks come near.
const PARTNER_DRAWS_MAX: u32 = 1_000;

/// Milliseconds that `SimBlock` takes off the mean to get the least latency of a link.
const LATENCY_SPREAD_MS: f64 = 5.0;

/// A region of the world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// What it is called.
    pub name: &'static str,
    /// Its share of the nodes.
    pub share: f64,
    /// Mean uplink of a node in bits a second.
    pub uplink_bits: u32,
    /// Mean one-way latency in milliseconds to each region, in their order.
    pub latencies_ms: [u32; 6],
}

/// The regions, as in `SimBlock` for 2019. Node i is in the region that `Topology::places` names.
pub const INTERNET_REGIONS: [Region; 6] = [
    region("North America", 0.3316, 19_200_000, [32, 124, 184, 198, 151, 189]),
    region("Europe", 0.4998, 20_700_000, [124, 11, 227, 237, 252, 294]),
    region("South America", 0.0090, 5_800_000, [184, 227, 88, 325, 301, 322]),
    region("Asia and Pacific", 0.1177, 15_700_000, [198, 237, 325, 85, 58, 198]),
    region("Japan", 0.0224, 10_200_000, [151, 252, 301, 58, 12, 126]),
    region("Australia", 0.0195, 11_300_000, [189, 294, 322, 198, 126, 16]),
];

const fn region(name: &'static str, share: f64, uplink_bits: u32, latencies_ms: [u32; 6]) -> Region {
    Region { name, share, uplink_bits, latencies_ms }
}

/// Draws regions and uplinks, then connections that prefer wide uplinks, then their latencies.
pub(super) fn draw(nodes: u32, seed: u64) -> Result<Topology, TopologyError> {
    if nodes < 2 {
        return Err(TopologyError::TooFewNodes(nodes));
    }
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let places: Vec<u32> = (0..nodes).map(|_| draw_region(&mut random)).collect();
    let uplinks: Vec<u64> = places.iter().map(|&place| draw_uplink(place, &mut random)).collect();
    let links = connect(&uplinks, &mut random);
    let mut topology = Topology::of_links(nodes, links)?;
    let latency = |&(one, other): &(u32, u32)| {
        let row = &INTERNET_REGIONS[places[one as usize] as usize];
        draw_latency_us(row.latencies_ms[places[other as usize] as usize], &mut random)
    };
    topology.latencies_us = topology.links.iter().map(latency).collect();
    topology.uplinks = uplinks;
    topology.places = places;
    Ok(topology)
}

fn draw_region(random: &mut ChaCha12Rng) -> u32 {
    let mut left: f64 = random.random();
    for (index, region) in INTERNET_REGIONS.iter().enumerate() {
        left -= region.share;
        if left < 0.0 {
            return index as u32;
        }
    }
    // The shares add up to 1 but for rounding.
    0
}

/// Bytes a second: Pareto around the region's mean, cut at the widest.
fn draw_uplink(place: u32, random: &mut ChaCha12Rng) -> u64 {
    let mean = f64::from(INTERNET_REGIONS[place as usize].uplink_bits) / 8.0;
    let least = mean * (UPLINK_SHAPE - 1.0) / UPLINK_SHAPE;
    whole(pareto(least, UPLINK_SHAPE, random).min(UPLINK_MAX))
}

/// Microseconds: Pareto with the given mean in milliseconds, as in `SimBlock`.
fn draw_latency_us(mean_ms: u32, random: &mut ChaCha12Rng) -> u64 {
    let mean = f64::from(mean_ms);
    whole(pareto(mean - LATENCY_SPREAD_MS, 0.2 * mean, random) * 1_000.0)
}

fn pareto(least: f64, shape: f64, random: &mut ChaCha12Rng) -> f64 {
    let uniform: f64 = random.random();
    least / (1.0 - uniform).powf(1.0 / shape)
}

#[expect(clippy::cast_sign_loss, reason = "what is drawn is positive")]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Every node opens its connections, to each other node with a chance in proportion to its uplink.
fn connect(uplinks: &[u64], random: &mut ChaCha12Rng) -> Vec<(u32, u32)> {
    let nodes = uplinks.len() as u32;
    let mut free: Vec<u32> = inbound_places(uplinks);
    let mut sums: Vec<u64> = Vec::with_capacity(uplinks.len());
    for &uplink in uplinks {
        sums.push(sums.last().copied().unwrap_or(0) + uplink.max(1));
    }
    let total = sums[sums.len() - 1];
    let mut links = BTreeSet::new();
    for node in 0..nodes {
        let mut opened = 0;
        for _ in 0..PARTNER_DRAWS_MAX {
            if opened == INTERNET_OUTBOUND.min(nodes - 1) {
                break;
            }
            let drawn = random.random_range(0..total);
            let partner = sums.partition_point(|&sum| sum <= drawn) as u32;
            if partner != node && free[partner as usize] > 0 && links.insert(ordered(node, partner)) {
                free[partner as usize] -= 1;
                opened += 1;
            }
        }
    }
    join_parts(nodes, &mut links);
    links.into_iter().collect()
}

/// How many connections each node takes.
fn inbound_places(uplinks: &[u64]) -> Vec<u32> {
    let mut widest: Vec<u32> = (0..uplinks.len() as u32).collect();
    widest.sort_by_key(|&node| (std::cmp::Reverse(uplinks[node as usize]), node));
    let hubs = whole((uplinks.len() as f64 * HUB_SHARE).ceil()) as usize;
    let mut places = vec![HOME_INBOUND_MAX; uplinks.len()];
    for &hub in &widest[..hubs] {
        places[hub as usize] = HUB_INBOUND_MAX;
    }
    places
}

/// Links what is left apart to the first part; in a network of more than a few nodes there is nothing to do.
fn join_parts(nodes: u32, links: &mut BTreeSet<(u32, u32)>) {
    let drawn: Vec<_> = links.iter().copied().collect();
    let mut joined = BTreeSet::from([0]);
    for part in parts(nodes, &drawn) {
        if joined.insert(part) {
            links.insert((0, part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_symmetric_and_the_shares_make_one() {
        for (one, row) in INTERNET_REGIONS.iter().enumerate() {
            for (other, column) in INTERNET_REGIONS.iter().enumerate() {
                assert_eq!(row.latencies_ms[other], column.latencies_ms[one]);
            }
        }
        let total: f64 = INTERNET_REGIONS.iter().map(|region| region.share).sum();
        assert!((total - 1.0).abs() < 1e-9);
    }

    #[test]
    fn all_are_connected_within_the_limits_of_connections() {
        for nodes in [2, 3, 9, 600, 6_000] {
            let topology = Topology::internet(nodes, 11).unwrap();
            assert!(topology.paths(0).is_connected(), "{nodes}");
            let degrees = topology.degrees();
            let open_all = nodes >= 600;
            assert!(!open_all || degrees.iter().all(|&degree| degree >= INTERNET_OUTBOUND));
            assert!(degrees.iter().all(|&degree| degree <= HUB_INBOUND_MAX + INTERNET_OUTBOUND));
            assert_eq!(topology.latencies_us.len(), topology.links.len());
            assert_eq!(topology.uplinks.len(), nodes as usize);
        }
    }

    #[test]
    fn a_tenth_of_the_nodes_hold_a_third_of_all_ends_of_links() {
        let topology = Topology::internet(6_000, 11).unwrap();
        let mut degrees = topology.degrees();
        degrees.sort_unstable_by_key(|&degree| std::cmp::Reverse(degree));
        assert!(degrees[0] > 100, "{}", degrees[0]);
        assert!(degrees[3_000] <= INTERNET_OUTBOUND + HOME_INBOUND_MAX);
        let of_hubs: u32 = degrees[..600].iter().sum();
        let share = f64::from(of_hubs) / f64::from(degrees.iter().sum::<u32>());
        assert!((0.3..0.5).contains(&share), "{share}");
    }

    #[test]
    fn regions_and_latencies_are_as_in_the_table() {
        let topology = Topology::internet(6_000, 12).unwrap();
        let europeans = topology.places.iter().filter(|&&place| place == 1).count() as f64;
        assert!((europeans / 6_000.0 - 0.4998).abs() < 0.025);
        let place = |node: u32| topology.places[node as usize];
        let across: Vec<u64> = std::iter::zip(&topology.links, &topology.latencies_us)
            .filter(|((one, other), _)| place(*one) + place(*other) == 1)
            .map(|(_, &latency)| latency)
            .collect();
        let mean_ms = across.iter().sum::<u64>() as f64 / across.len() as f64 / 1_000.0;
        assert!((mean_ms - 124.0).abs() < 1.0, "North America to Europe: {mean_ms}");
    }

    #[test]
    fn the_same_seed_draws_the_same_internet() {
        assert_eq!(Topology::internet(600, 1), Topology::internet(600, 1));
        assert_ne!(Topology::internet(600, 1), Topology::internet(600, 2));
    }
}
