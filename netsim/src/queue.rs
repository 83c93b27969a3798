//! What is still to happen, by time; what happens at the same time comes in the order in which it was decided.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cairn::node::Input;
use cairn::node::message::Gossip;
use cairn::storage::Commit;

use crate::sim_node::{Life, NodeIndex};

/// Something that will happen to a node.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// The core is given an input.
    Input(Box<Input>),
    /// A gossip message arrives from a neighbour.
    Gossip { from: NodeIndex, gossip: Gossip },
    /// A commit reaches the disk.
    Commit(Box<Commit>),
    /// The core's last wish to be woken comes true, unless it has wished anew since.
    Wake { wish: u64 },
    /// The node's hashing meets its target.
    BlockFound { draw: u64 },
}

/// A happening with its place in the order of things.
#[derive(Debug)]
struct Entry {
    at_ms: u64,
    sequence: u64,
    node: NodeIndex,
    life: Life,
    happening: Happening,
}

/// All that is still to happen.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
}

impl Queue {
    /// Adds something that happens to a node in its present life; a restart makes it void.
    pub(crate) fn add(&mut self, at_ms: u64, node: NodeIndex, life: Life, happening: Happening) {
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at_ms, sequence: self.sequence, node, life, happening }));
    }

    /// Takes out what happens next, if it is not after `until_ms`.
    pub(crate) fn next(&mut self, until_ms: u64) -> Option<(u64, NodeIndex, Life, Happening)> {
        if self.heap.peek()?.0.at_ms > until_ms {
            return None;
        }
        let Reverse(entry) = self.heap.pop()?;
        Some((entry.at_ms, entry.node, entry.life, entry.happening))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.sequence) == (other.at_ms, other.sequence)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.sequence).cmp(&(other.at_ms, other.sequence))
    }
}
