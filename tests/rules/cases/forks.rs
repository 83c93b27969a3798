//! Which of several branches is followed, whatever the order in which their blocks come.

use cairn::consensus::Violation::{
    BadSignature, InsufficientBalance, InvalidParent, NonceTooLow, UnknownParent, WrongStateRoot,
};
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Block, StateRoot};

use crate::build::{
    MINER, Parts, RIVAL, above, alice, bob, cut, draft, erin, frank, grown, grown_by, payment, to, with,
    young,
};
use crate::case::{Case, story};
use crate::stage::Verdict::{Accepted, Known, Orphan, Refused};
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    story("on equal work the first seen stays, one block more reorganises, and back", there_and_back, &[]),
    story("fewer blocks with more work win", fewer_but_harder, &[]),
    story("one transaction in both branches", in_both_branches, &[]),
    story("two transactions of one nonce, one in each branch", one_nonce_in_two_branches, &[NonceTooLow]),
    story("money that exists on one branch alone", on_one_branch_alone, &[InsufficientBalance]),
    story(
        "a heavier fork that turns invalid in its middle",
        invalid_in_the_middle,
        &[InsufficientBalance, InvalidParent],
    ),
    story("a heavier fork that turns invalid after it overtook", invalid_at_the_top, &[WrongStateRoot]),
    story("a fork whose first block is invalid at once", invalid_at_the_root, &[BadSignature, InvalidParent]),
    story("three branches of equal work, of which the second grows", three_branches, &[]),
    story("blocks in reverse, ten times each", in_reverse, &[UnknownParent]),
    story("blocks in reverse with a fork among them", fork_in_reverse, &[UnknownParent]),
    story("every other block first, then the others", every_other, &[UnknownParent]),
    story(
        "the pool's transaction with another signature under the same id",
        another_signature,
        &[BadSignature],
    ),
    story("a block of transactions that the pool refused before", refused_by_the_pool, &[]),
];

