//! A small immutable picture of the node, replaced after each change: most readers take it without asking the core.

use crate::consensus::difficulty::next_bits;
use crate::consensus::facts::HeaderFacts;
use crate::consensus::params::Params;
use crate::primitives::{BlockHash, BlockId, CompactTarget, Height, PeerId};
use crate::storage::StoredHeader;

/// What the node looks like at its durable tip.
#[derive(Debug, Clone)]
pub struct View {
    /// The best fully valid block.
    pub tip: StoredHeader,
    /// The target that the next block must carry.
    pub next_bits: CompactTarget,
    /// The block at height 1, if there is one.
    pub block_one: Option<BlockHash>,
    /// Height of the header with most work, whether its body is here or not.
    pub best_header: Height,
    /// Whether many blocks are still behind.
    pub initial_block_download: bool,
    /// The pool in numbers.
    pub mempool: MempoolSummary,
    /// Connected peers, ascending by id.
    pub peers: Vec<PeerView>,
    /// Banned peers with the end of the ban in wall-clock milliseconds since 1970.
    pub bans: Vec<(PeerId, u64)>,
}

impl View {
    /// The picture of a node that knows nothing but its network.
    pub fn at_genesis(params: &Params) -> Self {
        let header = params.genesis().header;
        let id = BlockId { hash: params.genesis_hash(), height: Height(0) };
        let target = header.bits.target().expect("the parameters' constructor checked the first bits");
        Self {
            tip: StoredHeader { id, header, work: target.work() },
            next_bits: next_bits(params, &HeaderFacts::genesis(params), None),
            block_one: None,
            best_header: id.height,
            initial_block_download: false,
            mempool: MempoolSummary::default(),
            peers: Vec::new(),
            bans: Vec::new(),
        }
    }
}

/// The pool in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MempoolSummary {
    /// Transactions waiting.
    pub transactions: usize,
    /// Their encoded length in bytes.
    pub bytes: usize,
    /// Fee a newcomer must pay, in pebbles per 1,000 bytes.
    pub fee_rate_min: u64,
}

/// A connected peer as the core knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeerView {
    /// Who.
    pub peer: PeerId,
    /// Whether this node dialled.
    pub outbound: bool,
    /// What it said or showed last of its height.
    pub height: Option<Height>,
    /// Its clock minus ours in seconds, as of its last status.
    pub clock_offset_seconds: Option<i64>,
    /// 0 is good; −20 disconnects, −50 bans.
    pub score: f64,
    /// Requests of ours it has not answered yet.
    pub requests_in_flight: usize,
}
