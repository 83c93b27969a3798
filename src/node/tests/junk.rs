//! What hostile and broken peers send, and what it costs them.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::{dev_key, payment, test_key};
use crate::node::effect::Verdict;
use crate::node::message::{Gossip, Prefilled, Status, SyncRequest, SyncResponse};
use crate::node::{Event, Input};
use crate::primitives::{Address, Amount, BlockHash, List, Transaction};

fn transactions(count: u64) -> Vec<Transaction> {
    let params = chain_of(0).params;
    (0..count).map(|nonce| payment(&dev_key(0), &params, nonce, Address([9; 32]), Amount(5))).collect()
}

fn every_response() -> Vec<SyncResponse> {
    let chain = chain_of(1);
    vec![
        SyncResponse::Status(status_of(&chain)),
        SyncResponse::Headers(List(headers_of(&chain))),
        SyncResponse::Blocks(List(vec![Arc::clone(block_at(&chain, 1).block())])),
        SyncResponse::BlockTransactions(List(vec![Arc::new(transactions(1).remove(0))])),
        SyncResponse::Mempool(List(vec![Arc::new(transactions(1).remove(0))])),
    ]
}

#[test]
fn an_answer_of_another_kind_costs_its_sender() {
    for response in every_response() {
        let chain = chain_of(3);
        let mut lab = Lab::new();
        lab.meet(BOB, &chain);
        let questions = [lab.take_asked(BOB, is_headers), lab.take_asked(BOB, |_| true)];
        for (request, question) in questions.into_iter().flatten() {
            let before = lab.score(BOB);
            let fits =
                std::mem::discriminant(&honest(&chain, &question)) == std::mem::discriminant(&response);
            lab.answer(BOB, request, response.clone());
            let charged = lab.score(BOB) < before;
            assert_eq!(charged, !fits, "{question:?} answered by {response:?}");
        }
    }
}

#[test]
fn an_answer_to_nothing_that_was_asked_changes_nothing() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.serve(&[(BOB, &chain_of(0))]);
    for response in every_response() {
        lab.answer(BOB, 12_345, response.clone());
        lab.answer(CAROL, 1, response);
    }
    lab.assert_at(&chain_of(0));
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn too_many_headers_and_headers_that_do_not_follow_each_other_cost_their_sender() {
    let chain = chain_of(2_001);
    let mut gap = headers_of(&chain);
    gap.remove(7);
    gap.truncate(100);
    for headers in [headers_of(&chain), gap] {
        let mut lab = Lab::new();
        lab.meet(BOB, &chain);
        let (request, _) = lab.take_asked(BOB, is_headers).unwrap();
        lab.answer(BOB, request, SyncResponse::Headers(List(headers)));
        assert_eq!(lab.score(BOB), -10);
    }
}

#[test]
fn headers_without_work_ban_their_sender() {
    let chain = chain_of(3);
    let mut headers = headers_of(&chain);
    while headers[2].bits.target().unwrap().is_met_by(&headers[2].hash()) {
        headers[2].nonce += 1;
    }
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    let (request, _) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, SyncResponse::Headers(List(headers)));
    assert_eq!(lab.seen.banned, [BOB]);
    assert!(lab.seen.events.iter().any(|event| matches!(event, Event::PeerBanned { peer: BOB, .. })));
    assert_eq!(lab.view().bans.len(), 1);
    lab.leave(BOB);
    lab.input(Input::PeerConnected { peer: BOB, outbound: true });
    assert_eq!(lab.seen.hung_up, [BOB], "it is not welcome for a day");
}

#[test]
fn headers_that_follow_nothing_we_named_prove_nothing() {
    let chain = chain_of(40);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    for _ in 0..3 {
        let (request, _) = lab.take_asked(BOB, is_headers).expect("the claim is looked into");
        lab.answer(BOB, request, SyncResponse::Headers(headers_of(&chain).split_off(20).into()));
        lab.tell_status(BOB, status_of(&chain));
    }
    assert_eq!(lab.seen.hung_up, [BOB]);
    assert_eq!(lab.tip().height.0, 0);
}

