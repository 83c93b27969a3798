//! Gossiped blocks: what is forwarded, rebuilt, asked for and kept for later.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::params::Params;
use crate::consensus::testing::{TestChain, dev_key, mine_block, payment};
use crate::node::effect::{Verdict, VerifyJob};
use crate::node::input::RequestFailure;
use crate::node::message::{Gossip, SyncRequest, SyncResponse};
use crate::node::query::BlockOutcome;
use crate::primitives::{Address, Amount, Block, List, StateRoot, Timestamp, Transaction};

fn payments(chain: &TestChain, count: u64) -> Vec<Transaction> {
    (0..count).map(|nonce| payment(&dev_key(0), &chain.params, nonce, Address([9; 32]), Amount(5))).collect()
}

/// A chain of one block with three payments.
fn chain_with_payments() -> TestChain {
    let mut chain = chain_of(0);
    chain.grow(MINER, payments(&chain, 3)).unwrap();
    chain
}

fn missing(question: &SyncRequest) -> Vec<u32> {
    let SyncRequest::BlockTransactions { indexes, .. } = question else {
        panic!("not asked for transactions but {question:?}")
    };
    indexes.to_vec()
}

fn checks_signatures(lab: &Lab) -> bool {
    lab.seen.jobs.iter().any(|job| matches!(job, VerifyJob::Signatures(_)))
}

#[test]
fn a_block_of_known_transactions_is_rebuilt_and_no_signature_checked_again() {
    let chain = chain_with_payments();
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    for transaction in block_at(&chain, 1).transactions() {
        lab.submit(transaction).unwrap();
    }
    lab.seen.asked.clear();
    assert_eq!(lab.gossip_block(BOB, compact(block_at(&chain, 1).block())), Some(Verdict::Accept));
    lab.assert_at(&chain);
    assert!(!checks_signatures(&lab));
    assert!(lab.seen.asked.iter().all(|(_, _, body)| !is_missing(body) && !is_blocks(body)));
    assert_eq!(lab.view().mempool.transactions, 0);
}

