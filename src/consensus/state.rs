//! The state and its execution: accounts, rewards that mature, and one block at a time in either direction.

use std::collections::VecDeque;
use std::convert::Infallible;

pub use super::accounts::{Account, AccountTable, Accounts};
use super::check_block::CheckedBlock;
use super::check_header::ensure;
use super::params::Params;
use super::reward::{MaturingReward, subsidy};
pub use super::undo::Undo;
use super::violation::Violation;
use crate::primitives::look_up::AT_ONCE;
use crate::primitives::{Address, Amount, Height, Output, Transaction};

/// Everything that executing a block needs and changes.
#[derive(Debug, Clone, Default, PartialEq)]
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
        let undo = Undo { matured: self.mature(params)? };
        if let Err(violation) = self.execute_all(block) {
            self.take_reward_back(&undo);
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
    pub fn undo(&mut self, block: &CheckedBlock, undo: &Undo) {
        self.maturing.pop_back();
        self.height = self.height.minus(1);
        self.take_back(block, block.transactions().len());
        self.take_reward_back(undo);
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
    fn mature(&mut self, params: &Params) -> Result<Option<MaturingReward>, Violation> {
        let due = |reward: &&MaturingReward| reward.earned_at.plus(params.maturity) <= self.height.next();
        let Some(reward) = self.maturing.front().filter(due).copied() else { return Ok(None) };
        self.credit(reward.miner, reward.amount)?;
        self.maturing.pop_front();
        Ok(Some(reward))
    }

    fn take_reward_back(&mut self, undo: &Undo) {
        if let Some(reward) = undo.matured {
            self.take_credit_back(reward.miner, reward.amount);
            self.maturing.push_front(reward);
        }
    }

    fn execute_all(&mut self, block: &CheckedBlock) -> Result<(), Violation> {
        for (done, (sender, transaction)) in block.senders().iter().zip(block.transactions()).enumerate() {
            if done.is_multiple_of(AT_ONCE) {
                self.look_ahead(block, done);
            }
            if let Err(violation) = self.execute(*sender, transaction) {
                self.take_back(block, done);
                return Err(violation);
            }
        }
        Ok(())
    }

    /// Looks up the accounts of the next transactions of a block from this one on.
    fn look_ahead(&self, block: &CheckedBlock, from: usize) {
        let to = block.transactions().len().min(from + AT_ONCE);
        self.accounts.look_ahead(block.senders()[from..to].iter());
        let outputs = block.transactions()[from..to].iter().flat_map(Transaction::outputs);
        self.accounts.look_ahead(outputs.map(|output| &output.to));
    }

    /// Takes the first so many transactions of a block back, last first.
    fn take_back(&mut self, block: &CheckedBlock, count: usize) {
        for (sender, transaction) in block.senders().iter().zip(block.transactions()).take(count).rev() {
            self.take_transaction_back(*sender, transaction, transaction.outputs());
        }
    }

    /// On a violation nothing of the transaction has happened.
    fn execute(&mut self, sender: Address, transaction: &Transaction) -> Result<(), Violation> {
        self.accounts.change(sender, |account| debit(account, transaction))?;
        for (done, Output { to, amount }) in transaction.outputs().iter().enumerate() {
            if let Err(violation) = self.credit(*to, *amount) {
                self.take_transaction_back(sender, transaction, &transaction.outputs()[..done]);
                return Err(violation);
            }
        }
        Ok(())
    }

    /// `credited` are those of its outputs that were credited.
    fn take_transaction_back(&mut self, sender: Address, transaction: &Transaction, credited: &[Output]) {
        for Output { to, amount } in credited.iter().rev() {
            self.take_credit_back(*to, *amount);
        }
        let paid = transaction
            .outputs()
            .iter()
            .fold(transaction.fee.0, |sum, each| sum.saturating_add(each.amount.0));
        self.restore(sender, |account| Account {
            balance: Amount(account.balance.0.saturating_add(paid)),
            nonce: transaction.nonce,
        });
    }

    fn credit(&mut self, to: Address, amount: Amount) -> Result<(), Violation> {
        if amount == Amount::ZERO {
            return Ok(());
        }
        self.accounts.change(to, |account| {
            // Money only moves and the supply is below 2^53, so this refusal is never met.
            let balance = account.balance.checked_add(amount).ok_or(Violation::AmountOutOfRange)?;
            Ok(Account { balance, ..account })
        })?;
        Ok(())
    }

    fn take_credit_back(&mut self, to: Address, amount: Amount) {
        self.restore(to, |account| Account {
            balance: Amount(account.balance.0.saturating_sub(amount.0)),
            ..account
        });
    }

    fn restore(&mut self, address: Address, before: impl FnOnce(Account) -> Account) {
        let Ok(_) = self.accounts.change(address, |account| Ok::<_, Infallible>(before(account)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::dev_accounts::DEV_PREFUND;
    use crate::consensus::testing::{TEST_FEE, TestChain, dev_key, payment, test_key};
    use crate::consensus::{ParamsOverride, state_root_by_definition};
    use crate::primitives::{Action, List, SecretKey, StateRoot, Transfer};

    const MINER: Address = Address([7; 32]);
    const SUBSIDY: u64 = 1_000_000_000;

    fn chain_with_maturity(maturity: u32) -> TestChain {
        let overrides = ParamsOverride { maturity: Some(maturity), ..ParamsOverride::default() };
        TestChain::new(Params::with_overrides("dev", &overrides).unwrap())
    }

    fn pay(chain: &TestChain, from: &SecretKey, nonce: u64, to: Address, amount: u64) -> Transaction {
        payment(from, &chain.params, nonce, to, Amount(amount))
    }

    fn address(key: &SecretKey) -> Address {
        Address::of(&key.public_key())
    }

    fn balance(chain: &TestChain, address: Address) -> u64 {
        chain.state.account(&address).balance.0
    }

    /// Everything that can be seen of a state.
    fn whole(state: &State) -> (Vec<(Address, Account)>, VecDeque<MaturingReward>, Height) {
        (state.accounts().sorted(), state.maturing().clone(), state.height())
    }

    /// Refuses the block of these transactions and changes nothing.
    fn refusal(chain: &mut TestChain, transactions: Vec<Transaction>) -> Option<Violation> {
        let before = whole(&chain.state);
        let refused = chain.grow(MINER, transactions).err();
        assert_eq!(whole(&chain.state), before);
        refused
    }

    #[test]
    fn a_payment_moves_the_amount_and_the_fee_and_raises_the_nonce() {
        let (mut chain, alice, bob) = (chain_with_maturity(1), dev_key(0), Address([2; 32]));
        chain.grow(MINER, vec![pay(&chain, &alice, 0, bob, 5)]).unwrap();
        let account = chain.state.account(&address(&alice));
        assert_eq!(account, Account { balance: Amount(DEV_PREFUND.0 - 5 - TEST_FEE.0), nonce: 1 });
        assert_eq!(chain.state.account(&bob), Account { balance: Amount(5), nonce: 0 });
    }

    #[test]
    fn a_reward_matures_after_the_set_depth_before_the_first_transaction() {
        let (mut chain, carol) = (chain_with_maturity(3), test_key(1));
        chain.grow(address(&carol), Vec::new()).unwrap();
        chain.grow(MINER, Vec::new()).unwrap();
        chain.grow(MINER, Vec::new()).unwrap();
        assert_eq!(balance(&chain, address(&carol)), 0);
        let spend = pay(&chain, &carol, 0, Address([2; 32]), SUBSIDY - TEST_FEE.0);
        chain.grow(MINER, vec![spend]).unwrap();
        assert_eq!(balance(&chain, Address([2; 32])), SUBSIDY - TEST_FEE.0);
    }

    #[test]
    fn a_reward_is_the_subsidy_and_the_fees() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        let payments = vec![pay(&chain, &alice, 0, MINER, 1), pay(&chain, &alice, 1, MINER, 1)];
        chain.grow(Address([9; 32]), payments).unwrap();
        chain.grow(MINER, Vec::new()).unwrap();
        assert_eq!(balance(&chain, Address([9; 32])), SUBSIDY + 2 * TEST_FEE.0);
    }

    #[test]
    fn a_reward_of_nothing_makes_no_account() {
        let params = chain_with_maturity(1).params;
        let nothing = MaturingReward { earned_at: Height(8), miner: MINER, amount: Amount::ZERO };
        let mut state: State = State::new(AccountTable::default(), [nothing], Height(8));
        let block = CheckedBlock::trusted(params.genesis().clone().into(), &params);
        let undo = state.apply(&block, &params).unwrap();
        assert!(state.accounts().is_empty());
        assert_eq!(undo.matured(), Some(&nothing));
    }

    #[test]
    fn nonces_go_up_one_by_one() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        let first = pay(&chain, &alice, 0, MINER, 1);
        let third = pay(&chain, &alice, 2, MINER, 1);
        assert_eq!(refusal(&mut chain, vec![first.clone(), third]), Some(Violation::NonceGap));
        assert_eq!(refusal(&mut chain, vec![first.clone(), first]), Some(Violation::NonceTooLow));
    }

    #[test]
    fn a_sender_must_hold_every_pebble_before_any_credit_also_to_itself() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        let all = DEV_PREFUND.0 - TEST_FEE.0;
        let to_itself = pay(&chain, &alice, 0, address(&alice), all + 1);
        assert_eq!(refusal(&mut chain, vec![to_itself]), Some(Violation::InsufficientBalance));
        let nobody = pay(&chain, &test_key(1), 0, MINER, 1);
        assert_eq!(refusal(&mut chain, vec![nobody]), Some(Violation::InsufficientBalance));
        chain.grow(MINER, vec![pay(&chain, &alice, 0, address(&alice), all)]).unwrap();
        assert_eq!(balance(&chain, address(&alice)), all);
    }

    #[test]
    fn money_received_can_be_spent_later_in_the_same_block_but_not_earlier() {
        let (mut chain, alice, bob) = (chain_with_maturity(1), dev_key(0), test_key(1));
        let to_bob = pay(&chain, &alice, 0, address(&bob), 5 + TEST_FEE.0);
        let from_bob = pay(&chain, &bob, 0, MINER, 5);
        let too_early = vec![from_bob.clone(), to_bob.clone()];
        assert_eq!(refusal(&mut chain, too_early), Some(Violation::InsufficientBalance));
        chain.grow(Address([9; 32]), vec![to_bob, from_bob]).unwrap();
        assert_eq!(balance(&chain, MINER), 5);
    }

    #[test]
    fn one_address_may_be_paid_twice_by_one_transaction() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        let output = Output { to: MINER, amount: Amount(4) };
        let action = Action::Transfer(Transfer { outputs: List(vec![output, output]), memo: "".into() });
        let genesis = chain.params.genesis_hash();
        let twice = Transaction::signed(&alice, &genesis, 0, TEST_FEE, Height::GENESIS, action);
        chain.grow(Address([9; 32]), vec![twice]).unwrap();
        assert_eq!(balance(&chain, MINER), 8);
    }

    #[test]
    fn a_refused_block_after_a_matured_reward_gives_the_reward_back_to_the_queue() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        chain.grow(MINER, Vec::new()).unwrap();
        let good = pay(&chain, &alice, 0, MINER, 1);
        let gap = pay(&chain, &alice, 7, MINER, 1);
        assert_eq!(refusal(&mut chain, vec![good, gap]), Some(Violation::NonceGap));
    }

    #[test]
    fn a_matured_reward_each_sender_and_each_output_are_touched() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        chain.grow(MINER, Vec::new()).unwrap();
        let payments = vec![pay(&chain, &alice, 0, MINER, 1), pay(&chain, &alice, 1, MINER, 1)];
        let block = chain.grow(MINER, payments).unwrap();
        let (_, undo) = chain.blocks.last().unwrap();
        let touched: Vec<_> = undo.touched(&block).collect();
        assert_eq!(touched, [MINER, address(&alice), address(&alice), MINER, MINER]);
    }

    #[test]
    fn undoing_every_block_leads_back_to_genesis() {
        let (mut chain, alice) = (chain_with_maturity(2), dev_key(0));
        let mut seen: Vec<(_, StateRoot)> = vec![(whole(&chain.state), chain.root())];
        for nonce in 0..6 {
            let to = Address([nonce as u8 % 3; 32]);
            chain.grow(address(&alice), vec![pay(&chain, &alice, nonce, to, 3)]).unwrap();
            seen.push((whole(&chain.state), chain.root()));
        }
        while let Some((state, root)) = seen.pop() {
            assert_eq!((whole(&chain.state), chain.root()), (state, root));
            let sorted = chain.state.accounts().sorted();
            assert_eq!(root, state_root_by_definition(sorted, chain.state.maturing()));
            chain.shrink();
        }
    }
}
