//! Deep reorganisations, of empty blocks with easy work.

use cairn::consensus::testing::TestChain;
use cairn::primitives::Address;

use crate::build::{MINER, RIVAL, above, bob, connect, cut, draft, genesis, grown, grown_by, payment, young};
use crate::case::{Case, story};
use crate::stage::Verdict::Accepted;
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    story("a reorganisation of 1,100 blocks", of_1100_blocks, &[]),
    story("a reorganisation that starts 2,000 below the tip", from_2000_below, &[]),
    story("a reorganisation that starts below the oldest undo record", below_the_oldest_undo, &[]),
    story("reorganisations across state roots with money moved on both sides", across_roots, &[]),
    story("a restart after each block of a reorganisation", restarts, &[]),
];

/// Blocks in which Bob pays a new account each.
fn busy(mut chain: TestChain, blocks: u64, miner: Address) -> TestChain {
    for number in 0..blocks {
        let nonce = chain.state.account(&crate::build::address(&bob())).nonce;
        let pay = payment(&chain, &bob(), nonce, |each| {
            crate::build::Parts::output(each, 0).to = Address([number as u8 + miner.0[0]; 32]);
        });
        let block = draft(&chain).miner(miner).transactions(vec![pay]).block();
        connect(&mut chain, &block);
    }
    chain
}

fn of_1100_blocks(tale: &mut Story<'_>) {
    let ours = grown(genesis(), 1_100, MINER);
    let theirs = grown(genesis(), 1_101, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.deliver_chain(&cut(theirs.clone(), 1), 0);
    tale.assert_at(&ours);
    tale.deliver_chain(&theirs, 1_100);
    tale.assert_at(&theirs);
}

/// The other branch is made by many: its blocks come at once, so each is harder than the one before.
fn from_2000_below(tale: &mut Story<'_>) {
    let ours = grown(genesis(), 2_000, MINER);
    let mut theirs = genesis();
    while theirs.tip().work <= ours.tip().work {
        theirs = grown_by(theirs, 1, RIVAL, 0);
    }
    tale.deliver_chain(&ours, 0);
    let last = theirs.blocks.len() - 1;
    tale.deliver_chain(&cut(theirs.clone(), 1), 0);
    tale.assert_at(&ours);
    tale.deliver_chain(&theirs, last);
    tale.assert_at(&theirs);
}

fn below_the_oldest_undo(tale: &mut Story<'_>) {
    let base = busy(young(), 10, MINER);
    let ours = busy(base.clone(), 60, MINER);
    let theirs = busy(base, 61, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.forget_undo_below(20);
    tale.restart();
    tale.deliver_chain(&theirs, 22);
    tale.assert_at(&theirs);
    tale.forget_undo_below(20);
    tale.restart();
    let back = grown(ours, 2, MINER);
    tale.deliver_chain(&back, 82);
    tale.assert_at(&back);
}

fn across_roots(tale: &mut Story<'_>) {
    let base = busy(young(), 40, MINER);
    let ours = busy(base.clone(), 80, MINER);
    let theirs = busy(base, 81, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.deliver_chain(&theirs, 52);
    tale.assert_at(&theirs);
    let ours = busy(ours, 2, MINER);
    tale.deliver_chain(&ours, 132);
    tale.assert_at(&ours);
}

fn restarts(tale: &mut Story<'_>) {
    let base = busy(young(), 50, MINER);
    let ours = busy(base.clone(), 10, MINER);
    let theirs = busy(base, 12, RIVAL);
    tale.deliver_chain(&ours, 0);
    for (number, block) in above(&theirs, 62).into_iter().enumerate() {
        tale.deliver("a block of the other branch", &block, Accepted);
        tale.restart();
        tale.assert_at(&if number < 10 { ours.clone() } else { cut(theirs.clone(), 11 - number) });
    }
}
