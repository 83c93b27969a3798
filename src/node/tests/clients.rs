//! What clients of the node are told, and when.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::Violation;
use crate::node::query::{BlockOutcome, ChainTip};
use crate::node::{Answer, Event, Input, Query};
use crate::primitives::Height;

#[test]
fn answers_events_and_the_view_wait_until_the_tip_they_show_is_durable() {
    let chain = chain_of(2);
    let mut lab = Lab::new();
    lab.adopt(&chain_of(1));
    lab.seen.events.clear();
    lab.disk_is_stuck = true;
    let ticket = lab.offer_block(block_at(&chain, 2).block());
    lab.input(Input::Query { ticket: 77, query: Query::BlockAt(Height(2)) });
    assert!(lab.seen.answers.is_empty());
    assert!(lab.seen.events.is_empty());
    assert_eq!(lab.tip().height, Height(1));
    assert_eq!(lab.template.as_ref().unwrap().parent.height, Height(2), "miners do not wait for the disk");
    lab.unstick();
    assert_eq!(lab.tip().height, Height(2));
    assert!(matches!(lab.seen.answers[&ticket], Answer::Block(BlockOutcome::Connected)));
    assert!(matches!(&lab.seen.answers[&77], Answer::BlockPlace(Some(place)) if place.confirmations == 1));
    assert!(matches!(&lab.seen.events[..], [Event::TipChanged(_)]));
}

#[test]
fn a_submitted_block_is_answered_by_what_became_of_it() {
    let chain = chain_of(3);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    assert_eq!(lab.submit_block(block_at(&chain, 3).block()), BlockOutcome::Duplicate);
    let side = branch(&chain, 1, 1);
    assert_eq!(lab.submit_block(block_at(&side, 3).block()), BlockOutcome::SideBranch);
    let mut foreign = block_at(&grown(&chain, 1, MINER), 4).block().as_ref().clone();
    foreign.coinbase.extra_nonce[0] ^= 1;
    let good = block_at(&grown(&chain, 1, MINER), 4).block().clone();
    assert_eq!(lab.submit_block(&Arc::new(foreign)), BlockOutcome::Invalid(Violation::WrongCommitment));
    assert_eq!(lab.submit_block(&good), BlockOutcome::Connected, "the good body of the same header may come");
    assert!(lab.node.checks.waiting_clients.is_empty());
}

#[test]
fn a_block_submitted_before_its_parent_is_kept_and_connected_after_it() {
    let chain = chain_of(4);
    let mut lab = Lab::new();
    for height in [4, 3, 2] {
        let outcome = lab.submit_block(block_at(&chain, height).block());
        assert_eq!(outcome, BlockOutcome::Invalid(Violation::UnknownParent));
    }
    assert_eq!(lab.submit_block(block_at(&chain, 1).block()), BlockOutcome::Connected);
    lab.assert_at(&chain);
}

#[test]
fn a_second_submission_while_the_first_is_checked_is_a_duplicate_once_the_first_is_decided() {
    let chain = chain_of(1);
    let mut lab = Lab::new();
    lab.checks_are_stuck = true;
    let [first, second] = [1, 1].map(|height| lab.offer_block(block_at(&chain, height).block()));
    assert!(lab.seen.answers.is_empty(), "it may be invalid yet");
    lab.unstick();
    assert!(matches!(lab.seen.answers[&first], Answer::Block(BlockOutcome::Connected)));
    assert!(matches!(lab.seen.answers[&second], Answer::Block(BlockOutcome::Duplicate)));
}

#[test]
fn whoever_submits_what_a_peer_has_sent_hears_when_it_is_decided() {
    let chain = chain_of(2);
    let mut lab = Lab::new();
    lab.checks_are_stuck = true;
    let bodies = [1, 2].map(|height| Arc::clone(block_at(&chain, height).block()));
    lab.meet(BOB, &chain);
    lab.serve(&[(BOB, &chain)]);
    let tickets = bodies.each_ref().map(|block| lab.offer_block(block));
    assert!(lab.seen.answers.is_empty(), "the peer's bodies are still being checked");
    lab.unstick();
    for ticket in tickets {
        assert!(matches!(lab.seen.answers[&ticket], Answer::Block(BlockOutcome::Duplicate)));
    }
    lab.assert_at(&chain);
}

#[test]
fn a_body_that_came_while_a_foreign_one_was_checked_is_checked_itself() {
    let chain = chain_of(1);
    let good = Arc::clone(block_at(&chain, 1).block());
    let mut foreign = good.as_ref().clone();
    foreign.coinbase.extra_nonce[0] ^= 1;
    let mut lab = Lab::new();
    lab.checks_are_stuck = true;
    let offered = [Arc::new(foreign), Arc::clone(&good), good].map(|block| lab.offer_block(&block));
    lab.unstick();
    let outcome = |ticket| {
        let Answer::Block(outcome) = lab.seen.answers[ticket] else {
            panic!("a block is answered by its fate")
        };
        outcome
    };
    let expected =
        [BlockOutcome::Invalid(Violation::WrongCommitment), BlockOutcome::Connected, BlockOutcome::Duplicate];
    assert_eq!(offered.each_ref().map(outcome), expected);
}

#[test]
fn blocks_are_answered_alike_in_whatever_order_their_checks_end() {
    let chain = chain_of(3);
    let mut lab = Lab::new();
    lab.checks_are_stuck = true;
    let tickets = [1, 2, 3].map(|height| lab.offer_block(block_at(&chain, height).block()));
    lab.unstick_backwards();
    for ticket in tickets {
        assert!(matches!(lab.seen.answers[&ticket], Answer::Block(BlockOutcome::Connected)));
    }
}

#[test]
fn a_block_whose_parent_has_no_body_yet_is_answered_at_once() {
    let chain = chain_of(2);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    let (request, question) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, honest(&chain, &question));
    assert_eq!(lab.submit_block(block_at(&chain, 2).block()), BlockOutcome::SideBranch);
    assert!(lab.node.checks.waiting_clients.is_empty());
}

#[test]
fn all_ends_of_branches_are_named_with_how_they_stand() {
    let chain = chain_of(10);
    let side = branch(&chain, 4, 3);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.adopt(&side);
    let ahead = grown(&chain, 2, MINER);
    lab.meet(BOB, &ahead);
    let (request, question) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, honest(&ahead, &question));
    let Answer::ChainTips(mut tips) = lab.ask(Query::ChainTips) else { panic!("no tips") };
    tips.sort_by_key(|tip| tip.id.height);
    let expected = [
        ChainTip { id: side.tip().id(), branch_length: 3, status: "valid-fork" },
        ChainTip { id: chain.tip().id(), branch_length: 0, status: "active" },
        ChainTip { id: ahead.tip().id(), branch_length: 2, status: "headers-only" },
    ];
    assert_eq!(tips, expected);
}

#[test]
fn the_event_of_a_block_names_who_told_of_it_first() {
    let chain = chain_of(1);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.meet(CAROL, &chain_of(0));
    lab.gossip_block(CAROL, compact(block_at(&chain, 1).block()));
    assert_eq!(tip_changes(&lab)[0].connected[0].from, Some(CAROL));
}
