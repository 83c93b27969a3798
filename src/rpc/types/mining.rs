//! Answers to miners.

use serde::{Deserialize, Serialize};

use crate::primitives::{Amount, BlockHash, Height, TransactionId};

/// Answer of `getmininginfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MiningInfo {
    /// Name of the network.
    pub chain: String,
    /// Height of the tip.
    pub blocks: Height,
    /// Compact target of the next block, 8 hexadecimal digits.
    pub bits: String,
    /// How many times harder than the network's easiest the next block is.
    pub difficulty: f64,
    /// Estimated hashes a second of the whole network, over the last 120 blocks.
    pub networkhashps: f64,
    /// Transactions waiting.
    pub pooledtx: usize,
    /// Threads of this node that mine.
    pub threads: u32,
    /// Who is paid for what they find.
    pub address: Option<String>,
    /// Hashes a second of this node.
    pub hashespersec: f64,
    /// What the next block earns beside its fees, in pebbles.
    pub subsidy: Amount,
}

/// Answer of `setmining`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiningSet {
    /// Threads that mine from now on.
    pub threads: u32,
    /// Who is paid.
    pub address: Option<String>,
}

/// Answer of `dev_fund`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funded {
    /// The payment.
    pub txid: TransactionId,
    /// The block that holds it.
    pub blockhash: BlockHash,
    /// That block's height.
    pub height: Height,
}
