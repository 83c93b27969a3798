//! Accounts and where they live: one flat table in memory, behind a trait so that a simulator may share structure.

use std::convert::Infallible;
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::state_root::path_of;
use crate::primitives::codec::{Decode, Encode};
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

/// A hash table of accounts, seeded at random so that nobody can choose addresses that collide.
#[derive(Debug, Clone, Default)]
pub struct AccountTable(HashMap<Address, Account, RandomState>);

impl AccountTable {
    /// All accounts by ascending path in the state tree: the one order that every node shares.
    pub fn sorted(&self) -> Vec<(Address, Account)> {
        let mut accounts: Vec<_> = self.0.iter().map(|(address, account)| (*address, *account)).collect();
        accounts.sort_by_cached_key(|(address, _)| path_of(address));
        accounts
    }

    /// Sum of all balances in pebbles.
    pub fn total(&self) -> u128 {
        self.0.values().map(|account| u128::from(account.balance.0)).sum()
    }
}

impl Accounts for AccountTable {
    fn get(&self, address: &Address) -> Account {
        self.0.get(address).copied().unwrap_or_default()
    }

    fn set(&mut self, address: Address, account: Account) {
        let Ok(_) = self.change(address, |_| Ok::<_, Infallible>(account));
    }

    fn look_ahead<'a>(&self, addresses: impl Iterator<Item = &'a Address>) {
        // Only that they are asked for matters.
        black_box(addresses.filter(|address| self.0.contains_key(*address)).count());
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn change<E>(
        &mut self,
        address: Address,
        change: impl FnOnce(Account) -> Result<Account, E>,
    ) -> Result<Account, E> {
        match self.0.entry(address) {
            Entry::Occupied(mut entry) => {
                let before = *entry.get();
                let after = change(before)?;
                if after.is_empty() {
                    entry.remove();
                } else {
                    entry.insert(after);
                }
                Ok(before)
            }
            Entry::Vacant(entry) => {
                let after = change(Account::default())?;
                if !after.is_empty() {
                    entry.insert(after);
                }
                Ok(Account::default())
            }
        }
    }
}

impl FromIterator<(Address, Account)> for AccountTable {
    fn from_iter<I: IntoIterator<Item = (Address, Account)>>(accounts: I) -> Self {
        Self(accounts.into_iter().filter(|(_, account)| !account.is_empty()).collect())
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
    fn the_sum_of_all_balances_may_exceed_64_bits() {
        let table: AccountTable = [(ALICE, account(u64::MAX, 0)), (BOB, account(3, 0))].into_iter().collect();
        assert_eq!(table.total(), u128::from(u64::MAX) + 3);
    }
}
