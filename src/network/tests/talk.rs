//! Asking, answering, gossiping, and parting.

use super::*;
use crate::consensus::testing::{dev_key, payment};
use crate::node::effect::Verdict;
use crate::node::input::{GossipId, RequestFailure, RequestId};
use crate::node::message::{CompactBlock, Gossip, MESSAGE_BYTES_MAX, Status, SyncRequest, SyncResponse};
use crate::primitives::codec::encode;
use crate::primitives::{Address, Amount, BlockHash, Height, List, Transaction, Work};

fn status(height: u32) -> Status {
    Status {
        genesis: BlockHash::ZERO,
        block_one: BlockHash::ZERO,
        tip: BlockHash::ZERO,
        height: Height(height),
        work: Work::from_be_bytes([0; 32]),
        time: 7,
    }
}

fn transaction(nonce: u64) -> Arc<Transaction> {
    let params = Params::named("lan").unwrap();
    let key = dev_key(0);
    let to = Address::of(&key.public_key());
    Arc::new(payment(&key, &params, nonce, to, Amount(1)))
}

fn block(short_ids: usize) -> Gossip {
    let params = Params::named("lan").unwrap();
    Gossip::Block(Arc::new(CompactBlock {
        header: params.genesis().header,
        coinbase: params.genesis().coinbase.clone(),
        key: 7,
        short_ids: List(vec![[1; 6]; short_ids]),
        prefilled: List(Vec::new()),
    }))
}

fn a_message(input: Input) -> Option<(PeerId, GossipId, Gossip)> {
    match input {
        Input::Gossip { peer, message, gossip } => Some((peer, message, gossip)),
        _ => None,
    }
}

fn a_request(input: Input) -> Option<(PeerId, RequestId, SyncRequest)> {
    match input {
        Input::Request { peer, request, body } => Some((peer, request, body)),
        _ => None,
    }
}

fn a_response(input: Input) -> Option<(RequestId, Result<SyncResponse, RequestFailure>)> {
    match input {
        Input::Response { request, body, .. } => Some((request, body)),
        _ => None,
    }
}

#[tokio::test]
async fn two_nodes_connect_and_exchange_their_status() {
    let mut alice = Host::alone().await;
    let mut bob = Host::connected_to(&alice).await;
    assert!(bob.meets(alice.peer).await);
    assert!(!alice.meets(bob.peer).await);
    assert_eq!(bob.found(alice.peer).await, Found::Manual);
    assert_eq!(alice.found(bob.peer).await, Found::Inbound);

    bob.command(NetworkCommand::Request {
        peer: alice.peer,
        request: 41,
        body: SyncRequest::Status(status(1)),
    });
    let (peer, request, body) = alice.next("a question", a_request).await;
    assert_eq!((peer, body), (bob.peer, SyncRequest::Status(status(1))));
    alice.command(NetworkCommand::Respond { peer, request, body: SyncResponse::Status(status(2)) });
    let answer = bob.next("an answer", a_response).await;
    assert_eq!(answer, (41, Ok(SyncResponse::Status(status(2)))));
}

#[tokio::test]
async fn accepted_transactions_reach_a_third_node_and_ignored_ones_do_not() {
    let mut bob = Host::alone().await;
    let mut alice = Host::connected_to(&bob).await;
    let mut carol = Host::connected_to(&bob).await;
    // The two ends of the line must not find each other.
    alice.command(NetworkCommand::Ban { peer: carol.peer, until_wall_ms: u64::MAX });
    carol.command(NetworkCommand::Ban { peer: alice.peer, until_wall_ms: u64::MAX });
    alice.meets(bob.peer).await;
    carol.meets(bob.peer).await;

    let ignored = published(&alice, &mut bob, 0, Verdict::Ignore).await;
    // Bob may not know yet that Carol listens: then she hears of what he accepts later.
    let search = async {
        for nonce in 1.. {
            published(&alice, &mut bob, nonce, Verdict::Accept).await;
            if let Ok(heard) = timeout(LOOK_EVERY, carol.next("gossip", a_message)).await {
                return heard;
            }
        }
        unreachable!("there are more nonces than tries")
    };
    let (peer, _, heard) = timeout(PATIENCE, search).await.expect("what is accepted goes on");
    assert_eq!(peer, bob.peer);
    assert_ne!(heard, ignored);
}

/// Gossip of Alice, and what becomes of it at Bob once he has heard it.
async fn published(alice: &Host, bob: &mut Host, nonce: u64, verdict: Verdict) -> Gossip {
    let gossip = Gossip::Transactions(List(vec![transaction(nonce)]));
    // Bob may not have subscribed yet; what nobody heard may be published again.
    let (peer, message, heard) = loop {
        alice.command(NetworkCommand::Publish(gossip.clone()));
        if let Ok(heard) = timeout(LOOK_EVERY, bob.next("gossip", a_message)).await {
            break heard;
        }
    };
    assert_eq!((peer, &heard), (alice.peer, &gossip));
    bob.command(NetworkCommand::Verdict { message, verdict });
    gossip
}

