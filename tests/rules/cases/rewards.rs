//! What miners earn and when they have it. The halvings are in `halving.rs`: no chain of a test is that long.

use cairn::consensus::Violation::InsufficientBalance;
use cairn::consensus::testing::{TEST_FEE, TestChain};
use cairn::primitives::{Amount, Block};

use crate::build::{
    Parts, RIVAL, above, address, bob, carol, connect, cut, draft, frank, grown, payment, up_to, with, young,
};
use crate::case::{Case, block, story};
use crate::stage::Verdict::{Accepted, Refused};
use crate::story::Story;

/// What a block without fees earns.
const SUBSIDY: u64 = 1_000_000_000;

pub(crate) const CASES: &[Case] = &[
    block(
        "a reward spent one block too early",
        || up_to(12),
        |on| spend(on, SUBSIDY),
        Refused(InsufficientBalance),
    ),
    block(
        "a reward spent in the first block in which it is mature",
        || up_to(13),
        |on| spend(on, SUBSIDY),
        Accepted,
    ),
    block(
        "a pebble more than the reward",
        || up_to(13),
        |on| spend(on, SUBSIDY + 1),
        Refused(InsufficientBalance),
    ),
    block(
        "a reward with the fees of its block",
        || with_fees(10),
        |on| spend_franks(on, SUBSIDY + 3 * TEST_FEE.0),
        Accepted,
    ),
    block(
        "a pebble more than a reward with the fees of its block",
        || with_fees(10),
        |on| spend_franks(on, SUBSIDY + 3 * TEST_FEE.0 + 1),
        Refused(InsufficientBalance),
    ),
    block(
        "the fees of its block spent one block too early",
        || with_fees(9),
        |on| spend_franks(on, 3 * TEST_FEE.0),
        Refused(InsufficientBalance),
    ),
    story(
        "a reward that is mature here and not yet on a heavier fork",
        immature_on_a_fork,
        &[InsufficientBalance],
    ),
    story("a reward of a branch that was left", earned_elsewhere, &[InsufficientBalance]),
];

/// A block in which Carol spends so much, fee included.
fn spend(on: &TestChain, all: u64) -> Block {
    let spending = payment(on, &carol(), 0, |each| each.output(0).amount = Amount(all - each.fee.0));
    draft(on).transactions(vec![spending]).block()
}

/// A block of Frank's with three payments, and so many blocks to its last one.
fn with_fees(blocks: usize) -> TestChain {
    let mut chain = young();
    let payments = (0..3).map(|nonce| payment(&chain, &bob(), nonce, |_| ())).collect();
    let block = draft(&chain).miner(address(&frank())).transactions(payments).block();
    connect(&mut chain, &block);
    grown(chain, blocks - 1, RIVAL)
}

fn spend_franks(on: &TestChain, all: u64) -> Block {
    let spending = payment(on, &frank(), 0, |each| each.output(0).amount = Amount(all - each.fee.0));
    draft(on).transactions(vec![spending]).block()
}

/// Carol mined block 4 here; there she mined block 6, so that in block 14 she has nothing yet.
fn immature_on_a_fork(tale: &mut Story<'_>) {
    let ours = up_to(13);
    let (longer, spent) = with_spending(&ours);
    tale.deliver_chain(&ours, 0);
    tale.deliver("she spends her reward in block 14", &spent, Accepted);
    let fork = grown(cut(young(), 9), 2, RIVAL);
    let theirs = grown(grown(fork, 1, address(&carol())), 7, RIVAL);
    tale.deliver_chain(&theirs, 3);
    tale.assert_at(&longer);
    let spending = payment(&theirs, &carol(), 0, |_| ());
    let bad = draft(&theirs).miner(RIVAL).transactions(vec![spending]).block();
    tale.deliver("on a fork she spends it in block 14, too", &bad, Accepted);
    let child = draft(&theirs).header(|header| header.previous = bad.hash()).coinbase(|coinbase| {
        coinbase.height = bad.coinbase.height.next();
    });
    let child = child.block();
    tale.deliver("the fork becomes heavier", &child, Refused(cairn::consensus::Violation::InvalidParent));
    tale.assert_at(&longer);
    let later = grown(theirs, 2, RIVAL);
    tale.deliver_chain(&later, 13);
    tale.assert_at(&later);
    let (later, spent) = with_spending(&later);
    tale.deliver("in block 16 it is mature there", &spent, Accepted);
    tale.assert_at(&later);
}

fn with_spending(on: &TestChain) -> (TestChain, Block) {
    let spending = payment(on, &carol(), 0, |each| each.output(0).amount = Amount(SUBSIDY - each.fee.0));
    with(on, draft(on).transactions(vec![spending]))
}

fn earned_elsewhere(tale: &mut Story<'_>) {
    let ours = up_to(13);
    tale.deliver_chain(&ours, 0);
    let theirs = grown(cut(young(), 9), 11, RIVAL);
    for block in above(&theirs, 3) {
        tale.deliver("a block of the other branch", &block, Accepted);
    }
    tale.assert_at(&theirs);
    tale.deliver(
        "Carol spends what she earned on the branch that was left",
        &spend(&theirs, SUBSIDY),
        Refused(InsufficientBalance),
    );
    let back = grown(ours, 3, RIVAL);
    tale.deliver_chain(&back, 13);
    tale.assert_at(&back);
    tale.deliver("the branch is back, and she spends it", &spend(&back, SUBSIDY), Accepted);
}
