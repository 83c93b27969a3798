//! What happens in a run, one step after another.

use cairn::consensus::testing::TestChain;
use cairn::primitives::{Block, BlockHash, codec};

use crate::dice::Dice;
use crate::draft::{block_at, block_of, sealed, some_block};
use crate::faults::{FAULTS, FAULTS_OF_PLACE, Fault};
use crate::world::World;

/// Heights between state roots that blocks carry.
const ROOT_INTERVAL: u32 = 64;
const HEADER_BYTES: usize = 80;
/// Where a header's version ends, parent and commitment begin; and where those end.
const HEADER_REFERENCES: usize = 4;
const HEADER_REFERENCES_END: usize = 68;

/// Does one thing, chosen by chance; afterwards the node must be where most work is.
pub(crate) fn step(world: &mut World) {
    let case = match world.dice.below(100) {
        0..=51 => grow(world),
        52..=58 => fork(world),
        59..=74 => break_a_rule(world),
        75..=81 => burst(world),
        82..=86 => heavier_branch_with_a_bad_block(world),
        87..=90 => repeat(world),
        91..=93 => mangle_bytes(world),
        94 | 95 => right_body_after_a_wrong_one(world),
        _ => mangle_content(world),
    };
    world.assert_at_best(case);
}

/// A valid block on one of the branches.
fn grow(world: &mut World) -> &'static str {
    let case = "a valid block";
    let place = world.some_branch();
    let mut chain = world.branches[place].clone();
    let block = some_block(&chain, &mut world.dice);
    world.connect(&mut chain, &block);
    world.branches[place] = chain;
    expect(world.deliver(case, &block), &["accepted"], case);
    case
}

/// A branch that begins below the tip of another, sometimes far.
fn fork(world: &mut World) -> &'static str {
    let case = "a block of a new branch";
    let place = world.some_branch();
    let mut chain = world.branches[place].clone();
    let depth = if world.dice.percent(15) { world.dice.from(20, 90) } else { world.dice.from(1, 6) };
    for _ in 0..depth {
        chain.shrink();
    }
    let block = some_block(&chain, &mut world.dice);
    world.connect(&mut chain, &block);
    world.add_branch(chain);
    expect(world.deliver(case, &block), &["accepted"], case);
    case
}

/// A block that breaks one rule, perhaps a child of it, and perhaps the same again.
fn break_a_rule(world: &mut World) -> &'static str {
    let place = world.some_branch();
    let chain = world.branches[place].clone();
    let Some(((rule, _), bad)) = some_fault(&chain, &mut world.dice, |_| true) else { return "nothing" };
    let is_best = chain.tip().work == world.branches[world.best_branch()].tip().work;
    let verdict = world.deliver(rule, &bad);
    // Beside the best chain, what only shows at a place in the chain need not be seen.
    let may_pass = !is_best && FAULTS_OF_PLACE.contains(&rule) && verdict == "accepted";
    assert!(verdict == rule || may_pass, "{rule} was answered by {verdict}");
    if world.dice.percent(30)
        && let Some(child) = child_of(&chain, &bad, &mut world.dice)
    {
        world.deliver("a child of a bad block", &child);
    }
    if world.dice.percent(30) {
        world.deliver("the same bad block again", &bad);
    }
    rule
}

/// A body that is not its header's, perhaps a child of the block, and then the right body.
fn right_body_after_a_wrong_one(world: &mut World) -> &'static str {
    let case = "the right body after a wrong one";
    let place = world.some_branch();
    let mut chain = world.branches[place].clone();
    let good = some_block(&chain, &mut world.dice);
    let mut bad = good.clone();
    let rule = if bad.transactions.is_empty() || world.dice.percent(50) {
        bad.coinbase.tag.push(0);
        "wrong-commitment"
    } else {
        bad.transactions.pop();
        "wrong-transaction-root"
    };
    expect(world.deliver("a wrong body", &bad), &[rule], case);
    world.connect(&mut chain, &good);
    if world.dice.percent(50) {
        let child = some_block(&chain, &mut world.dice);
        world.connect(&mut chain, &child);
        expect(world.deliver("a child, before the right body", &child), &["accepted"], case);
    }
    world.branches[place] = chain;
    expect(world.deliver(case, &good), &["accepted"], case);
    case
}

