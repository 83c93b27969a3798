//! Small networks that must behave, whatever the seed.

mod common;

use cairn::node::Event;
use cairn::primitives::{Address, Height};
use netsim::{World, check_ledger};

use common::{
    CAIRN, HASHES_PER_SECOND, HOUR, MINUTE, SECOND, all_mine, apart, balance, complete, link_ms, none_mines,
    pay,
};

#[test]
fn four_nodes_that_mine_keep_one_chain() {
    let mut world = complete(1, 4);
    all_mine(&mut world, 4);
    world.run_for(HOUR);
    none_mines(&mut world, 4);
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
    let height = world.tips()[0].height;
    assert!(height > Height(250) && height < Height(500), "about 360 blocks in an hour, not {height}");
    (0..4).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn a_payment_sent_at_one_node_is_confirmed_at_another() {
    let mut world = complete(2, 3);
    world.run_for(MINUTE);
    let bob = Address([7; 32]);
    pay(&mut world, 0, 0, 0, bob);
    assert!(world.run_until(MINUTE, |world| {
        world.node(2).view.as_ref().is_some_and(|view| view.mempool.transactions == 1)
    }));
    world.run_for(2 * SECOND);
    world.mine_at(2);
    assert!(world.run_until(MINUTE, |world| world.agree() && world.tips()[0].height == Height(1)));
    assert_eq!(balance(&mut world, 1, bob), 5 * CAIRN);
    (0..3).for_each(|node| check_ledger(&mut world, node).unwrap());
}

#[test]
fn after_a_partition_all_follow_the_heavier_side_and_the_lost_payments_are_mined_again() {
    let mut world = complete(3, 4);
    all_mine(&mut world, 4);
    world.run_for(10 * MINUTE);
    world.cut_off(&[0, 1]);
    world.set_hash_rate(0, 3.0 * HASHES_PER_SECOND);
    let (bob, carol) = (Address([7; 32]), Address([8; 32]));
    pay(&mut world, 0, 0, 0, bob);
    pay(&mut world, 3, 1, 0, carol);
    world.run_for(20 * MINUTE);
    assert!(!world.agree(), "two sides that mine apart must differ");
    assert_eq!(balance(&mut world, 3, carol), 5 * CAIRN, "confirmed on the side that will lose");
    world.heal();
    world.run_for(10 * MINUTE);
    none_mines(&mut world, 4);
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
    for node in 0..4 {
        assert_eq!(balance(&mut world, node, bob), 5 * CAIRN);
        assert_eq!(balance(&mut world, node, carol), 5 * CAIRN);
        check_ledger(&mut world, node).unwrap();
    }
    let switched = world.node(3).events.iter().any(|event| {
        matches!(event, Event::TipChanged(change)
            if change.disconnected.len() > 10 && change.returned_transactions == 1)
    });
    assert!(switched, "the lighter side must have switched and returned its payment");
}

#[test]
fn a_late_joiner_comes_to_the_tip_and_knows_the_waiting_transactions() {
    let mut world = apart(4, 3);
    world.link(0, 1, link_ms(20));
    all_mine(&mut world, 2);
    world.run_for(6 * HOUR);
    none_mines(&mut world, 2);
    pay(&mut world, 0, 0, 0, Address([7; 32]));
    world.link(1, 2, link_ms(20));
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
    assert!(world.tips()[0].height > Height(700));
    assert!(world.run_until(MINUTE, |world| {
        world.node(2).view.as_ref().is_some_and(|view| view.mempool.transactions == 1)
    }));
    check_ledger(&mut world, 2).unwrap();
}

#[test]
fn a_killed_node_comes_back_at_or_above_what_it_had_shown() {
    let mut world = complete(5, 3);
    all_mine(&mut world, 3);
    for _ in 0..10 {
        world.run_for(15 * MINUTE);
        let shown = world.tips()[0];
        world.kill(0);
        world.run_for(3 * MINUTE);
        world.start(0);
        let after = world.node(0).view.as_ref().expect("a node shows where it is at once").tip.id;
        assert!(after.height >= shown.height, "{after:?} is below {shown:?}");
        check_ledger(&mut world, 0).unwrap();
    }
    none_mines(&mut world, 3);
    assert!(world.run_until(MINUTE, World::agree), "{:?}", world.tips());
}

#[test]
fn a_node_whose_clock_is_behind_takes_the_block_when_it_is_due() {
    let mut world = complete(6, 2);
    world.step_clock(1, -180_000);
    world.run_for(SECOND);
    world.mine_at(0);
    world.run_for(50 * SECOND);
    assert_eq!(world.tips()[0].height, Height(1));
    assert_eq!(world.tips()[1].height, Height(0), "the block is a minute too early for it");
    assert!(world.run_until(30 * SECOND, World::agree), "{:?}", world.tips());
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed| {
        let mut world = complete(seed, 4);
        all_mine(&mut world, 4);
        world.run_for(20 * MINUTE);
        pay(&mut world, 0, 0, 0, Address([7; 32]));
        world.cut_off(&[3]);
        world.run_for(10 * MINUTE);
        world.heal();
        world.kill(1);
        world.run_for(5 * MINUTE);
        world.start(1);
        world.run_for(10 * MINUTE);
        world.trace_hash()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
