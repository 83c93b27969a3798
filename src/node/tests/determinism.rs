//! Same seed, same inputs: same effects, in the same order, to the letter.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::{dev_key, payment};
use crate::node::{Input, Node, Now};
use crate::primitives::{Address, Amount};
use crate::storage::{ChainStore, StoredChain};

/// A life with a bit of everything: syncing, gossip, payments, a fork, junk, questions and waiting.
fn eventful() -> Lab {
    let mut lab = Lab::new();
    lab.log = Some(Vec::new());
    let chain = chain_of(150);
    lab.meet(BOB, &chain);
    lab.meet(CAROL, &branch(&chain, 20, 10));
    lab.serve_for(3_000, &[(BOB, &chain)]);
    for number in 0..8 {
        let pay = payment(&dev_key(number), &lab.params, 0, Address([9; 32]), Amount(5));
        lab.submit(&pay).unwrap();
    }
    lab.pass(2_000);
    let template = lab.template.clone().unwrap();
    let transactions = template.transactions.iter().map(|each| each.as_ref().clone()).collect();
    let block = chain.mine(MINER, transactions);
    lab.submit_block(&block);
    let heavier = branch(&chain, 5, 12);
    for (block, _) in &heavier.blocks[145..] {
        lab.gossip_block(DAVE, compact(block.block()));
    }
    lab.serve_for(20_000, &[(BOB, &heavier), (CAROL, &heavier)]);
    lab.input(Input::Undecodable { peer: CAROL });
    lab.supply();
    lab.leave(CAROL);
    lab.pass(60_000);
    lab
}

#[test]
fn a_replay_of_the_same_inputs_gives_the_same_effects() {
    let lab = eventful();
    let log = lab.log.expect("an eventful life is written down");
    assert!(log.len() > 300, "{} inputs are no test", log.len());
    let reader = Reader::default();
    let mut store = reader.store.clone();
    let start = Now { monotonic_ms: 1_000, wall_ms: log[0].0.wall_ms - log[0].0.monotonic_ms + 1_000 };
    let params = Arc::clone(&lab.params);
    let (stored, bans) = (StoredChain::default(), BTreeMap::new());
    let (mut node, _) = Node::open(params, reader, stored, bans, [5; 32], start, &mut |_, _| {}).unwrap();
    // As the lab does before it writes anything down.
    node.handle(start, Input::WantTemplates(true)).unwrap();
    for (now, input, expected) in log {
        let effects = node.handle(now, input).unwrap();
        assert_eq!(format!("{effects:?}"), expected);
        for effect in effects {
            if let crate::node::Effect::Commit(commit) = effect {
                store.commit(&[commit]).unwrap();
            }
        }
    }
}
