//! What the state tree is made of: leaves and nodes, by small numbers, and the links between them.

use super::state_leaf::Leaf;

/// Values up to which no room is held in reserve: a leaf takes a kilobyte, and a simulation holds many small trees.
const ROOM_EXACT_MAX: usize = 4;

/// All leaves and nodes of a tree.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) leaves: Slots<Leaf>,
    pub(super) nodes: Slots<Node>,
}

/// Where a subtree lives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Link {
    #[default]
    Empty,
    Leaf(u32),
    Node(u32),
}

/// More than 16 accounts, by the bit at its depth.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) children: [Link; 2],
    pub(super) hashes: [[u8; 32]; 2],
}

/// Values by a small number that stays theirs until they are removed.
#[derive(Debug, Clone)]
pub(super) struct Slots<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl Parts {
    pub(super) const fn new() -> Self {
        Self { leaves: Slots::new(), nodes: Slots::new() }
    }
}

impl<T> Slots<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    pub(super) fn insert(&mut self, item: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.items[slot as usize] = item;
            return slot;
        }
        if self.items.len() < ROOM_EXACT_MAX {
            self.items.reserve_exact(1);
        }
        self.items.push(item);
        u32::try_from(self.items.len() - 1).expect("memory holds far fewer than 2^32 leaves or nodes")
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.free.push(slot);
    }

    pub(super) fn get(&self, slot: u32) -> &T {
        &self.items[slot as usize]
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.items[slot as usize]
    }

    /// Whether every value was removed.
    #[cfg(test)]
    pub(super) const fn is_empty(&self) -> bool {
        self.free.len() == self.items.len()
    }
}
