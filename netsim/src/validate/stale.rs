//! How many blocks end beside the chain.

use super::Sink;
use super::comparison::Comparison;
use super::networks::{mine, network, records};
use crate::record::BlockRecord;
use crate::theory::stale::{bound, on_complete_graph};
use crate::topology::Topology;

/// Delay of every link.
const DELAY_US: u64 = 10_000;

/// Miners on the complete graph.
const MINERS: u32 = 60;

/// Expected blocks in one delay, and blocks found: the fewer are stale, the more are needed to tell.
const CASES: [(f64, usize); 5] = [(1.0, 1_500), (0.5, 1_500), (0.2, 2_000), (0.1, 2_500), (0.01, 6_000)];

/// Tolerance in standard deviations of a counted share.
const DEVIATIONS: f64 = 3.0;

/// The formula leaves out that a miner goes on from its own block while others still wait for that below: so much of
/// the rate.
const MODEL_ERROR: f64 = 0.02;

/// Nodes of the sparse graph, each a miner, their links, the blocks they find, and how many a second.
const SPARSE_NODES: u32 = 1_000;
const SPARSE_DEGREE: u32 = 8;
const SPARSE_BLOCKS: usize = 2_000;
const SPARSE_BLOCKS_PER_SECOND: f64 = 4.0;

/// Compares a complete graph with the formula, and a sparse one with the bound.
pub(super) fn compare(sink: Sink<'_>) {
    for (exposure, blocks) in CASES {
        sink(complete(MINERS, exposure, blocks));
    }
    sparse().into_iter().for_each(sink);
}

fn complete(miners: u32, exposure: f64, blocks: usize) -> Comparison {
    let topology = Topology::complete(miners).expect("there are nodes enough for a network");
    let mut world = network(&topology, DELAY_US, 1);
    mine(&mut world, blocks, exposure / (DELAY_US as f64 / 1e6));
    let (measured, found) = stale_rate(&records(&world));
    let expected = on_complete_graph(miners, exposure);
    let tolerance = DEVIATIONS * deviation(expected, found) + MODEL_ERROR * expected;
    let name = format!("stale rate, complete graph of {miners}, rate × delay = {exposure}");
    Comparison::near(name, measured, expected, tolerance)
}

fn sparse() -> [Comparison; 2] {
    let topology = Topology::random_regular(SPARSE_NODES, SPARSE_DEGREE, 1).expect("there is such a graph");
    let mut world = network(&topology, DELAY_US, 1);
    mine(&mut world, SPARSE_BLOCKS, SPARSE_BLOCKS_PER_SECOND);
    let blocks = records(&world);
    let (measured, found) = stale_rate(&blocks);
    let delays: Vec<u64> = blocks.iter().map(|block| block.propagation.mean_delay_us).collect();
    let mean_delay_s = delays.iter().sum::<u64>() as f64 / delays.len() as f64 / 1e6;
    let most = bound(SPARSE_BLOCKS_PER_SECOND * mean_delay_s);
    let spread = DEVIATIONS * deviation(most, found);
    let name = format!(
        "stale rate, {SPARSE_DEGREE}-regular graph of {SPARSE_NODES}, mean delay {mean_delay_s:.4} s"
    );
    [
        Comparison::at_most(format!("{name}: bound + 3 σ"), measured, most + spread),
        Comparison::near(format!("{name}: near the bound"), measured, most, spread + 0.1 * most),
    ]
}

/// The share of blocks that are not on the chain at the end, and the number of all.
fn stale_rate(blocks: &[BlockRecord]) -> (f64, usize) {
    let stale = blocks.iter().filter(|block| !block.on_best_chain).count();
    (stale as f64 / blocks.len().max(1) as f64, blocks.len())
}

/// Standard deviation of a share that is counted in so many.
fn deviation(share: f64, count: usize) -> f64 {
    (share * (1.0 - share) / count as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_network_wastes_as_much_as_the_formula_says() {
        let comparison = complete(12, 0.5, 150);
        assert!(comparison.measured > 0.1 && comparison.holds(), "{comparison}");
    }
}
