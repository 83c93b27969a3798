//! Answers about blocks and the chain.

use serde::{Deserialize, Serialize};

use super::TransactionInfo;
use crate::primitives::{Amount, BlockHash, Height, StateRoot, Timestamp, TransactionId, TransactionRoot};

/// Answer of `getblockchaininfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockchainInfo {
    /// Name of the network, under Bitcoin's name for it.
    pub chain: String,
    /// Name of the network.
    pub network: String,
    /// What names the network to programs.
    pub genesis_hash: BlockHash,
    /// The block at height 1: tells a chain from one that was reset under the same name.
    pub block_one: Option<BlockHash>,
    /// Height of the best fully valid block.
    pub blocks: Height,
    /// Height of the header with most work, whether its body is here or not.
    pub headers: Height,
    /// The best fully valid block.
    pub bestblockhash: BlockHash,
    /// Its compact target, 8 hexadecimal digits.
    pub bits: String,
    /// Its target, 64 hexadecimal digits.
    pub target: String,
    /// How many times harder than the network's easiest.
    pub difficulty: f64,
    /// Cumulative work in hashes, 64 hexadecimal digits.
    pub chainwork: String,
    /// The tip's time.
    pub time: Timestamp,
    /// Blocks connected as a share of headers known, 0 to 1.
    pub verificationprogress: f64,
    /// Whether many blocks are still behind.
    pub initialblockdownload: bool,
}

/// A header and how it stands to the best chain. Answer of `getblockheader`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeaderInfo {
    /// Its hash.
    pub hash: BlockHash,
    /// Blocks of the best chain from here to the tip, this one included; −1 on a side branch.
    pub confirmations: i64,
    /// Distance from genesis.
    pub height: Height,
    /// The header's version.
    pub version: u32,
    /// What the header commits to: the hash of the coinbase.
    pub commitment: String,
    /// When its miner says it was made.
    pub time: Timestamp,
    /// What the miner varied.
    pub nonce: u32,
    /// Its compact target, 8 hexadecimal digits.
    pub bits: String,
    /// How many times harder than the network's easiest.
    pub difficulty: f64,
    /// Cumulative work in hashes, 64 hexadecimal digits.
    pub chainwork: String,
    /// The parent.
    pub previousblockhash: BlockHash,
    /// The next block of the best chain.
    pub nextblockhash: Option<BlockHash>,
    /// The rule it or an ancestor broke.
    pub violation: Option<String>,
}

/// Answer of `getblock` with verbosity 1 to 3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockInfo {
    /// The header.
    #[serde(flatten)]
    pub header: HeaderInfo,
    /// Encoded length in bytes.
    pub size: usize,
    /// What the header commits to.
    pub coinbase: CoinbaseInfo,
    /// What the miner earns beside the fees, in pebbles.
    pub subsidy: Amount,
    /// Sum of the fees in pebbles.
    pub fees: Amount,
    /// How many transactions there are.
    #[serde(rename = "nTx")]
    pub transaction_count: usize,
    /// The transactions, in the order of execution.
    pub tx: Vec<BlockTransaction>,
}

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BlockTransaction {
    /// Verbosity 1.
    Id(TransactionId),
    /// Verbosity 2, and 3 with its bytes.
    Decoded(Box<TransactionInfo>),
}

/// A coinbase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinbaseInfo {
    /// Its version.
    pub version: u16,
    /// Who earns the reward.
    pub miner: String,
    /// Root over the transactions.
    pub transaction_root: TransactionRoot,
    /// Root of the state at the last checkpoint height.
    pub state_root: StateRoot,
    /// The counters of pool and worker, in hexadecimal.
    pub extra_nonce: String,
    /// What the miner wrote, in hexadecimal.
    pub tag: String,
}

/// Answer of `verifychain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainVerification {
    /// Whether every block kept every rule that was checked again.
    pub ok: bool,
    /// Blocks checked again.
    pub blocks: u32,
    /// Signatures checked again.
    pub signatures: u64,
    /// What was found, if not all was well.
    pub problem: Option<VerificationProblem>,
}

/// A block that did not pass again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationProblem {
    /// Which.
    pub height: Height,
    /// Its hash.
    pub hash: BlockHash,
    /// The rule in kebab case, or `body-missing`.
    pub reason: String,
}
