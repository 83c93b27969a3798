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
const SPACE_BYTES: usize = BLOCK_BYTES_MAX - HEADER_BYTES - COINBASE_BYTES - TAG_BYTES_MAX - COUNT_BYTES;

/// The part of the space for those who wait longest, so that nobody who pays the minimum waits for ever: a
/// twentieth costs miners next to nothing and lets a full pool's oldest through in some 300 blocks.
const OLDEST_PART: usize = 20;

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
    let chosen = choose(pool, accounts, height, SPACE_BYTES);
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

/// The oldest for their part of the space, then the best for all of it.
fn choose<'a, A: Accounts>(
    pool: &Mempool,
    accounts: &'a A,
    height: Height,
    space_bytes: usize,
) -> Selection<'a, A> {
    let mut chosen = Selection::new(accounts, height);
    chosen.take_from(pool.iter_by_age(), space_bytes / OLDEST_PART);
    chosen.take_from(pool.iter_by_fee_rate(), space_bytes);
    chosen
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::consensus::check_block::check_block_in_isolation;
    use crate::node::mempool::testing::{ALICE, BOB, World, address, payment};
    use crate::primitives::codec::encoded_len;
    use crate::primitives::{Block, Coinbase};

    /// Room for 24 payments, and among them for one of the oldest.
    const SPACE_BYTES_SMALL: usize = 4_300;

    fn chosen(world: &World, space_bytes: usize) -> Vec<Transaction> {
        let height = world.chain.tip().height.next();
        let chosen = choose(&world.pool, world.chain.state.accounts(), height, space_bytes);
        chosen.transactions.iter().map(|transaction| transaction.as_ref().clone()).collect()
    }

    #[test]
    fn the_constants_are_the_lengths_they_stand_for() {
        let world = World::new();
        let template = build_template(&world.pool, world.chain.state.accounts(), &world.template_context());
        let coinbase = template.coinbase(address(ALICE), [0; 16], &[7; TAG_BYTES_MAX]);
        let header = template.header(&coinbase, Timestamp(0));
        let empty = template.block(header, coinbase);
        assert_eq!(encoded_len(&empty) + SPACE_BYTES, BLOCK_BYTES_MAX);
    }

    #[test]
    fn a_template_says_what_its_block_needs_to_be_valid() {
        let mut world = World::new();
        world.submit(payment(ALICE, 0, 300)).unwrap();
        world.submit(payment(BOB, 0, 500)).unwrap();
        let template = build_template(&world.pool, world.chain.state.accounts(), &world.template_context());
        assert_eq!((template.fees, template.subsidy), (Amount(800), Amount(1_000_000_000)));
        let coinbase: Coinbase = template.coinbase(address(ALICE), [0; 16], b"tag");
        let block: Block = template.block(template.header(&coinbase, Timestamp(0)), coinbase);
        assert!(check_block_in_isolation(Arc::new(block), &world.chain.params).is_ok());
    }

    #[test]
    fn the_best_rates_come_first_when_space_is_short() {
        let mut world = World::new();
        for nonce in 0..20 {
            world.submit(payment(ALICE, nonce, 300)).unwrap();
            world.submit(payment(BOB, nonce, 500)).unwrap();
        }
        let chosen = chosen(&world, SPACE_BYTES_SMALL);
        assert_eq!(chosen.len(), 24);
        let of_bob = chosen.iter().filter(|transaction| transaction.sender_address() == address(BOB));
        assert_eq!(of_bob.count(), 20);
    }

    proptest! {
        #[test]
        fn nothing_starves_while_dearer_ones_keep_coming(patient in 1..20_u64) {
            let mut world = World::new();
            for nonce in 0..patient {
                world.submit(payment(ALICE, nonce, 178)).unwrap();
            }
            let mut waiting: BTreeSet<_> = world.pool.iter_by_age().map(|pooled| pooled.hashes.id).collect();
            let mut rounds = 0;
            while !waiting.is_empty() {
                let next = world.chain.state.account(&address(BOB)).nonce;
                for nonce in next..next + 40 {
                    drop(world.submit(payment(BOB, nonce, 2_000)));
                }
                let block = chosen(&world, SPACE_BYTES_SMALL);
                let bytes: usize = block.iter().map(encoded_len).sum();
                prop_assert!(bytes <= SPACE_BYTES_SMALL && block.len() == 24, "the space is used");
                for transaction in &block {
                    waiting.remove(&world.id(transaction));
                }
                world.mine(block);
                rounds += 1;
            }
            prop_assert_eq!(rounds, patient, "one of the oldest fits into each block");
        }
    }
}
