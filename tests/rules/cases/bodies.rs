//! What a body may be: whether it is the header's, and the coinbase.

use cairn::consensus::Violation::{
    BadSignature, CoinbaseHeight, CoinbaseVersion, NonceGap, TagTooLong, WrongCommitment, WrongStateRoot,
    WrongTransactionRoot,
};
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Amount, Block, Height, StateRoot, TransactionRoot};

use crate::build::{DAVE, Parts, alice, bob, draft, genesis, payment, root_of, up_to, young};
use crate::case::{Case, block, spoiled, story};
use crate::stage::Verdict::{Accepted, Known, Refused};
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    spoiled(
        "another miner than the header commits to",
        busy,
        |block| block.coinbase.miner = DAVE,
        WrongCommitment,
    ),
    spoiled(
        "another extra nonce than the header commits to",
        busy,
        |block| block.coinbase.extra_nonce[15] ^= 1,
        WrongCommitment,
    ),
    spoiled(
        "another tag than the header commits to",
        busy,
        |block| block.coinbase.tag.0 = b"mine".to_vec(),
        WrongCommitment,
    ),
    spoiled(
        "another coinbase version than the header commits to",
        busy,
        |block| block.coinbase.version = 2,
        WrongCommitment,
    ),
    spoiled(
        "other transactions with a root to match, which the header does not commit to",
        busy,
        |block| {
            block.transactions.pop();
            block.coinbase.transaction_root = root_of(&block.transactions);
        },
        WrongCommitment,
    ),
    spoiled("a transaction left out", busy, |block| drop(block.transactions.pop()), WrongTransactionRoot),
    spoiled("all transactions left out", busy, |block| block.transactions.0.clear(), WrongTransactionRoot),
    spoiled(
        "the last transaction twice, as in a tree that doubles leaves",
        busy,
        |block| {
            let last = block.transactions[2].clone();
            block.transactions.push(last);
        },
        WrongTransactionRoot,
    ),
    spoiled(
        "two transactions in the other order",
        busy,
        |block| block.transactions.swap(0, 2),
        WrongTransactionRoot,
    ),
    spoiled(
        "a transaction with another signature",
        busy,
        |block| block.transactions[1].signature.0[63] ^= 1,
        WrongTransactionRoot,
    ),
    spoiled(
        "a transaction with another amount",
        busy,
        |block| block.transactions[1].output(0).amount = Amount(6),
        WrongTransactionRoot,
    ),
    block(
        "a header that commits to nobody's coinbase",
        young,
        |on| draft(on).header(|header| header.commitment.0[0] ^= 1).block(),
        Refused(WrongCommitment),
    ),
    block(
        "a coinbase that names a transaction root of zeros for no transactions",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.transaction_root = TransactionRoot::ZERO).block(),
        Refused(WrongTransactionRoot),
    ),
    block(
        "coinbase version 0",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.version = 0).block(),
        Refused(CoinbaseVersion),
    ),
    block(
        "coinbase version 2",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.version = 2).block(),
        Refused(CoinbaseVersion),
    ),
    block(
        "the parent's height",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.height = Height(12)).block(),
        Refused(CoinbaseHeight),
    ),
    block(
        "a height too high by one",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.height = Height(14)).block(),
        Refused(CoinbaseHeight),
    ),
    block(
        "height 0",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.height = Height(0)).block(),
        Refused(CoinbaseHeight),
    ),
    block(
        "the largest height",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.height = Height(u32::MAX)).block(),
        Refused(CoinbaseHeight),
    ),
    block(
        "a tag of 64 bytes",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.tag.0 = vec![0xff; 64]).block(),
        Accepted,
    ),
    block(
        "a tag of 65 bytes",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.tag.0 = vec![0xff; 65]).block(),
        Refused(TagTooLong),
    ),
    block(
        "a tag of a million bytes",
        young,
        |on| draft(on).coinbase(|coinbase| coinbase.tag.0 = vec![7; 1_000_000]).block(),
        Refused(TagTooLong),
    ),
    block("a state root of zeros", young, |on| root(on, StateRoot::ZERO), Refused(WrongStateRoot)),
    block(
        "the root of the parent's state instead of genesis's",
        young,
        |on| root(on, on.root()),
        Refused(WrongStateRoot),
    ),
    block("block 1 with genesis's root", genesis, |on| draft(on).block(), Accepted),
    block("block 64 with genesis's root", || up_to(63), |on| draft(on).block(), Accepted),
    block(
        "block 64 with the root after block 63",
        || up_to(63),
        |on| root(on, on.root()),
        Refused(WrongStateRoot),
    ),
    block("block 65 with the root after block 64", || up_to(64), |on| draft(on).block(), Accepted),
    block(
        "block 65 with genesis's root",
        || up_to(64),
        |on| root(on, genesis().root()),
        Refused(WrongStateRoot),
    ),
    block(
        "block 65 with the root after block 63",
        || up_to(64),
        |on| root(on, up_to(63).root()),
        Refused(WrongStateRoot),
    ),
    block("block 66 with the root after block 64", || up_to(65), |on| draft(on).block(), Accepted),
    block(
        "block 66 with the root after block 65",
        || up_to(65),
        |on| root(on, on.root()),
        Refused(WrongStateRoot),
    ),
    block("block 128 with the root after block 64", || up_to(127), |on| draft(on).block(), Accepted),
    block(
        "block 129 with the root after block 64",
        || up_to(128),
        |on| root(on, up_to(64).root()),
        Refused(WrongStateRoot),
    ),
    block("block 129 with the root after block 128", || up_to(128), |on| draft(on).block(), Accepted),
    story("a body that was refused for its own fault stays refused", condemned, &[NonceGap]),
    story(
        "two bodies that are not the header's, then the good one",
        good_at_last,
        &[WrongCommitment, WrongTransactionRoot],
    ),
    story("a good body is known before a bad one comes under the same header", bad_at_last, &[]),
    story(
        "the fault of a committed body is the header's, whatever comes after",
        no_second_chance,
        &[BadSignature],
    ),
];