/// Several blocks of a branch in any order: some come before their parents and wait.
fn burst(world: &mut World) -> &'static str {
    let case = "blocks of a branch in any order";
    let place = world.some_branch();
    let mut chain = world.branches[place].clone();
    let count = world.dice.from(2, 7);
    let mut blocks: Vec<Block> = Vec::new();
    for _ in 0..count {
        let block = some_block(&chain, &mut world.dice);
        world.connect(&mut chain, &block);
        blocks.push(block);
    }
    world.branches[place] = chain;
    world.dice.shuffle(&mut blocks);
    for block in &blocks {
        expect(world.deliver(case, block), &["accepted", "orphan"], case);
    }
    case
}

/// A branch that would win, but for a block in its middle that cannot be executed.
fn heavier_branch_with_a_bad_block(world: &mut World) -> &'static str {
    let case = "a heavier branch that turns out invalid";
    let most = world.branches[world.best_branch()].tip().work;
    let mut chain = world.branches[world.best_branch()].clone();
    let depth = world.dice.from(2, 8).min(chain.blocks.len() as u64);
    for _ in 0..depth {
        chain.shrink();
    }
    for _ in 0..world.dice.below(2) {
        let block = some_block(&chain, &mut world.dice);
        world.connect(&mut chain, &block);
        expect(world.deliver(case, &block), &["accepted"], case);
    }
    let is_of_execution = |rule: &str| FAULTS_OF_PLACE.contains(&rule);
    let Some((_, bad)) = some_fault(&chain, &mut world.dice, is_of_execution) else {
        world.add_branch(chain);
        return case;
    };
    let mut doomed = chain.clone();
    world.add_branch(chain);
    world.deliver(case, &bad);
    pretend(&mut doomed, &bad);
    // The root that blocks beyond the next boundary carry would be that of a state which there is not.
    while doomed.tip().work <= most && !doomed.tip().height.0.is_multiple_of(ROOT_INTERVAL) {
        let block = block_of(&doomed, Vec::new(), &mut world.dice);
        world.deliver(case, &block);
        pretend(&mut doomed, &block);
    }
    case
}

/// A block that the node has, or one that it refused.
fn repeat(world: &mut World) -> &'static str {
    let case = "a known block again";
    if let Some(block) = world.some_known() {
        expect(world.deliver(case, &block), &["known"], case);
    }
    case
}

/// A block with bytes changed, lost or added, without new work for it.
fn mangle_bytes(world: &mut World) -> &'static str {
    let case = "bytes changed, lost or added";
    let place = world.some_branch();
    let block = some_block(&world.branches[place], &mut world.dice);
    let mut bytes = codec::encode(&block);
    match world.dice.below(3) {
        0 => bytes.truncate(world.dice.below(bytes.len() as u64) as usize),
        1 => bytes.push(world.dice.next() as u8),
        // Other bytes of a header give another block, which may well be valid.
        _ => {
            flip_some_byte(&mut bytes, *world.dice.pick(&[HEADER_REFERENCES, HEADER_BYTES]), &mut world.dice);
        }
    }
    let hash = codec::decode::<Block>(&bytes, bytes.len()).map_or(BlockHash::ZERO, |block| block.hash());
    let verdict = world.deliver_bytes(case, &bytes, hash);
    assert_ne!(verdict, "accepted", "{case}");
    case
}

