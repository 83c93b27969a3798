//! One try at a block: a coinbase of one's own, the header over it, and the search for its nonce.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::search::search;
use crate::node::Template;
use crate::primitives::{Address, Block, Coinbase, Header, Target, Timestamp};

/// What the blocks mined here say in their coinbase.
pub const TAG: &[u8] = b"cairn";

/// A header that still lacks its nonce, with everything it commits to.
#[derive(Debug, Clone)]
pub struct Attempt {
    template: Arc<Template>,
    coinbase: Coinbase,
    header: Header,
    target: Target,
}

impl Attempt {
    /// A block for `miner`, stamped now. Attempts with different extra nonces never search the same headers.
    pub fn new(template: &Arc<Template>, miner: Address, extra_nonce: [u8; 16], now: Timestamp) -> Self {
        let coinbase = template.coinbase(miner, extra_nonce, TAG);
        let header = template.header(&coinbase, now);
        let target = header.bits.target().expect("the core computes bits from a target");
        Self { template: Arc::clone(template), coinbase, header, target }
    }

    /// The block, if one of these nonces solves it and nothing stops the search.
    pub fn solve(&self, nonces: RangeInclusive<u32>, stop: &AtomicBool) -> Option<Block> {
        let nonce = search(&self.header, nonces, self.target, stop)?;
        Some(self.template.block(Header { nonce, ..self.header }, self.coinbase.clone()))
    }
}
