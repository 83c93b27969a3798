//! What miners work on.

use std::sync::Arc;

use crate::primitives::{
    Address, Amount, Block, BlockHash, BlockId, Coinbase, CompactTarget, Header, Height, List, StateRoot,
    Timestamp, Transaction, TransactionRoot,
};

/// Everything of the next block but who mines it, when, and the nonce.
#[derive(Debug, Clone)]
pub struct Template {
    /// The parent.
    pub parent: BlockId,
    /// The target every header on this parent must carry.
    pub bits: CompactTarget,
    /// The earliest time the header may carry: the parent's.
    pub time_min: Timestamp,
    /// What the coinbase must carry.
    pub state_root: StateRoot,
    /// Over the transactions below.
    pub transaction_root: TransactionRoot,
    /// In the order of execution.
    pub transactions: Arc<[Arc<Transaction>]>,
    /// Sum of their fees.
    pub fees: Amount,
    /// Subsidy of this height.
    pub subsidy: Amount,
}

impl Template {
    /// The height of the block to be mined.
    pub fn height(&self) -> Height {
        self.parent.height.next()
    }

    /// The parent's hash.
    pub fn previous(&self) -> BlockHash {
        self.parent.hash
    }

    /// A coinbase that pays `miner`.
    pub fn coinbase(&self, miner: Address, extra_nonce: [u8; 16], tag: &[u8]) -> Coinbase {
        Coinbase {
            version: 1,
            height: self.height(),
            transaction_root: self.transaction_root,
            state_root: self.state_root,
            miner,
            extra_nonce,
            tag: List(tag.to_vec()),
        }
    }

    /// A header over `coinbase` stamped max(now, parent's time), with nonce 0.
    pub fn header(&self, coinbase: &Coinbase, now: Timestamp) -> Header {
        Header {
            version: 1,
            previous: self.parent.hash,
            commitment: coinbase.commitment(),
            time: now.max(self.time_min),
            bits: self.bits,
            nonce: 0,
        }
    }

    /// The block, once a header meets the target.
    pub fn block(&self, header: Header, coinbase: Coinbase) -> Block {
        let transactions = self.transactions.iter().map(|transaction| transaction.as_ref().clone()).collect();
        Block { header, coinbase, transactions }
    }
}
