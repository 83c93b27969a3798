//! What a block earns its miner besides the fees.

use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{Address, Amount, Height};

/// Earned at height 1: 10 cairns.
const FIRST_SUBSIDY: u64 = 1_000_000_000;

/// Blocks between two halvings: four months at ten seconds.
const HALVING_BLOCKS: u32 = 1_050_000;

/// All subsidies there will ever be, in pebbles: the halves of ten cairns, each rounded down, 1,050,000 times each.
pub const SUBSIDY_TOTAL: Amount = Amount(2_099_999_986_350_000);

/// A miner's reward that is not yet spendable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct MaturingReward {
    /// The block that earned it.
    pub earned_at: Height,
    /// Who is credited.
    pub miner: Address,
    /// Subsidy and fees; may be nothing.
    pub amount: Amount,
}

/// New money of the block at `height`: halves every 1,050,000 blocks. Genesis earns nothing.
pub const fn subsidy(height: Height) -> Amount {
    let Some(previous) = height.previous() else { return Amount::ZERO };
    match FIRST_SUBSIDY.checked_shr(previous.0 / HALVING_BLOCKS) {
        Some(amount) => Amount(amount),
        None => Amount::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subsidy_halves_and_ends() {
        assert_eq!(subsidy(Height::GENESIS), Amount::ZERO);
        assert_eq!(subsidy(Height(1)), Amount(1_000_000_000));
        assert_eq!(subsidy(Height(1_050_000)), Amount(1_000_000_000));
        assert_eq!(subsidy(Height(1_050_001)), Amount(500_000_000));
        assert_eq!(subsidy(Height(64 * 1_050_000 + 1)), Amount::ZERO);
        assert_eq!(subsidy(Height(u32::MAX)), Amount::ZERO);
    }

    #[test]
    fn all_subsidies_add_up_to_the_stated_total() {
        let total: u64 =
            (0..64).map(|era| subsidy(Height(era * HALVING_BLOCKS + 1)).0 * u64::from(HALVING_BLOCKS)).sum();
        assert_eq!(Amount(total), SUBSIDY_TOTAL);
    }
}