#[tokio::test]
async fn an_own_block_that_nobody_heard_is_published_to_the_first_who_comes() {
    let alice = Host::alone().await;
    alice.command(NetworkCommand::Publish(block(1)));
    let mut bob = Host::connected_to(&alice).await;
    let (peer, _, heard) = bob.next("the block", a_message).await;
    assert_eq!((peer, heard), (alice.peer, block(1)));
}

#[tokio::test]
async fn the_largest_messages_pass() {
    let largest = block((MESSAGE_BYTES_MAX - 1_024) / 6);
    let mut alice = Host::alone().await;
    alice.command(NetworkCommand::Publish(largest.clone()));
    let mut bob = Host::connected_to(&alice).await;
    let (_, _, heard) = bob.next("the block", a_message).await;
    assert!(heard == largest, "what was heard is what was published");

    let transaction = transaction(0);
    let length = encode(transaction.as_ref()).len();
    let pool = SyncResponse::Mempool(List(vec![transaction; (MESSAGE_BYTES_MAX - 12) / length]));
    bob.command(NetworkCommand::Request { peer: alice.peer, request: 1, body: SyncRequest::Mempool });
    let (peer, request, _) = alice.next("a question", a_request).await;
    alice.command(NetworkCommand::Respond { peer, request, body: pool.clone() });
    let (_, answer) = bob.next("an answer", a_response).await;
    assert!(answer == Ok(pool), "what was answered arrived");
}

#[tokio::test]
async fn the_core_is_given_two_questions_of_a_kind_at_a_time() {
    let mut alice = Host::alone().await;
    let mut bob = Host::connected_to(&alice).await;
    bob.meets(alice.peer).await;
    for request in 0..3 {
        bob.command(NetworkCommand::Request { peer: alice.peer, request, body: SyncRequest::Mempool });
    }
    bob.command(NetworkCommand::Request {
        peer: alice.peer,
        request: 3,
        body: SyncRequest::Status(status(1)),
    });

    let mut waiting = Vec::new();
    while waiting.len() < 3 {
        waiting.push(alice.next("a question", a_request).await);
    }
    let pools = waiting.iter().filter(|(_, _, body)| *body == SyncRequest::Mempool).count();
    assert_eq!(pools, 2, "the third waits, the other kind does not");
    for (peer, request, _) in waiting {
        alice.command(NetworkCommand::Respond {
            peer,
            request,
            body: SyncResponse::Mempool(List(Vec::new())),
        });
    }
    let (peer, request, body) = alice.next("the third", a_request).await;
    assert_eq!(body, SyncRequest::Mempool);
    alice.command(NetworkCommand::Respond { peer, request, body: SyncResponse::Mempool(List(Vec::new())) });
    for _ in 0..4 {
        let (_, answer) = bob.next("an answer", a_response).await;
        assert!(answer.is_ok());
    }
}

#[tokio::test]
async fn a_question_to_a_stranger_is_answered_at_once() {
    let mut alice = Host::alone().await;
    let stranger = PeerId([9; 32]);
    alice.command(NetworkCommand::Request { peer: stranger, request: 5, body: SyncRequest::Mempool });
    let answer = alice.next("a failure", a_response).await;
    assert_eq!(answer, (5, Err(RequestFailure::Disconnected)));
}

#[tokio::test]
async fn a_peer_the_core_lets_go_is_left_alone_and_a_banned_one_cannot_come_back() {
    let mut alice = Host::alone().await;
    let mut bob = Host::connected_to(&alice).await;
    alice.meets(bob.peer).await;
    bob.meets(alice.peer).await;
    alice.command(NetworkCommand::Ban { peer: bob.peer, until_wall_ms: u64::MAX });
    alice.loses(bob.peer).await;
    bob.loses(alice.peer).await;
    // Bob dials again, and is shut out before anyone says a word.
    eventually("another parting", || bob.count("disconnected") >= 2).await;
    assert!(alice.inputs.try_recv().is_err());
}

#[tokio::test]
async fn nodes_of_other_networks_part_politely_and_the_core_never_hears_of_them() {
    let mut alice = Host::alone().await;
    let stranger = NetworkConfig { connect: vec![alice.address()], ..config("another") };
    let mut stranger = Host::start(stranger).await;
    eventually("a parting", || alice.told("disconnected")).await;
    eventually("the other's parting", || stranger.told("disconnected")).await;
    assert!(alice.told("another network") || stranger.told("another network"));
    assert!(alice.inputs.try_recv().is_err());
    assert!(stranger.inputs.try_recv().is_err());
}

#[tokio::test]
async fn a_stopped_node_is_missed() {
    let mut alice = Host::alone().await;
    let bob = Host::connected_to(&alice).await;
    let peer = bob.peer;
    alice.meets(peer).await;
    bob.stop().await;
    alice.loses(peer).await;
}
