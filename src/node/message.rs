//! What nodes say to each other: two gossip topics and one request-response protocol (docs/protocol.md, "Wire").

use std::sync::Arc;

use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{Block, BlockHash, Coinbase, Header, Height, List, Transaction, Work};

/// Headers in one answer at most.
pub const HEADERS_PER_ANSWER_MAX: u32 = 2_000;
/// Hashes in one request for blocks at most.
pub const BLOCKS_PER_REQUEST_MAX: usize = 128;
/// Bytes of blocks in one answer at most, unless a single block is larger.
pub const BLOCKS_ANSWER_BYTES_MAX: usize = 4 << 20;
/// Hashes in a locator at most: ten recent ones, then one per doubling of the distance.
pub const LOCATOR_HASHES_MAX: usize = 64;
/// Transactions in one gossip message at most.
pub const GOSSIPED_TRANSACTIONS_MAX: usize = 256;
/// Encoded length of any message at most, in bytes: a block and room for what surrounds it.
pub const MESSAGE_BYTES_MAX: usize = (4 << 20) + (64 << 10);

/// What comes over gossip, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gossip {
    /// On the topic of blocks.
    Block(Arc<CompactBlock>),
    /// On the topic of transactions: 1 to 256 of them.
    Transactions(List<Arc<Transaction>>),
}

/// A block whose transactions are named by short ids, since most nodes hold them already.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CompactBlock {
    /// The header.
    pub header: Header,
    /// What it commits to.
    pub coinbase: Coinbase,
    /// Salts the short ids, so that nobody can prepare a collision.
    pub key: u64,
    /// First six bytes of the keyed hash of each transaction's leaf hash, in block order, without the prefilled ones.
    pub short_ids: List<[u8; 6]>,
    /// Transactions sent whole, by ascending position in the block.
    pub prefilled: List<Prefilled>,
}

/// A transaction sent whole within a compact block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Prefilled {
    /// Absolute position in the block.
    pub index: u32,
    /// The transaction.
    pub transaction: Arc<Transaction>,
}

/// A question to one peer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SyncRequest {
    /// Where the asker stands; the answer says where the asked one does.
    Status(Status),
    /// Headers after the first hash of the locator that is on the answerer's best chain.
    Headers {
        /// Hashes of the asker's chain from its tip downwards, ever further apart.
        locator: List<BlockHash>,
        /// How many to send, at most [`HEADERS_PER_ANSWER_MAX`].
        maximum: u32,
    },
    /// Whole blocks, at most [`BLOCKS_PER_REQUEST_MAX`].
    Blocks {
        /// Their hashes, in the order in which they are wanted.
        hashes: List<BlockHash>,
    },
    /// Transactions of one block, by position.
    BlockTransactions {
        /// The block.
        block: BlockHash,
        /// Ascending positions.
        indexes: List<u32>,
    },
    /// The transactions that wait in the pool.
    Mempool,
}

/// An answer to a [`SyncRequest`] of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SyncResponse {
    /// Where the answerer stands.
    Status(Status),
    /// Consecutive headers, the first one's parent being in the locator; empty when there are none.
    Headers(List<Header>),
    /// A prefix of the blocks asked for, at least one unless the first is unknown.
    Blocks(List<Arc<Block>>),
    /// The transactions asked for, in order; empty when the block is unknown.
    BlockTransactions(List<Arc<Transaction>>),
    /// As many as fit [`BLOCKS_ANSWER_BYTES_MAX`], best fee rates first.
    Mempool(List<Arc<Transaction>>),
}

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Status {
    /// Its network.
    pub genesis: BlockHash,
    /// Its block at height 1, zero when there is none: tells a chain from one that was reset under the same name.
    pub block_one: BlockHash,
    /// Its best fully valid block.
    pub tip: BlockHash,
    /// The tip's height.
    pub height: Height,
    /// The tip's cumulative work: a claim, until headers prove it.
    pub work: Work,
    /// Its clock, in seconds since 1970.
    pub time: u64,
}
