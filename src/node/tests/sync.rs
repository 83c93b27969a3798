//! Catching up: headers from the best claim, bodies from everyone, whatever some of them do.

use super::chains::*;
use super::harness::*;
use crate::node::Event;
use crate::node::input::RequestFailure;
use crate::node::message::{Status, SyncRequest, SyncResponse};
use crate::primitives::{List, PeerId};

/// Hashes that a peer is asked for at the moment.
fn wanted_of(lab: &Lab, peer: PeerId) -> usize {
    let of_peer = lab.seen.asked.iter().filter(|(asked, _, _)| *asked == peer);
    of_peer.map(|(_, _, body)| if let SyncRequest::Blocks { hashes } = body { hashes.len() } else { 0 }).sum()
}

fn answer_headers(lab: &mut Lab, peer: PeerId, chain: &crate::consensus::testing::TestChain) {
    let (request, question) = lab.take_asked(peer, is_headers).expect("headers are asked for");
    lab.answer(peer, request, honest(chain, &question));
}

#[test]
fn two_peers_each_send_a_part_of_the_blocks() {
    let chain = chain_of(300);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    lab.meet(CAROL, &chain);
    answer_headers(&mut lab, BOB, &chain);
    assert!(wanted_of(&lab, BOB) >= 100 && wanted_of(&lab, CAROL) >= 100);
    assert_eq!(wanted_of(&lab, BOB) + wanted_of(&lab, CAROL), 300, "each block is asked for once");
    lab.serve(&[(BOB, &chain), (CAROL, &chain)]);
    lab.pass(1_000);
    lab.assert_at(&chain);
    assert!(lab.seen.events.iter().any(|event| matches!(event, Event::SyncFinished { .. })));
}

#[test]
fn a_branch_longer_than_one_answer_of_headers_and_than_the_window_is_adopted() {
    let ours = chain_of(2_100);
    let theirs = branch(&ours, 2_100, 2_150);
    let mut lab = Lab::new();
    lab.meet(BOB, &ours);
    lab.serve_for(2_000, &[(BOB, &ours)]);
    assert_eq!(lab.tip(), ours.tip().id());
    lab.meet(CAROL, &theirs);
    lab.serve_for(5_000, &[(BOB, &ours), (CAROL, &theirs)]);
    lab.assert_at(&theirs);
    assert!(lab.seen.hung_up.is_empty() && lab.score(CAROL) == 0);
}

#[test]
fn headers_known_from_a_sync_that_broke_off_lead_on() {
    let ours = chain_of(2_100);
    let theirs = branch(&ours, 2_100, 2_150);
    let mut lab = Lab::new();
    lab.meet(BOB, &ours);
    lab.serve_for(2_000, &[(BOB, &ours)]);
    lab.meet(CAROL, &theirs);
    answer_headers(&mut lab, CAROL, &theirs);
    lab.leave(CAROL);
    lab.meet(DAVE, &theirs);
    lab.serve_for(5_000, &[(DAVE, &theirs)]);
    assert_eq!(lab.tip(), theirs.tip().id());
    assert_eq!(lab.score(DAVE), 0);
}

#[test]
fn a_peer_that_refuses_to_send_blocks_is_not_asked_again_at_once() {
    for failure in [RequestFailure::Refused, RequestFailure::Disconnected] {
        let chain = chain_of(20);
        let mut lab = Lab::new();
        lab.meet(BOB, &chain);
        answer_headers(&mut lab, BOB, &chain);
        let (request, _) = lab.take_asked(BOB, is_blocks).expect("Bob is asked for the blocks");
        lab.fail(BOB, request, failure);
        assert_eq!(wanted_of(&lab, BOB), 0, "asking at once would never end");
        lab.pass(7_000);
        assert_eq!(wanted_of(&lab, BOB), 20, "later he may have them");
    }
}

