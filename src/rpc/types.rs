//! What methods answer. Amounts are whole pebbles, times seconds since 1970, hashes as people see them.

use serde::{Deserialize, Serialize};

use crate::primitives::{
    Amount, BlockHash, Height, LeafHash, StateRoot, Timestamp, TransactionId, TransactionRoot,
};

/// Answer of `getnodeinfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Version of the software.
    pub version: String,
    /// Version of the protocol.
    pub protocol: u32,
    /// Name of the network.
    pub network: String,
    /// What names the network to programs.
    pub genesis_hash: BlockHash,
    /// The block at height 1: tells a chain from one that was reset under the same name.
    pub block_one: Option<BlockHash>,
    /// This node's id among peers; none before its network is up.
    pub peer_id: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// Addresses peers can dial.
    pub listening: Vec<String>,
    /// Height of the tip.
    pub height: Height,
    /// Connected peers.
    pub peers: usize,
    /// Whether many blocks are still behind.
    pub syncing: bool,
    /// Seconds since the start.
    pub uptime: u64,
    /// Where everything is kept.
    pub data_dir: String,
}

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
    pub subsidy: Option<Amount>,
}

/// Answer of `setmining`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiningSet {
    /// Threads that mine from now on.
    pub threads: u32,
    /// Who is paid.
    pub address: Option<String>,
}

/// A connected peer, in the answer of `getpeerinfo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeerInfo {
    /// Who.
    pub id: String,
    /// The same in two words.
    pub alias: String,
    /// The address it is connected by.
    pub addr: String,
    /// What software it runs, as it says.
    pub subver: String,
    /// Whether it dialled us.
    pub inbound: bool,
    /// How it was found: mdns, local, kad, bootstrap, manual, remembered or inbound.
    pub found: String,
    /// Last round trip in seconds.
    pub pingtime: Option<f64>,
    /// Seconds since the connection stood.
    pub conntime: u64,
    /// What it said or showed last of its height.
    pub height: Option<Height>,
    /// Its clock minus ours in seconds.
    pub timeoffset: Option<i64>,
    /// 0 is good; −20 disconnects, −50 bans.
    pub score: f64,
    /// Requests it has not answered yet.
    pub inflight: usize,
}

/// Answer of `getnetworkinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// Version of the software.
    pub version: String,
    /// What this node tells peers it runs.
    pub subversion: String,
    /// Version of the protocol.
    pub protocolversion: u32,
    /// This node's id among peers.
    pub id: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// Connected peers.
    pub connections: usize,
    /// Of which dialled us.
    pub connections_in: usize,
    /// Of which we dialled.
    pub connections_out: usize,
    /// Addresses peers can dial.
    pub localaddresses: Vec<String>,
    /// Bytes received since the start.
    pub bytesrecv: u64,
    /// Bytes sent since the start.
    pub bytessent: u64,
    /// Banned peers.
    pub bans: usize,
}

/// A step of discovery, in the answer of `getdiscoverylog`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryEntry {
    /// Milliseconds since the node's start.
    pub at_ms: u64,
    /// About whom.
    pub peer: Option<String>,
    /// The same in two words.
    pub alias: Option<String>,
    /// What happened, in plain words.
    pub what: String,
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