#[test]
fn who_forwards_blocks_that_turn_out_invalid_claims_no_work_by_that() {
    let chain = chain_of(3);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    lab.serve_for(1_000, &[(BOB, &chain)]);
    let (tip, header) = (chain.tip(), *block_at(&chain, 3).header());
    for number in 1..=5 {
        let (time, root, height) = (header.time.plus(10), StateRoot([number; 32]), tip.height.next());
        let bad = mine_block(tip.hash, time, header.bits, root, height, MINER, Vec::new());
        assert_eq!(lab.gossip_block(BOB, compact(&bad)), Some(Verdict::Accept), "its header is good");
        lab.serve_for(1_000, &[(BOB, &chain)]);
        lab.assert_at(&chain);
    }
    assert!(lab.seen.hung_up.is_empty());
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn a_tampered_copy_of_a_known_transaction_is_checked_again() {
    let chain = chain_of(0);
    let good = payments(&chain, 1);
    let mut bad = good.clone();
    bad[0].signature.0[3] ^= 1;
    let mut lab = Lab::new();
    lab.submit(&good[0]).unwrap();
    let outcome = lab.submit_block(&chain.mine(MINER, bad));
    assert_eq!(outcome, BlockOutcome::Invalid(crate::consensus::Violation::BadSignature));
    assert!(checks_signatures(&lab));
}

#[test]
fn missing_transactions_are_asked_from_the_sender_then_from_another_then_the_whole_block() {
    let chain = chain_with_payments();
    let mut lab = Lab::new();
    lab.submit(&block_at(&chain, 1).transactions()[0]).unwrap();
    for peer in [BOB, CAROL, DAVE] {
        lab.meet(peer, &chain_of(0));
    }
    for peer in [BOB, CAROL, DAVE] {
        lab.serve(&[(peer, &chain_of(0))]);
    }
    let block = compact(block_at(&chain, 1).block());
    assert_eq!(lab.gossip_block(CAROL, block.clone()), Some(Verdict::Accept));
    let (_, question) = lab.take_asked(CAROL, is_missing).expect("the sender is asked first");
    assert_eq!(missing(&question), [1, 2]);
    assert_eq!(lab.gossip_block(BOB, block), Some(Verdict::Ignore), "known, but Bob has it too");
    lab.pass(600);
    let (request, question) = lab.take_asked(BOB, is_missing).expect("then somebody else who has it");
    assert_eq!(missing(&question), [1, 2]);
    lab.answer(BOB, request, SyncResponse::BlockTransactions(List::default()));
    let asked = lab.take_asked(BOB, is_blocks).or_else(|| lab.take_asked(CAROL, is_blocks));
    let (_, question) = asked.expect("at last the whole block");
    assert_eq!(question, SyncRequest::Blocks { hashes: List(vec![chain.tip().hash]) });
}

#[test]
fn missing_transactions_that_come_complete_the_block() {
    let chain = chain_with_payments();
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.gossip_block(BOB, compact(block_at(&chain, 1).block()));
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn wrong_transactions_lead_to_the_whole_block_and_blame_nobody() {
    let chain = chain_with_payments();
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.gossip_block(BOB, compact(block_at(&chain, 1).block()));
    let (request, _) = lab.take_asked(BOB, is_missing).unwrap();
    let wrong: Vec<_> =
        (5..8).map(|nonce| Arc::new(payment(&dev_key(1), &chain.params, nonce, MINER, Amount(1)))).collect();
    lab.answer(BOB, request, SyncResponse::BlockTransactions(List(wrong)));
    assert_eq!(lab.score(BOB), 0);
    let (request, question) = lab.take_asked(BOB, is_blocks).expect("the whole block is asked for");
    lab.answer(BOB, request, honest(&chain, &question));
    lab.assert_at(&chain);
}

#[test]
fn a_whole_block_that_could_overtake_is_fetched_though_another_header_was_first() {
    let base = chain_of(1);
    let unavailable = grown(&base, 1, OTHER_MINER);
    let mut chain = base.clone();
    chain.grow(MINER, payments(&chain, 2)).unwrap();
    let mut lab = Lab::new();
    lab.adopt(&base);
    lab.meet(CAROL, &unavailable);
    let (request, question) = lab.take_asked(CAROL, is_headers).unwrap();
    lab.answer(CAROL, request, honest(&unavailable, &question));
    lab.meet(BOB, &base);
    lab.gossip_block(BOB, compact(block_at(&chain, 2).block()));
    let (request, _) = lab.take_asked(BOB, is_missing).unwrap();
    lab.fail(BOB, request, RequestFailure::Refused);
    lab.serve_for(1_000, &[(BOB, &chain)]);
    lab.assert_at(&chain);
}

#[test]
fn only_the_first_variant_of_a_block_is_forwarded() {
    let chain = chain_with_payments();
    let block = block_at(&chain, 1).block();
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.meet(CAROL, &chain_of(0));
    assert_eq!(lab.gossip_block(BOB, compact(block)), Some(Verdict::Accept));
    let (request, _) = lab.take_asked(BOB, is_missing).unwrap();
    lab.fail(BOB, request, RequestFailure::Refused);
    lab.pass(1_000);
    let mut variant = compact(block);
    variant.key = 77;
    assert_eq!(lab.gossip_block(CAROL, variant), Some(Verdict::Ignore));
    assert_eq!(lab.score(CAROL), 0);
}

#[test]
fn who_forwards_a_block_that_turned_out_invalid_is_not_blamed_even_after_a_restart() {
    let chain = chain_of(0);
    let poor = payment(&crate::consensus::testing::test_key(1), &chain.params, 0, MINER, Amount(5));
    let mut bad_signature = payments(&chain, 1);
    bad_signature[0].signature.0[9] ^= 1;
    for transactions in [vec![poor], bad_signature] {
        let block = chain.mine(MINER, transactions);
        let mut lab = Lab::new();
        assert!(matches!(lab.submit_block(&block), BlockOutcome::Invalid(_)));
        let mut lab = lab.restarted();
        lab.meet(BOB, &chain);
        assert_eq!(lab.gossip_block(BOB, compact(&block)), Some(Verdict::Ignore));
        assert_eq!(lab.score(BOB), 0);
    }
}

#[test]
fn old_blocks_and_cheap_branches_are_no_news() {
    let chain = chain_of(20);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.meet(BOB, &chain);
    for (below, verdict) in [(7, Verdict::Accept), (8, Verdict::Ignore)] {
        let late = branch(&chain, below, 1);
        assert_eq!(lab.gossip_block(BOB, compact(late.blocks.last().unwrap().0.block())), Some(verdict));
    }
    assert_eq!(lab.score(BOB), 0);
}

#[test]
fn a_block_before_its_parent_waits_while_the_headers_between_are_asked_for() {
    let chain = chain_of(5);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.serve(&[(BOB, &chain_of(0))]);
    assert_eq!(lab.gossip_block(BOB, compact(block_at(&chain, 5).block())), Some(Verdict::Ignore));
    lab.seen.jobs.clear();
    lab.serve(&[(BOB, &chain)]);
    lab.assert_at(&chain);
    let bodies = lab.seen.jobs.iter().filter(|job| matches!(job, VerifyJob::Body(_)));
    assert_eq!(bodies.count(), 5, "each body is checked once");
}

/// A block on genesis with a time of its own.
fn block_at_time(chain: &TestChain, time: u32) -> Arc<Block> {
    let (tip, root) = (chain.tip(), chain.expected_state_root());
    let bits = chain.params.first_bits;
    Arc::new(mine_block(tip.hash, Timestamp(time), bits, root, tip.height.next(), MINER, Vec::new()))
}

#[test]
fn a_block_too_far_ahead_of_the_clock_is_kept_and_taken_when_due_without_being_sent_again() {
    for by_gossip in [true, false] {
        let chain = chain_of(0);
        let mut lab = Lab::new();
        lab.meet(BOB, &chain);
        lab.serve(&[(BOB, &chain)]);
        let block = block_at_time(&chain, lab.now.timestamp().0 + 150);
        if by_gossip {
            assert_eq!(lab.gossip_block(BOB, compact(&block)), Some(Verdict::Ignore));
        } else {
            let expected = BlockOutcome::Invalid(crate::consensus::Violation::TimeTooFarAhead);
            assert_eq!(lab.submit_block(&block), expected);
        }
        lab.pass(20_000);
        assert_eq!(lab.tip().height.0, 0);
        lab.pass(14_000);
        assert_eq!(lab.tip().hash, block.hash());
        assert!(lab.seen.asked.iter().all(|(_, _, body)| !is_headers(body) && !is_blocks(body)));
        assert_eq!(lab.score(BOB), 0);
    }
}

#[test]
fn early_blocks_are_bounded_and_leave_no_timers_behind() {
    let chain = chain_of(0);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    for second in 0..200 {
        let block = block_at_time(&chain, u32::MAX - second);
        assert_eq!(lab.gossip_block(BOB, compact(&block)), Some(Verdict::Ignore));
    }
    assert!(format!("{:?}", lab.node.timers).len() < 1_000);
    assert!(format!("{:?}", lab.node.waiting).matches("Compact {").count() <= 64);
}

#[test]
fn on_development_networks_a_block_is_forwarded_once_it_is_known_to_be_valid() {
    let params = Params::named("dev").unwrap();
    let chain = TestChain::new(params.clone());
    let good = chain.mine(MINER, payments(&chain, 1));
    let mut bad = payments(&chain, 1);
    bad[0].signature.0[9] ^= 1;
    let bad = chain.mine(MINER, bad);
    for (block, verdict) in [(good, Verdict::Accept), (bad, Verdict::Ignore)] {
        let mut lab = Lab::of(params.clone());
        lab.meet(BOB, &chain);
        let message = lab.gossip(BOB, Gossip::Block(Arc::new(compact(&block))));
        assert_eq!(lab.seen.verdicts.get(&message), None, "nothing protects what is not checked");
        let (request, _) = lab.take_asked(BOB, is_missing).unwrap();
        let transactions = block.transactions.iter().cloned().map(Arc::new).collect();
        lab.answer(BOB, request, SyncResponse::BlockTransactions(transactions));
        assert_eq!(lab.seen.verdicts.get(&message), Some(&verdict));
        assert_eq!(lab.score(BOB), 0, "a forwarder is not blamed for the body");
    }
}

#[test]
fn blocks_that_wait_for_a_verdict_are_bounded() {
    let params = Params::named("dev").unwrap();
    let chain = TestChain::new(params.clone());
    let mut lab = Lab::of(params);
    lab.meet(BOB, &chain);
    for number in 0..200 {
        let miner = Address([number; 32]);
        lab.gossip(BOB, Gossip::Block(Arc::new(compact(&chain.mine(miner, payments(&chain, 2))))));
    }
    assert!(lab.node.checks.waiting_verdicts.len() <= 64);
    assert!(lab.seen.verdicts.values().all(|verdict| *verdict == Verdict::Ignore));
    let asked = lab.seen.asked.iter().filter(|(_, _, body)| is_missing(body)).count();
    assert!(asked <= 16, "one peer is not asked for more than it can answer");
}

#[test]
fn peers_are_told_where_we_stand_when_gossip_does_not_carry_a_new_tip_on() {
    let chain = chain_of(2);
    let asks_status = |body: &SyncRequest| matches!(body, SyncRequest::Status(_));
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.meet(CAROL, &chain_of(0));
    lab.serve(&[(BOB, &chain_of(0)), (CAROL, &chain_of(0))]);
    lab.gossip_block(BOB, compact(block_at(&chain, 1).block()));
    assert_eq!(lab.tip().height.0, 1);
    assert!(lab.take_asked(CAROL, asks_status).is_none(), "gossip carries it on");
    lab.tell_status(BOB, status_of(&chain));
    while let Some((request, question)) = lab.take_asked(BOB, |body| !asks_status(body)) {
        lab.answer(BOB, request, honest(&chain, &question));
    }
    lab.assert_at(&chain);
    let (_, question) = lab.take_asked(CAROL, asks_status).expect("this one came by asking");
    let SyncRequest::Status(status) = question else { panic!("a status") };
    assert_eq!(status.tip, chain.tip().hash);
}

#[test]
fn a_block_made_here_is_gossiped_and_its_transactions_before_it() {
    let chain = chain_of(0);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    lab.submit(&payments(&chain, 1)[0]).unwrap();
    let block = chain.mine(MINER, payments(&chain, 1));
    assert_eq!(lab.submit_block(&block), BlockOutcome::Connected);
    let [Gossip::Transactions(transactions), Gossip::Block(told)] = lab.seen.published.as_slice() else {
        panic!("published {:?}", lab.seen.published)
    };
    assert_eq!(transactions.len(), 1);
    assert_eq!(told.header.hash(), block.hash());
}

#[test]
fn a_block_made_where_nobody_listens_is_told_to_whoever_comes() {
    let chain = chain_of(0);
    let mut lab = Lab::new();
    let block = chain.mine(MINER, Vec::new());
    assert_eq!(lab.submit_block(&block), BlockOutcome::Connected);
    assert!(lab.seen.published.is_empty(), "published {:?}", lab.seen.published);
    lab.meet(BOB, &chain);
    let asks_status = |body: &SyncRequest| matches!(body, SyncRequest::Status(_));
    let (_, question) = lab.take_asked(BOB, asks_status).expect("whoever comes is asked");
    let SyncRequest::Status(status) = question else { panic!("a status") };
    assert_eq!(status.tip, block.hash());
}
