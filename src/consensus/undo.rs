//! What it takes to take a block back, besides the block.

use super::check_block::CheckedBlock;
use super::reward::MaturingReward;
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{Address, Transaction};

/// What connecting a block changed and the block itself does not say. Its transactions say what they changed: what a
/// sender paid and a receiver got is put back from them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Undo {
    /// The reward that matured, if the chain was long enough.
    pub(super) matured: Option<MaturingReward>,
}

impl Undo {
    /// Every address that the block of this record touched; one may recur.
    pub fn touched(self, block: &CheckedBlock) -> impl Iterator<Item = Address> {
        let outputs = block.transactions().iter().flat_map(Transaction::outputs);
        let credited = outputs.map(|output| output.to);
        let matured = self.matured.map(|reward| reward.miner);
        matured.into_iter().chain(block.senders().iter().copied()).chain(credited)
    }

    /// The reward that became spendable at the start of the block.
    pub const fn matured(&self) -> Option<&MaturingReward> {
        self.matured.as_ref()
    }
}