/// A block with a byte of its body changed and everything that follows from it made anew: whatever the rules make of
/// it, the branch follows.
fn mangle_content(world: &mut World) -> &'static str {
    let case = "a byte of the body changed before the work";
    let place = world.best_branch();
    let mut chain = world.branches[place].clone();
    let mut bytes = codec::encode(&some_block(&chain, &mut world.dice));
    flip_some_byte(&mut bytes, HEADER_BYTES, &mut world.dice);
    let Ok(block) = codec::decode::<Block>(&bytes, bytes.len()) else { return case };
    let block = sealed(block);
    let mut longer = chain.clone();
    if longer.connect(block.clone().into()).is_err() {
        assert_ne!(world.deliver(case, &block), "accepted", "{case}");
        return case;
    }
    // All but its signatures is right.
    if signatures_hold(&block, &chain) {
        world.connect(&mut chain, &block);
        world.branches[place] = chain;
        expect(world.deliver(case, &block), &["accepted"], case);
    } else {
        expect(world.deliver(case, &block), &["bad-signature"], case);
    }
    case
}

/// A block whose time has not come is kept, and followed when it is due.
pub(crate) fn wait_for_a_block_ahead_of_the_clock(world: &mut World) {
    let place = world.best_branch();
    let mut chain = world.branches[place].clone();
    let seconds = world.dice.from(1, 1_000) as u32;
    let due = world.host.now().plus(seconds);
    let block = block_at(&chain, due.plus(chain.params.future_limit_seconds), Vec::new(), &mut world.dice);
    expect(world.deliver("a block ahead of the clock", &block), &["kept"], "a block ahead of the clock");
    world.connect(&mut chain, &block);
    let child = block_at(&chain, chain.tip().time, Vec::new(), &mut world.dice);
    let verdict = world.deliver("its child, as far ahead", &child);
    expect(verdict, &["kept", "orphan"], "its child, as far ahead");
    world.connect(&mut chain, &child);
    world.branches[place] = chain;
    world.wait_until("both are due", due);
    world.assert_at_best("both are due");
}

/// A block without transactions below a bad one, unless its body is the fault, which might still come.
fn child_of(chain: &TestChain, bad: &Block, dice: &mut Dice) -> Option<Block> {
    let has_target = bad.header.bits.target().is_ok();
    let is_before_root = chain.tip().height.0 % ROOT_INTERVAL == ROOT_INTERVAL - 1;
    let is_own_body = *bad == sealed(bad.clone());
    if !has_target || is_before_root || !is_own_body {
        return None;
    }
    let mut doomed = chain.clone();
    pretend(&mut doomed, bad);
    Some(block_of(&doomed, Vec::new(), dice))
}

/// Lets a chain believe that a block is its tip, without executing it.
fn pretend(chain: &mut TestChain, block: &Block) {
    let facts = chain.tip().child(&block.header, block.hash());
    chain.facts.push(facts);
}

fn some_fault(chain: &TestChain, dice: &mut Dice, wanted: impl Fn(&str) -> bool) -> Option<(Fault, Block)> {
    let faults: Vec<_> = FAULTS.iter().filter(|(rule, _)| wanted(rule)).collect();
    let fault = **dice.pick(&faults);
    fault.1(chain, dice).map(|block| (fault, block))
}

fn signatures_hold(block: &Block, chain: &TestChain) -> bool {
    let genesis = chain.params.genesis_hash();
    block.transactions.iter().all(|each| {
        let hash = each.signing_hash(&genesis);
        let check = cairn::primitives::keys::SignatureCheck::new(each.sender, &each.signature, &hash.0);
        cairn::primitives::keys::verify(&[check]).is_ok()
    })
}

/// Changes a byte of the body, or, from [`HEADER_REFERENCES`], of what the header refers to.
fn flip_some_byte(bytes: &mut [u8], from: usize, dice: &mut Dice) {
    let end = if from < HEADER_BYTES { HEADER_REFERENCES_END } else { bytes.len() };
    let place = dice.from(from as u64, end as u64 - 1) as usize;
    bytes[place] ^= dice.from(1, 255) as u8;
}

fn expect(verdict: &str, allowed: &[&str], case: &str) {
    assert!(allowed.contains(&verdict), "{case}: {verdict}, expected {allowed:?}");
}
