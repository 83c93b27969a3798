//! How a block spreads over random regular graphs.

use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::Sink;
use super::comparison::Comparison;
use super::cores::exponential;
use super::networks::{mine_one, network, records};
use crate::record::BlockRecord;
use crate::theory::flood::{first_passage_mean, first_passage_typical, mean_hops, messages};
use crate::topology::Topology;

const DEGREE: u32 = 8;

/// Mean latency of a link.
const LATENCY_US: u64 = 100_000;

/// Nodes of a graph, blocks that are found on it, and the known mean number of hops.
const HOPS: [(u32, usize, f64); 2] = [(1_000, 20, 3.60), (10_000, 5, 4.78)];

/// How far the mean number of hops of one graph lies from that of all graphs, and from two digits of it.
const HOPS_TOLERANCE: f64 = 0.02;

/// Nodes and graphs for delays, and blocks found on each graph.
const PASSAGE_NODES: u32 = 1_000;
const PASSAGE_GRAPHS: u64 = 16;
const PASSAGE_BLOCKS: usize = 25;

/// Part of the mean delay by which that many may be off: three standard deviations, most of it from graph to graph.
const PASSAGE_TOLERANCE: f64 = 0.035;

/// What the leading term leaves out, in mean latencies of a link.
const TYPICAL_TOLERANCE: f64 = 0.2;

/// Compares hops, messages and delays.
pub(super) fn compare(sink: Sink<'_>) {
    for (nodes, blocks, known) in HOPS {
        hops(nodes, blocks, known).into_iter().for_each(&mut *sink);
    }
    first_passage().into_iter().for_each(sink);
}

/// Hops and messages where every link takes the same time.
fn hops(nodes: u32, blocks: usize, known: f64) -> Vec<Comparison> {
    let topology = Topology::random_regular(nodes, DEGREE, 1).expect("there is such a graph");
    let records = flooded(&topology, blocks);
    let (mut arrivals, mut total) = (0.0, 0.0);
    for (hop, &count) in records.iter().flat_map(|block| block.propagation.hops.iter().enumerate()) {
        arrivals += f64::from(count);
        total += f64::from(count) * hop as f64;
    }
    let copies = |block: &BlockRecord| block.propagation.messages;
    let (least, most) = (records.iter().map(copies).min(), records.iter().map(copies).max());
    let expected = messages(nodes, DEGREE) as f64;
    let graph = format!("{DEGREE}-regular graph of {nodes}");
    let exactly = |name: String, measured: Option<u64>| {
        Comparison::near(name, measured.unwrap_or(0) as f64, expected, 0.0)
    };
    vec![
        Comparison::near(format!("hops of a flood, {graph}"), total / arrivals, known, HOPS_TOLERANCE),
        Comparison::near(
            format!("hops of a flood, {graph}: formula"),
            total / arrivals,
            mean_hops(nodes, DEGREE),
            HOPS_TOLERANCE,
        ),
        exactly(format!("messages a block, {graph}: least"), least),
        exactly(format!("messages a block, {graph}: most"), most),
    ]
}

/// Delays where the links take exponential times, beside the theorem and beside the shortest paths themselves.
fn first_passage() -> Vec<Comparison> {
    let mut arrivals = Arrivals::default();
    for seed in 1..=PASSAGE_GRAPHS {
        let topology = exponential_topology(PASSAGE_NODES, seed);
        arrivals.add(&topology, &flooded(&topology, PASSAGE_BLOCKS));
    }
    let mean = arrivals.total_us as f64 / arrivals.count.max(1) as f64 / LATENCY_US as f64;
    let expected = first_passage_mean(PASSAGE_NODES, DEGREE);
    let typical = first_passage_typical(PASSAGE_NODES, DEGREE);
    let passage = format!("first passage, {DEGREE}-regular graph of {PASSAGE_NODES}, exponential links");
    vec![
        Comparison::near("arrivals before the shortest path allows", arrivals.early as f64, 0.0, 0.0),
        Comparison::near("arrivals after the shortest path allows", arrivals.late as f64, 0.0, 0.0),
        Comparison::near(format!("{passage}: mean"), mean, expected, expected * PASSAGE_TOLERANCE),
        Comparison::near(format!("{passage}: ln N / (D − 2)"), mean, typical, TYPICAL_TOLERANCE),
    ]
}

/// First arrivals beside the shortest paths from the miner.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arrivals {
    count: u64,
    total_us: u64,
    early: u64,
    late: u64,
}

impl Arrivals {
    /// Adds blocks. The k-th arrival is held against the k-th shortest path: if no node hears before its own path
    /// allows, no arrival comes before the path of its rank does.
    fn add(&mut self, topology: &Topology, blocks: &[BlockRecord]) {
        let paths = topology.paths(0);
        for block in blocks {
            let mut earliest: Vec<u64> =
                paths.delays_from(block.miner as u32).into_iter().flatten().collect();
            earliest.sort_unstable();
            // The first entry is the miner itself.
            for (arrival, earliest) in block.propagation.delays_us.iter().zip(&earliest[1..]) {
                self.early += u64::from(arrival < earliest);
                self.late += u64::from(arrival > earliest);
                self.total_us += arrival;
                self.count += 1;
            }
        }
    }
}

/// What became of blocks found one after the other at nodes spread over the graph.
fn flooded(topology: &Topology, blocks: usize) -> Vec<BlockRecord> {
    let mut world = network(topology, LATENCY_US, 1);
    let step = topology.nodes as usize / blocks;
    for node in (0..topology.nodes).step_by(step).take(blocks) {
        mine_one(&mut world, node);
    }
    records(&world)
}

#[expect(clippy::cast_sign_loss, reason = "a latency is not negative")]
fn exponential_topology(nodes: u32, seed: u64) -> Topology {
    let mut topology = Topology::random_regular(nodes, DEGREE, seed).expect("there is such a graph");
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    topology.latencies_us =
        topology.links.iter().map(|_| exponential(LATENCY_US as f64, &mut random).round() as u64).collect();
    topology
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_arrives_everywhere_exactly_when_the_shortest_path_allows() {
        let topology = exponential_topology(60, 3);
        let mut arrivals = Arrivals::default();
        arrivals.add(&topology, &flooded(&topology, 4));
        assert_eq!((arrivals.count, arrivals.early, arrivals.late), (4 * 59, 0, 0));
    }

    #[test]
    fn an_arrival_at_the_wrong_time_is_seen() {
        let topology = exponential_topology(60, 3);
        let mut blocks = flooded(&topology, 1);
        blocks[0].propagation.delays_us[0] -= 1;
        blocks[0].propagation.delays_us[58] += 1;
        let mut arrivals = Arrivals::default();
        arrivals.add(&topology, &blocks);
        assert_eq!((arrivals.early, arrivals.late), (1, 1));
    }

    #[test]
    fn a_flood_takes_as_many_messages_as_there_are_links_to_cross() {
        let topology = Topology::random_regular(60, DEGREE, 2).unwrap();
        assert!(flooded(&topology, 3).iter().all(|block| block.propagation.messages == messages(60, DEGREE)));
    }
}
