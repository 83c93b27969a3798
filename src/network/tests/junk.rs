//! Nonsense is noticed, blamed on who sent it, and survived.

use super::vandal::Vandal;
use super::*;
use crate::network::identity::to_libp2p;
use crate::node::input::RequestFailure;
use crate::node::message::SyncRequest;

/// Waits for the blame.
async fn blame(host: &mut Host, vandal: PeerId) {
    host.next("the blame", |input| match input {
        Input::Undecodable { peer } if peer == vandal => Some(()),
        _ => None,
    })
    .await;
}

/// An honest peer can still connect and be heard.
async fn assert_alive(host: &mut Host) {
    let mut honest = Host::connected_to(host).await;
    honest.meets(host.peer).await;
    honest.command(NetworkCommand::Request { peer: host.peer, request: 1, body: SyncRequest::Mempool });
    host.next("a question", |input| matches!(input, Input::Request { .. }).then_some(())).await;
}

#[tokio::test]
async fn junk_on_each_topic_is_blamed_on_its_sender_and_both_go_on() {
    let mut alice = Host::alone().await;
    let mut vandal = Vandal::at(&alice);
    for topic in [vandal.names.blocks.hash(), vandal.names.transactions.hash()] {
        vandal.gossip_junk(topic).await;
        let peer = vandal.peer;
        vandal.misbehave_during(blame(&mut alice, peer)).await;
    }
    vandal.misbehave_during(Box::pin(assert_alive(&mut alice))).await;
    assert!(vandal.swarm.is_connected(&to_libp2p(alice.peer)));
}

#[tokio::test]
async fn a_question_that_is_junk_is_blamed_on_its_sender_and_both_go_on() {
    let mut alice = Host::alone().await;
    let mut vandal = Vandal::at(&alice);
    let peer = vandal.peer;
    vandal.misbehave_during(alice.meets(peer)).await;
    vandal.swarm.behaviour_mut().sync.send_request(&to_libp2p(alice.peer), ());
    vandal.misbehave_during(blame(&mut alice, peer)).await;
    vandal.misbehave_during(Box::pin(assert_alive(&mut alice))).await;
    assert!(vandal.swarm.is_connected(&to_libp2p(alice.peer)));
}

#[tokio::test]
async fn an_answer_that_is_junk_is_a_failure_that_names_the_fault() {
    let mut alice = Host::alone().await;
    let mut vandal = Vandal::at(&alice);
    let peer = vandal.peer;
    vandal.misbehave_during(alice.meets(peer)).await;
    alice.command(NetworkCommand::Request { peer, request: 9, body: SyncRequest::Mempool });
    let answer = alice.next("an answer", |input| match input {
        Input::Response { request, body, .. } => Some((request, body)),
        _ => None,
    });
    let answer = vandal.misbehave_during(answer).await;
    assert_eq!(answer, (9, Err(RequestFailure::Undecodable)));
}
