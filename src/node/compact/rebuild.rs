//! Putting a block together again from what is known and what is asked for.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{Salt, ShapeError, ShortId, check_shape};
use crate::node::message::CompactBlock;
use crate::primitives::{Block, BlockHash, LeafHash, List, Transaction};

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

impl Reconstruction {
    /// Rebuilds as much of a block as the known transactions allow, in whatever order they come.
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
