//! Blocks to order, with real work over whatever they are.

use cairn::consensus::next_bits;
use cairn::consensus::testing::{TestChain, solve};
use cairn::primitives::merkle::transaction_root;
use cairn::primitives::{Address, Block, Coinbase, Header, List, Timestamp, Transaction};

use crate::dice::Dice;
use crate::people::PEOPLE;
use crate::spending::some_transactions;

/// Version bits that miners may roll.
const ROLLABLE: u32 = 0x1fff_e000;
const TAG_BYTES_MAX: u64 = 64;

/// A valid block on a chain, with some transactions and everything free left to chance.
pub(crate) fn some_block(chain: &TestChain, dice: &mut Dice) -> Block {
    let count = if dice.percent(40) { 0 } else { dice.from(1, 6) };
    let transactions = some_transactions(chain, count, dice);
    block_of(chain, transactions, dice)
}

/// A block of these transactions.
pub(crate) fn block_of(chain: &TestChain, transactions: Vec<Transaction>, dice: &mut Dice) -> Block {
    let seconds = some_seconds(chain.params.interval_seconds, dice);
    block_at(chain, chain.tip().time.plus(seconds), transactions, dice)
}

/// A block of this time.
pub(crate) fn block_at(
    chain: &TestChain,
    time: Timestamp,
    transactions: Vec<Transaction>,
    dice: &mut Dice,
) -> Block {
    let (tip, grandparent) = (chain.tip(), chain.facts.iter().rev().nth(1));
    let tag = (0..dice.below(TAG_BYTES_MAX + 1)).map(|_| dice.next() as u8).collect();
    let coinbase = Coinbase {
        version: 1,
        height: tip.height.next(),
        transaction_root: transaction_root(&[]),
        state_root: chain.expected_state_root(),
        miner: some_miner(dice),
        extra_nonce: dice.bytes(),
        tag,
    };
    let rolled = if dice.percent(50) { dice.next() as u32 & ROLLABLE } else { 0 };
    let header = Header {
        version: 1 | rolled,
        previous: tip.hash,
        commitment: coinbase.commitment(),
        time,
        bits: next_bits(&chain.params, &tip, grandparent),
        nonce: dice.next() as u32 >> 1,
    };
    sealed(Block { header, coinbase, transactions: List(transactions) })
}

/// The block with everything that follows from its content made anew: root, commitment and work.
pub(crate) fn sealed(mut block: Block) -> Block {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    block.coinbase.transaction_root = transaction_root(&leaves);
    committed(block)
}

/// The same, but for the root.
pub(crate) fn committed(mut block: Block) -> Block {
    block.header.commitment = block.coinbase.commitment();
    worked(block)
}

/// The same, but for root and commitment. Without a target there can be no work.
pub(crate) fn worked(mut block: Block) -> Block {
    if block.header.bits.target().is_ok() {
        block.header = solve(block.header);
    }
    block
}

/// Mostly around the interval; sometimes at once, sometimes after a pause that is clamped.
fn some_seconds(interval: u32, dice: &mut Dice) -> u32 {
    match dice.below(24) {
        0..=4 => 0,
        5 | 6 => 1,
        7..=12 => interval,
        13..=20 => dice.below(2 * u64::from(interval) + 1) as u32,
        21 => 60 * interval - 1,
        22 => 60 * interval,
        _ => 60 * interval + 1 + dice.below(300 * u64::from(interval)) as u32,
    }
}

fn some_miner(dice: &mut Dice) -> Address {
    match dice.below(6) {
        0 => Address([0; 32]),
        1 => Address(dice.bytes()),
        _ => dice.pick(&PEOPLE).address(),
    }
}
