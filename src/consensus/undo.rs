//! What connecting a block replaced, so that it can be taken back.

use super::accounts::{Account, Accounts};
use super::state::MaturingReward;
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{Address, List};

/// The record that takes one block back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Undo {
    /// Each change's address and the account before it, in the order of execution; an address may recur.
    pub(super) previous: List<(Address, Account)>,
    /// The reward that matured, if the chain was long enough.
    pub(super) matured: Option<MaturingReward>,
}

impl Undo {
    /// Every address the block touched, in the order of execution; an address may recur.
    pub fn touched(&self) -> impl Iterator<Item = Address> + '_ {
        self.previous.iter().map(|(address, _)| *address)
    }

    /// The reward that became spendable at the start of the block.
    pub const fn matured(&self) -> Option<&MaturingReward> {
        self.matured.as_ref()
    }

    /// Puts every account back, last change first.
    pub(super) fn restore(&self, accounts: &mut impl Accounts) {
        for (address, before) in self.previous.iter().rev() {
            accounts.set(*address, *before);
        }
    }
}