#[test]
fn a_wrong_body_costs_its_sender_and_the_good_one_is_accepted_later() {
    let mut chain = chain_of(1);
    chain.grow(MINER, transactions(2)).unwrap();
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    let (request, question) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, honest(&chain, &question));
    let (request, question) = lab.take_asked(BOB, is_blocks).unwrap();
    let SyncResponse::Blocks(mut blocks) = honest(&chain, &question) else { panic!("blocks") };
    Arc::make_mut(&mut blocks[1]).transactions.pop();
    lab.answer(BOB, request, SyncResponse::Blocks(blocks));
    assert_eq!(lab.score(BOB), -20);
    assert_eq!(lab.seen.hung_up, [BOB]);
    lab.leave(BOB);
    lab.meet(CAROL, &chain);
    lab.serve(&[(CAROL, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn blocks_that_were_not_asked_for_cost_their_sender() {
    let (chain, other) = (chain_of(3), branch(&chain_of(3), 3, 3));
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    let (request, question) = lab.take_asked(BOB, is_headers).unwrap();
    lab.answer(BOB, request, honest(&chain, &question));
    let (request, _) = lab.take_asked(BOB, is_blocks).unwrap();
    let foreign = other.blocks.iter().map(|(block, _)| Arc::clone(block.block())).collect();
    lab.answer(BOB, request, SyncResponse::Blocks(foreign));
    assert_eq!(lab.score(BOB), -10);
}

#[test]
fn greedy_requests_cost_their_sender_and_are_answered_with_nothing() {
    let mut chain = chain_of(0);
    chain.grow(MINER, transactions(1)).unwrap();
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.meet(BOB, &chain);
    let block = chain.tip().hash;
    let greedy = [
        SyncRequest::Blocks { hashes: List(vec![BlockHash::ZERO; 129]) },
        SyncRequest::BlockTransactions { block, indexes: List(vec![0; 100_000]) },
    ];
    for (times, body) in (1..).zip(greedy) {
        lab.seen.responses.clear();
        lab.input(Input::Request { peer: BOB, request: times, body });
        let (_, response) = lab.seen.responses.remove(0);
        let nothing =
            [SyncResponse::Blocks(List::default()), SyncResponse::BlockTransactions(List::default())];
        assert!(nothing.contains(&response));
        assert_eq!(lab.score(BOB), -5 * times.cast_signed());
    }
}

#[test]
fn at_most_two_thousand_headers_are_served_whatever_is_asked() {
    let chain = chain_of(2_010);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    let locator = List(vec![BlockHash::ZERO; 10_000]);
    lab.input(Input::Request {
        peer: BOB,
        request: 1,
        body: SyncRequest::Headers { locator, maximum: u32::MAX },
    });
    let Some((BOB, SyncResponse::Headers(served))) = lab.seen.responses.pop() else { panic!("no headers") };
    assert_eq!(served.len(), 2_000);
    assert_eq!(served[0], *block_at(&chain, 1).header());
}

#[test]
fn a_node_of_another_network_is_dropped() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.tell_status(BOB, Status { genesis: BlockHash([1; 32]), ..status_of(&chain_of(0)) });
    assert_eq!(lab.seen.hung_up, [BOB]);
}

#[test]
fn gossip_of_no_or_too_many_transactions_is_rejected() {
    for count in [0, 257] {
        let mut lab = Lab::new();
        lab.meet(BOB, &chain_of(0));
        assert_eq!(lab.gossip_transactions(BOB, transactions(count)), Some(Verdict::Reject));
        assert_eq!(lab.score(BOB), -10);
    }
}

#[test]
fn a_transaction_with_a_bad_signature_costs_whoever_forwards_or_serves_it() {
    let mut bad = transactions(2);
    bad[1].signature.0[5] ^= 1;
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    assert_eq!(lab.gossip_transactions(BOB, bad.clone()), Some(Verdict::Reject));
    assert_eq!(lab.score(BOB), -10);
    lab.meet(CAROL, &chain_of(0));
    let (request, _) = lab.take_asked(CAROL, |body| *body == SyncRequest::Mempool).unwrap();
    lab.answer(CAROL, request, SyncResponse::Mempool(bad.into_iter().map(Arc::new).collect()));
    assert_eq!(lab.score(CAROL), -10);
    assert_eq!(lab.view().mempool.transactions, 1, "the good one is taken");
}

#[test]
fn a_transaction_that_an_honest_forwarder_may_have_missed_costs_nothing() {
    let params = chain_of(0).params;
    let poor = payment(&test_key(3), &params, 0, Address([9; 32]), Amount(5));
    let gap = payment(&dev_key(0), &params, 40, Address([9; 32]), Amount(5));
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    assert_eq!(lab.gossip_transactions(BOB, vec![poor, gap]), Some(Verdict::Ignore));
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn a_compact_block_of_no_possible_shape_bans_its_forwarder() {
    let chain = chain_of(1);
    let mut block = compact(block_at(&chain, 1).block());
    let transaction = Arc::new(transactions(1).remove(0));
    block.prefilled = List(vec![Prefilled { index: 3, transaction }]);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    assert_eq!(lab.gossip_block(BOB, block), Some(Verdict::Reject));
    assert_eq!(lab.seen.banned, [BOB]);
}

#[test]
fn a_coinbase_that_is_not_the_headers_bans_its_forwarder_even_before_the_parent_is_known() {
    let chain = chain_of(2);
    for height in [1, 2] {
        let mut block = compact(block_at(&chain, height).block());
        block.coinbase.extra_nonce[0] ^= 1;
        let mut lab = Lab::new();
        lab.meet(BOB, &chain_of(0));
        assert_eq!(lab.gossip_block(BOB, block), Some(Verdict::Reject));
        assert_eq!(lab.seen.banned, [BOB]);
    }
}

#[test]
fn gossip_of_strangers_is_heard_and_cannot_be_charged() {
    let mut lab = Lab::new();
    let message = lab.gossip(DAVE, Gossip::Transactions(List::default()));
    assert_eq!(lab.seen.verdicts.get(&message), Some(&Verdict::Reject));
    assert!(lab.seen.hung_up.is_empty());
}
