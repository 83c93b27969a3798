//! What peers have on their account, over connections and restarts.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::TestChain;
use crate::node::message::{Status, SyncRequest};
use crate::node::penalty::BAN_MS;
use crate::node::{Event, Input};
use crate::primitives::PeerId;

#[test]
fn a_new_connection_is_no_clean_slate() {
    let mut lab = Lab::new();
    for round in 1..=3 {
        lab.meet(BOB, &chain_of(0));
        lab.input(Input::Undecodable { peer: BOB });
        let is_banned = lab.seen.banned == [BOB];
        assert_eq!(is_banned, round == 3, "60 points in three connections are a ban");
        lab.leave(BOB);
    }
}

#[test]
fn old_offences_fade_while_a_peer_is_away() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    lab.input(Input::Undecodable { peer: BOB });
    lab.leave(BOB);
    lab.pass(600_000);
    lab.meet(BOB, &chain_of(0));
    assert_eq!(lab.score(BOB), -10);
}

#[test]
fn what_is_remembered_of_strangers_is_bounded() {
    let mut lab = Lab::new();
    for number in 0..1_500_u32 {
        let mut id = [9; 32];
        id[..4].copy_from_slice(&number.to_le_bytes());
        lab.input(Input::PeerConnected { peer: PeerId(id), outbound: false });
        for _ in 0..3 {
            lab.input(Input::Undecodable { peer: PeerId(id) });
        }
        lab.input(Input::PeerDisconnected { peer: PeerId(id) });
    }
    assert_eq!(lab.view().bans.len(), 1_024);
}

#[test]
fn a_banned_peer_is_charged_and_announced_once() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    for _ in 0..10 {
        lab.input(Input::Undecodable { peer: BOB });
    }
    assert_eq!(lab.seen.banned, [BOB]);
    let announced = lab.seen.events.iter().filter(|event| matches!(event, Event::PeerBanned { .. }));
    assert_eq!(announced.count(), 1);
}

#[test]
fn bans_outlive_a_restart_and_end_after_a_day() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    for _ in 0..3 {
        lab.input(Input::Undecodable { peer: BOB });
    }
    let mut lab = lab.restarted();
    assert_eq!(lab.view().bans.len(), 1);
    lab.input(Input::PeerConnected { peer: BOB, outbound: false });
    assert_eq!(lab.seen.hung_up, [BOB]);
    lab.pass(BAN_MS + 1);
    lab.seen.hung_up.clear();
    lab.input(Input::PeerConnected { peer: BOB, outbound: false });
    assert!(lab.seen.hung_up.is_empty());
}

/// A peer says where it stands whenever it is asked; answers how often that was.
fn answer_statuses(lab: &mut Lab, peer: PeerId, chain: &TestChain) -> usize {
    let mut count = 0;
    while let Some((request, question)) = lab.take_asked(peer, |body| matches!(body, SyncRequest::Status(_)))
    {
        lab.answer(peer, request, honest(chain, &question));
        count += 1;
    }
    count
}

#[test]
fn a_peer_that_comes_and_goes_is_asked_no_more_often_where_it_stands() {
    let chain = chain_of(0);
    let mut lab = Lab::new();
    for _ in 0..50 {
        lab.meet(BOB, &chain);
        lab.leave(BOB);
    }
    lab.meet(BOB, &chain);
    let statuses = |lab: &mut Lab| answer_statuses(lab, BOB, &chain);
    let mut asked = 0;
    for _ in 0..60 {
        lab.pass(1_000);
        asked += statuses(&mut lab);
    }
    assert!((4..=5).contains(&asked), "every 15 seconds, not {asked} times a minute");
}

#[test]
fn people_are_told_once_of_a_clock_that_is_off() {
    let mut lab = Lab::new();
    lab.meet(BOB, &chain_of(0));
    for _ in 0..5 {
        for offset_seconds in [0, 600] {
            let time = lab.now.wall_ms / 1_000 + offset_seconds;
            let status = Status { time, ..status_of(&chain_of(0)) };
            let body = SyncRequest::Status(status);
            lab.input(Input::Request { peer: BOB, request: 1, body });
        }
    }
    let told =
        lab.seen.events.iter().filter(|event| matches!(event, Event::ClockOffset { seconds: 600, .. }));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_second_more_or_less_on_a_peers_clock_is_no_news() {
    let mut lab = Lab::new();
    let chain = TestChain::new(lab.params.as_ref().clone());
    lab.meet(BOB, &chain);
    let offset = |lab: &Lab| lab.view().peers[0].clock_offset_seconds;
    let mut told = |seconds: u64| {
        let before = lab.view.clone().unwrap();
        let time = lab.now.wall_ms / 1_000 + seconds;
        let status = Status { time, ..status_of(&chain) };
        lab.input(Input::Request { peer: BOB, request: 7, body: SyncRequest::Status(status) });
        (offset(&lab), Arc::ptr_eq(&before, lab.view.as_ref().unwrap()))
    };
    assert_eq!(told(1), (Some(0), true));
    assert_eq!(told(2), (Some(2), false));
    assert_eq!(told(1), (Some(2), true));
    assert_eq!(told(0), (Some(0), false));
}

#[test]
fn who_dialled_asks_where_the_other_stands_and_the_other_only_when_it_is_not_asked() {
    let chain = chain_of(0);
    let mut lab = Lab::new();
    lab.meet(BOB, &chain);
    lab.input(Input::PeerConnected { peer: CAROL, outbound: true });
    let answer = |lab: &mut Lab, peer: PeerId| answer_statuses(lab, peer, &chain);
    assert_eq!((answer(&mut lab, BOB), answer(&mut lab, CAROL)), (1, 1), "both sides ask at first");
    let (mut of_bob, mut of_carol) = (0, 0);
    for _ in 0..8 {
        lab.pass(15_000);
        lab.tell_status(BOB, status_of(&chain));
        lab.tell_status(CAROL, status_of(&chain));
        of_bob += answer(&mut lab, BOB);
        of_carol += answer(&mut lab, CAROL);
    }
    assert_eq!((of_bob, of_carol), (0, 8), "Bob dialled us, and we dialled Carol");
    lab.pass(19_999);
    assert_eq!(answer(&mut lab, BOB), 0);
    lab.pass(1);
    assert_eq!(answer(&mut lab, BOB), 1, "Bob fell silent");
}
