//! Transactions of clients and peers on their way into the pool.

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::{dev_key, payment};
use crate::node::effect::Verdict;
use crate::node::message::{Gossip, SyncRequest, SyncResponse};
use crate::node::{Answer, Input, Query};
use crate::primitives::{Address, Amount, Height, Transaction};

fn payments(lab: &Lab, nonces: std::ops::Range<u64>) -> Vec<Transaction> {
    let pay = |nonce| payment(&dev_key(0), &lab.params, nonce, Address([9; 32]), Amount(5));
    nonces.map(pay).collect()
}

#[test]
fn transactions_of_clients_are_collected_for_one_message() {
    let mut lab = Lab::new();
    for transaction in payments(&lab, 0..5) {
        lab.submit(&transaction).unwrap();
    }
    assert!(lab.seen.published.is_empty());
    lab.pass(30);
    let [Gossip::Transactions(published)] = lab.seen.published.as_slice() else {
        panic!("published {:?}", lab.seen.published)
    };
    assert_eq!(published.len(), 5);
}

#[test]
fn submitting_a_waiting_transaction_again_answers_its_id() {
    let mut lab = Lab::new();
    let transaction = payments(&lab, 0..1).remove(0);
    let id = lab.submit(&transaction).unwrap();
    lab.pass(30);
    assert_eq!(lab.submit(&transaction), Ok(id));
    lab.pass(30);
    assert_eq!(lab.seen.published.len(), 1, "and it is gossiped once");
}

#[test]
fn a_message_is_forwarded_when_at_least_half_of_it_is_news() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    for transaction in payments(&lab, 0..4) {
        lab.submit(&transaction).unwrap();
    }
    let half = payments(&lab, 2..6);
    assert_eq!(lab.gossip_transactions(BOB, half.clone()), Some(Verdict::Accept));
    assert_eq!(lab.gossip_transactions(BOB, half), Some(Verdict::Ignore));
    assert_eq!(lab.score(BOB), 0);
    assert!(lab.seen.published.is_empty(), "what peers gossip is forwarded, not published again");
}

#[test]
fn miners_learn_of_fees_after_a_while_and_not_at_each_transaction() {
    let mut lab = Lab::new();
    for transaction in payments(&lab, 0..5) {
        lab.submit(&transaction).unwrap();
    }
    assert!(lab.template.as_ref().unwrap().transactions.is_empty());
    lab.pass(1_000);
    assert_eq!(lab.template.as_ref().unwrap().transactions.len(), 5);
}

#[test]
fn templates_are_made_while_somebody_works_on_them_and_then_at_once() {
    let mut lab = Lab::new();
    lab.input(Input::WantTemplates(false));
    lab.template = None;
    for transaction in payments(&lab, 0..5) {
        lab.submit(&transaction).unwrap();
    }
    lab.adopt(&chain_of(2));
    lab.pass(5_000);
    assert!(lab.template.is_none());
    let Answer::Template(asked) = lab.ask(Query::Template) else { panic!("a template is asked for") };
    lab.input(Input::WantTemplates(true));
    let made = lab.template.clone().unwrap();
    assert_eq!((made.parent.height, made.transaction_root), (Height(2), asked.transaction_root));
    assert_eq!(made.transactions.len(), 5);
    lab.adopt(&chain_of(3));
    assert_eq!(lab.template.as_ref().unwrap().parent.height, Height(3));
}

#[test]
fn the_pool_of_a_peer_is_asked_for_once_we_are_where_it_is() {
    let chain = chain_of(60);
    let is_mempool = |body: &SyncRequest| *body == SyncRequest::Mempool;
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    assert!(lab.take_asked(BOB, is_mempool).is_none(), "sixty blocks behind its transactions make no sense");
    while let Some((request, question)) = lab.take_asked(BOB, |body| !is_mempool(body)) {
        lab.answer(BOB, request, honest(&chain, &question));
    }
    lab.assert_at(&chain);
    assert!(lab.take_asked(BOB, is_mempool).is_some());
}

#[test]
fn a_peer_that_asks_for_the_pool_at_once_again_is_told_nothing_new() {
    let mut lab = Lab::new();
    for transaction in payments(&lab, 0..5) {
        lab.submit(&transaction).unwrap();
    }
    lab.meet(BOB, &chain_of(0));
    let mut given_after = |milliseconds| {
        lab.pass(milliseconds);
        lab.seen.responses.clear();
        lab.input(Input::Request { peer: BOB, request: milliseconds, body: SyncRequest::Mempool });
        let Some((BOB, SyncResponse::Mempool(given))) = lab.seen.responses.pop() else { panic!("no answer") };
        given.len()
    };
    assert_eq!([given_after(10), given_after(20), given_after(2_000)], [5, 0, 5]);
}

#[test]
fn a_long_run_of_one_sender_is_admitted_whole_from_one_message() {
    let mut lab = Lab::new();
    let run = payments(&lab, 0..60);
    lab.meet(BOB, &chain_of(0));
    let verdict = lab.gossip_transactions(BOB, run);
    assert_eq!(verdict, Some(Verdict::Accept));
    assert_eq!(lab.view().mempool.transactions, 60);
}