#[test]
fn a_peer_that_finds_more_while_it_is_asked_for_headers_claims_nothing_it_cannot_show() {
    let mut chain = chain_of(3);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    for _ in 0..5 {
        let (request, question) = lab.take_asked(BOB, is_headers).expect("headers are asked for");
        let answer = honest(&chain, &question);
        chain = grown(&chain, 1, MINER);
        lab.tell_status(BOB, status_of(&chain));
        lab.answer(BOB, request, answer);
    }
    assert_eq!(lab.score(BOB), 0);
    answer_headers(&mut lab, BOB, &chain);
    assert_eq!(lab.view().best_header, chain.tip().height);
}

#[test]
fn a_stalled_request_moves_on_and_a_late_answer_still_counts() {
    let chain = chain_of(20);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    answer_headers(&mut lab, BOB, &chain);
    let (late, question) = lab.take_asked(BOB, is_blocks).expect("Bob is asked for the blocks");
    lab.meet(CAROL, &chain);
    assert_eq!(wanted_of(&lab, CAROL), 0);
    lab.pass(2_500);
    assert_eq!(wanted_of(&lab, CAROL), 20, "Carol is asked once Bob has stalled");
    lab.answer(BOB, late, honest(&chain, &question));
    lab.assert_at(&chain);
    let (request, question) = lab.take_asked(CAROL, is_blocks).expect("Carol was asked");
    lab.answer(CAROL, request, honest(&chain, &question));
    assert_eq!((lab.score(BOB), lab.score(CAROL)), (0, 0));
}

