//! The tree over all accounts, kept up to date from what blocks touched: one sorted pass gives it its new shape and
//! contents, and then the hashes follow, from the leaves up to the root, many side by side.

use std::iter;

use super::account_path::GROUP_BITS;
use super::accounts::{Account, Accounts};
use super::state_leaf::{Entry, Leaf};
use super::state_parts::{Link, Parts};
use super::state_pass::Pass;
use super::state_root::TreeRoot;
use crate::primitives::Address;
use crate::primitives::look_up::AT_ONCE;

/// Changes of an update whose room is kept: to get megabytes from the system each time costs about as much as to sort
/// them. A simulation holds thousands of trees that never see so many.
const CHANGES_KEPT_MIN: usize = 4_096;

/// The state tree of the protocol: a function of the accounts alone, whatever changes led to them.
///
/// Takes about 90 bytes an account.
#[derive(Debug, Clone)]
pub struct StateTree {
    root: Link,
    root_hash: [u8; 32],
    parts: Parts,
    /// Room for the changes of an update, kept for the next when it is much.
    changes: Vec<Entry>,
}

/// The root tells trees of other accounts apart; how they came about does not matter.
impl PartialEq for StateTree {
    fn eq(&self, other: &Self) -> bool {
        self.root_hash == other.root_hash
    }
}

impl StateTree {
    /// The tree over these accounts, in any order, each address once.
    pub fn build(accounts: impl IntoIterator<Item = (Address, Account)>) -> Self {
        let existing = accounts.into_iter().filter(|(_, account)| !account.is_empty());
        let mut entries: Vec<_> = existing.map(|(address, account)| Entry::new(address, account)).collect();
        entries.sort_unstable_by(Entry::order);
        let mut tree =
            Self { root: Link::Empty, root_hash: [0; 32], parts: Parts::new(), changes: Vec::new() };
        let mut pass = Pass::over(&mut tree.parts);
        let root = pass.build_subtree(&entries, 0);
        (tree.root, tree.root_hash) = (root, pass.finish(root));
        tree
    }

    /// Takes over the present value of every touched account, and answers which groups of accounts they are in,
    /// ascending. An address may recur; it does not matter whether it was really changed.
    pub fn update(&mut self, touched: &[Address], accounts: &impl Accounts) -> Vec<u16> {
        let mut changes = std::mem::take(&mut self.changes);
        look_up(touched, accounts, &mut changes);
        changes.sort_unstable_by(Entry::order);
        changes.dedup_by_key(|change| change.address);
        if !changes.is_empty() {
            let mut pass = Pass::over(&mut self.parts);
            let root = pass.update_subtree(self.root, &changes, 0);
            (self.root, self.root_hash) = (root, pass.finish(root));
        }
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
        TreeRoot(self.root_hash)
    }

    /// The accounts of one group (below 4,096) by ascending path.
    pub fn accounts_in_group(&self, group: u16) -> impl Iterator<Item = (Address, Account)> + '_ {
        let mut pending = vec![self.smallest_subtree_with_group(group)];
        let leaves = iter::from_fn(move || {
            loop {
                match pending.pop()? {
                    Link::Empty => {}
                    Link::Leaf(leaf) => return Some(self.parts.leaves.get(leaf)),
                    Link::Node(node) => pending.extend(self.parts.nodes.get(node).children.iter().rev()),
                }
            }
        });
        let entries = leaves.flat_map(Leaf::entries).filter(move |entry| entry.group() == group);
        entries.map(|entry| (entry.address, entry.account))
    }

    fn smallest_subtree_with_group(&self, group: u16) -> Link {
        let mut link = self.root;
        for bit in (0..GROUP_BITS).rev() {
            let Link::Node(node) = link else { break };
            link = self.parts.nodes.get(node).children[usize::from(group >> bit & 1)];
        }
        link
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::consensus::{
        AccountTable, PathPrefix, group_of, path_of, state_root, state_root_by_definition,
    };
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

    fn set_each<'a>(accounts: &mut AccountTable, these: impl Iterator<Item = &'a Address>, balance: u64) {
        for address in these {
            accounts.set(*address, account(balance));
        }
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
        assert!(tree.parts.leaves.is_empty(), "every leaf was given back");
        assert!(tree.parts.nodes.is_empty(), "every node was given back");
    }

    #[test]
    fn accounts_that_come_and_go_within_one_update_lead_to_the_roots_of_the_definition() {
        let mut accounts = AccountTable::default();
        let mut tree = StateTree::build([]);
        let mut random = 1_u64;
        let mut draw = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for _ in 0..300 {
            let empties = draw(4);
            let touched = addresses((0..draw(120)).map(|_| draw(200) as u32));
            for address in &touched {
                accounts.set(*address, account(if draw(4) < empties { 0 } else { draw(1_000) + 1 }));
            }
            tree.update(&touched, &accounts);
            assert!(agrees_with_the_definition(&tree, &accounts));
        }
    }

    #[test]
    fn a_node_that_takes_the_number_of_one_that_went_has_the_hashes_of_its_own_children() {
        let on_path = |bits: &[bool], count| {
            let fits = |number: &u32| {
                let path = path_of(&address(*number));
                bits.iter().enumerate().all(|(depth, bit)| path.bit(depth) == *bit)
            };
            addresses((0..).filter(fits).take(count))
        };
        let (left, right) = (on_path(&[false, false], 17), on_path(&[false, true], 17));
        let mut accounts = AccountTable::default();
        set_each(&mut accounts, left.iter().chain(&right), 1);
        let mut tree = StateTree::build(accounts.sorted());
        // Two nodes become leaves, and two nodes are made, the upper one with nothing to its left.
        let come = on_path(&[true, true], 17);
        let (go, stay) = (left[..7].iter().chain(&right[..7]), left[7..].iter().chain(&right[7..]));
        set_each(&mut accounts, go.clone(), 0);
        set_each(&mut accounts, stay.clone().chain(&come), 2);
        tree.update(&go.chain(stay).chain(&come).copied().collect::<Vec<_>>(), &accounts);
        assert!(agrees_with_the_definition(&tree, &accounts));
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
        let bits: Vec<_> = (60..70_u16).map(|depth| alike(1).bit(depth)).collect();
        let path = path_of(&address(1));
        let expected = [false, true, false, true].into_iter().chain((64..70).map(|depth| path.bit(depth)));
        assert_eq!(bits, expected.collect::<Vec<_>>());
        let mut tree = StateTree::build([]);
        let subtree = Pass::over(&mut tree.parts).build_subtree(&entries, 64);
        assert!(matches!(subtree, Link::Node(_)));
    }
}
