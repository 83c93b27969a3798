//! What a graph says by itself: who is reached, over how many links, and how soon at the earliest.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::Topology;

/// Marks a node that no path reaches.
const NEVER: u64 = u64::MAX;

/// A graph laid out for walking it: for each node its neighbours and the latency to each.
#[derive(Debug, Clone)]
pub struct Paths {
    starts: Vec<usize>,
    steps: Vec<(u32, u64)>,
}

impl Paths {
    pub(super) fn new(topology: &Topology, latency_us: u64) -> Self {
        let latency_of = |link: usize| topology.latencies_us.get(link).copied().unwrap_or(latency_us);
        Self::of_links(topology.nodes, &topology.links, latency_of)
    }

    fn of_links(nodes: u32, links: &[(u32, u32)], latency_of: impl Fn(usize) -> u64) -> Self {
        let mut starts = vec![0; nodes as usize + 1];
        for &(one, other) in links {
            starts[one as usize + 1] += 1;
            starts[other as usize + 1] += 1;
        }
        for node in 0..nodes as usize {
            starts[node + 1] += starts[node];
        }
        let mut free = starts.clone();
        let mut steps = vec![(0, 0); links.len() * 2];
        for (index, &(one, other)) in links.iter().enumerate() {
            for (from, to) in [(one, other), (other, one)] {
                steps[free[from as usize]] = (to, latency_of(index));
                free[from as usize] += 1;
            }
        }
        Self { starts, steps }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> u32 {
        (self.starts.len() - 1) as u32
    }

    /// A node's neighbours and the latency to each in microseconds.
    pub fn from(&self, node: u32) -> &[(u32, u64)] {
        &self.steps[self.starts[node as usize]..self.starts[node as usize + 1]]
    }

    /// The least number of links to each node; none where no path leads.
    pub fn hops_from(&self, source: u32) -> Vec<Option<u32>> {
        let mut hops = vec![None; self.nodes() as usize];
        hops[source as usize] = Some(0);
        let mut reached = VecDeque::from([(source, 0)]);
        while let Some((node, distance)) = reached.pop_front() {
            for &(next, _) in self.from(node) {
                if hops[next as usize].is_none() {
                    hops[next as usize] = Some(distance + 1);
                    reached.push_back((next, distance + 1));
                }
            }
        }
        hops
    }

    /// The least total latency to each node in microseconds; none where no path leads.
    pub fn delays_from(&self, source: u32) -> Vec<Option<u64>> {
        let mut delays = vec![NEVER; self.nodes() as usize];
        delays[source as usize] = 0;
        let mut open = BinaryHeap::from([Reverse((0, source))]);
        while let Some(Reverse((delay, node))) = open.pop() {
            if delay > delays[node as usize] {
                continue;
            }
            for &(next, latency_us) in self.from(node) {
                let arrival = delay + latency_us;
                if arrival < delays[next as usize] {
                    delays[next as usize] = arrival;
                    open.push(Reverse((arrival, next)));
                }
            }
        }
        delays.into_iter().map(|delay| Some(delay).filter(|&delay| delay != NEVER)).collect()
    }

    /// The mean number of links from these nodes to all others that they reach.
    pub fn mean_hops(&self, sources: impl IntoIterator<Item = u32>) -> f64 {
        let (mut total, mut pairs) = (0_u64, 0_u64);
        for source in sources {
            for hops in self.hops_from(source).into_iter().flatten().filter(|&hops| hops > 0) {
                total += u64::from(hops);
                pairs += 1;
            }
        }
        total as f64 / pairs.max(1) as f64
    }

    /// Whether a path leads from every node to every other.
    pub fn is_connected(&self) -> bool {
        self.hops_from(0).iter().all(Option::is_some)
    }
}

/// Whether links join all nodes.
pub(super) fn is_connected(nodes: u32, links: &[(u32, u32)]) -> bool {
    Paths::of_links(nodes, links, |_| 0).is_connected()
}

/// For each node the lowest node that a path leads to: one number for each part of the graph.
pub(super) fn parts(nodes: u32, links: &[(u32, u32)]) -> Vec<u32> {
    let paths = Paths::of_links(nodes, links, |_| 0);
    let mut part = vec![None; nodes as usize];
    for node in 0..nodes {
        if part[node as usize].is_none() {
            for (reached, hops) in paths.hops_from(node).into_iter().enumerate() {
                part[reached] = part[reached].or(hops.map(|_| node));
            }
        }
    }
    part.into_iter()
        .map(|part| part.expect("each node is in the part of the lowest node it reaches"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_along_a_line_count_its_links() {
        let paths = Topology::line(5).unwrap().paths(10);
        assert_eq!(paths.hops_from(1), [1, 0, 1, 2, 3].map(Some));
        assert_eq!(paths.delays_from(1), [10, 0, 10, 20, 30].map(Some));
        assert!((paths.mean_hops(0..5) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_quickest_path_may_have_more_links() {
        let mut topology = Topology::ring(3).unwrap();
        topology.latencies_us = vec![1, 10, 2];
        assert_eq!(topology.paths(0).delays_from(0), [0, 1, 3].map(Some));
    }

    #[test]
    fn what_no_path_reaches_has_no_distance() {
        let mut topology = Topology::line(4).unwrap();
        topology.links.remove(1);
        assert_eq!(topology.paths(1).hops_from(0), [Some(0), Some(1), None, None]);
        assert_eq!(topology.paths(1).delays_from(3), [None, None, Some(1), Some(0)]);
        assert!(!topology.paths(1).is_connected());
        assert_eq!(parts(4, &topology.links), [0, 0, 2, 2]);
    }
}
