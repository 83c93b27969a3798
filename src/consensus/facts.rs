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

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;

    use super::*;

    #[test]
    fn work_adds_up_from_genesis_on_with_genesis_included() {
        let params = Params::named("lan").unwrap();
        let genesis = HeaderFacts::genesis(&params);
        assert_eq!(genesis.work, Work(U256::from(0xff_ffff)), "2^24 hashes, less the rounding");
        let header = Header {
            bits: CompactTarget(0x1e10_0000),
            time: Timestamp(genesis.time.0 + 7),
            ..params.genesis().header
        };
        let child = HeaderFacts {
            height: Height(1),
            hash: BlockHash([3; 32]),
            time: header.time,
            bits: header.bits,
            work: Work(U256::from(0xff_ffff + 0xf_ffff)),
        };
        assert_eq!(genesis.child(&header, child.hash), child);
    }
}
