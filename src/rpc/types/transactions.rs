//! Answers about transactions and the accounts they change.

use serde::{Deserialize, Serialize};

use crate::primitives::{Amount, BlockHash, Height, LeafHash, TransactionId};

/// A decoded transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionInfo {
    /// Its id.
    pub txid: TransactionId,
    /// Hash of the whole encoding, signature included.
    pub leaf_hash: LeafHash,
    /// Its version.
    pub version: u16,
    /// The sender's address.
    pub from: String,
    /// The sender's public key, in hexadecimal.
    pub sender: String,
    /// Number of the sender's transactions before it.
    pub nonce: u64,
    /// Paid to the miner, in pebbles.
    pub fee: Amount,
    /// Last height at which it is valid; 0 for always.
    pub expires_at: Height,
    /// What it does.
    #[serde(flatten)]
    pub action: ActionInfo,
    /// The signature, in hexadecimal.
    pub signature: String,
    /// Encoded length in bytes.
    pub size: u32,
    /// The encoding, in hexadecimal, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
}

/// What a transaction does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum ActionInfo {
    /// It pays.
    Transfer {
        /// Whom, and how much.
        outputs: Vec<OutputInfo>,
        /// What the sender wrote.
        memo: String,
    },
    /// It puts a digest on the chain.
    Anchor {
        /// The digest, in hexadecimal.
        digest: String,
        /// What the sender called it.
        label: String,
    },
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputInfo {
    /// Who receives.
    pub to: String,
    /// How much, in pebbles.
    pub amount: Amount,
}

/// Answer of `gettransaction` and `waitfortransaction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocatedTransaction {
    /// The transaction.
    #[serde(flatten)]
    pub transaction: TransactionInfo,
    /// `pending` in the pool, or `confirmed` on the chain.
    pub state: String,
    /// Blocks from the one that holds it to the tip, that one included; 0 in the pool.
    pub confirmations: u32,
    /// The block that holds it.
    pub blockhash: Option<BlockHash>,
    /// That block's height.
    pub height: Option<Height>,
    /// Its place in that block, from 0.
    pub position: Option<u32>,
    /// That block's time, or when it came to the pool.
    pub time: u64,
}

/// A verdict of `testmempoolaccept`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptTest {
    /// The transaction's id; none when the bytes are no transaction.
    pub txid: Option<TransactionId>,
    /// Whether the pool would take it.
    pub allowed: bool,
    /// If not, why, in kebab case.
    #[serde(rename = "reject-reason", default, skip_serializing_if = "Option::is_none")]
    pub reject_reason: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Answer of `getmempoolinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolInfo {
    /// Transactions waiting.
    pub size: usize,
    /// Their encoded length in bytes.
    pub bytes: usize,
    /// Fee a newcomer must pay, in pebbles per 1,000 bytes.
    pub mempoolminfee: u64,
}

/// A waiting transaction, for `getrawmempool` with `verbose`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolTransaction {
    /// Its id.
    pub txid: TransactionId,
    /// The sender's address.
    pub from: String,
    /// Its nonce.
    pub nonce: u64,
    /// Encoded length in bytes.
    pub size: u32,
    /// Its fee in pebbles.
    pub fee: Amount,
    /// When it came.
    pub time: u64,
    /// Whether all earlier nonces of its sender are here or on the chain.
    pub ready: bool,
}

/// Answer of `validateaddress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressCheck {
    /// Whether money can be sent there on this network.
    pub isvalid: bool,
    /// The address in its usual form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Answer of `getbalance`. All amounts in pebbles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The address.
    pub address: String,
    /// Spendable after the tip.
    pub confirmed: Amount,
    /// Rewards that mature later.
    pub immature: Amount,
    /// On its way in, in the pool.
    pub pending_in: Amount,
    /// On its way out with fees, in the pool.
    pub pending_out: Amount,
    /// Number of its transactions on the chain.
    pub nonce: u64,
    /// The nonce its next transaction must have.
    pub next_nonce: u64,
    /// The tip this is true for.
    pub height: Height,
}

/// Answer of `getnonce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// Number of transactions on the chain.
    pub confirmed: u64,
    /// The nonce the next transaction must have, after those in the pool.
    pub next: u64,
}
