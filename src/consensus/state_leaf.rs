//! A leaf of the state tree: up to 16 accounts in the order of their paths, laid out as they are hashed.

use std::cmp::Ordering;

use super::account_path::{AccountPath, GROUP_BITS, PathPrefix, path_of};
use super::accounts::Account;
use super::state_root::{LEAF_ACCOUNTS_MAX, RECORD_BYTES, record};
use crate::primitives::{Address, Amount};

/// Bits of a path that are kept beside an account.
const PREFIX_BITS: u16 = u64::BITS as u16;

/// An account on its way into or out of the tree. Of its path only the first 64 bits are kept: the rest is
/// computed again in the rare case that two paths agree so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) prefix: PathPrefix,
    pub(super) address: Address,
    pub(super) account: Account,
}

/// Accounts by ascending path.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    count: u8,
    prefixes: [PathPrefix; LEAF_ACCOUNTS_MAX],
    records: [[u8; RECORD_BYTES]; LEAF_ACCOUNTS_MAX],
}

impl Entry {
    pub(super) fn new(address: Address, account: Account) -> Self {
        Self { prefix: path_of(&address).prefix(), address, account }
    }

    /// The order of the paths.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| {
            if self.address == other.address { Ordering::Equal } else { self.path().cmp(&other.path()) }
        })
    }

    /// Whether the path goes right at this depth.
    pub(super) fn bit(&self, depth: u16) -> bool {
        if depth < PREFIX_BITS {
            self.prefix.0 << depth >> (PREFIX_BITS - 1) == 1
        } else {
            self.path().bit(usize::from(depth))
        }
    }

    /// The group of accounts this one belongs to.
    pub(super) const fn group(&self) -> u16 {
        (self.prefix.0 >> (u64::BITS - GROUP_BITS)) as u16
    }

    fn path(&self) -> AccountPath {
        path_of(&self.address)
    }
}

impl Leaf {
    /// A leaf of at most 16 accounts, sorted by path.
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut leaf = Self {
            count: entries.len() as u8,
            prefixes: [PathPrefix::default(); LEAF_ACCOUNTS_MAX],
            records: [[0; RECORD_BYTES]; LEAF_ACCOUNTS_MAX],
        };
        for (index, entry) in entries.iter().enumerate() {
            leaf.prefixes[index] = entry.prefix;
            leaf.records[index] = record(&entry.address, &entry.account);
        }
        leaf
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// The accounts as they are hashed.
    pub(super) fn records(&self) -> &[[u8; RECORD_BYTES]] {
        &self.records[..self.len()]
    }

    /// The accounts by ascending path.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.prefixes
            .iter()
            .zip(&self.records)
            .take(self.len())
            .map(|(prefix, record)| entry(*prefix, record))
    }

    /// Gives an account its new value; false, and nothing happens, if it is not here or is to go.
    pub(super) fn overwrite(&mut self, new: &Entry) -> bool {
        let mut places = 0..self.len();
        let is_here = |place: &usize| {
            self.prefixes[*place] == new.prefix && self.records[*place][..32] == new.address.0
        };
        match places.find(is_here) {
            Some(place) if !new.account.is_empty() => {
                self.records[place] = record(&new.address, &new.account);
                true
            }
            Some(_) | None => false,
        }
    }

    /// The accounts after `changes`, sorted by path, replaced, joined or (where empty) left them.
    pub(super) fn merged(&self, changes: &[Entry]) -> Vec<Entry> {
        let mut merged = Vec::with_capacity(self.len() + changes.len());
        let mut changes = changes.iter().copied().peekable();
        for old in self.entries() {
            while let Some(new) = changes.next_if(|new| new.order(&old).is_lt()) {
                merged.push(new);
            }
            merged.push(changes.next_if(|new| new.address == old.address).unwrap_or(old));
        }
        merged.extend(changes);
        merged.retain(|entry| !entry.account.is_empty());
        merged
    }
}

fn entry(prefix: PathPrefix, record: &[u8; RECORD_BYTES]) -> Entry {
    let (address, numbers) = record.split_first_chunk::<32>().expect("a record is longer than an address");
    let number =
        |at: usize| u64::from_le_bytes(*numbers[at..].first_chunk().expect("a record ends with two numbers"));
    Entry {
        prefix,
        address: Address(*address),
        account: Account { balance: Amount(number(0)), nonce: number(8) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten accounts with one prefix, as if their paths agreed so far, between one before and one after them.
    fn entries() -> Vec<Entry> {
        let entry = |prefix, number: u8| {
            let account = Account { balance: Amount(1 << number), nonce: u64::MAX - u64::from(number) };
            Entry { prefix: PathPrefix(prefix), address: Address([number; 32]), account }
        };
        let mut entries: Vec<_> =
            (0..12).map(|number| entry([4, 5, 6][usize::from(number).div_ceil(10)], number)).collect();
        entries.sort_by(Entry::order);
        entries
    }

    fn seen(entries: impl IntoIterator<Item = Entry>) -> Vec<(u64, Address, Account)> {
        entries.into_iter().map(|entry| (entry.prefix.0, entry.address, entry.account)).collect()
    }

    #[test]
    fn a_leaf_gives_its_accounts_back_in_order() {
        let leaf = Leaf::new(&entries());
        assert_eq!((leaf.len(), seen(leaf.entries())), (12, seen(entries())));
    }

    #[test]
    fn an_account_that_is_here_takes_its_new_value_in_its_place() {
        for place in 0..12 {
            let (mut leaf, mut expected) = (Leaf::new(&entries()), entries());
            expected[place].account = Account { balance: Amount(7), nonce: 0 };
            assert!(leaf.overwrite(&expected[place]));
            assert_eq!(seen(leaf.entries()), seen(expected));
        }
    }

    #[test]
    fn an_account_that_is_not_here_or_is_to_go_is_left_to_others() {
        let mut leaf = Leaf::new(&entries());
        let here = entries()[3];
        let elsewhere = Entry { address: Address([77; 32]), ..here };
        let to_go = Entry { account: Account::default(), ..here };
        assert!(!leaf.overwrite(&elsewhere) && !leaf.overwrite(&to_go));
        assert_eq!(seen(leaf.entries()), seen(entries()));
    }

    #[test]
    fn accounts_are_replaced_join_and_leave_in_one_pass() {
        let all = entries();
        let leaf = Leaf::new(&all[2..9]);
        let mut changes = all.clone();
        changes.remove(5);
        changes[3].account = Account::default();
        changes[4].account.nonce = 0;
        let mut expected = changes.clone();
        expected.insert(5, all[5]);
        expected.remove(3);
        assert_eq!(seen(leaf.merged(&changes)), seen(expected));
    }
}
