//! What the rules need to know about a header that is already in the chain.

use super::params::Params;
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{BlockHash, BlockId, CompactTarget, Header, Height, Target, Timestamp, Work};

/// The facts about one accepted header: enough to check its children, without the header itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct HeaderFacts {
    /// Distance from genesis.
    pub height: Height,
    /// The header's hash.
    pub hash: BlockHash,
    /// When its miner says it was made.
    pub time: Timestamp,
    /// Its target.
    pub bits: CompactTarget,
    /// Work of the chain up to and with this header, genesis included.
    pub work: Work,
}

impl HeaderFacts {
    /// The facts about a network's genesis.
    pub fn genesis(params: &Params) -> Self {
        let header = &params.genesis().header;
        Self {
            height: Height::GENESIS,
            hash: params.genesis_hash(),
            time: header.time,
            bits: header.bits,
            work: work_of(header.bits),
        }
    }

    /// The facts about a checked header whose parent has these facts.
    #[must_use]
    pub fn child(&self, header: &Header, hash: BlockHash) -> Self {
        Self {
            height: self.height.next(),
            hash,
            time: header.time,
            bits: header.bits,
            work: self.work.plus(work_of(header.bits)),
        }
    }

    /// Height and hash.
    pub const fn id(&self) -> BlockId {
        BlockId { height: self.height, hash: self.hash }
    }
}

/// Expected hashes for a target; none for bits that are no target, which no checked header has.
fn work_of(bits: CompactTarget) -> Work {
    bits.target().map_or(Work::ZERO, Target::work)
}
