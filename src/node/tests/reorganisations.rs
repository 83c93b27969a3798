//! Switching branches: how deep, how far back, and what nobody ever sees.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::Violation;
use crate::consensus::testing::{TestChain, dev_key, payment, test_key};
use crate::node::input::Purpose;
use crate::node::query::BlockOutcome;
use crate::primitives::{Address, Amount, Block};

const CAROLS: Address = Address([9; 32]);

/// Gives the node all blocks of a chain before it can check any.
fn adopt_at_once(lab: &mut Lab, chain: &TestChain) {
    lab.checks_are_stuck = true;
    for (block, _) in &chain.blocks {
        lab.offer_block(block.block());
    }
    lab.unstick();
}

#[test]
fn on_equal_work_the_first_seen_stays() {
    let ours = chain_of(5);
    let theirs = branch(&ours, 2, 2);
    let mut lab = Lab::new();
    lab.adopt(&ours);
    for (block, _) in &theirs.blocks[3..] {
        assert_eq!(lab.submit_block(block.block()), BlockOutcome::SideBranch);
    }
    lab.assert_at(&ours);
    let longer = grown(&theirs, 1, OTHER_MINER);
    assert_eq!(lab.submit_block(longer.blocks[5].0.block()), BlockOutcome::Connected);
    lab.assert_at(&longer);
}

#[test]
fn nobody_sees_a_tip_with_less_work_than_before_however_long_the_branches_are() {
    let ours = chain_of(200);
    let theirs = branch(&ours, 150, 300);
    let mut lab = Lab::new();
    lab.adopt(&ours);
    lab.seen.events.clear();
    adopt_at_once(&mut lab, &theirs);
    lab.pass(1_000);
    lab.assert_at(&theirs);
    let changes = tip_changes(&lab);
    assert_eq!(changes[0].disconnected.len(), 150);
    assert!(
        changes[0].connected.len() > 150 && changes[0].connected.len() < 300,
        "then others get their turn"
    );
    assert!(changes[1..].iter().all(|change| change.disconnected.is_empty()));
}

/// A block with a payment that its sender cannot make.
fn invalid_block(chain: &TestChain) -> Arc<Block> {
    chain.mine(OTHER_MINER, vec![payment(&test_key(1), &chain.params, 0, CAROLS, Amount(5))])
}

#[test]
fn a_branch_that_turns_out_invalid_is_left_for_the_best_valid_one() {
    let ours = chain_of(10);
    let theirs = branch(&ours, 5, 4);
    let bad = invalid_block(&theirs);
    let (time, bits) = (bad.header.time, bad.header.bits);
    let child = |parent: &Block, ahead: u32, height| {
        crate::consensus::testing::mine_block(
            parent.hash(),
            time.plus(ahead),
            bits,
            parent.coinbase.state_root,
            height,
            OTHER_MINER,
            Vec::new(),
        )
    };
    let above = Arc::new(child(&bad, 10, theirs.tip().height.next().next()));
    let mut lab = Lab::new();
    lab.adopt(&ours);
    lab.seen.events.clear();
    lab.checks_are_stuck = true;
    for (block, _) in &theirs.blocks {
        lab.offer_block(block.block());
    }
    lab.offer_block(&bad);
    lab.offer_block(&above);
    lab.unstick();
    lab.assert_at(&ours);
    assert!(tip_changes(&lab).is_empty(), "nobody saw the attempt");
    assert_eq!(lab.submit_block(&above), BlockOutcome::Invalid(Violation::InvalidParent));
    assert_eq!(lab.submit_block(&bad), BlockOutcome::Invalid(Violation::InsufficientBalance));
    let next = ours.mine(MINER, Vec::new());
    assert_eq!(lab.submit_block(&next), BlockOutcome::Connected, "the chain goes on");
}

#[test]
fn an_invalid_branch_that_got_further_than_ours_is_kept_up_to_its_last_valid_block() {
    let ours = chain_of(10);
    let theirs = branch(&ours, 5, 8);
    let mut lab = Lab::new();
    lab.adopt(&ours);
    adopt_at_once(&mut lab, &theirs);
    assert!(matches!(lab.submit_block(&invalid_block(&theirs)), BlockOutcome::Invalid(_)));
    lab.assert_at(&theirs);
}

