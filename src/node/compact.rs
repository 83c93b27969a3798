//! Compact blocks: a block told by short ids, and rebuilt from what waits in the pool.
//!
//! A forwarder vouches for the header, the coinbase and the shape, never for the ids or the body: two transactions
//! may share a short id by chance, and whoever made the block may have chosen them so. What cannot be told apart is
//! treated as missing. A rebuilt block whose transaction root is wrong is asked for as a whole, and nobody is blamed.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

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

/// What became of an attempt to rebuild a block.
#[derive(Debug)]
pub enum Rebuilt {
    /// All transactions were here.
    Complete(Block),
    /// Some must be asked for.
    Incomplete(Reconstruction),
}

/// A block that lacks some transactions.
#[derive(Debug)]
pub struct Reconstruction {
    compact: Arc<CompactBlock>,
    /// In block order; as many are empty as are missing.
    slots: Vec<Option<Arc<Transaction>>>,
    /// Ascending positions of the empty ones.
    missing: Vec<u32>,
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

impl Reconstruction {
    /// Rebuilds as much of a block as the known transactions allow.
    pub fn begin<'a>(
        compact: Arc<CompactBlock>,
        known: impl IntoIterator<Item = (LeafHash, &'a Arc<Transaction>)>,
    ) -> Result<Rebuilt, ShapeError> {
        check_shape(&compact)?;
        let mut slots = vec![None; compact.short_ids.len() + compact.prefilled.len()];
        for prefilled in &compact.prefilled {
            slots[prefilled.index as usize] = Some(Arc::clone(&prefilled.transaction));
        }
        let empty = slots.iter().enumerate().filter(|(_, slot)| slot.is_none());
        let positions: Vec<usize> = empty.map(|(position, _)| position).collect();
        for (position, transaction) in find(&compact, &positions, known) {
            slots[position] = Some(transaction);
        }
        let empty = (0_u32..).zip(&slots).filter(|(_, slot)| slot.is_none());
        let missing = empty.map(|(position, _)| position).collect();
        Ok(Self { compact, slots, missing }.finish())
    }

    /// The block's hash.
    pub fn hash(&self) -> BlockHash {
        self.compact.header.hash()
    }

    /// What must be asked for, by ascending position.
    pub fn missing(&self) -> &[u32] {
        &self.missing
    }

    /// The block, with the gaps filled by an answer to the question for exactly those positions. Whether they are the
    /// right ones shows in the transaction root. An answer of another length gives this back unchanged.
    pub fn fill(mut self, transactions: List<Arc<Transaction>>) -> Result<Block, Self> {
        if transactions.len() != self.missing.len() {
            return Err(self);
        }
        for (position, transaction) in self.missing.iter().zip(transactions) {
            self.slots[*position as usize] = Some(transaction);
        }
        Ok(self.into_block())
    }

    fn finish(self) -> Rebuilt {
        if self.missing.is_empty() { Rebuilt::Complete(self.into_block()) } else { Rebuilt::Incomplete(self) }
    }

    fn into_block(self) -> Block {
        let transactions = self.slots.into_iter().flatten();
        Block {
            header: self.compact.header,
            coinbase: self.compact.coinbase.clone(),
            transactions: transactions.map(Arc::unwrap_or_clone).collect(),
        }
    }
}

/// What is known of a short id.
enum Match {
    /// One position has it and no known transaction yet.
    Wanted(usize),
    /// One position and one known transaction have it.
    Found(usize, Arc<Transaction>),
    /// Two positions or two known transactions have it.
    Ambiguous,
}

/// The known transactions for these positions, which are those of the short ids in order.
fn find<'a>(
    compact: &CompactBlock,
    positions: &[usize],
    known: impl IntoIterator<Item = (LeafHash, &'a Arc<Transaction>)>,
) -> Vec<(usize, Arc<Transaction>)> {
    let mut matches: HashMap<ShortId, Match, RandomState> = HashMap::default();
    for (short_id, position) in compact.short_ids.iter().zip(positions) {
        let first = matches.insert(*short_id, Match::Wanted(*position));
        if first.is_some() {
            matches.insert(*short_id, Match::Ambiguous);
        }
    }
    let salt = Salt::new(&compact.header.hash(), compact.key);
    for (leaf, transaction) in known {
        if let Some(found) = matches.get_mut(&salt.short_id(&leaf)) {
            *found = match found {
                Match::Wanted(position) => Match::Found(*position, Arc::clone(transaction)),
                Match::Found(..) | Match::Ambiguous => Match::Ambiguous,
            };
        }
    }
    let found = compact.short_ids.iter().filter_map(|short_id| matches.remove(short_id));
    found.filter_map(Match::into_found).collect()
}

impl Match {
    fn into_found(self) -> Option<(usize, Arc<Transaction>)> {
        match self {
            Self::Found(position, transaction) => Some((position, transaction)),
            Self::Wanted(_) | Self::Ambiguous => None,
        }
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
