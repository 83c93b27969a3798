//! Chooses what the next block holds: the oldest first in a small part of the space, then the best fee rates.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::mempool::{Mempool, PoolTransaction};
use super::template::Template;
use crate::consensus::accounts::{Account, Accounts};
use crate::consensus::check_block::{BLOCK_BYTES_MAX, TAG_BYTES_MAX};
use crate::consensus::check_transaction::check_expiry;
use crate::consensus::reward::subsidy;
use crate::primitives::block::HEADER_BYTES;
use crate::primitives::merkle::transaction_root;
use crate::primitives::{
    Address, Amount, BlockId, CompactTarget, Height, LeafHash, StateRoot, Timestamp, Transaction,
};

/// Bytes of a coinbase whose tag is empty, the count of the tag included.
const COINBASE_BYTES: usize = 126;

/// Bytes of the count of transactions.
const COUNT_BYTES: usize = 8;

/// What a block has left for transactions when its coinbase carries the longest tag.
pub const TRANSACTION_BYTES_TOTAL_MAX: usize =
    BLOCK_BYTES_MAX - HEADER_BYTES - COINBASE_BYTES - TAG_BYTES_MAX - COUNT_BYTES;

/// The part of that space for those who wait longest, so that nobody who pays the minimum waits for ever: a
/// twentieth costs miners next to nothing and lets a full pool's oldest through in some 300 blocks.
pub const OLDEST_BYTES_MAX: usize = TRANSACTION_BYTES_TOTAL_MAX / 20;

/// Bytes of the smallest valid transaction, an anchor without a label: with less space left nothing more fits.
const SMALLEST_TRANSACTION_BYTES: usize = 162;

/// What a template must know of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateContext {
    /// The tip.
    pub parent: BlockId,
    /// The target of the next block.
    pub bits: CompactTarget,
    /// The tip's time.
    pub time_min: Timestamp,
    /// The state root the next block must carry.
    pub state_root: StateRoot,
}

/// The next block on a tip whose accounts these are.
pub fn build_template(pool: &Mempool, accounts: &impl Accounts, context: &TemplateContext) -> Template {
    let height = context.parent.height.next();
    let mut chosen = Selection::new(accounts, height);
    chosen.take_from(pool.iter_by_age(), OLDEST_BYTES_MAX);
    chosen.take_from(pool.iter_by_fee_rate(), TRANSACTION_BYTES_TOTAL_MAX);
    Template {
        parent: context.parent,
        bits: context.bits,
        time_min: context.time_min,
        state_root: context.state_root,
        transaction_root: transaction_root(&chosen.leaves),
        transactions: chosen.transactions.into(),
        fees: chosen.fees,
        subsidy: subsidy(height),
    }
}

/// The transactions chosen so far, each valid after those before it.
struct Selection<'a, A> {
    accounts: &'a A,
    height: Height,
    /// Senders as the chosen transactions leave them, credits in the same block left out: nothing depends on them.
    spent: HashMap<Address, Account, RandomState>,
    transactions: Vec<Arc<Transaction>>,
    leaves: Vec<LeafHash>,
    fees: Amount,
    bytes: usize,
}

impl<'a, A: Accounts> Selection<'a, A> {
    fn new(accounts: &'a A, height: Height) -> Self {
        Self {
            accounts,
            height,
            spent: HashMap::default(),
            transactions: Vec::new(),
            leaves: Vec::new(),
            fees: Amount::ZERO,
            bytes: 0,
        }
    }

    /// Takes in the order given what is valid and fits, until the block's transactions have this many bytes.
    fn take_from<'p>(
        &mut self,
        candidates: impl Iterator<Item = &'p Arc<PoolTransaction>>,
        bytes_max: usize,
    ) {
        for candidate in candidates {
            if self.bytes + SMALLEST_TRANSACTION_BYTES > bytes_max {
                return;
            }
            if self.bytes + candidate.hashes.size as usize <= bytes_max {
                self.take(candidate);
            }
        }
    }

    /// Takes a transaction unless it is not its turn: the pool keeps invalid ones out, but a template that a miner
    /// works on for nothing is dear, so everything is looked at again. One already taken fails by its nonce.
    fn take(&mut self, candidate: &PoolTransaction) {
        let Some(after) = self.account_after(candidate) else { return };
        self.spent.insert(candidate.sender, after);
        self.transactions.push(Arc::clone(&candidate.transaction));
        self.leaves.push(candidate.hashes.leaf);
        self.fees = Amount(self.fees.0.saturating_add(candidate.transaction.fee.0));
        self.bytes += candidate.hashes.size as usize;
    }

    fn account_after(&self, candidate: &PoolTransaction) -> Option<Account> {
        check_expiry(&candidate.transaction, self.height).ok()?;
        let spent = self.spent.get(&candidate.sender).copied();
        let account = spent.unwrap_or_else(|| self.accounts.get(&candidate.sender));
        let balance = account.balance.checked_sub(candidate.cost())?;
        (account.nonce == candidate.nonce()).then_some(Account { balance, nonce: account.nonce + 1 })
    }
}
