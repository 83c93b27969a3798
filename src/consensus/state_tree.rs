//! The tree over all accounts, kept up to date from what blocks touched, in one sorted pass.

use std::iter;

use super::accounts::{Account, Accounts};
use super::state_leaf::{Entry, Leaf};
use super::state_root::{GROUP_BITS, LEAF_ACCOUNTS_MAX, TreeRoot, node_hash};
use crate::primitives::Address;
use crate::primitives::look_up::AT_ONCE;

/// Leaves or nodes up to which no room is held in reserve: a leaf takes a kilobyte, and a simulation holds many small trees.
const ROOM_EXACT_MAX: usize = 4;

/// Changes of an update whose room is kept: to get megabytes from the system each time costs about as much as to sort
/// them. A simulation holds thousands of trees that never see so many.
const CHANGES_KEPT_MIN: usize = 4_096;

/// The state tree of the protocol: a function of the accounts alone, whatever changes led to them.
///
/// Takes about 90 bytes an account.
#[derive(Debug, Clone)]
pub struct StateTree {
    root: Subtree,
    leaves: Slots<Leaf>,
    nodes: Slots<Node>,
    /// Room for the changes of an update, kept for the next when it is much.
    changes: Vec<Entry>,
}

/// Where a subtree lives, and its hash.
#[derive(Debug, Clone, Copy)]
struct Subtree {
    link: Link,
    hash: [u8; 32],
}

#[derive(Debug, Clone, Copy)]
enum Link {
    Empty,
    Leaf(u32),
    Node(u32),
}

/// More than 16 accounts, by the bit at its depth.
#[derive(Debug, Clone)]
struct Node {
    children: [Link; 2],
    hashes: [[u8; 32]; 2],
}

/// Values by a small number that stays theirs until they are removed.
#[derive(Debug, Clone)]
struct Slots<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl StateTree {
    /// The tree over these accounts, in any order, each address once.
    pub fn build(accounts: impl IntoIterator<Item = (Address, Account)>) -> Self {
        let existing = accounts.into_iter().filter(|(_, account)| !account.is_empty());
        let mut entries: Vec<_> = existing.map(|(address, account)| Entry::new(address, account)).collect();
        entries.sort_unstable_by(Entry::order);
        let mut tree =
            Self { root: Subtree::EMPTY, leaves: Slots::new(), nodes: Slots::new(), changes: Vec::new() };
        tree.root = tree.build_subtree(&entries, 0);
        tree
    }

    /// Takes over the present value of every touched account, and answers which groups of accounts they are in,
    /// ascending. An address may recur; it does not matter whether it was really changed.
    pub fn update(&mut self, touched: &[Address], accounts: &impl Accounts) -> Vec<u16> {
        let mut changes = std::mem::take(&mut self.changes);
        look_up(touched, accounts, &mut changes);
        changes.sort_unstable_by(Entry::order);
        changes.dedup_by_key(|change| change.address);
        self.root = self.update_subtree(self.root, &changes, 0);
        let mut groups: Vec<_> = changes.iter().map(Entry::group).collect();
        groups.dedup();
        if changes.capacity() >= CHANGES_KEPT_MIN {
            changes.clear();
            self.changes = changes;
        }
        groups
    }

    /// The root over all accounts.
    pub const fn root(&self) -> TreeRoot {
        TreeRoot(self.root.hash)
    }

