//! A dull ledger: what the protocol's words say of money, in whole numbers that may go below zero, without caches,
//! undo or anything else that is clever. Nothing here is the node's own code but the layout of a transaction.

use std::collections::{BTreeMap, VecDeque};

use cairn::consensus::params::Params;
use cairn::consensus::state_root_by_definition;
use cairn::consensus::{Account, MaturingReward};
use cairn::primitives::{Address, Amount, Block, CompactTarget, Height, StateRoot, Transaction};

use super::{Finding, Property};

/// What the first block earns, in pebbles; it halves far beyond any run.
const SUBSIDY: u64 = 1_000_000_000;
/// Half-life of the target in block intervals, which is also the longest solve time that counts.
const HALF_LIFE_INTERVALS: f64 = 60.0;
/// Part by which a target may differ from the formula in real numbers: compact targets have 15 bits at least.
const TARGET_TOLERANCE: f64 = 0.001;

/// Accounts and rewards after a block.
#[derive(Debug, Clone)]
pub(super) struct Model {
    accounts: BTreeMap<Address, Holder>,
    maturing: VecDeque<MaturingReward>,
    height: u32,
    /// Everything that was ever made.
    made: i128,
}

#[derive(Debug, Clone, Copy, Default)]
struct Holder {
    balance: i128,
    /// Transactions on the chain: the next nonce.
    sent: u64,
}

impl Model {
    /// After genesis.
    pub(super) fn genesis(params: &Params) -> Self {
        let held = params.prefund.iter().map(|(address, amount)| (*address, i128::from(amount.0)));
        let accounts: BTreeMap<_, _> =
            held.map(|(address, balance)| (address, Holder { balance, sent: 0 })).collect();
        let made = accounts.values().map(|holder| holder.balance).sum();
        Self { accounts, maturing: VecDeque::new(), height: 0, made }
    }

    /// Executes a block.
    pub(super) fn apply(&mut self, block: &Block, params: &Params) -> Result<(), Finding> {
        self.height += 1;
        while let Some(reward) =
            self.maturing.pop_front_if(|reward| reward.earned_at.0 + params.maturity <= self.height)
        {
            self.holder(reward.miner).balance += i128::from(reward.amount.0);
        }
        block.transactions.iter().try_for_each(|transaction| self.pay(transaction))?;
        let fees: u64 = block.transactions.iter().map(|transaction| transaction.fee.0).sum();
        let (earned_at, miner) = (Height(self.height), block.coinbase.miner);
        self.maturing.push_back(MaturingReward { earned_at, miner, amount: Amount(SUBSIDY + fees) });
        self.made += i128::from(SUBSIDY);
        self.check_money()
    }

    /// An account's balance, and how many transactions it has sent.
    pub(super) fn account(&self, address: &Address) -> (i128, u64) {
        let holder = self.accounts.get(address).copied().unwrap_or_default();
        (holder.balance, holder.sent)
    }

    /// The state root by its definition.
    pub(super) fn root(&self) -> StateRoot {
        let account = |holder: &Holder| Account {
            balance: Amount(u64::try_from(holder.balance).unwrap_or(u64::MAX)),
            nonce: holder.sent,
        };
        let accounts = self.accounts.iter().map(|(address, holder)| (*address, account(holder)));
        state_root_by_definition(accounts, &self.maturing)
    }

    fn pay(&mut self, transaction: &Transaction) -> Result<(), Finding> {
        let sender = self.holder(transaction.sender_address());
        let (nonce, sent) = (transaction.nonce, sender.sent);
        Property::Nonces.ensure(nonce == sent, || format!("nonce {nonce} follows {sent} transactions"))?;
        sender.sent += 1;
        sender.balance -= i128::from(transaction.fee.0);
        for output in transaction.outputs() {
            self.holder(transaction.sender_address()).balance -= i128::from(output.amount.0);
        }
        let left = self.holder(transaction.sender_address()).balance;
        Property::Supply.ensure(left >= 0, || format!("a sender is {} pebbles short", -left))?;
        for output in transaction.outputs() {
            self.holder(output.to).balance += i128::from(output.amount.0);
        }
        Ok(())
    }

    fn check_money(&self) -> Result<(), Finding> {
        let rewards: i128 = self.maturing.iter().map(|reward| i128::from(reward.amount.0)).sum();
        let held = rewards + self.accounts.values().map(|holder| holder.balance).sum::<i128>();
        let made = self.made;
        Property::Supply.ensure(held == made, || format!("{held} pebbles are held and {made} were made"))
    }

    fn holder(&mut self, address: Address) -> &mut Holder {
        self.accounts.entry(address).or_default()
    }
}

/// Whether a block's target follows from its parent's, by the rule of difficulty in real numbers. `solve_seconds` is
/// what the parent took.
pub(super) fn check_difficulty(
    params: &Params,
    bits: CompactTarget,
    parent_bits: CompactTarget,
    solve_seconds: i64,
) -> Result<(), Finding> {
    let interval = f64::from(params.interval_seconds);
    let half_life = interval * HALF_LIFE_INTERVALS;
    let doublings = ((solve_seconds as f64).min(half_life) - interval) / half_life;
    let expected = (real_target(parent_bits) * doublings.exp2()).min(real_target(params.limit_bits));
    let share = real_target(bits) / expected;
    Property::Rules.ensure((share - 1.0).abs() < TARGET_TOLERANCE, || {
        format!("after a block that took {solve_seconds} s its target is {share} times what it should be")
    })
}

/// What compact bits stand for: a mantissa of 23 bits and the number of bytes.
fn real_target(bits: CompactTarget) -> f64 {
    let (bytes, mantissa) = (bits.0 >> 24, bits.0 & 0x7f_ffff);
    f64::from(mantissa) * 256_f64.powi(bytes.cast_signed() - 3)
}