#[test]
fn who_claims_much_and_never_answers_keeps_nobody_else_from_being_asked() {
    let chain = chain_of(20);
    let mut lab = Lab::new();
    let liar = Status { work: ALL_WORK, ..status_of(&chain) };
    lab.meet(BOB, &chain);
    lab.take_asked(BOB, is_headers).expect("Bob is asked first, and stays silent");
    lab.pass(9_000);
    lab.tell_status(BOB, liar);
    lab.meet(CAROL, &chain);
    answer_headers(&mut lab, CAROL, &chain);
    lab.pass(3_000);
    lab.serve(&[(CAROL, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn who_often_claims_work_that_its_headers_do_not_show_is_dropped() {
    let chain = chain_of(3);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    answer_headers(&mut lab, BOB, &chain);
    for _ in 0..3 {
        assert!(lab.seen.hung_up.is_empty());
        lab.tell_status(BOB, Status { work: ALL_WORK, ..status_of(&chain) });
        let (request, question) = lab.take_asked(BOB, is_headers).expect("the claim is looked into");
        lab.answer(BOB, request, honest(&chain, &question));
    }
    assert_eq!(lab.seen.hung_up, [BOB]);
}

#[test]
fn a_body_that_nobody_supplies_is_asked_for_again_and_nobody_is_blamed() {
    let chain = chain_of(2);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    answer_headers(&mut lab, BOB, &chain);
    for _ in 0..20 {
        let (request, _) = lab.take_asked(BOB, is_blocks).expect("the blocks are asked for again");
        lab.answer(BOB, request, SyncResponse::Blocks(List::default()));
        lab.pass(4_000);
        assert!(lab.take_asked(BOB, is_blocks).is_none(), "though not at once");
        lab.pass(2_500);
    }
    assert_eq!(lab.score(BOB), 0);
    let template = lab.template.clone().expect("miners have work");
    assert_eq!(template.parent, crate::consensus::HeaderFacts::genesis(&lab.params).id());
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn a_heavier_branch_whose_holder_is_gone_keeps_nobody_from_following_those_who_are_here() {
    let base = chain_of(10);
    let (gone, here) = (grown(&base, 80, OTHER_MINER), grown(&base, 50, MINER));
    let mut lab = Lab::new();
    lab.adopt(&base);
    lab.meet(BOB, &gone);
    answer_headers(&mut lab, BOB, &gone);
    lab.leave(BOB);
    lab.pass(2_000);
    lab.submit_block(&grown(&base, 0, MINER).mine(MINER, Vec::new()));
    let template = lab.template.clone().expect("miners have work");
    assert_eq!(template.parent.height.0, 11, "and do not wait for what nobody has");
    lab.meet(CAROL, &here);
    lab.serve_for(3_000, &[(CAROL, &here)]);
    lab.assert_at(&here);
    assert_eq!(lab.score(CAROL), 0);
    lab.meet(DAVE, &gone);
    lab.serve_for(3_000, &[(CAROL, &here), (DAVE, &gone)]);
    lab.assert_at(&gone);
}

#[test]
fn a_heavier_branch_whose_holders_send_no_blocks_keeps_nobody_from_following_those_who_do() {
    let base = chain_of(10);
    let (withheld, here) = (grown(&base, 20, OTHER_MINER), grown(&base, 15, MINER));
    let mut lab = Lab::new();
    lab.adopt(&base);
    // Bob refuses, Carol says that she has none, Dave does not say anything: all of them show the same headers.
    for peer in [BOB, CAROL, DAVE] {
        lab.meet(peer, &withheld);
    }
    lab.meet(ERIN, &here);
    for _ in 0..50 {
        lab.serve(&[(ERIN, &here)]);
        for peer in [BOB, CAROL, DAVE] {
            while let Some((request, question)) = lab.take_asked(peer, |body| !is_blocks(body)) {
                lab.answer(peer, request, honest(&withheld, &question));
            }
        }
        if let Some((request, _)) = lab.take_asked(BOB, is_blocks) {
            lab.fail(BOB, request, RequestFailure::Refused);
        }
        if let Some((request, _)) = lab.take_asked(CAROL, is_blocks) {
            lab.answer(CAROL, request, SyncResponse::Blocks(List::default()));
        }
        lab.pass(200);
    }
    lab.assert_at(&here);
    lab.serve_for(20_000, &[(BOB, &withheld), (ERIN, &here)]);
    lab.assert_at(&withheld);
}

#[test]
fn a_peer_that_stays_silent_is_charged_a_little_and_others_take_over() {
    let chain = chain_of(20);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    let (request, _) = lab.take_asked(BOB, is_headers).expect("Bob is asked first");
    lab.meet(CAROL, &chain);
    lab.fail(BOB, request, RequestFailure::TimedOut);
    lab.serve(&[(CAROL, &chain)]);
    lab.assert_at(&chain);
    assert_eq!(lab.score(BOB), -2);
}

#[test]
fn headers_too_far_in_the_future_cost_nobody_anything_and_are_taken_when_due() {
    let chain = chain_of(40);
    let mut lab = Lab::new();
    // The last blocks are up to 200 seconds ahead of Alice's clock.
    lab.now.wall_ms = u64::from(chain.tip().time.0 - 200) * 1_000;
    lab.meet(BOB, &chain);
    lab.serve(&[(BOB, &chain)]);
    lab.pass(100);
    assert_eq!(lab.tip().height.0, 32, "120 seconds of the future are taken");
    lab.serve_for(120_000, &[(BOB, &chain)]);
    lab.assert_at(&chain);
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn connecting_many_blocks_lets_other_inputs_have_their_turn() {
    let chain = chain_of(300);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    answer_headers(&mut lab, BOB, &chain);
    lab.checks_are_stuck = true;
    // The lowest blocks come last, so that all can be connected at once.
    while let Some((request, question)) = lab.take_asked(BOB, is_blocks) {
        lab.answer(BOB, request, honest(&chain, &question));
    }
    lab.checks_are_stuck = false;
    lab.unstick();
    let largest = tip_changes(&lab).into_iter().map(|change| change.connected.len());
    assert!(largest.max() <= Some(64));
    lab.pass(100);
    lab.serve(&[(BOB, &chain)]);
    lab.pass(100);
    lab.assert_at(&chain);
}