    /// The accounts of one group (below 4,096) by ascending path.
    pub fn accounts_in_group(&self, group: u16) -> impl Iterator<Item = (Address, Account)> + '_ {
        let mut pending = vec![self.smallest_subtree_with_group(group)];
        let leaves = iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Link::Empty => {}
                    Link::Leaf(leaf) => return Some(self.leaves.get(leaf)),
                    Link::Node(node) => pending.extend(self.nodes.get(node).children.iter().rev()),
                }
            }
        });
        let entries = leaves.flat_map(Leaf::entries).filter(move |entry| entry.group() == group);
        entries.map(|entry| (entry.address, entry.account))
    }

    fn smallest_subtree_with_group(&self, group: u16) -> Link {
        let mut link = self.root.link;
        for bit in (0..GROUP_BITS).rev() {
            let Link::Node(node) = link else { break };
            link = self.nodes.get(node).children[usize::from(group >> bit & 1)];
        }
        link
    }

    /// Brings a subtree up to date with changes that are sorted by path and all lie in it.
    fn update_subtree(&mut self, subtree: Subtree, changes: &[Entry], depth: usize) -> Subtree {
        if changes.is_empty() {
            return subtree;
        }
        match subtree.link {
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

    fn update_leaf(&mut self, link: u32, changes: &[Entry], depth: usize) -> Subtree {
        let leaf = self.leaves.get_mut(link);
        if changes.iter().all(|change| leaf.overwrite(change)) {
            return Subtree { link: Link::Leaf(link), hash: leaf.hash() };
        }
        let merged = leaf.merged(changes);
        self.leaves.remove(link);
        self.build_subtree(&merged, depth)
    }

    fn update_children(&mut self, link: u32, changes: &[Entry], depth: usize) {
        let (left, right) = split(changes, depth);
        for (side, changes) in [left, right].into_iter().enumerate() {
            let node = self.nodes.get(link);
            let before = Subtree { link: node.children[side], hash: node.hashes[side] };
            let after = self.update_subtree(before, changes, depth + 1);
            let node = self.nodes.get_mut(link);
            (node.children[side], node.hashes[side]) = (after.link, after.hash);
        }
    }

    /// A node, or the leaf that takes its place when undoing blocks left it with at most 16 accounts.
    fn merged_if_small(&mut self, link: u32) -> Subtree {
        let node = self.nodes.get(link);
        let as_leaves = node.children.map(|child| match child {
            Link::Empty => Some(None),
            Link::Leaf(leaf) => Some(Some(self.leaves.get(leaf))),
            Link::Node(_) => None,
        });
        if let [Some(left), Some(right)] = as_leaves {
            let leaves = || left.into_iter().chain(right);
            if leaves().map(Leaf::len).sum::<usize>() <= LEAF_ACCOUNTS_MAX {
                let entries: Vec<_> = leaves().flat_map(Leaf::entries).collect();
                let children = node.children;
                self.nodes.remove(link);
                for child in children {
                    self.remove_leaf(child);
                }
                return self.build_leaf(&entries);
            }
        }
        Subtree { link: Link::Node(link), hash: node_hash(&node.hashes) }
    }

    fn remove_leaf(&mut self, link: Link) {
        if let Link::Leaf(leaf) = link {
            self.leaves.remove(leaf);
        }
    }

    /// A new subtree of accounts that are sorted by path and not empty.
    fn build_subtree(&mut self, entries: &[Entry], depth: usize) -> Subtree {
        if entries.len() <= LEAF_ACCOUNTS_MAX {
            return self.build_leaf(entries);
        }
        let (left, right) = split(entries, depth);
        let children = [self.build_subtree(left, depth + 1), self.build_subtree(right, depth + 1)];
        let node =
            Node { children: children.map(|child| child.link), hashes: children.map(|child| child.hash) };
        let hash = node_hash(&node.hashes);
        Subtree { link: Link::Node(self.nodes.insert(node)), hash }
    }

    fn build_leaf(&mut self, entries: &[Entry]) -> Subtree {
        if entries.is_empty() {
            return Subtree::EMPTY;
        }
        let leaf = Leaf::new(entries);
        let hash = leaf.hash();
        Subtree { link: Link::Leaf(self.leaves.insert(leaf)), hash }
    }
}

impl Subtree {
    const EMPTY: Self = Self { link: Link::Empty, hash: [0; 32] };
}

impl<T> Slots<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }

    fn insert(&mut self, item: T) -> u32 {
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

    fn remove(&mut self, slot: u32) {
        self.free.push(slot);
    }

    fn get(&self, slot: u32) -> &T {
        &self.items[slot as usize]
    }

    fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.items[slot as usize]
    }
}

/// The accounts of these addresses as they are now.
fn look_up(touched: &[Address], accounts: &impl Accounts, entries: &mut Vec<Entry>) {
    entries.reserve_exact(touched.len());
    for some in touched.chunks(AT_ONCE) {
        let found = accounts.get_with_paths(some).zip(some);
        entries.extend(found.map(|((prefix, account), address)| Entry {
            prefix,
            address: *address,
            account,
        }));
    }
}

