//! Compact blocks: a block told by short ids, and rebuilt from what waits in the pool.
//!
//! A forwarder vouches for the header, the coinbase and the shape, never for the ids or the body: two transactions
//! may share a short id by chance, and whoever made the block may have chosen them so. What cannot be told apart is
//! treated as missing. A rebuilt block whose transaction root is wrong is asked for as a whole, and nobody is blamed.

mod rebuild;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use rebuild::{Rebuilt, Reconstruction};

use super::message::{CompactBlock, Prefilled};
use crate::consensus::check_block::BLOCK_BYTES_MAX;
use crate::primitives::block::HEADER_BYTES;
use crate::primitives::codec::encoded_len;
use crate::primitives::hash::SHORT_ID;
use crate::primitives::{Block, BlockHash, LeafHash, List, Transaction};

/// Bytes of transactions sent whole at most, unless half the block is more: a few that nobody can know yet.
const PREFILLED_BYTES_MAX: usize = 64 << 10;

/// Bytes of the shortest encoding of any transaction, valid or not: a transfer to nobody.
const TRANSACTION_BYTES_MIN: usize = 138;

/// Bytes of the count of transactions.
const COUNT_BYTES: usize = 8;

/// First bytes of the keyed hash of a transaction's leaf hash.
pub type ShortId = [u8; 6];

/// Why a compact block stands for no block at all. Every forwarder can see it, as if it did not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// The positions of the transactions sent whole do not ascend.
    #[error("the positions of the transactions sent whole do not ascend")]
    PositionsNotAscending,
    /// One of them is beyond the end of the block.
    #[error("a transaction sent whole stands beyond the end of the block")]
    PositionOutOfRange,
    /// More is sent whole than half of the largest block.
    #[error("the transactions sent whole take more than half of a block")]
    TooMuchPrefilled,
    /// No block within the limit has so many transactions.
    #[error("no block within the limit holds so many transactions")]
    TooManyTransactions,
}

/// Tells a block by short ids under a key that nobody could foresee, so that no collision can be prepared.
///
/// `leaves` are the leaf hashes of its transactions; those of which `is_news` holds are sent whole, as far as the
/// limit on them allows.
pub fn compact_block(
    block: &Block,
    leaves: &[LeafHash],
    key: u64,
    is_news: impl Fn(usize, &Transaction) -> bool,
) -> CompactBlock {
    let salt = Salt::new(&block.hash(), key);
    let sizes: Vec<usize> = block.transactions.iter().map(encoded_len).collect();
    let prefilled_bytes_max = PREFILLED_BYTES_MAX.max(sizes.iter().sum::<usize>() / 2);
    let mut prefilled_bytes = 0;
    let mut compact = CompactBlock {
        header: block.header,
        coinbase: block.coinbase.clone(),
        key,
        short_ids: List::default(),
        prefilled: List::default(),
    };
    for (index, ((transaction, leaf), size)) in block.transactions.iter().zip(leaves).zip(sizes).enumerate() {
        if prefilled_bytes + size <= prefilled_bytes_max && is_news(index, transaction) {
            prefilled_bytes += size;
            let transaction = Arc::new(transaction.clone());
            compact.prefilled.push(Prefilled { index: index as u32, transaction });
        } else {
            compact.short_ids.push(salt.short_id(leaf));
        }
    }
    compact
}

/// Whether some block could be told like this: what every forwarder checks before it forwards.
pub fn check_shape(compact: &CompactBlock) -> Result<(), ShapeError> {
    let count = compact.short_ids.len() + compact.prefilled.len();
    let ascends = compact.prefilled.is_sorted_by(|earlier, later| earlier.index < later.index);
    let prefilled_bytes: usize = compact.prefilled.iter().map(|each| encoded_len(&each.transaction)).sum();
    let told_bytes = compact.short_ids.len() * TRANSACTION_BYTES_MIN;
    let other_bytes = HEADER_BYTES + encoded_len(&compact.coinbase) + COUNT_BYTES;
    if !ascends {
        Err(ShapeError::PositionsNotAscending)
    } else if compact.prefilled.last().is_some_and(|last| last.index as usize >= count) {
        Err(ShapeError::PositionOutOfRange)
    } else if prefilled_bytes > BLOCK_BYTES_MAX / 2 {
        Err(ShapeError::TooMuchPrefilled)
    } else if other_bytes + told_bytes + prefilled_bytes > BLOCK_BYTES_MAX {
        Err(ShapeError::TooManyTransactions)
    } else {
        Ok(())
    }
}

/// The key of the short ids of one compact block.
struct Salt([u8; 32]);

impl Salt {
    fn new(block: &BlockHash, key: u64) -> Self {
        let mut preimage = [0; 40];
        preimage[..32].copy_from_slice(&block.0);
        preimage[32..].copy_from_slice(&key.to_le_bytes());
        Self(SHORT_ID.derive(&preimage))
    }

    fn short_id(&self, leaf: &LeafHash) -> ShortId {
        let hash = blake3::keyed_hash(&self.0, &leaf.0);
        *hash.as_bytes().first_chunk().expect("32 bytes begin with 6")
    }
}
