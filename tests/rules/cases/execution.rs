//! What several transactions of one block, or of one chain, do to each other.

use cairn::consensus::Violation::{BadSignature, Expired, InsufficientBalance, NonceGap, NonceTooLow};
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Amount, Block, Height, Output, Transaction};

use crate::build::{
    DAVE, ERINS, Parts, address, alice, anchor, bob, connect, draft, erin, frank, payment, to, with, young,
};
use crate::case::{Case, block, story};
use crate::stage::Verdict::{Accepted, Refused};
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    block("one transaction twice", young, |on| of(on, vec![bobs(on, 0), bobs(on, 0)]), Refused(NonceTooLow)),
    block(
        "two transactions of one nonce",
        young,
        |on| of(on, vec![bobs(on, 0), payment(on, &bob(), 0, |each| each.fee.0 += 1)]),
        Refused(NonceTooLow),
    ),
    block("a gap between two nonces", young, |on| of(on, vec![bobs(on, 0), bobs(on, 2)]), Refused(NonceGap)),
    block(
        "two nonces in the wrong order",
        young,
        |on| of(on, vec![bobs(on, 1), bobs(on, 0)]),
        Refused(NonceGap),
    ),
    block(
        "the last of a hundred transactions with a nonce too high",
        young,
        |on| of(on, (0..99).chain([100]).map(|nonce| bobs(on, nonce)).collect()),
        Refused(NonceGap),
    ),
    block(
        "the replay of a transaction beside a good one",
        young,
        |on| of(on, vec![bobs(on, 0), on.blocks[2].0.transactions()[0].clone()]),
        Refused(NonceTooLow),
    ),
    block(
        "ten nonces of one sender",
        young,
        |on| of(on, (0..10).map(|nonce| bobs(on, nonce)).collect()),
        Accepted,
    ),
    block(
        "ten nonces of one sender among those of another",
        young,
        |on| {
            of(
                on,
                (0..10)
                    .flat_map(|nonce| [bobs(on, nonce), payment(on, &alice(), 2 + nonce, |_| ())])
                    .collect(),
            )
        },
        Accepted,
    ),
    block(
        "money spent before it is received",
        young,
        |on| of(on, vec![franks(on), to_frank(on)]),
        Refused(InsufficientBalance),
    ),
    block("money spent after it is received", young, |on| of(on, vec![to_frank(on), franks(on)]), Accepted),
    block(
        "money received that lacks a pebble of what is spent",
        young,
        |on| of(on, vec![payment(on, &bob(), 0, |each| *each.output(0) = to(&frank(), 10_004)), franks(on)]),
        Refused(InsufficientBalance),
    ),
    block(
        "two payments of which the sender can make either",
        young,
        |on| of(on, vec![erins(on, 0, 0), erins(on, 1, 0)]),
        Refused(InsufficientBalance),
    ),
    block("a payment round a circle of three", young, circle, Accepted),
    block("an account that is emptied and refilled", young, emptied_and_refilled, Accepted),
    block("an account that is emptied, refilled and emptied again", young, emptied_twice, Accepted),
    block(
        "a new account that is emptied by its first anchor",
        young,
        |on| {
            of(
                on,
                vec![
                    payment(on, &bob(), 0, |each| *each.output(0) = to(&frank(), 10_000)),
                    anchor(on, &frank(), 0, 0),
                ],
            )
        },
        Accepted,
    ),
    block("a bad signature among a hundred good ones", young, one_forged, Refused(BadSignature)),
    block(
        "an expired transaction among good ones",
        young,
        |on| {
            of(
                on,
                vec![bobs(on, 0), payment(on, &bob(), 1, |each| each.expires_at = Height(12)), bobs(on, 2)],
            )
        },
        Refused(Expired),
    ),
    block(
        "miner, sender and recipient in one",
        young,
        |on| {
            draft(on)
                .miner(address(&bob()))
                .transactions(vec![payment(on, &bob(), 0, |each| *each.output(0) = to(&bob(), 5))])
                .block()
        },
        Accepted,
    ),
    block(
        "a transaction that pays the miner its own fee's worth",
        young,
        |on| draft(on).miner(DAVE).transactions(vec![bobs(on, 0)]).block(),
        Accepted,
    ),
    story("the replay of a transaction in a later block", replayed, &[NonceTooLow]),
    story("an account emptied in one block and refilled in the next", emptied_over_blocks, &[]),
    story("expired once another block came before it", expired_meanwhile, &[Expired]),
    story("miner, sender and recipient in one for thirty blocks", one_for_all, &[]),
    story("a refused block changes nothing", refused_block_leaves_no_trace, &[InsufficientBalance]),
];

fn of(on: &TestChain, transactions: Vec<Transaction>) -> Block {
    draft(on).transactions(transactions).block()
}

fn bobs(on: &TestChain, nonce: u64) -> Transaction {
    payment(on, &bob(), nonce, |_| ())
}