/// Entries sorted by path, parted by the bit at this depth.
fn split(entries: &[Entry], depth: usize) -> (&[Entry], &[Entry]) {
    entries.split_at(entries.partition_point(|entry| !entry.bit(depth)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::consensus::state_root::PathPrefix;
    use crate::consensus::{AccountTable, group_of, path_of, state_root, state_root_by_definition};
    use crate::primitives::Amount;

    fn address(number: u32) -> Address {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        Address(bytes)
    }

    fn addresses(numbers: impl IntoIterator<Item = u32>) -> Vec<Address> {
        numbers.into_iter().map(address).collect()
    }

    fn account(balance: u64) -> Account {
        Account { balance: Amount(balance), nonce: 0 }
    }

    fn table(count: u32) -> AccountTable {
        (0..count).map(|number| (address(number), account(u64::from(number) + 1))).collect()
    }

    fn agrees_with_the_definition(tree: &StateTree, accounts: &AccountTable) -> bool {
        state_root(tree.root(), []) == state_root_by_definition(accounts.sorted(), [])
    }

    #[test]
    fn no_account_has_the_root_of_zeros() {
        assert_eq!(StateTree::build([]).root(), TreeRoot([0; 32]));
        assert_eq!(StateTree::build([(address(1), Account::default())]).root(), TreeRoot([0; 32]));
    }

    #[test]
    fn the_root_is_the_definitions_at_every_size_around_a_leaf() {
        for count in [0, 1, 2, 15, 16, 17, 18, 31, 33, 500, 5_000] {
            let accounts = table(count);
            assert!(agrees_with_the_definition(&StateTree::build(accounts.sorted()), &accounts), "{count}");
        }
    }

    #[test]
    fn growing_and_shrinking_by_steps_leads_to_the_same_roots() {
        let mut accounts = AccountTable::default();
        let mut tree = StateTree::build([]);
        for step in [0..1, 1..16, 16..17, 17..40, 40..900_u32] {
            for number in step.clone() {
                accounts.set(address(number), account(1));
            }
            tree.update(&addresses(step), &accounts);
            assert!(agrees_with_the_definition(&tree, &accounts));
        }
        for step in [300..900, 20..300, 16..20, 3..16, 0..3_u32] {
            for number in step.clone() {
                accounts.set(address(number), Account::default());
            }
            tree.update(&addresses(step), &accounts);
            assert!(agrees_with_the_definition(&tree, &accounts));
        }
        assert_eq!(tree.leaves.free.len(), tree.leaves.items.len(), "every leaf was given back");
        assert_eq!(tree.nodes.free.len(), tree.nodes.items.len(), "every node was given back");
    }

    #[test]
    fn touching_an_account_that_did_not_change_changes_nothing() {
        let accounts = table(100);
        let mut tree = StateTree::build(accounts.sorted());
        let before = tree.root();
        let groups = tree.update(&[address(3), address(3), address(100_000)], &accounts);
        assert_eq!(tree.root(), before);
        assert!(groups.contains(&group_of(&path_of(&address(3)))));
    }

    #[test]
    fn the_groups_partition_the_accounts_in_the_order_of_their_paths() {
        for count in [0, 3, 16, 40, 6_000] {
            let accounts = table(count);
            let tree = StateTree::build(accounts.sorted());
            let by_groups: Vec<_> =
                (0..1 << GROUP_BITS).flat_map(|group| tree.accounts_in_group(group)).collect();
            assert_eq!(by_groups, accounts.sorted());
        }
    }

    #[test]
    fn an_update_names_exactly_the_groups_it_touched() {
        let mut accounts = table(2_000);
        let mut tree = StateTree::build(accounts.sorted());
        let group_now = |tree: &StateTree, group| tree.accounts_in_group(group).collect::<Vec<_>>();
        let before: BTreeMap<_, _> =
            (0..1 << GROUP_BITS).map(|group| (group, group_now(&tree, group))).collect();
        for number in 1_900..2_100 {
            accounts.set(address(number), account(77));
        }
        accounts.set(address(5), Account::default());
        let touched = tree.update(&addresses((1_900..2_100).chain([5])), &accounts);
        let changed = before.iter().filter(|(group, accounts)| group_now(&tree, **group) != **accounts);
        assert_eq!(changed.map(|(group, _)| *group).collect::<Vec<_>>(), touched);
    }

    #[test]
    fn paths_that_agree_in_their_first_bits_are_told_apart_by_the_rest() {
        let alike = |number| Entry { prefix: PathPrefix(5), address: address(number), account: account(1) };
        let mut entries: Vec<_> = (0..40).map(alike).collect();
        entries.sort_by(Entry::order);
        assert!(entries.is_sorted_by_key(|entry| path_of(&entry.address)));
        let bits: Vec<_> = (60..70).map(|depth| alike(1).bit(depth)).collect();
        let path = path_of(&address(1));
        let expected = [false, true, false, true].into_iter().chain((64..70).map(|depth| path.bit(depth)));
        assert_eq!(bits, expected.collect::<Vec<_>>());
        let mut tree = StateTree::build([]);
        let subtree = tree.build_subtree(&entries, 64);
        assert!(matches!(subtree.link, Link::Node(_)));
    }
}
