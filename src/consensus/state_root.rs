//! The root of the state by its definition, and what it is made of: paths, leaves, nodes, the queue of rewards.

use super::account_path::{AccountPath, path_of};
use super::accounts::Account;
use super::reward::MaturingReward;
use crate::primitives::hash::{self, StateRoot};
use crate::primitives::{Address, Height, codec};

/// Blocks between two roots that the chain commits: one root per 64 blocks costs a fifth to a tenth of one per block.
pub const STATE_ROOT_INTERVAL: u32 = 64;

/// Accounts in a leaf of the state tree; a larger subtree is a node.
pub const LEAF_ACCOUNTS_MAX: usize = 16;

/// Bytes of an account in a leaf: address, balance, nonce.
pub(super) const RECORD_BYTES: usize = 48;

/// Root of the tree over all accounts; 32 zero bytes when there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TreeRoot(pub [u8; 32]);

/// The height whose state a block at `height` commits: the last multiple of 64 below it; genesis commits its own.
pub const fn committed_state_height(height: Height) -> Height {
    Height(height.minus(1).0 / STATE_ROOT_INTERVAL * STATE_ROOT_INTERVAL)
}

/// The state root: over the accounts and over the rewards that are not yet spendable, oldest first.
pub fn state_root<'a>(
    accounts: TreeRoot,
    maturing: impl IntoIterator<Item = &'a MaturingReward, IntoIter: ExactSizeIterator>,
) -> StateRoot {
    let maturing = maturing.into_iter();
    let mut rewards = (maturing.len() as u64).to_le_bytes().to_vec();
    maturing.for_each(|reward| rewards.extend(codec::encode(reward)));
    let both = [accounts.0, hash::MATURING_REWARDS.derive(&rewards)];
    StateRoot(hash::STATE_ROOT.derive(both.as_flattened()))
}

/// The state root of all these accounts, recomputed from nothing as the protocol words it.
pub fn state_root_by_definition<'a>(
    accounts: impl IntoIterator<Item = (Address, Account)>,
    maturing: impl IntoIterator<Item = &'a MaturingReward, IntoIter: ExactSizeIterator>,
) -> StateRoot {
    let existing = accounts.into_iter().filter(|(_, account)| !account.is_empty());
    let mut sorted: Vec<_> =
        existing.map(|(address, account)| (path_of(&address), record(&address, &account))).collect();
    sorted.sort_by_key(|(path, _)| *path);
    state_root(TreeRoot(subtree_by_definition(&sorted, 0)), maturing)
}

fn subtree_by_definition(sorted: &[(AccountPath, [u8; RECORD_BYTES])], depth: usize) -> [u8; 32] {
    if sorted.len() <= LEAF_ACCOUNTS_MAX {
        let records: Vec<_> = sorted.iter().map(|(_, record)| *record).collect();
        return leaf_hash(&records);
    }
    let (left, right) = sorted.split_at(sorted.partition_point(|(path, _)| !path.bit(depth)));
    node_hash(&[subtree_by_definition(left, depth + 1), subtree_by_definition(right, depth + 1)])
}

/// An account as a leaf is hashed over it.
pub(super) fn record(address: &Address, account: &Account) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..32].copy_from_slice(&address.0);
    record[32..40].copy_from_slice(&account.balance.0.to_le_bytes());
    record[40..].copy_from_slice(&account.nonce.to_le_bytes());
    record
}

/// The hash of a leaf over its accounts in the order of their paths; 32 zero bytes for none.
pub(super) fn leaf_hash(records: &[[u8; RECORD_BYTES]]) -> [u8; 32] {
    if records.is_empty() { [0; 32] } else { hash::ACCOUNT_LEAF.keyed(records.as_flattened()) }
}

/// The hash of a node over its left and right subtree.
pub(super) fn node_hash(children: &[[u8; 32]; 2]) -> [u8; 32] {
    hash::STATE_NODE.keyed(children.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Amount;

    #[test]
    fn blocks_commit_the_state_of_the_last_multiple_of_64_below_them() {
        for (block, state) in [(0, 0), (1, 0), (64, 0), (65, 64), (128, 64), (129, 128)] {
            assert_eq!(committed_state_height(Height(block)), Height(state));
        }
    }

    /// Computed by a program of its own, in another language, from the protocol's text.
    #[test]
    fn the_state_root_is_the_one_the_protocol_describes() {
        let account = |number: u8| {
            let balance = Amount(u64::from(number) * 1_000 + 1);
            (Address([number; 32]), Account { balance, nonce: u64::from(number) })
        };
        let reward = |height, miner, amount| MaturingReward {
            earned_at: Height(height),
            miner: Address([miner; 32]),
            amount: Amount(amount),
        };
        let maturing = [reward(7, 9, 1_000_000_000), reward(8, 8, 0)];
        let root = state_root_by_definition((0..200).map(account), &maturing);
        assert_eq!(root.to_string(), "c201013d2ad5484809b29ba333c03b25e2d8b1fabcb8247834128a045d43abf4");
    }
}
