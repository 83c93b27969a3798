//! The hashes of the state tree: those that a change made stale are computed many side by side.
//!
//! Whatever waits may be hashed at any time: a node is put in its place, and so begins to wait, only when all below it
//! has been.

use std::cmp::Reverse;

use super::state_parts::{Link, Node, Parts, Slots};
use super::state_root::{leaf_hash, node_hash};
use crate::primitives::hash::{ACCOUNT_LEAF, STATE_NODE};

/// Leaves and nodes that wait at most: enough of each kind and size to be hashed side by side, and near enough still.
const STALE_MAX: usize = 512;

/// Where a node keeps one of its two children and the child's hash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) node: u32,
    /// 0 for the left child, 1 for the right one.
    pub(super) side: usize,
    /// The node's depth.
    pub(super) depth: u16,
}

/// Leaves and nodes whose hashes are still to be computed, with the places that want them.
#[derive(Debug, Clone, Default)]
pub(super) struct Stale {
    leaves: Vec<(u32, Place)>,
    nodes: Vec<(u32, Place)>,
}

impl Stale {
    /// The hash of a subtree is wanted at a place, now or somewhat later.
    pub(super) fn want(&mut self, subtree: Link, place: Place, parts: &mut Parts) {
        match subtree {
            Link::Empty => parts.nodes.get_mut(place.node).hashes[place.side] = [0; 32],
            Link::Leaf(leaf) => self.leaves.push((leaf, place)),
            Link::Node(node) => self.nodes.push((node, place)),
        }
        if self.leaves.len() + self.nodes.len() >= STALE_MAX {
            self.hash_all(parts);
        }
    }

    /// The leaves that were put below this node last are to go, and their hashes are not wanted any more.
    pub(super) fn forget_leaves_of(&mut self, node: u32) {
        while self.leaves.pop_if(|(_, place)| place.node == node).is_some() {}
    }

    /// The hash of the whole tree, whose root this is; after that nothing is stale.
    pub(super) fn finish(mut self, root: Link, parts: &mut Parts) -> [u8; 32] {
        self.hash_all(parts);
        match root {
            Link::Empty => [0; 32],
            Link::Leaf(leaf) => leaf_hash(parts.leaves.get(leaf).records()),
            Link::Node(node) => node_hash(&parts.nodes.get(node).hashes),
        }
    }

    /// Leaves first, then nodes from the deepest up, since a node is hashed over the hashes of its children.
    fn hash_all(&mut self, parts: &mut Parts) {
        let contents = |(leaf, _): &(u32, Place)| parts.leaves.get(*leaf).records().as_flattened();
        let hashes = ACCOUNT_LEAF.keyed_each(&self.leaves.iter().map(contents).collect::<Vec<_>>());
        take_over(&self.leaves, hashes, &mut parts.nodes);
        self.nodes.sort_by_key(|(_, place)| Reverse(place.depth));
        for level in self.nodes.chunk_by(|(_, one), (_, other)| one.depth == other.depth) {
            let contents = |(node, _): &(u32, Place)| parts.nodes.get(*node).hashes.as_flattened();
            let hashes = STATE_NODE.keyed_each(&level.iter().map(contents).collect::<Vec<_>>());
            take_over(level, hashes, &mut parts.nodes);
        }
        self.leaves.clear();
        self.nodes.clear();
    }
}

fn take_over(wanted: &[(u32, Place)], hashes: Vec<[u8; 32]>, nodes: &mut Slots<Node>) {
    for ((_, place), hash) in wanted.iter().zip(hashes) {
        nodes.get_mut(place.node).hashes[place.side] = hash;
    }
}
