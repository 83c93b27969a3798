//! Who is linked to whom: graphs drawn from a seed, with a latency and an uplink where the plan gives them.

mod clusters;
mod internet;
mod measure;
mod regular;

pub use clusters::ClusterPlan;
pub use internet::{INTERNET_OUTBOUND, INTERNET_REGIONS, Region};
pub use measure::Paths;

/// Nodes and the links between them. The same arguments and seed give the same graph, link by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// How many nodes there are, numbered from 0.
    pub nodes: u32,
    /// Undirected links, each once, the lower node first, in ascending order.
    pub links: Vec<(u32, u32)>,
    /// One-way latency of each link in microseconds, in the order of `links`; empty where the plan gives none.
    pub latencies_us: Vec<u64>,
    /// What each node can send, in bytes a second; empty where the plan gives none.
    pub uplinks: Vec<u64>,
    /// The cluster or region of each node; empty where the plan has none.
    pub places: Vec<u32>,
}

/// Why a graph cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// Too few nodes for any link.
    #[error("a network needs at least two nodes, not {0}")]
    TooFewNodes(u32),
    /// No regular graph of this degree.
    #[error("no connected graph of {nodes} nodes has {degree} links at each of them")]
    Degree {
        /// How many nodes were asked for.
        nodes: u32,
        /// How many links at each.
        degree: u32,
    },
    /// The latency matrix does not fit the clusters.
    #[error("{clusters} clusters need a symmetric matrix of {clusters} by {clusters} latencies")]
    LatencyMatrix {
        /// How many clusters there are.
        clusters: usize,
    },
    /// Two clusters cannot have so many links between them.
    #[error("clusters of {one} and {other} nodes cannot have {bridges} links between them")]
    Bridges {
        /// Nodes of the one cluster.
        one: u32,
        /// Nodes of the other.
        other: u32,
        /// Links asked for.
        bridges: u32,
    },
}

impl Topology {
    /// Every node linked to every other.
    pub fn complete(nodes: u32) -> Result<Self, TopologyError> {
        let pairs = (0..nodes).flat_map(|one| (one + 1..nodes).map(move |other| (one, other)));
        Self::of_links(nodes, pairs.collect())
    }

    /// Each node linked to the next.
    pub fn line(nodes: u32) -> Result<Self, TopologyError> {
        Self::of_links(nodes, (1..nodes).map(|node| (node - 1, node)).collect())
    }

    /// A line whose ends are linked; two nodes have one link.
    pub fn ring(nodes: u32) -> Result<Self, TopologyError> {
        let mut links: Vec<_> = (1..nodes).map(|node| (node - 1, node)).collect();
        if nodes > 2 {
            links.push((0, nodes - 1));
        }
        Self::of_links(nodes, links)
    }

    /// A connected simple graph with `degree` links at every node, close to uniform among all such graphs.
    pub fn random_regular(nodes: u32, degree: u32, seed: u64) -> Result<Self, TopologyError> {
        Self::of_links(nodes, regular::links(nodes, degree, seed)?)
    }

    /// Clusters of nodes with few links between them, and a latency for each pair of clusters.
    pub fn clusters(plan: &ClusterPlan, seed: u64) -> Result<Self, TopologyError> {
        clusters::draw(plan, seed)
    }

    /// Hubs and homes in the regions of the world, with latencies and uplinks as measured between them.
    pub fn internet(nodes: u32, seed: u64) -> Result<Self, TopologyError> {
        internet::draw(nodes, seed)
    }

    /// How many links each node has.
    pub fn degrees(&self) -> Vec<u32> {
        let mut degrees = vec![0; self.nodes as usize];
        for &(one, other) in &self.links {
            degrees[one as usize] += 1;
            degrees[other as usize] += 1;
        }
        degrees
    }

    /// The graph as paths see it; a link without a latency of its own takes `latency_us`.
    pub fn paths(&self, latency_us: u64) -> Paths {
        Paths::new(self, latency_us)
    }

    fn of_links(nodes: u32, mut links: Vec<(u32, u32)>) -> Result<Self, TopologyError> {
        if nodes < 2 {
            return Err(TopologyError::TooFewNodes(nodes));
        }
        links.sort_unstable();
        Ok(Self { nodes, links, latencies_us: Vec::new(), uplinks: Vec::new(), places: Vec::new() })
    }
}

/// A link in the order in which it is kept.
fn ordered(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_graph_links_every_pair_once() {
        let topology = Topology::complete(60).unwrap();
        assert_eq!(topology.links.len(), 60 * 59 / 2);
        assert!(topology.degrees().iter().all(|&degree| degree == 59));
    }

    #[test]
    fn a_line_has_two_ends_and_a_ring_has_none() {
        let ends = |topology: Topology| topology.degrees().iter().filter(|&&degree| degree == 1).count();
        assert_eq!(ends(Topology::line(10).unwrap()), 2);
        assert_eq!(ends(Topology::ring(10).unwrap()), 0);
        assert_eq!(Topology::line(10).unwrap().links.len(), 9);
        assert_eq!(Topology::ring(10).unwrap().links.len(), 10);
    }

    #[test]
    fn a_ring_of_two_has_one_link() {
        assert_eq!(Topology::ring(2).unwrap().links, [(0, 1)]);
    }

    #[test]
    fn one_node_is_no_network() {
        assert_eq!(Topology::complete(1), Err(TopologyError::TooFewNodes(1)));
    }
}