/// Erin pays all that she holds, so much less.
fn erins(on: &TestChain, nonce: u64, less: u64) -> Transaction {
    payment(on, &erin(), nonce, |each| each.output(0).amount = Amount(ERINS - each.fee.0 - less))
}

/// What Frank needs for [`franks`].
fn to_frank(on: &TestChain) -> Transaction {
    payment(on, &bob(), 0, |each| *each.output(0) = to(&frank(), 10_005))
}

/// 5 pebbles and a fee of 10,000.
fn franks(on: &TestChain) -> Transaction {
    payment(on, &frank(), 0, |_| ())
}

fn circle(on: &TestChain) -> Block {
    let pay =
        |from, nonce, to_whom, amount| payment(on, from, nonce, |each| *each.output(0) = to(to_whom, amount));
    let round = vec![
        pay(&bob(), 0, &frank(), 50_000),
        pay(&frank(), 0, &erin(), 40_000),
        pay(&erin(), 0, &bob(), ERINS + 40_000 - 10_000),
    ];
    of(on, round)
}

fn emptied_and_refilled(on: &TestChain) -> Block {
    let refill = payment(on, &bob(), 0, |each| *each.output(0) = to(&erin(), 77));
    of(on, vec![erins(on, 0, 0), refill])
}

fn emptied_twice(on: &TestChain) -> Block {
    let refill = payment(on, &bob(), 0, |each| *each.output(0) = to(&erin(), ERINS));
    of(on, vec![erins(on, 0, 0), refill, erins(on, 1, 0)])
}

fn one_forged(on: &TestChain) -> Block {
    let mut payments: Vec<_> = (0..100).map(|nonce| bobs(on, nonce)).collect();
    payments[61].signature.0[40] ^= 4;
    of(on, payments)
}

fn replayed(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let first = bobs(&chain, 0);
    let (chain, block) = with(&chain, draft(&chain).transactions(vec![first.clone()]));
    tale.deliver("a payment", &block, Accepted);
    tale.deliver(
        "the same payment in the next block",
        &of(&chain, vec![first.clone()]),
        Refused(NonceTooLow),
    );
    let (chain, block) = with(&chain, draft(&chain).transactions(vec![bobs(&chain, 1)]));
    tale.deliver("the next payment", &block, Accepted);
    tale.deliver("the first payment two blocks later", &of(&chain, vec![first]), Refused(NonceTooLow));
    tale.assert_at(&chain);
}

fn emptied_over_blocks(tale: &mut Story<'_>) {
    let mut chain = young();
    tale.deliver_chain(&chain, 0);
    for (says, transactions) in [
        ("Erin pays all that she holds", vec![erins(&chain, 0, 0)]),
        ("nothing happens", Vec::new()),
        (
            "Bob refills her account",
            vec![payment(&chain, &bob(), 0, |each| *each.output(0) = to(&erin(), ERINS))],
        ),
        ("she pays all again, with the nonce that follows", vec![erins(&chain, 1, 0)]),
    ] {
        let (longer, block) = with(&chain, draft(&chain).transactions(transactions));
        tale.deliver(says, &block, Accepted);
        chain = longer;
    }
    tale.assert_at(&chain);
}

fn expired_meanwhile(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let short = payment(&chain, &bob(), 0, |each| each.expires_at = Height(13));
    let (longer, empty) = with(&chain, draft(&chain));
    tale.deliver("an empty block 13", &empty, Accepted);
    tale.deliver("block 14 with what was valid to 13", &of(&longer, vec![short.clone()]), Refused(Expired));
    let beside = draft(&chain).transactions(vec![short]).block();
    tale.deliver("another block 13 with it", &beside, Accepted);
    tale.assert_at(&longer);
}

fn one_for_all(tale: &mut Story<'_>) {
    let mut chain = young();
    tale.deliver_chain(&chain, 0);
    let bobs_output = |amount| Output { to: address(&bob()), amount: Amount(amount) };
    for nonce in 0..30 {
        let pay = payment(&chain, &bob(), nonce, |each| *each.output(0) = bobs_output(nonce + 1));
        let block = draft(&chain).miner(address(&bob())).transactions(vec![pay]).block();
        tale.deliver("Bob pays Bob in a block of Bob's", &block, Accepted);
        connect(&mut chain, &block);
    }
    tale.assert_at(&chain);
}

fn refused_block_leaves_no_trace(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let poor = payment(&chain, &frank(), 0, |_| ());
    let block = of(&chain, vec![bobs(&chain, 0), bobs(&chain, 1), poor]);
    tale.deliver(
        "two good payments and one that its sender cannot make",
        &block,
        Refused(InsufficientBalance),
    );
    tale.assert_at(&chain);
    let again = of(&chain, vec![bobs(&chain, 0), bobs(&chain, 1)]);
    tale.deliver("the two good payments", &again, Accepted);
}
