//! Blocks: an 80-byte header of exactly Bitcoin's layout, a coinbase that it commits to, and transactions.

use std::fmt;

use super::address::Address;
use super::codec::{self, Decode, Encode, List};
use super::hash::{BlockHash, Commitment, StateRoot, TransactionRoot, sha256d};
use super::height::Height;
use super::time::Timestamp;
use super::transaction::Transaction;
use super::work::CompactTarget;

/// Bytes of an encoded header.
pub const HEADER_BYTES: usize = 80;

/// What miners hash. Encoded in 80 bytes, as Bitcoin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// 1, besides the bits that miners may roll (BIP 320).
    pub version: u32,
    /// Hash of the parent.
    pub previous: BlockHash,
    /// SHA-256d of the coinbase: where Bitcoin has its Merkle root.
    pub commitment: Commitment,
    /// When the miner says it was made.
    pub time: Timestamp,
    /// The target, as the rule of difficulty computes it.
    pub bits: CompactTarget,
    /// What the miner varies.
    pub nonce: u32,
}

/// Everything the header commits to. To a stock Bitcoin miner this is the coinbase transaction.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Coinbase {
    /// 1.
    pub version: u16,
    /// The block's height.
    pub height: Height,
    /// Root over the block's transactions.
    pub transaction_root: TransactionRoot,
    /// Root of the state after the ancestor at the last checkpoint height.
    pub state_root: StateRoot,
    /// Who earns the reward.
    pub miner: Address,
    /// Room for a pool's and a worker's counters.
    pub extra_nonce: [u8; 16],
    /// At most 64 bytes of anything.
    pub tag: List<u8>,
}

/// A header, what it commits to, and the transactions in the order of execution.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The coinbase.
    pub coinbase: Coinbase,
    /// In the order of execution.
    pub transactions: List<Transaction>,
}

/// A block by height and hash: what names it in every store, so that keys come in the chain's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct BlockId {
    /// Distance from genesis.
    pub height: Height,
    /// The header's hash.
    pub hash: BlockHash,
}

impl Header {
    /// The proof-of-work hash, SHA-256d of the 80 bytes.
    pub fn hash(&self) -> BlockHash {
        BlockHash(sha256d(&self.to_bytes()))
    }

    /// The 80 bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.version.to_le_bytes());
        bytes[4..36].copy_from_slice(&self.previous.0);
        bytes[36..68].copy_from_slice(&self.commitment.0);
        bytes[68..72].copy_from_slice(&self.time.0.to_le_bytes());
        bytes[72..76].copy_from_slice(&self.bits.0.to_le_bytes());
        bytes[76..].copy_from_slice(&self.nonce.to_le_bytes());
        bytes
    }
}

impl Coinbase {
    /// What the header carries.
    pub fn commitment(&self) -> Commitment {
        Commitment(sha256d(&codec::encode(self)))
    }
}

impl Block {
    /// The header's hash.
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }
}

impl fmt::Debug for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.height, self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_bytes_are_its_encoding() {
        let header = Header {
            version: 1,
            previous: BlockHash([1; 32]),
            commitment: Commitment([2; 32]),
            time: Timestamp(3),
            bits: CompactTarget(0x1e01_0000),
            nonce: 4,
        };
        assert_eq!(header.to_bytes().to_vec(), codec::encode(&header));
    }

    #[test]
    fn a_coinbase_with_a_tag_of_three_bytes_takes_129() {
        let coinbase = Coinbase {
            version: 1,
            height: Height(1),
            transaction_root: TransactionRoot::ZERO,
            state_root: StateRoot::ZERO,
            miner: Address::default(),
            extra_nonce: [0; 16],
            tag: List(b"lan".to_vec()),
        };
        assert_eq!(codec::encode(&coinbase).len(), 129);
    }

    #[test]
    fn logs_name_a_block_by_height_and_hash() {
        let id = BlockId { height: Height(7), hash: BlockHash([0xab; 32]) };
        assert_eq!(format!("{id:?}"), format!("#7 {}", "ab".repeat(32)));
    }
}
