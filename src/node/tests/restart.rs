//! Coming back: the state is what a replay would give, whatever the store kept or lost.

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::{TestChain, dev_key, payment};
use crate::primitives::{Address, Amount};
use crate::storage::StoredChain;

/// A chain in which money moves in every block.
fn busy_chain(blocks: u64) -> TestChain {
    let mut chain = chain_of(0);
    for nonce in 0..blocks {
        let to = Address([(nonce % 50) as u8 + 1; 32]);
        let pay = payment(&dev_key(0), &chain.params, nonce, to, Amount(nonce + 1));
        chain.grow(MINER, vec![pay]).unwrap();
    }
    chain
}

#[test]
fn a_restart_at_any_height_gives_the_state_that_a_replay_gives() {
    for blocks in [0, 1, 63, 64, 65, 127, 128, 130, 200] {
        let chain = busy_chain(blocks);
        let mut lab = Lab::new();
        lab.adopt(&chain);
        let has_checkpoint = lab.store.stored_chain().checkpoint.is_some();
        assert_eq!(has_checkpoint, blocks >= 64, "at height {blocks}");
        let mut lab = lab.restarted();
        lab.assert_at(&chain);
        let longer = grown(&chain, 70, OTHER_MINER);
        lab.adopt(&longer);
        lab.assert_at(&longer);
        let mut lab = lab.restarted();
        lab.assert_at(&longer);
    }
}

#[test]
fn a_restart_at_a_checkpoint_and_one_from_genesis_agree() {
    let chain = busy_chain(300);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    assert!(lab.store.stored_chain().checkpoint.is_some());
    let reader = Reader { store: lab.store.clone(), ..Reader::default() };
    let mut lab = lab.restarted_with(reader, |stored| StoredChain { checkpoint: None, ..stored });
    lab.assert_at(&chain);
}

#[test]
fn a_checkpoint_on_a_branch_that_was_left_is_undone() {
    let chain = busy_chain(130);
    let other = branch(&chain, 10, 12);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    let checkpoint = lab.store.stored_chain().checkpoint;
    lab.adopt(&other);
    let reader = Reader { store: lab.store.clone(), ..Reader::default() };
    let mut lab =
        lab.restarted_with(reader, |stored| StoredChain { checkpoint: checkpoint.clone(), ..stored });
    lab.assert_at(&other);
}

#[test]
fn checkpoints_taken_while_a_long_branch_is_switched_to_hold_everything() {
    let base = busy_chain(10);
    let ours = grown(&base, 130, MINER);
    let mut theirs = base.clone();
    for number in 10..160 {
        let pay = payment(&dev_key(0), &base.params, number, Address([number as u8; 32]), Amount(number));
        theirs.grow(OTHER_MINER, vec![pay]).unwrap();
    }
    let mut lab = Lab::new();
    lab.adopt(&ours);
    lab.checks_are_stuck = true;
    for (block, _) in &theirs.blocks {
        lab.offer_block(block.block());
    }
    lab.unstick();
    lab.pass(100);
    lab.assert_at(&theirs);
    let checkpoint = lab.store.stored_chain().checkpoint.expect("there is a checkpoint");
    let mut there = theirs.clone();
    while Some(there.tip().id()) != checkpoint.at {
        assert!(there.shrink(), "the checkpoint is on the branch");
    }
    let held: u64 = checkpoint.accounts.iter().map(|(_, account)| account.balance.0).sum();
    assert_eq!(u128::from(held), there.state.accounts().total());
    assert_eq!(checkpoint.accounts.len(), there.state.accounts().sorted().len());
}

#[test]
fn a_damaged_checkpoint_is_left_aside() {
    for blocks in [64, 70, 130] {
        let chain = busy_chain(blocks);
        let mut lab = Lab::new();
        lab.adopt(&chain);
        let reader = Reader { store: lab.store.clone(), ..Reader::default() };
        let mut lab = lab.restarted_with(reader, |mut stored| {
            let checkpoint = stored.checkpoint.as_mut().expect("there is a checkpoint");
            checkpoint.accounts[3].1.balance.0 += 1;
            stored
        });
        lab.assert_at(&chain);
    }
}

