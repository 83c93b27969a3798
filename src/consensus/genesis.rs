//! The first block of a network, which commits to everything its nodes must agree on.

use super::accounts::Account;
use super::numbers::Numbers;
use super::state_root::state_root_by_definition;
use crate::primitives::merkle::transaction_root;
use crate::primitives::{Address, Block, BlockHash, Coinbase, Header, Height, List, Timestamp, hash};

/// The time in every genesis: 2026-01-01 00:00:00 UTC.
const GENESIS_TIME: Timestamp = Timestamp(1_767_225_600);

/// The genesis of the network with this name and these numbers. The name is in the tag.
pub(super) fn block(name: &str, numbers: &Numbers) -> Block {
    let account = |balance| Account { balance, nonce: 0 };
    let accounts = numbers.prefund.iter().map(|(address, balance)| (*address, account(*balance)));
    let coinbase = Coinbase {
        version: 1,
        height: Height::GENESIS,
        transaction_root: transaction_root(&[]),
        state_root: state_root_by_definition(accounts, []),
        miner: Address::default(),
        extra_nonce: [0; 16],
        tag: List(name.as_bytes().to_vec()),
    };
    let header = Header {
        version: 1,
        previous: BlockHash(hash::PARAMETERS.derive(&numbers.encoded())),
        commitment: coinbase.commitment(),
        time: GENESIS_TIME,
        bits: numbers.first_bits,
        nonce: 0,
    };
    Block { header, coinbase, transactions: List::default() }
}
