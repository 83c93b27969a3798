//! Who is connected to whom, how long a message takes, and which sides are cut off from each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::sim_node::NodeIndex;

/// Undirected links between nodes.
#[derive(Debug, Clone, Default)]
pub struct Links {
    latency_ms: BTreeMap<(NodeIndex, NodeIndex), u64>,
    cut: BTreeSet<(NodeIndex, NodeIndex)>,
}

impl Links {
    /// Links two nodes with a one-way latency in milliseconds.
    pub fn join(&mut self, one: NodeIndex, other: NodeIndex, latency_ms: u64) {
        self.latency_ms.insert(ordered(one, other), latency_ms);
    }

    /// One-way latency in milliseconds, if the two are linked and not cut off.
    pub fn latency_ms(&self, one: NodeIndex, other: NodeIndex) -> Option<u64> {
        let pair = ordered(one, other);
        self.latency_ms.get(&pair).copied().filter(|_| !self.cut.contains(&pair))
    }

    /// Nodes that a node can reach directly, ascending.
    pub fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        let live = self.latency_ms.keys().filter(|pair| !self.cut.contains(pair));
        live.filter_map(|(one, other)| match node {
            _ if *one == node => Some(*other),
            _ if *other == node => Some(*one),
            _ => None,
        })
        .collect()
    }

    /// Cuts every link between `side` and the rest; answers the pairs that were linked until now.
    pub fn cut_off(&mut self, side: &[NodeIndex]) -> Vec<(NodeIndex, NodeIndex)> {
        let across = |(one, other): &(NodeIndex, NodeIndex)| side.contains(one) != side.contains(other);
        let fresh: Vec<_> =
            self.latency_ms.keys().copied().filter(|pair| across(pair) && !self.cut.contains(pair)).collect();
        self.cut.extend(&fresh);
        fresh
    }

    /// Mends every cut; answers the pairs that are linked again.
    pub fn heal(&mut self) -> Vec<(NodeIndex, NodeIndex)> {
        std::mem::take(&mut self.cut).into_iter().collect()
    }
}

fn ordered(one: NodeIndex, other: NodeIndex) -> (NodeIndex, NodeIndex) {
    (one.min(other), one.max(other))
}
