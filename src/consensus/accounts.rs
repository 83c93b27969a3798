//! Accounts and where they live: one flat table in memory, behind a trait so that a simulator may share structure.

use std::convert::Infallible;
use std::hint::black_box;

use hashbrown::hash_table::Entry;

use super::account_path::{PathPrefix, path_of};
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::look_up::LookUp;
use crate::primitives::{Address, Amount};

/// What one address holds. An account of nothing does not exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Account {
    /// Spendable money.
    pub balance: Amount,
    /// Number of transactions it has sent.
    pub nonce: u64,
}

impl Account {
    /// Whether both numbers are zero, so that the account does not exist.
    pub const fn is_empty(&self) -> bool {
        self.balance.0 == 0 && self.nonce == 0
    }
}

/// All accounts. Nothing may depend on the order in which they are kept.
pub trait Accounts {
    /// The account of an address; the empty one if it has none.
    fn get(&self, address: &Address) -> Account;

    /// Replaces an account; the empty one is removed.
    fn set(&mut self, address: Address, account: Account);

    /// Looks accounts up that are soon to be changed: memory brings what is asked for together sooner than one by one.
    fn look_ahead<'a>(&self, addresses: impl Iterator<Item = &'a Address>);

    /// The accounts of some addresses, and where the state tree has them.
    fn get_with_paths(&self, addresses: &[Address]) -> impl Iterator<Item = (PathPrefix, Account)>;

    /// Number of accounts that are not empty.
    fn len(&self) -> usize;

    /// Whether there is no account.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes one account and answers what it was; on an error nothing changes.
    fn change<E>(
        &mut self,
        address: Address,
        change: impl FnOnce(Account) -> Result<Account, E>,
    ) -> Result<Account, E>;
}

/// A hash table of accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountTable(LookUp<Address, Held>);

/// An account where the table keeps it.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Kept because to compute it takes about as long as to find the account.
    path: PathPrefix,
    account: Account,
}

impl AccountTable {
    /// All accounts by ascending path in the state tree: the one order that every node shares.
    pub fn sorted(&self) -> Vec<(Address, Account)> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_unstable_by(|(a, held_a), (b, held_b)| {
            held_a.path.cmp(&held_b.path).then_with(|| path_of(a).cmp(&path_of(b)))
        });
        sorted.into_iter().map(|(address, held)| (*address, held.account)).collect()
    }

    /// Sum of all balances in pebbles.
    pub fn total(&self) -> u128 {
        self.0.values().map(|held| u128::from(held.account.balance.0)).sum()
    }
}

impl PartialEq for AccountTable {
    fn eq(&self, other: &Self) -> bool {
        let has_same = |(address, held): (&Address, &Held)| other.get(address) == held.account;
        self.len() == other.len() && self.0.iter().all(has_same)
    }
}

impl Accounts for AccountTable {
    fn get(&self, address: &Address) -> Account {
        self.0.get(address).map(|held| held.account).unwrap_or_default()
    }

    fn set(&mut self, address: Address, account: Account) {
        let Ok(_) = self.change(address, |_| Ok::<_, Infallible>(account));
    }

    fn look_ahead<'a>(&self, addresses: impl Iterator<Item = &'a Address>) {
        // Only that they are asked for matters.
        black_box(self.0.get_each(addresses));
    }

    fn get_with_paths(&self, addresses: &[Address]) -> impl Iterator<Item = (PathPrefix, Account)> {
        let held = self.0.get_each(addresses).into_iter();
        held.zip(addresses).map(|(held, address)| match held {
            Some(held) => (held.path, held.account),
            None => (path_of(address).prefix(), Account::default()),
        })
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn change<E>(
        &mut self,
        address: Address,
        change: impl FnOnce(Account) -> Result<Account, E>,
    ) -> Result<Account, E> {
        match self.0.entry(&address) {
            Entry::Occupied(mut entry) => {
                let account = &mut entry.get_mut().1.account;
                let before = *account;
                *account = change(before)?;
                if account.is_empty() {
                    entry.remove();
                }
                Ok(before)
            }
            Entry::Vacant(entry) => {
                let account = change(Account::default())?;
                if !account.is_empty() {
                    entry.insert((address, Held { path: path_of(&address).prefix(), account }));
                }
                Ok(Account::default())
            }
        }
    }
}

impl FromIterator<(Address, Account)> for AccountTable {
    fn from_iter<I: IntoIterator<Item = (Address, Account)>>(accounts: I) -> Self {
        let mut table = Self::default();
        for (address, account) in accounts {
            table.set(address, account);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Address = Address([1; 32]);
    const BOB: Address = Address([2; 32]);

    fn account(balance: u64, nonce: u64) -> Account {
        Account { balance: Amount(balance), nonce }
    }

    #[test]
    fn an_account_exists_while_it_holds_money_or_has_sent_something() {
        for (existing, count) in [(account(1, 0), 1), (account(0, 1), 1), (account(0, 0), 0)] {
            let mut table = AccountTable::default();
            table.set(ALICE, existing);
            assert_eq!((table.get(&ALICE), table.len(), table.is_empty()), (existing, count, count == 0));
            let filled: AccountTable = [(ALICE, existing), (BOB, account(5, 5))].into_iter().collect();
            assert_eq!(filled.len(), count + 1);
        }
    }

    #[test]
    fn an_account_that_is_emptied_is_gone() {
        let mut table: AccountTable = [(ALICE, account(3, 0)), (BOB, account(4, 0))].into_iter().collect();
        table.set(ALICE, Account::default());
        assert_eq!(table.sorted(), [(BOB, account(4, 0))]);
        table.set(BOB, Account::default());
        assert!(table.is_empty());
    }

    #[test]
    fn a_change_answers_what_was_and_a_refused_one_changes_nothing() {
        let mut table = AccountTable::default();
        let add = |account: Account| Ok::<_, ()>(Account { nonce: account.nonce + 1, ..account });
        assert_eq!(table.change(ALICE, add), Ok(account(0, 0)));
        assert_eq!(table.change(ALICE, add), Ok(account(0, 1)));
        for address in [ALICE, BOB] {
            assert_eq!(table.change(address, |_| Err("no")), Err("no"));
        }
        assert_eq!(table.sorted(), [(ALICE, account(0, 2))]);
    }

    #[test]
    fn tables_of_the_same_accounts_are_equal_however_they_came_about() {
        let (alice, bob) = ((ALICE, account(3, 0)), (BOB, account(4, 1)));
        let table = |accounts: &[(Address, Account)]| accounts.iter().copied().collect::<AccountTable>();
        let mut other = table(&[bob, alice]);
        assert_eq!(table(&[alice, bob]), other);
        other.set(ALICE, account(3, 1));
        assert_ne!(table(&[alice, bob]), other);
        other.set(ALICE, Account::default());
        assert!(table(&[alice, bob]) != other && other != table(&[alice, bob]) && other == table(&[bob]));
    }

    #[test]
    fn the_sum_of_all_balances_may_exceed_64_bits() {
        let table: AccountTable = [(ALICE, account(u64::MAX, 0)), (BOB, account(3, 0))].into_iter().collect();
        assert_eq!(table.total(), u128::from(u64::MAX) + 3);
    }
}
