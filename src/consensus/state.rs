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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::dev_accounts::DEV_PREFUND;
    use crate::consensus::testing::{TEST_FEE, TestChain, dev_key, payment, test_key};
    use crate::consensus::{ParamsOverride, state_root_by_definition};
    use crate::primitives::{Action, SecretKey, StateRoot, Transfer};

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
    fn room_is_made_for_the_changes_of_a_block_that_matures_a_reward_and_pays_in_each_transaction() {
        let (mut chain, alice) = (chain_with_maturity(1), dev_key(0));
        chain.grow(MINER, Vec::new()).unwrap();
        let payments = vec![pay(&chain, &alice, 0, MINER, 1), pay(&chain, &alice, 1, MINER, 1)];
        let block = chain.grow(MINER, payments).unwrap();
        let undo = &chain.blocks.last().unwrap().1;
        assert_eq!((undo.touched().count(), changes_max(&block)), (5, 5));
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
