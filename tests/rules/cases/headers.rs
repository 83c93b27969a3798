//! What a header may be: version, bits, work, time, parent.

use cairn::consensus::Violation::{
    BadVersion, HashAboveTarget, InvalidParent, NonceGap, TargetOutOfRange, TimeBeforeParent,
    TimeTooFarAhead, WrongBits,
};
use cairn::consensus::testing::{TestChain, solve};
use cairn::primitives::{Block, BlockHash, CompactTarget, Header};

use crate::build::{MINER, RIVAL, above, alice, cut, draft, genesis, grown, grown_by, payment, with, young};
use crate::case::{Case, block, block_or, story};
use crate::stage::Verdict::{Accepted, Kept, Known, Orphan, Refused};
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    block("version 0", young, |on| version(on, 0), Refused(BadVersion)),
    block("version 2", young, |on| version(on, 2), Refused(BadVersion)),
    block(
        "the version with the bit below those that miners may roll",
        young,
        |on| version(on, 1 | 1 << 12),
        Refused(BadVersion),
    ),
    block(
        "the version with the bit above those that miners may roll",
        young,
        |on| version(on, 1 | 1 << 29),
        Refused(BadVersion),
    ),
    block("the version with every bit that miners may roll", young, |on| version(on, 0x1fff_e001), Accepted),
    block("bits easier by one", young, |on| bits(on, |bits| bits + 1), Refused(WrongBits)),
    block("bits harder by one", young, |on| bits(on, |bits| bits - 1), Refused(WrongBits)),
    block(
        "the parent's bits where the rule asks for others",
        young,
        |on| bits(on, |_| on.tip().bits.0),
        Refused(WrongBits),
    ),
    block(
        "the limit's bits where the rule asks for harder ones",
        young,
        |on| bits(on, |_| 0x207f_ffff),
        Refused(WrongBits),
    ),
    block_or(
        "negative bits",
        young,
        |on| bits(on, |bits| bits | 0x0080_0000),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block_or("bits of zero", young, |on| bits(on, |_| 0), Refused(TargetOutOfRange), &[WrongBits]),
    block_or(
        "bits with an exponent and no mantissa",
        young,
        |on| bits(on, |_| 0x2000_0000),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block_or(
        "bits with a sign and no mantissa",
        young,
        |on| bits(on, |_| 0x2080_0000),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block_or(
        "bits whose mantissa is shifted away",
        young,
        |on| bits(on, |_| 0x0200_00ff),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block_or(
        "bits that overflow by one byte",
        young,
        |on| bits(on, |_| 0x2101_0000),
        Refused(TargetOutOfRange),
        &[WrongBits, HashAboveTarget],
    ),
    block_or(
        "bits that overflow by far",
        young,
        |on| bits(on, |_| 0xff12_3456),
        Refused(TargetOutOfRange),
        &[WrongBits, HashAboveTarget],
    ),
    block_or(
        "bits above the limit that fit 256 bits",
        young,
        |on| bits(on, |_| 0x2100_ffff),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block_or(
        "bits easier by one than the limit, which makes them negative",
        genesis,
        |on| bits(on, |bits| bits + 1),
        Refused(TargetOutOfRange),
        &[WrongBits],
    ),
    block("block 1 with bits harder by one", genesis, |on| bits(on, |bits| bits - 1), Refused(WrongBits)),
    block(
        "block 2 with bits computed from block 1 and genesis",
        || grown_fast(1),
        |on| bits(on, |bits| bits - 0x1_0000),
        Refused(WrongBits),
    ),
    block(
        "block 3 with the first bits though block 2 came at once",
        || grown_fast(2),
        |on| bits(on, |_| 0x207f_ffff),
        Refused(WrongBits),
    ),
    block(
        "block 3 with the bits computed from blocks 2 and 1",
        || grown_fast(2),
        |on| draft(on).block(),
        Accepted,
    ),
    block(
        "bits after a pause of sixty days, eased by one clamped step",
        || paused(5_184_000),
        |on| draft(on).block(),
        Accepted,
    ),
    block("a hash above the target", young, |on| draft(on).without_work().block(), Refused(HashAboveTarget)),
    block(
        "time one second before the parent's",
        young,
        |on| draft(on).seconds(-1).block(),
        Refused(TimeBeforeParent),
    ),
    block(
        "block 1 one second before genesis",
        genesis,
        |on| draft(on).seconds(-1).block(),
        Refused(TimeBeforeParent),
    ),
    block("time equal to the parent's", young, |on| draft(on).seconds(0).block(), Accepted),
    block(
        "time between the grandparent's and the parent's",
        young,
        |on| draft(on).seconds(-3).block(),
        Refused(TimeBeforeParent),
    ),
    block(
        "a parent that nobody has seen",
        young,
        |on| header(on, |header| header.previous = BlockHash([5; 32])),
        Orphan,
    ),
    block("a parent of zeros", young, |on| header(on, |header| header.previous = BlockHash::ZERO), Orphan),
    block("genesis itself", genesis, |on| on.params.genesis().clone(), Known),
    story("a time at the limit ahead of the clock is accepted", at_the_future_limit, &[]),
    story(
        "a time beyond the limit ahead of the clock is kept and accepted when due",
        beyond_the_future_limit,
        &[TimeTooFarAhead],
    ),
    story(
        "a child of an invalid block, and its descendants 100 headers deep",
        below_an_invalid_block,
        &[NonceGap, InvalidParent],
    ),
    story("a header that was refused may come again and is refused again", refused_twice, &[HashAboveTarget]),
];

fn header(on: &TestChain, edit: fn(&mut Header)) -> Block {
    draft(on).header(edit).block()
}

fn version(on: &TestChain, version: u32) -> Block {
    draft(on).header(move |header| header.version = version).block()
}

fn bits(on: &TestChain, of: impl Fn(u32) -> u32) -> Block {
    draft(on).header(move |header| header.bits = CompactTarget(of(header.bits.0))).block()
}

/// A chain whose blocks all have the time of genesis.
fn grown_fast(blocks: usize) -> TestChain {
    grown_by(genesis(), blocks, MINER, 0)
}

/// [`young`] and a block that came after a pause of so many seconds.
fn paused(seconds: i64) -> TestChain {
    let chain = young();
    with(&chain, draft(&chain).seconds(seconds)).0
}

/// A block with a time so many seconds ahead of the node's clock.
fn ahead(tale: &Story<'_>, chain: &TestChain, seconds: u32) -> Block {
    let time = tale.now().plus(chain.params.future_limit_seconds + seconds);
    draft(chain).header(move |header| header.time = time).block()
}

fn at_the_future_limit(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let block = ahead(tale, &chain, 0);
    tale.deliver("120 s ahead", &block, Accepted);
    tale.assert_tip(block.hash());
}

fn beyond_the_future_limit(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let early = ahead(tale, &chain, 1 + tale.drift_seconds());
    tale.deliver("a second more than 120 s ahead", &early, Kept);
    tale.deliver("the same again", &early, Kept);
    tale.assert_tip(chain.tip().hash);
    tale.wait_until("soon it is due", tale.now().plus(1 + tale.drift_seconds()));
    tale.assert_tip(early.hash());
    tale.deliver("it is known by now", &early, Known);
}

/// The branch has less work than the best chain until its last block, so its first body is not executed before that.
fn below_an_invalid_block(tale: &mut Story<'_>) {
    let base = young();
    let pattern = grown(base.clone(), 104, MINER);
    let best = cut(pattern.clone(), 3);
    tale.deliver_chain(&best, 0);
    let gap = payment(&base, &alice(), 3, |_| ());
    let bad = draft(&base).miner(RIVAL).transactions(vec![gap]).block();
    tale.deliver("a block beside the best chain whose transaction has a nonce too high", &bad, Accepted);
    let mut branch = vec![bad];
    for twin in above(&pattern, 13) {
        branch.push(moved(twin, &branch[branch.len() - 1]));
    }
    for (depth, block) in branch.iter().enumerate().take(101).skip(1) {
        tale.deliver(&format!("its descendant {depth} deep"), block, Accepted);
    }
    tale.deliver("the descendant that makes the branch heavier", &branch[101], Refused(InvalidParent));
    tale.assert_at(&best);
    tale.deliver("a child of that", &branch[102], Refused(InvalidParent));
    tale.deliver("a descendant once more", &branch[50], Refused(InvalidParent));
    tale.deliver("the invalid block once more", &branch[0], Refused(NonceGap));
    tale.deliver("the best chain goes on", &draft(&best).block(), Accepted);
}

/// An empty block on another parent: with the same time and bits, if its ancestors have the same as before.
fn moved(mut block: Block, parent: &Block) -> Block {
    block.coinbase.miner = RIVAL;
    let commitment = block.coinbase.commitment();
    block.header = solve(Header { previous: parent.hash(), commitment, ..block.header });
    block
}

fn refused_twice(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let lazy = draft(&chain).without_work().block();
    for says in ["a hash above the target", "the same again"] {
        tale.deliver(says, &lazy, Refused(HashAboveTarget));
    }
    let mut worked = lazy.clone();
    worked.header = solve(worked.header);
    tale.deliver("the same block with work", &worked, Accepted);
}
