//! State roots over account trees of many sizes, with and without maturing rewards.

use cairn::consensus::{Account, MaturingReward, StateTree, path_of, state_root, state_root_by_definition};
use cairn::primitives::{Address, Amount, Height, codec, hash};

use crate::json::{Json, object};

pub(crate) fn vectors() -> Json {
    let rewards = [reward(7, 9, 1_000_000_000), reward(8, 8, 0), reward(9, 9, 9_007_199_254_740_991)];
    let large = 9_007_199_254_740_991;
    let edges = vec![(Address([0; 32]), account(large, 0)), (Address([0xff; 32]), account(0, large))];
    object! {
        "states": vec![
            state("nothing", &[], &[]),
            state("nothing but rewards", &[], &rewards),
            state("one account", &accounts(1), &[]),
            state("one account and one reward", &accounts(1), &rewards[..1]),
            state("the largest balance and the largest nonce", &edges, &[]),
            state("two accounts", &accounts(2), &[]),
            state("a full leaf", &accounts(16), &[]),
            state("one more than a leaf", &accounts(17), &[]),
            state("a leaf beside an empty side", &one_sided(17), &[]),
            state("some hundred accounts and some rewards", &accounts(300), &rewards),
        ],
    }
}

fn state(what: &str, accounts: &[(Address, Account)], rewards: &[MaturingReward]) -> Json {
    let root = state_root_by_definition(accounts.iter().copied(), rewards);
    let tree = StateTree::build(accounts.iter().copied()).root();
    assert_eq!(state_root(tree, rewards), root, "{what}");
    let encoded_rewards = codec::encode(&rewards.to_vec());
    object! {
        "what": what,
        "accounts": Json::list(accounts, |(address, account)| object! {
            "address": hex::encode(address.0), "balance": account.balance.0, "nonce": account.nonce,
        }),
        "first_path": accounts.first().map_or(String::new(), |(address, _)| hex::encode(path_of(address).0)),
        "tree_root": hex::encode(tree.0),
        "maturing": Json::list(rewards, |reward| object! {
            "height": reward.earned_at.0, "miner": hex::encode(reward.miner.0), "amount": reward.amount.0,
        }),
        "maturing_encoding": hex::encode(&encoded_rewards),
        "maturing_hash": hex::encode(hash::MATURING_REWARDS.derive(&encoded_rewards)),
        "state_root": root.to_string(),
    }
}

/// The first accounts of a row of them: neither balances nor nonces are all zero.
fn accounts(count: u64) -> Vec<(Address, Account)> {
    (0..count).map(|number| (address(number), account(number * 1_000 + number % 2, 1 + number % 3))).collect()
}

/// Accounts whose paths all begin with the same three bits, so that the nodes above have an empty side.
fn one_sided(count: usize) -> Vec<(Address, Account)> {
    let in_last_eighth = (0..).map(address).filter(|address| path_of(address).0[0] >= 0xe0);
    in_last_eighth.take(count).map(|address| (address, account(1, 0))).collect()
}

fn address(number: u64) -> Address {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Address(bytes)
}

fn account(balance: u64, nonce: u64) -> Account {
    Account { balance: Amount(balance), nonce }
}

fn reward(height: u32, miner: u8, amount: u64) -> MaturingReward {
    MaturingReward { earned_at: Height(height), miner: Address([miner; 32]), amount: Amount(amount) }
}
