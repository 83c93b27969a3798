//! The tree of headers: quick ways up, and room for another chain however many side branches there are.

use std::sync::Arc;

use super::chains::*;
use super::harness::*;
use crate::node::View;
use crate::node::headers::{Body, GENESIS, HeaderTree, Index};
use crate::primitives::{BlockHash, Header, Height};

fn tree() -> HeaderTree {
    HeaderTree::new(Arc::new(View::at_genesis(&chain_of(0).params).tip))
}

/// Adds a header; the tree does not look at its rules.
fn add(tree: &mut HeaderTree, parent: Index, number: u32) -> Index {
    let header = Header { nonce: number, previous: tree.id(parent).hash, ..*tree.get(parent).header() };
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    let record = tree.get(parent).child(&header, BlockHash(hash));
    tree.insert(parent, Arc::new(record))
}

fn add_branch(tree: &mut HeaderTree, parent: Index, numbers: std::ops::Range<u32>) -> Vec<Index> {
    let mut tip = parent;
    let mut extend = |number| {
        tip = add(tree, tip, number);
        tip
    };
    numbers.map(&mut extend).collect()
}

#[test]
fn an_ancestor_is_found_where_a_walk_would_find_it() {
    let mut tree = tree();
    let branch = add_branch(&mut tree, GENESIS, 1..2_000);
    let fork = add_branch(&mut tree, branch[1_233], 5_000..6_000);
    for from in [&branch, &fork] {
        let tip = *from.last().unwrap();
        let mut walked = tip;
        loop {
            let height = tree.height(walked);
            assert_eq!(tree.ancestor(tip, height), walked);
            let Some(parent) = tree.get(walked).parent else { break };
            walked = parent;
        }
        assert_eq!(tree.ancestor(tip, Height(1_000_000)), tip);
    }
}

#[test]
fn the_least_headers_without_bodies_are_evicted_and_their_places_used_again() {
    let mut tree = tree();
    let best = add_branch(&mut tree, GENESIS, 1..100);
    let with_body = add(&mut tree, GENESIS, 1_000);
    tree.set_body(with_body, Body::Checking);
    let short = add_branch(&mut tree, GENESIS, 2_000..2_020);
    let long = add_branch(&mut tree, best[10], 3_000..3_050);
    let before = tree.len();
    assert_eq!(tree.evict(30, best[0]), 30);
    assert_eq!(tree.len(), before - 30);
    assert!(short.iter().all(|index| tree.get(*index).parent.is_none()), "the shorter branch is gone");
    assert_eq!(tree.find(&tree.id(long[39]).hash), Some(long[39]));
    assert_eq!(tree.find(&tree.id(with_body).hash), Some(with_body));
    assert!(best.iter().all(|index| tree.find(&tree.id(*index).hash) == Some(*index)));
    let again = add_branch(&mut tree, best[20], 7_000..7_030);
    assert_eq!(tree.indexes().count(), before, "the places are used again");
    assert_eq!(tree.ancestor(again[29], Height(0)), GENESIS);
    assert!(tree.is_leaf(long[39]) && !tree.is_leaf(best[10]));
}

#[test]
fn the_place_below_which_a_header_is_to_be_added_is_spared() {
    let mut tree = tree();
    add_branch(&mut tree, GENESIS, 1..100);
    let spared = add(&mut tree, GENESIS, 1_000);
    assert_eq!(tree.evict(10, spared), 0);
    assert_eq!(tree.evict(10, GENESIS), 1);
}

#[test]
fn a_heavier_chain_finds_room_among_any_number_of_side_branches() {
    let chain = chain_of(30);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    // What a flood would leave behind, put there without its work.
    let tree = &mut lab.node.chain.headers;
    for number in 1..=20_100 {
        add(tree, GENESIS, number);
    }
    let heavier = branch(&chain, 20, 25);
    lab.meet(BOB, &heavier);
    lab.serve_for(1_000, &[(BOB, &heavier)]);
    lab.assert_at(&heavier);
    assert!(lab.node.chain.headers.len() < 20_000);
}

#[test]
fn a_peer_whose_headers_lead_nowhere_is_not_listened_to_for_ever() {
    let chain = chain_of(30);
    let heavier = branch(&chain, 20, 25);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.meet(BOB, &chain);
    // As many as a flood would have counted.
    lab.node.peers.connected.get_mut(&BOB).unwrap().side_headers = 5_030;
    let known = lab.node.chain.headers.len();
    lab.tell_status(BOB, status_of(&heavier));
    lab.serve_for(1_000, &[(BOB, &heavier)]);
    assert_eq!(lab.node.chain.headers.len(), known, "Bob has brought too many");
    assert_eq!(lab.score(BOB), 0, "having nothing better is no offence");
    lab.meet(CAROL, &heavier);
    lab.serve_for(1_000, &[(BOB, &heavier), (CAROL, &heavier)]);
    lab.assert_at(&heavier);
}

#[test]
fn headers_that_lead_to_the_best_chain_are_not_counted_against_who_brought_them() {
    let chain = chain_of(30);
    let heavier = branch(&chain, 20, 25);
    let mut lab = Lab::new();
    lab.adopt(&chain);
    lab.meet(BOB, &chain);
    lab.node.peers.connected.get_mut(&BOB).unwrap().side_headers = 5_005;
    lab.tell_status(BOB, status_of(&heavier));
    lab.serve_for(1_000, &[(BOB, &heavier)]);
    lab.assert_at(&heavier);
    assert_eq!(lab.node.peers.connected.get(&BOB).unwrap().side_headers, 0);
}
