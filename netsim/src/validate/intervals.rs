//! The times between blocks.

use super::Sink;
use super::comparison::Comparison;
use super::networks::{mine, network, records};
use crate::theory::kolmogorov::exponential;
use crate::topology::Topology;

/// Nodes, all of them miners, on a complete graph.
const NODES: u32 = 10;
const LATENCY_US: u64 = 5_000;

/// Blocks found, and how many a second.
const BLOCKS: usize = 5_000;
const BLOCKS_PER_SECOND: f64 = 1.0;

/// The p value from which the times pass as exponential.
const P_VALUE_MIN: f64 = 0.01;

/// Compares the times between blocks with the exponential distribution.
pub(super) fn compare(sink: Sink<'_>) {
    let topology = Topology::complete(NODES).expect("ten nodes make a network");
    let mut world = network(&topology, LATENCY_US, 1);
    mine(&mut world, BLOCKS, BLOCKS_PER_SECOND);
    let found: Vec<u64> = records(&world).iter().map(|block| block.found_at_us).collect();
    let intervals: Vec<f64> = found.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
    let expected = 1.0 / BLOCKS_PER_SECOND;
    let fit = exponential(&intervals, expected);
    let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let tolerance = 3.0 * expected / (intervals.len() as f64).sqrt();
    sink(Comparison::near("block interval in seconds: mean", mean, expected, tolerance));
    sink(Comparison::above(
        "block intervals are exponential: Kolmogorov-Smirnov p",
        fit.p_value,
        P_VALUE_MIN,
    ));
}
