//! One pass over the state tree, down along sorted changes and up again: leaves and nodes get their new contents, and
//! their hashes follow.

use super::state_hashes::{Place, Stale};
use super::state_leaf::{Entry, Leaf};
use super::state_parts::{Link, Node, Parts};
use super::state_root::LEAF_ACCOUNTS_MAX;

/// A tree that is being changed. Its hashes are right again when it is finished.
pub(super) struct Pass<'t> {
    parts: &'t mut Parts,
    stale: Stale,
}

impl<'t> Pass<'t> {
    pub(super) fn over(parts: &'t mut Parts) -> Self {
        Self { parts, stale: Stale::default() }
    }

    /// The hash of the tree with this root.
    pub(super) fn finish(self, root: Link) -> [u8; 32] {
        self.stale.finish(root, self.parts)
    }

    /// Brings a subtree up to date with changes, at least one, that are sorted by path and all lie in it.
    pub(super) fn update_subtree(&mut self, subtree: Link, changes: &[Entry], depth: u16) -> Link {
        match subtree {
            Link::Empty => {
                let created: Vec<_> =
                    changes.iter().filter(|entry| !entry.account.is_empty()).copied().collect();
                self.build_subtree(&created, depth)
            }
            Link::Leaf(leaf) => self.update_leaf(leaf, changes, depth),
            Link::Node(node) => {
                self.update_children(node, changes, depth);
                self.merged_if_small(node)
            }
        }
    }

    fn update_leaf(&mut self, link: u32, changes: &[Entry], depth: u16) -> Link {
        let leaf = self.parts.leaves.get_mut(link);
        if changes.iter().all(|change| leaf.overwrite(change)) {
            return Link::Leaf(link);
        }
        let merged = leaf.merged(changes);
        self.parts.leaves.remove(link);
        self.build_subtree(&merged, depth)
    }

    fn update_children(&mut self, node: u32, changes: &[Entry], depth: u16) {
        let (left, right) = split(changes, depth);
        for (side, changes) in [left, right].into_iter().enumerate() {
            if !changes.is_empty() {
                let before = self.parts.nodes.get(node).children[side];
                let after = self.update_subtree(before, changes, depth + 1);
                self.hang(after, Place { node, side, depth });
            }
        }
    }

    /// A node, or the leaf that takes its place when undoing blocks left it with at most 16 accounts.
    fn merged_if_small(&mut self, link: u32) -> Link {
        let node = self.parts.nodes.get(link);
        let as_leaves = node.children.map(|child| match child {
            Link::Empty => Some(None),
            Link::Leaf(leaf) => Some(Some(self.parts.leaves.get(leaf))),
            Link::Node(_) => None,
        });
        if let [Some(left), Some(right)] = as_leaves {
            let leaves = || left.into_iter().chain(right);
            if leaves().map(Leaf::len).sum::<usize>() <= LEAF_ACCOUNTS_MAX {
                let entries: Vec<_> = leaves().flat_map(Leaf::entries).collect();
                let children = node.children;
                self.stale.forget_leaves_of(link);
                self.parts.nodes.remove(link);
                for child in children {
                    self.remove_leaf(child);
                }
                return self.build_leaf(&entries);
            }
        }
        Link::Node(link)
    }

    fn remove_leaf(&mut self, link: Link) {
        if let Link::Leaf(leaf) = link {
            self.parts.leaves.remove(leaf);
        }
    }

    /// A new subtree of accounts that are sorted by path and not empty.
    pub(super) fn build_subtree(&mut self, entries: &[Entry], depth: u16) -> Link {
        if entries.len() <= LEAF_ACCOUNTS_MAX {
            return self.build_leaf(entries);
        }
        let (left, right) = split(entries, depth);
        let children = [self.build_subtree(left, depth + 1), self.build_subtree(right, depth + 1)];
        let node = self.parts.nodes.insert(Node::default());
        for (side, child) in children.into_iter().enumerate() {
            self.hang(child, Place { node, side, depth });
        }
        Link::Node(node)
    }

    fn build_leaf(&mut self, entries: &[Entry]) -> Link {
        if entries.is_empty() {
            Link::Empty
        } else {
            Link::Leaf(self.parts.leaves.insert(Leaf::new(entries)))
        }
    }

    /// Puts a subtree in its place, where its hash is wanted.
    fn hang(&mut self, subtree: Link, place: Place) {
        self.parts.nodes.get_mut(place.node).children[place.side] = subtree;
        self.stale.want(subtree, place, self.parts);
    }
}

/// Entries sorted by path, parted by the bit at this depth.
fn split(entries: &[Entry], depth: u16) -> (&[Entry], &[Entry]) {
    entries.split_at(entries.partition_point(|entry| !entry.bit(depth)))
}
