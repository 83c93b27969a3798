//! Branches and those who lie about them: what is switched, how far, and who is listened to.

mod common;

use cairn::node::Event;
use cairn::primitives::Height;
use netsim::{World, check_ledger};

use common::{MINUTE_MS, all_mine, config, none_mines};

const INTERVAL_MS: u64 = 10_000;

#[test]
fn sides_of_equal_work_keep_what_they_saw_first_until_the_next_block() {
    let mut world = World::complete(&config(11, 4));
    world.run_for(1_000);
    world.cut_off(&[0, 1]);
    world.mine_at(0);
    world.mine_at(2);
    world.run_for(1_000);
    world.heal();
    world.run_for(2 * MINUTE_MS);
    let tips = world.tips();
    assert!(tips.iter().all(|tip| tip.height == Height(1)));
    assert!(tips[0] == tips[1] && tips[2] == tips[3] && tips[0] != tips[2], "{tips:?}");
    world.mine_at(3);
    assert!(world.run_until(MINUTE_MS, |world| world.agree() && world.tips()[0].height == Height(2)));
    (0..4).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn two_hundred_blocks_give_way_to_a_heavier_branch_in_one_switch() {
    let mut world = World::complete(&config(12, 3));
    world.run_for(1_000);
    world.cut_off(&[0]);
    for _ in 0..200 {
        world.run_for(INTERVAL_MS);
        world.mine_at(0);
        world.mine_at(1);
    }
    world.run_for(INTERVAL_MS);
    for _ in 0..3 {
        world.run_for(INTERVAL_MS);
        world.mine_at(1);
    }
    world.heal();
    assert!(world.run_until(MINUTE_MS, World::agree), "{:?}", world.tips());
    assert_eq!(world.tips()[0].height, Height(203));
    let in_one_switch =
        |event: &Event| matches!(event, Event::TipChanged(change) if change.disconnected.len() == 200);
    assert!(world.node(0).events.iter().any(in_one_switch));
    (0..3).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn a_newcomer_between_a_liar_and_an_honest_node_comes_to_the_tip_and_leaves_the_liar() {
    let mut world = World::new(&config(13, 3));
    world.link(0, 1, 20);
    all_mine(&mut world, 2);
    world.run_for(60 * MINUTE_MS);
    none_mines(&mut world, 2);
    world.run_for(MINUTE_MS);
    world.lie_at(0);
    world.link(0, 2, 5);
    world.link(1, 2, 50);
    assert!(world.run_until(2 * MINUTE_MS, World::agree), "{:?}", world.tips());
    let peers = &world.node(2).view.as_ref().expect("the newcomer runs").peers;
    let known: Vec<_> = peers.iter().map(|peer| (peer.peer, peer.score >= 0.0)).collect();
    assert_eq!(known, [(world.node(1).peer, true)], "the honest node alone is left, and blameless");
    check_ledger(&mut world, 2).unwrap();
}
