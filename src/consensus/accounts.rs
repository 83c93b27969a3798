//! Accounts and where they live: one flat table in memory, behind a trait so that a simulator may share structure.

use std::convert::Infallible;

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
    ) -> Result<Account, E> {
        let before = self.get(&address);
        self.set(address, change(before)?);
        Ok(before)
    }
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
