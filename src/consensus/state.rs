//! The state and its execution: accounts, rewards that mature, and one block at a time in either direction.

use std::collections::VecDeque;

pub use super::accounts::{Account, AccountTable, Accounts};
use super::check_block::CheckedBlock;
use super::check_header::ensure;
use super::params::Params;
use super::reward::subsidy;
pub use super::undo::Undo;
use super::violation::Violation;
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{Address, Amount, Height, List, Output, Transaction};

/// A miner's reward that is not yet spendable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct MaturingReward {
    /// The block that earned it.
    pub earned_at: Height,
    /// Who is credited.
    pub miner: Address,
    /// Subsidy and fees; may be nothing.
    pub amount: Amount,
}

/// Everything that executing a block needs and changes.
#[derive(Debug, Clone, Default)]
pub struct State<A: Accounts = AccountTable> {
    accounts: A,
    maturing: VecDeque<MaturingReward>,
    height: Height,
}

impl<A: Accounts> State<A> {
    /// A state as a checkpoint gives it back; rewards oldest first.
    pub fn new(accounts: A, maturing: impl IntoIterator<Item = MaturingReward>, height: Height) -> Self {
        Self { accounts, maturing: maturing.into_iter().collect(), height }
    }

    /// The state after genesis: the prefunded accounts.
    pub fn genesis(params: &Params) -> Self
    where
        A: Default,
    {
        let mut accounts = A::default();
        for (address, balance) in &params.prefund {
            accounts.set(*address, Account { balance: *balance, nonce: 0 });
        }
        Self::new(accounts, [], Height::GENESIS)
    }

    /// Executes the next block. On a violation the state is what it was.
    pub fn apply(&mut self, block: &CheckedBlock, params: &Params) -> Result<Undo, Violation> {
        let mut undo = Undo { previous: List(Vec::with_capacity(changes_max(block))), matured: None };
        let executed = self.mature(params, &mut undo).and_then(|()| self.execute_all(block, &mut undo));
        if let Err(violation) = executed {
            self.take_back(&undo);
            return Err(violation);
        }
        self.height = self.height.next();
        self.maturing.push_back(MaturingReward {
            earned_at: self.height,
            miner: block.coinbase().miner,
            amount: Amount(subsidy(self.height).0.saturating_add(block.total_fees().0)),
        });
        Ok(undo)
    }

    /// Takes the last block back: the exact inverse of [`State::apply`] with the record it gave.
    pub fn undo(&mut self, undo: &Undo) {
        self.maturing.pop_back();
        self.height = self.height.minus(1);
        self.take_back(undo);
    }

    /// All accounts.
    pub const fn accounts(&self) -> &A {
        &self.accounts
    }

    /// The account of an address; the empty one if it has none.
    pub fn account(&self, address: &Address) -> Account {
        self.accounts.get(address)
    }

    /// Rewards that are not yet spendable, oldest first.
    pub const fn maturing(&self) -> &VecDeque<MaturingReward> {
        &self.maturing
    }

    /// The height of the last block executed.
    pub const fn height(&self) -> Height {
        self.height
    }

    /// Credits the reward that is due at the start of the next block.
    fn mature(&mut self, params: &Params, undo: &mut Undo) -> Result<(), Violation> {
        let due = |reward: &&MaturingReward| reward.earned_at.plus(params.maturity) <= self.height.next();
        let Some(reward) = self.maturing.front().filter(due).copied() else { return Ok(()) };
        self.maturing.pop_front();
        undo.matured = Some(reward);
        self.credit(reward.miner, reward.amount, undo)
    }

    fn execute_all(&mut self, block: &CheckedBlock, undo: &mut Undo) -> Result<(), Violation> {
        let mut pairs = block.senders().iter().zip(block.transactions());
        pairs.try_for_each(|(sender, transaction)| self.execute(*sender, transaction, undo))
    }

    fn execute(
        &mut self,
        sender: Address,
        transaction: &Transaction,
        undo: &mut Undo,
    ) -> Result<(), Violation> {
        let before = self.accounts.change(sender, |account| debit(account, transaction))?;
        undo.previous.push((sender, before));
        let mut outputs = transaction.outputs().iter();
        outputs.try_for_each(|Output { to, amount }| self.credit(*to, *amount, undo))
    }

    fn credit(&mut self, to: Address, amount: Amount, undo: &mut Undo) -> Result<(), Violation> {
        if amount == Amount::ZERO {
            return Ok(());
        }
        let before = self.accounts.change(to, |account| {
            // Money only moves and the supply is below 2^53, so this refusal is never met.
            let balance = account.balance.checked_add(amount).ok_or(Violation::AmountOutOfRange)?;
            Ok(Account { balance, ..account })
        })?;
        undo.previous.push((to, before));
        Ok(())
    }

    fn take_back(&mut self, undo: &Undo) {
        undo.restore(&mut self.accounts);
        if let Some(reward) = undo.matured {
            self.maturing.push_front(reward);
        }
    }
}

/// The sender's account after it paid the fee and all outputs, which it must hold before any credit.
fn debit(account: Account, transaction: &Transaction) -> Result<Account, Violation> {
    ensure(transaction.nonce >= account.nonce, Violation::NonceTooLow)?;
    ensure(transaction.nonce == account.nonce, Violation::NonceGap)?;
    let cost = transaction.total_output().and_then(|outputs| outputs.checked_add(transaction.fee));
    let balance =
        cost.and_then(|cost| account.balance.checked_sub(cost)).ok_or(Violation::InsufficientBalance)?;
    Ok(Account { balance, nonce: account.nonce.saturating_add(1) })
}

/// The most changes a block can make: a matured reward, and each transaction's sender and outputs.
fn changes_max(block: &CheckedBlock) -> usize {
    let per_transaction = |transaction: &Transaction| 1 + transaction.outputs().len();
    1 + block.transactions().iter().map(per_transaction).sum::<usize>()
}
