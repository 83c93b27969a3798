//! Branches and those who lie about them: what is switched, how far, and who is listened to.

mod common;

use cairn::node::Event;
use cairn::primitives::Height;
use netsim::{Misdeed, World, check_ledger};

use common::{MINUTE, SECOND, all_mine, apart, complete, link_ms, none_mines};

const INTERVAL: u64 = 10 * SECOND;

#[test]
fn sides_of_equal_work_keep_what_they_saw_first_until_the_next_block() {
    let mut world = complete(11, 4);
    world.run_for(SECOND);
    world.cut_off(&[0, 1]);
    world.mine_at(0);
    world.mine_at(2);
    world.run_for(SECOND);
    world.heal();
    world.run_for(2 * MINUTE);
    let tips = world.tips();
    assert!(tips.iter().all(|tip| tip.height == Height(1)));
    assert!(tips[0] == tips[1] && tips[2] == tips[3] && tips[0] != tips[2], "{tips:?}");
    world.mine_at(3);
    assert!(world.run_until(MINUTE, |world| world.agree() && world.tips()[0].height == Height(2)));
    (0..4).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn who_hears_nothing_is_heard_and_comes_to_the_tip_once_it_hears_again() {
    let mut world = complete(14, 3);
    world.run_for(SECOND);
    world.mute(|from, to| to == 0 && from != 0);
    world.mine_at(0);
    world.run_for(SECOND);
    assert!(world.agree() && world.tips()[0].height == Height(1), "it is heard");
    world.mine_at(1);
    world.run_for(MINUTE);
    let heights: Vec<_> = world.tips().iter().map(|tip| tip.height.0).collect();
    assert_eq!(heights, [1, 2, 2], "it hears nothing");
    world.heal();
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
}

#[test]
fn two_hundred_blocks_give_way_to_a_heavier_branch_in_one_switch() {
    let mut world = complete(12, 3);
    world.run_for(SECOND);
    world.cut_off(&[0]);
    for _ in 0..200 {
        world.run_for(INTERVAL);
        world.mine_at(0);
        world.mine_at(1);
    }
    world.run_for(INTERVAL);
    for _ in 0..3 {
        world.run_for(INTERVAL);
        world.mine_at(1);
    }
    world.heal();
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
    assert_eq!(world.tips()[0].height, Height(203));
    let in_one_switch =
        |event: &Event| matches!(event, Event::TipChanged(change) if change.disconnected.len() == 200);
    assert!(world.node(0).events.iter().any(in_one_switch));
    (0..3).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn a_newcomer_between_a_liar_and_an_honest_node_comes_to_the_tip_and_leaves_the_liar() {
    let mut world = apart(13, 3);
    world.link(0, 1, link_ms(20));
    all_mine(&mut world, 2);
    world.run_for(60 * MINUTE);
    none_mines(&mut world, 2);
    world.run_for(MINUTE);
    world.misbehave(0, Misdeed::ForeignBodies);
    world.link(0, 2, link_ms(5));
    world.link(1, 2, link_ms(50));
    assert!(world.run_until(2 * MINUTE, World::agree), "{:?}", world.tips());
    let peers = &world.node(2).view.as_ref().expect("the newcomer runs").peers;
    let known: Vec<_> = peers.iter().map(|peer| (peer.peer, peer.score >= 0.0)).collect();
    assert_eq!(known, [(world.node(1).peer, true)], "the honest node alone is left, and blameless");
    check_ledger(&mut world, 2).unwrap();
}