#[test]
fn a_damaged_checkpoint_at_the_tip_is_left_aside_even_when_the_money_adds_up() {
    let chain = busy_chain(64);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    let reader = Reader { store: lab.store.clone(), ..Reader::default() };
    let mut lab = lab.restarted_with(reader, |mut stored| {
        let accounts = &mut stored.checkpoint.as_mut().expect("there is a checkpoint").accounts;
        accounts[3].1.balance.0 += 1;
        accounts[4].1.balance.0 -= 1;
        stored
    });
    lab.assert_at(&chain);
}

#[test]
fn a_body_that_was_lost_is_fetched_again() {
    let chain = busy_chain(30);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    let lost = chain.facts[20].id();
    let reader = Reader { store: lab.store.clone(), lost_bodies: vec![lost], ..Reader::default() };
    let mut lab = lab.restarted_with(reader, |stored| stored);
    assert_eq!(lab.tip().height.0, 19, "what follows cannot be had yet");
    lab.meet(BOB, &chain);
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn a_body_that_was_lost_above_the_tip_is_fetched_again() {
    let chain = busy_chain(30);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    let lost = chain.facts[20].id();
    let reader = Reader { store: lab.store.clone(), lost_bodies: vec![lost], ..Reader::default() };
    let mut lab = lab.restarted_with(reader, |stored| StoredChain {
        tip: Some(chain.facts[15].id()),
        checkpoint: None,
        ..stored
    });
    assert_eq!(lab.tip().height.0, 19, "what follows cannot be had yet");
    lab.meet(BOB, &chain);
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn a_restart_in_the_middle_of_a_branch_goes_on_where_it_was() {
    let ours = busy_chain(20);
    let theirs = branch(&ours, 10, 14);
    let mut lab = Lab::new();
    lab.adopt(&ours);
    for (block, _) in &theirs.blocks[..18] {
        lab.submit_block(block.block());
    }
    let mut lab = lab.restarted();
    lab.assert_at(&ours);
    for (block, _) in &theirs.blocks[18..] {
        lab.submit_block(block.block());
    }
    lab.assert_at(&theirs);
}

#[test]
fn on_equal_work_the_branch_that_was_followed_is_followed_after_a_restart() {
    let ours = busy_chain(20);
    let theirs = branch(&ours, 10, 10);
    for (first, second) in [(&ours, &theirs), (&theirs, &ours)] {
        let mut lab = Lab::new();
        lab.adopt(first);
        lab.adopt(second);
        let mut lab = lab.restarted();
        lab.assert_at(first);
    }
}

#[test]
fn what_was_not_durable_is_fetched_again() {
    let chain = busy_chain(30);
    let mut lab = Lab::new();
    lab.adopt(&grown(&chain_of(0), 0, MINER));
    for (block, _) in &chain.blocks[..12] {
        lab.submit_block(block.block());
    }
    lab.disk_is_stuck = true;
    for (block, _) in &chain.blocks[12..] {
        lab.offer_block(block.block());
    }
    assert_eq!(lab.tip().height.0, 12, "people are shown what is durable");
    let mut lab = lab.restarted();
    assert_eq!(lab.tip().height.0, 12);
    lab.meet(BOB, &chain);
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn an_invalid_block_stays_invalid_and_its_descendants_too() {
    let chain = chain_of(3);
    let poor = payment(&crate::consensus::testing::test_key(1), &chain.params, 0, MINER, Amount(5));
    let bad = chain.mine(MINER, vec![poor]);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.submit_block(&bad);
    let mut lab = lab.restarted();
    lab.assert_at(&chain);
    let outcome = lab.submit_block(&bad);
    assert_eq!(
        outcome,
        crate::node::query::BlockOutcome::Invalid(crate::consensus::Violation::InsufficientBalance)
    );
    assert_eq!(lab.node.chain.headers.best(), lab.node.chain.tip());
}