fn there_and_back(tale: &mut Story<'_>) {
    let ours = grown(young(), 3, MINER);
    let theirs = grown(cut(ours.clone(), 2), 2, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.deliver_chain(&theirs, 13);
    tale.assert_at(&ours);
    let theirs = grown(theirs, 1, RIVAL);
    tale.deliver_chain(&theirs, 15);
    tale.assert_at(&theirs);
    let ours = grown(ours, 1, MINER);
    tale.deliver_chain(&ours, 15);
    tale.assert_at(&theirs);
    let ours = grown(ours, 1, MINER);
    tale.deliver_chain(&ours, 16);
    tale.assert_at(&ours);
    tale.restart();
    tale.assert_at(&ours);
}

fn fewer_but_harder(tale: &mut Story<'_>) {
    let ours = grown(young(), 150, MINER);
    let mut theirs = young();
    while theirs.tip().work <= ours.tip().work {
        theirs = grown_by(theirs, 1, RIVAL, 0);
    }
    let (fewer, more) = (theirs.tip().height.0, ours.tip().height.0);
    assert!(fewer + 20 < more, "{fewer} blocks against {more}");
    tale.deliver_chain(&ours, 0);
    let last = theirs.blocks.len() - 1;
    tale.deliver_chain(&cut(theirs.clone(), 1), 12);
    tale.assert_at(&ours);
    tale.deliver_chain(&theirs, last);
    tale.assert_at(&theirs);
}

fn in_both_branches(tale: &mut Story<'_>) {
    let base = young();
    let shared = payment(&base, &bob(), 0, |_| ());
    let (ours, block) = with(&base, draft(&base).transactions(vec![shared.clone()]));
    tale.deliver_chain(&base, 0);
    tale.deliver("a block with the payment", &block, Accepted);
    let (theirs, first) = with(&base, draft(&base).miner(RIVAL));
    let (theirs, second) = with(&theirs, draft(&theirs).miner(RIVAL).transactions(vec![shared.clone()]));
    tale.deliver("the first block of another branch", &first, Accepted);
    tale.assert_at(&ours);
    tale.deliver("its second block with the same payment", &second, Accepted);
    tale.assert_at(&theirs);
    let ours = grown(ours, 2, MINER);
    tale.deliver_chain(&ours, 13);
    tale.assert_at(&ours);
    let replay = draft(&ours).transactions(vec![shared]).block();
    tale.deliver("the payment once more", &replay, Refused(NonceTooLow));
}

fn one_nonce_in_two_branches(tale: &mut Story<'_>) {
    let base = young();
    let to_frank = payment(&base, &bob(), 0, |each| *each.output(0) = to(&frank(), 70_000));
    let to_erin = payment(&base, &bob(), 0, |each| *each.output(0) = to(&erin(), 80_000));
    let (ours, one) = with(&base, draft(&base).transactions(vec![to_frank.clone()]));
    let (theirs, other) = with(&base, draft(&base).miner(RIVAL).transactions(vec![to_erin]));
    tale.deliver_chain(&base, 0);
    tale.deliver("Bob pays Frank", &one, Accepted);
    tale.deliver("on another branch he pays Erin instead", &other, Accepted);
    tale.assert_at(&ours);
    let theirs = grown(theirs, 1, RIVAL);
    tale.deliver_chain(&theirs, 13);
    tale.assert_at(&theirs);
    let late = draft(&theirs).transactions(vec![to_frank]).block();
    tale.deliver("the payment to Frank on the branch that won", &late, Refused(NonceTooLow));
}

fn on_one_branch_alone(tale: &mut Story<'_>) {
    let base = young();
    let to_frank = payment(&base, &bob(), 0, |each| *each.output(0) = to(&frank(), 70_000));
    let (ours, funded) = with(&base, draft(&base).transactions(vec![to_frank]));
    let spends = payment(&ours, &frank(), 0, |_| ());
    let (ours, spent) = with(&ours, draft(&ours).transactions(vec![spends.clone()]));
    tale.deliver_chain(&base, 0);
    tale.deliver("Frank gets money", &funded, Accepted);
    tale.deliver("he spends some", &spent, Accepted);
    let theirs = grown(base, 3, RIVAL);
    tale.deliver_chain(&theirs, 12);
    tale.assert_at(&theirs);
    let poor = draft(&theirs).transactions(vec![spends]).block();
    tale.deliver("the same on a branch where he got none", &poor, Refused(InsufficientBalance));
    let ours = grown(ours, 2, MINER);
    tale.deliver_chain(&ours, 14);
    tale.assert_at(&ours);
}

/// A block whose payment its sender cannot make, on a chain.
fn poor(on: &TestChain) -> Block {
    draft(on).miner(RIVAL).transactions(vec![payment(on, &frank(), 0, |_| ())]).block()
}

/// As many empty blocks above a block that is on no chain, as if that were the chain's next.
fn above_bad(on: &TestChain, bad: &Block, count: usize) -> Vec<Block> {
    let (mut pattern, _) = with(on, draft(on).miner(RIVAL));
    let mut blocks = vec![bad.clone()];
    for _ in 0..count {
        let previous = blocks[blocks.len() - 1].hash();
        let next = draft(&pattern).miner(RIVAL);
        blocks.push(next.header(move |header| header.previous = previous).block());
        pattern = grown(pattern, 1, RIVAL);
    }
    blocks.split_off(1)
}

fn invalid_in_the_middle(tale: &mut Story<'_>) {
    let ours = grown(young(), 10, MINER);
    let theirs = grown(young(), 5, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.deliver_chain(&theirs, 12);
    let bad = poor(&theirs);
    tale.deliver("a block that is invalid, which nobody sees yet", &bad, Accepted);
    let rest = above_bad(&theirs, &bad, 6);
    for block in &rest[..4] {
        tale.deliver("a block above it", block, Accepted);
    }
    tale.assert_at(&ours);
    tale.deliver("the block that makes the fork heavier", &rest[4], Refused(InvalidParent));
    tale.assert_at(&ours);
    tale.deliver("the invalid block again", &bad, Refused(InsufficientBalance));
    tale.deliver("one more above", &rest[5], Refused(InvalidParent));
    let other = grown(theirs, 6, MINER);
    tale.deliver_chain(&other, 17);
    tale.assert_at(&other);
}

fn invalid_at_the_top(tale: &mut Story<'_>) {
    let ours = grown(young(), 10, MINER);
    let theirs = grown(young(), 12, RIVAL);
    tale.deliver_chain(&ours, 0);
    tale.deliver_chain(&theirs, 12);
    tale.assert_at(&theirs);
    let bad = draft(&theirs).coinbase(|coinbase| coinbase.state_root = StateRoot::ZERO).block();
    tale.deliver("an invalid block above the fork that overtook", &bad, Refused(WrongStateRoot));
    tale.assert_at(&theirs);
}

fn invalid_at_the_root(tale: &mut Story<'_>) {
    let base = young();
    let ours = grown(base.clone(), 2, MINER);
    tale.deliver_chain(&ours, 0);
    let mut forged = payment(&base, &bob(), 0, |_| ());
    forged.signature.0[0] ^= 1;
    let bad = draft(&base).miner(RIVAL).transactions(vec![forged]).block();
    tale.deliver("a block beside the best chain with a forged signature", &bad, Refused(BadSignature));
    let rest = above_bad(&base, &bad, 1);
    tale.deliver("its child", &rest[0], Refused(InvalidParent));
}

fn three_branches(tale: &mut Story<'_>) {
    let base = young();
    let branches: Vec<_> =
        [1, 2, 3].map(|byte| grown(base.clone(), 3, cairn::primitives::Address([byte; 32]))).into();
    tale.deliver_chain(&base, 0);
    for branch in &branches {
        tale.deliver_chain(branch, 12);
        tale.assert_at(&branches[0]);
    }
    let longer = grown(branches[1].clone(), 1, RIVAL);
    tale.deliver_chain(&longer, 15);
    tale.assert_at(&longer);
}

fn in_reverse(tale: &mut Story<'_>) {
    let chain = grown(young(), 18, MINER);
    let mut blocks = above(&chain, 0);
    let first = blocks.remove(0);
    for block in blocks.iter().rev() {
        for _ in 0..10 {
            tale.deliver("a block before its parent", block, Orphan);
        }
    }
    tale.deliver("the first block", &first, Accepted);
    tale.assert_at(&chain);
    for block in above(&chain, 0) {
        for _ in 0..9 {
            tale.deliver("a block that is here", &block, Known);
        }
    }
}

fn fork_in_reverse(tale: &mut Story<'_>) {
    let ours = grown(young(), 5, MINER);
    let theirs = grown(young(), 7, RIVAL);
    tale.deliver_chain(&young(), 0);
    let (mut ours_above, mut theirs_above) = (above(&ours, 12), above(&theirs, 12));
    let (first_ours, first_theirs) = (ours_above.remove(0), theirs_above.remove(0));
    for block in theirs_above.iter().chain(&ours_above).rev() {
        tale.deliver("a block of one branch before its parent", block, Orphan);
    }
    tale.deliver("what joins the first branch", &first_ours, Accepted);
    tale.assert_at(&ours);
    tale.deliver("what joins the second branch", &first_theirs, Accepted);
    tale.assert_at(&theirs);
}

fn every_other(tale: &mut Story<'_>) {
    let chain = grown(young(), 28, MINER);
    let blocks = above(&chain, 0);
    for block in blocks.iter().skip(1).step_by(2) {
        tale.deliver("a block without its parent", block, Orphan);
    }
    for block in blocks.iter().step_by(2) {
        tale.deliver("the parent", block, Accepted);
    }
    tale.assert_at(&chain);
}

/// A node that remembered verdicts by id would let the block pass where the honest one waits, and split.
fn another_signature(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let honest = payment(&chain, &alice(), 2, |_| ());
    let mut forged = honest.clone();
    forged.signature.0[17] ^= 1;
    let genesis = chain.params.genesis_hash();
    assert_eq!(honest.id(&genesis), forged.id(&genesis));
    tale.send(&honest, Ok(()));
    let bad = draft(&chain).transactions(vec![forged.clone()]).block();
    tale.deliver("the pool's transaction with another signature", &bad, Refused(BadSignature));
    tale.assert_at(&chain);
    let good = draft(&chain).transactions(vec![honest]).miner(RIVAL).block();
    tale.deliver("the pool's transaction as it is", &good, Accepted);
    tale.assert_tip(good.hash());
}

fn refused_by_the_pool(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let honest = payment(&chain, &alice(), 2, |_| ());
    let mut forged = honest.clone();
    forged.signature.0[17] ^= 1;
    tale.send(&forged, Err("bad-signature"));
    tale.send(&forged, Err("bad-signature"));
    let stingy = payment(&chain, &bob(), 0, |each| each.fee.0 = 1);
    tale.send(&stingy, Err("fee-too-low"));
    let good = draft(&chain).transactions(vec![honest, stingy]).block();
    tale.deliver("what was refused with another signature, and what pays too little", &good, Accepted);
    tale.assert_tip(good.hash());
}
