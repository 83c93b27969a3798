//! The halvings: no test mines a million blocks, and no parameter brings a halving nearer. So a state is set up as it
//! would be there, and blocks of those heights are checked in their context and executed on it.

use std::sync::Arc;

use cairn::consensus::testing::{TEST_FEE, TestChain};
use cairn::consensus::{BlockContext, CheckedBlock, MaturingReward, State, check_block_in_context, subsidy};
use cairn::primitives::{Address, Amount, Height, StateRoot};

use crate::build::{address, bob, draft, frank, genesis, payment};

const HALVING: u32 = 1_050_000;

/// A chain's accounts as they would be just below a height, with a reward of each of the ten blocks before.
fn state_below(chain: &TestChain, height: u32) -> State {
    let accounts = chain.state.accounts().sorted().into_iter().collect();
    let before = (height - 10..height).map(Height);
    let rewards = before.map(|earned_at| MaturingReward {
        earned_at,
        miner: address(&frank()),
        amount: subsidy(earned_at),
    });
    State::new(accounts, rewards, Height(height - 1))
}

/// The next block on a state, with payments of Bob's.
fn block_on(chain: &TestChain, state: &State, payments: u64, miner: Address) -> CheckedBlock {
    let height = state.height().next();
    let nonce = state.account(&address(&bob())).nonce;
    let payments = (nonce..nonce + payments).map(|nonce| payment(chain, &bob(), nonce, |_| ())).collect();
    let block = draft(chain).miner(miner).transactions(payments).coinbase(move |coinbase| {
        coinbase.height = height;
        coinbase.state_root = StateRoot::ZERO;
    });
    let block = CheckedBlock::trusted(Arc::new(block.block()), &chain.params);
    let context = BlockContext { height, expected_state_root: StateRoot::ZERO };
    check_block_in_context(&block, &context).unwrap();
    block
}

/// What a block at a height earns with two payments, and that it is credited ten blocks later and not before.
fn reward_at(height: u32) -> u64 {
    let (chain, miner) = (genesis(), Address([0x41; 32]));
    let mut state = state_below(&chain, height);
    state.apply(&block_on(&chain, &state, 2, miner), &chain.params).unwrap();
    for _ in 1..10 {
        state.apply(&block_on(&chain, &state, 0, address(&frank())), &chain.params).unwrap();
        assert_eq!(state.account(&miner).balance, Amount::ZERO, "not mature yet");
    }
    let before = state.clone();
    let last = block_on(&chain, &state, 0, address(&frank()));
    let undo = state.apply(&last, &chain.params).unwrap();
    let earned = state.account(&miner).balance.0;
    state.undo(&last, &undo);
    assert_eq!(state.accounts().sorted(), before.accounts().sorted());
    assert_eq!(state.maturing(), before.maturing());
    earned - 2 * TEST_FEE.0
}

#[test]
fn the_last_block_before_a_halving_earns_twice_what_the_first_after_it_does() {
    let rewards = [HALVING - 1, HALVING, HALVING + 1, 2 * HALVING, 2 * HALVING + 1].map(reward_at);
    assert_eq!(rewards, [1_000_000_000, 1_000_000_000, 500_000_000, 500_000_000, 250_000_000]);
}

#[test]
fn the_last_pebble_is_earned_before_the_thirtieth_halving_and_fees_alone_afterwards() {
    let rewards = [29 * HALVING + 1, 30 * HALVING, 30 * HALVING + 1, 64 * HALVING + 1].map(reward_at);
    assert_eq!(rewards, [1, 1, 0, 0]);
}

#[test]
fn the_highest_blocks_of_all_earn_fees_alone() {
    assert_eq!(reward_at(u32::MAX - 20), 0);
}

#[test]
fn a_reward_of_nothing_waits_in_the_queue_and_makes_no_account() {
    let (chain, miner) = (genesis(), Address([0x41; 32]));
    let mut state = state_below(&chain, 30 * HALVING + 1);
    state.apply(&block_on(&chain, &state, 0, miner), &chain.params).unwrap();
    let reward = state.maturing().back().copied().unwrap();
    assert_eq!((reward.miner, reward.amount), (miner, Amount::ZERO));
    for _ in 0..10 {
        state.apply(&block_on(&chain, &state, 0, miner), &chain.params).unwrap();
    }
    assert!(!state.accounts().sorted().iter().any(|(address, _)| *address == miner));
}
