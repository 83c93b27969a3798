//! Every limit at n and at n + 1. Those of the tag are with the bodies, those of time with the headers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cairn::consensus::Violation::{
    AmountOutOfRange, BlockTooLarge, FeeOutOfRange, InsufficientBalance, LabelTooLong, MemoTooLong,
    TooManyOutputs,
};
use cairn::consensus::check_block::BLOCK_BYTES_MAX;
use cairn::consensus::testing::TestChain;
use cairn::node::message::MESSAGE_BYTES_MAX;
use cairn::primitives::codec::{encode, encoded_len};
use cairn::primitives::{Amount, Block, Height, Text, Transaction};

use crate::build::{Parts, anchor, bob, draft, payment as signed, young};
use crate::case::Pool::{Admitted, Refused as PoolRefuses, SameRule};
use crate::case::{Case, block, payment, story};
use crate::stage::Verdict::{Accepted, Refused};
use crate::story::Story;

/// 2^53: one more than an amount may be.
const TWO_TO_THE_53: u64 = 1 << 53;

pub(crate) const CASES: &[Case] = &[
    payment("1 output", young, |on| outputs(on, 1), Accepted, Admitted),
    payment("256 outputs", young, |on| outputs(on, 256), Accepted, Admitted),
    payment("257 outputs", young, |on| outputs(on, 257), Refused(TooManyOutputs), SameRule),
    payment("400 outputs", young, |on| outputs(on, 400), Refused(TooManyOutputs), SameRule),
    payment("a memo of 256 bytes", young, |on| memo(on, &"m".repeat(256)), Accepted, Admitted),
    payment("a memo of 257 bytes", young, |on| memo(on, &"m".repeat(257)), Refused(MemoTooLong), SameRule),
    payment(
        "a memo of 128 letters of two bytes",
        young,
        |on| memo(on, &"\u{e9}".repeat(128)),
        Accepted,
        Admitted,
    ),
    payment(
        "a memo of 129 letters of two bytes",
        young,
        |on| memo(on, &"\u{e9}".repeat(129)),
        Refused(MemoTooLong),
        SameRule,
    ),
    payment("a label of 64 bytes", young, |on| anchor(on, &bob(), 0, 64), Accepted, Admitted),
    payment("a label of 65 bytes", young, |on| anchor(on, &bob(), 0, 65), Refused(LabelTooLong), SameRule),
    payment("an amount of 1", young, |on| amount(on, 1), Accepted, Admitted),
    payment(
        "an amount of 2^53 − 1, which is in range but not in the account",
        young,
        |on| amount(on, TWO_TO_THE_53 - 1),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment("an amount of 2^53", young, |on| amount(on, TWO_TO_THE_53), Refused(AmountOutOfRange), SameRule),
    payment(
        "the largest amount that fits its bytes",
        young,
        |on| amount(on, u64::MAX),
        Refused(AmountOutOfRange),
        SameRule,
    ),
    payment(
        "two amounts that wrap around to nothing",
        young,
        |on| {
            signed(on, &bob(), 0, |each| {
                each.set_outputs(2);
                each.output(0).amount = Amount(1 << 63);
                each.output(1).amount = Amount(1 << 63);
            })
        },
        Refused(AmountOutOfRange),
        SameRule,
    ),
    payment("a fee of 0", young, |on| fee(on, 0), Refused(FeeOutOfRange), SameRule),
    payment(
        "a fee of 1, less than the pool asks for",
        young,
        |on| fee(on, 1),
        Accepted,
        PoolRefuses("fee-too-low"),
    ),
    payment(
        "a fee of 2^53 − 1, which is in range but not in the account",
        young,
        |on| fee(on, TWO_TO_THE_53 - 1),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment("a fee of 2^53", young, |on| fee(on, TWO_TO_THE_53), Refused(FeeOutOfRange), SameRule),
    payment(
        "the largest fee that fits its bytes",
        young,
        |on| fee(on, u64::MAX),
        Refused(FeeOutOfRange),
        SameRule,
    ),
    payment(
        "the largest expiry",
        young,
        |on| signed(on, &bob(), 0, |each| each.expires_at = Height(u32::MAX)),
        Accepted,
        Admitted,
    ),
    block("a block of exactly the maximum size", young, |on| of_size(on, BLOCK_BYTES_MAX), Accepted),
    block(
        "a block of a byte more than the maximum size",
        young,
        |on| of_size(on, BLOCK_BYTES_MAX + 1),
        Refused(BlockTooLarge),
    ),
    story("a block as long as the longest message, and a byte longer", of_a_message, &[BlockTooLarge]),
];

fn outputs(on: &TestChain, count: usize) -> Transaction {
    signed(on, &bob(), 0, |each| {
        each.set_outputs(count);
        each.fee = Amount(1_000_000);
    })
}

fn memo(on: &TestChain, memo: &str) -> Transaction {
    signed(on, &bob(), 0, |each| each.transfer().memo = Text(memo.to_owned()))
}

fn amount(on: &TestChain, amount: u64) -> Transaction {
    signed(on, &bob(), 0, |each| each.output(0).amount = Amount(amount))
}

fn fee(on: &TestChain, fee: u64) -> Transaction {
    signed(on, &bob(), 0, |each| each.fee = Amount(fee))
}

/// What is longer than any message is not even read.
fn of_a_message(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    tale.deliver_bytes("a byte more than a message holds", &encode(&of_size(&chain, MESSAGE_BYTES_MAX + 1)));
    tale.deliver(
        "as many bytes as a message holds",
        &of_size(&chain, MESSAGE_BYTES_MAX),
        Refused(BlockTooLarge),
    );
}

/// A block of exactly so many bytes on [`young`], made once: as many transfers of 256 outputs as fit with room for one
/// more, whose outputs and memo fill the rest.
fn of_size(on: &TestChain, bytes: usize) -> Block {
    static MADE: Mutex<BTreeMap<usize, Block>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(bytes).or_insert_with(|| make_of_size(on, bytes)).clone()
}

fn make_of_size(on: &TestChain, bytes: usize) -> Block {
    let large = |nonce| signed(on, &bob(), nonce, |each| each.set_outputs(256));
    let small = |nonce, outputs: usize, memo: usize| {
        signed(on, &bob(), nonce, |each| {
            each.set_outputs(outputs);
            each.set_memo(memo);
        })
    };
    let (fixed, size_large, size_small) =
        (encoded_len(&draft(on).block()), encoded_len(&large(0)), encoded_len(&small(0, 1, 0)));
    let room = bytes - fixed;
    let count = (room - size_small) / size_large;
    let rest = room - count * size_large - size_small;
    let mut transactions: Vec<_> = (0..count as u64).map(large).collect();
    transactions.push(small(count as u64, 1 + rest / 40, rest % 40));
    let block = draft(on).transactions(transactions).block();
    assert_eq!(encoded_len(&block), bytes);
    block
}