/// A block of three payments.
fn busy(on: &TestChain) -> Block {
    let payments = vec![
        payment(on, &alice(), 2, |_| ()),
        payment(on, &bob(), 0, |_| ()),
        payment(on, &bob(), 1, |_| ()),
    ];
    draft(on).transactions(payments).block()
}

fn root(on: &TestChain, root: StateRoot) -> Block {
    draft(on).coinbase(move |coinbase| coinbase.state_root = root).block()
}

fn condemned(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let gap = draft(&chain).transactions(vec![payment(&chain, &alice(), 3, |_| ())]).block();
    tale.deliver("a block with a nonce too high", &gap, Refused(NonceGap));
    tale.deliver("the same again", &gap, Refused(NonceGap));
    tale.restart();
    tale.deliver("the same after a restart", &gap, Refused(NonceGap));
    tale.deliver("another block in its place", &busy(&chain), Accepted);
}

fn good_at_last(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let good = busy(&chain);
    let mut foreign = good.clone();
    foreign.coinbase.miner = DAVE;
    tale.deliver("a body with another coinbase", &foreign, Refused(WrongCommitment));
    let mut short = good.clone();
    short.transactions.pop();
    tale.deliver("a body with a transaction less", &short, Refused(WrongTransactionRoot));
    tale.deliver("the first one again", &foreign, Refused(WrongCommitment));
    tale.deliver("the good body", &good, Accepted);
    tale.assert_tip(good.hash());
}

fn bad_at_last(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let good = busy(&chain);
    tale.deliver("the good body", &good, Accepted);
    let mut foreign = good.clone();
    foreign.transactions.pop();
    tale.deliver_without_noting("a bad body under a header whose body is here", &foreign, Known);
    tale.deliver("the good body again", &good, Known);
}

fn no_second_chance(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let mut forged = payment(&chain, &alice(), 2, |_| ());
    let honest = forged.clone();
    forged.signature.0[5] ^= 1;
    let bad = draft(&chain).transactions(vec![forged]).block();
    tale.deliver("a block with a forged signature", &bad, Refused(BadSignature));
    let mut mended = bad.clone();
    mended.transactions = vec![honest.clone()].into();
    tale.deliver_without_noting("its header with the honest transaction", &mended, Refused(BadSignature));
    let good = draft(&chain).transactions(vec![honest]).block();
    tale.deliver("the honest transaction under a header of its own", &good, Accepted);
    tale.assert_tip(good.hash());
}