#[test]
fn what_the_lost_branch_confirmed_waits_again() {
    let base = chain_of(2);
    let pay = |nonce| payment(&dev_key(0), &base.params, nonce, CAROLS, Amount(5));
    let mut ours = base.clone();
    ours.grow(MINER, vec![pay(0), pay(1)]).unwrap();
    let mut theirs = base.clone();
    theirs.grow(OTHER_MINER, vec![pay(0)]).unwrap();
    theirs.grow(OTHER_MINER, Vec::new()).unwrap();
    let mut lab = Lab::new();
    lab.adopt(&ours);
    lab.adopt(&theirs);
    lab.assert_at(&theirs);
    assert_eq!(lab.view().mempool.transactions, 1);
    assert_eq!(tip_changes(&lab).last().unwrap().returned_transactions, 1);
    let next = lab.template.clone().unwrap();
    assert_eq!(next.transactions.len(), 1, "miners take it again");
    assert_eq!(next.parent, theirs.tip().id());
}

#[test]
fn a_reorganisation_deeper_than_the_undo_records_rebuilds_the_state() {
    let params = chain_of(0).params;
    let mut ours = chain_of(70);
    let pay = payment(&dev_key(0), &params, 0, CAROLS, Amount(5));
    ours.grow(MINER, vec![pay]).unwrap();
    let ours = grown(&ours, 30, MINER);
    let theirs = branch(&ours, 60, 70);
    let mut lab = Lab::new();
    lab.adopt(&ours);
    let reader = Reader { store: lab.store.clone(), lost_all_undo: true, ..Reader::default() };
    let mut lab = lab.restarted_with(reader, |stored| stored);
    lab.assert_at(&ours);
    lab.adopt(&theirs);
    lab.assert_at(&theirs);
    // Undo records were made again: the way back needs no second rebuilding.
    let back = grown(&ours, 20, MINER);
    lab.adopt(&back);
    lab.assert_at(&back);
}

#[test]
fn miners_get_work_again_once_a_branch_that_was_ahead_turns_out_invalid() {
    let ours = chain_of(4);
    let mut lab = Lab::new();
    // Thirty headers are ahead, the first of which has a body that is invalid.
    let bad = invalid_block(&ours);
    let mut headers = headers_of(&ours);
    headers.push(bad.header);
    let (mut previous, mut time) = (bad.hash(), bad.header.time);
    for _ in 0..30 {
        time = time.plus(10);
        let header =
            crate::consensus::testing::solve(crate::primitives::Header { previous, time, ..bad.header });
        previous = header.hash();
        headers.push(header);
    }
    lab.meet(BOB, &chain_of(0));
    lab.serve(&[(BOB, &chain_of(0))]);
    lab.tell_status(BOB, crate::node::message::Status { work: ALL_WORK, ..status_of(&ours) });
    let (request, _) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, crate::node::message::SyncResponse::Headers(headers.into()));
    lab.adopt(&ours);
    assert_eq!(lab.tip(), ours.tip().id());
    assert_ne!(
        lab.template.as_ref().unwrap().parent,
        ours.tip().id(),
        "miners wait while much is to be fetched"
    );
    assert!(matches!(lab.submit_block(&bad), BlockOutcome::Invalid(_)));
    assert_eq!(lab.template.as_ref().unwrap().parent, ours.tip().id());
}

#[test]
fn a_transaction_restored_after_a_restart_is_not_gossiped() {
    let mut lab = Lab::new();
    let transactions = vec![Arc::new(payment(&dev_key(0), &lab.params, 0, CAROLS, Amount(5)))];
    lab.input(crate::node::Input::SubmitTransactions { ticket: 77, transactions, purpose: Purpose::Restore });
    lab.pass(1_000);
    assert_eq!(lab.view().mempool.transactions, 1);
    assert!(lab.seen.published.is_empty());
}
