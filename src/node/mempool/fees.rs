//! What a transaction must pay to be kept.

use crate::consensus::accounts::Accounts;
use crate::node::half_life::decayed;
use crate::primitives::{Address, Amount, Transaction};

/// The least a newcomer pays by its size: one pebble a byte.
pub const FEE_RATE_MIN: FeeRate = FeeRate(1_000);

/// The least a newcomer pays for each account it creates, in pebbles: accounts stay in every node's memory for ever.
pub const FEE_PER_NEW_ACCOUNT: Amount = Amount(1_000);

/// A replacement pays at least one part in this many more than what it replaces: forwarding it twice has a price.
const REPLACEMENT_PREMIUM_PART: u64 = 10;

/// Half-life of the floor that a full pool raises: about the time in which full blocks empty a full pool.
const FLOOR_HALF_LIFE_MS: u64 = 120_000;

/// Pebbles per 1,000 bytes, rounded down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeRate(pub u64);

impl FeeRate {
    /// The rate of a fee for this many bytes.
    pub fn of(fee: Amount, bytes: u32) -> Self {
        let thousandfold = u128::from(fee.0) * 1_000 / u128::from(bytes.max(1));
        Self(u64::try_from(thousandfold).unwrap_or(u64::MAX))
    }

    /// The smallest fee that has this rate for this many bytes.
    pub fn fee_for(self, bytes: u32) -> Amount {
        let fee = (u128::from(self.0) * u128::from(bytes)).div_ceil(1_000);
        Amount(u64::try_from(fee).unwrap_or(u64::MAX))
    }

    /// The lowest rate above this one.
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The rate a newcomer must have when one of this rate had to go.
    fn raised(self) -> Self {
        Self(self.0.saturating_add(FEE_RATE_MIN.0))
    }
}

/// The least fee for a transaction of this size, whether the pool is full or not.
pub(super) fn fee_min(transaction: &Transaction, bytes: u32, accounts: &impl Accounts) -> Amount {
    let created = created_accounts(transaction, accounts) as u64;
    Amount(FEE_RATE_MIN.fee_for(bytes).0.saturating_add(created.saturating_mul(FEE_PER_NEW_ACCOUNT.0)))
}

/// The least fee with which a transaction of this size replaces one that pays `replaced`.
pub(super) fn replacement_fee_min(replaced: Amount, bytes: u32) -> Amount {
    let premium = replaced.0.div_ceil(REPLACEMENT_PREMIUM_PART).max(FEE_RATE_MIN.fee_for(bytes).0);
    Amount(replaced.0.saturating_add(premium))
}

/// Number of outputs' addresses that have no account yet, each counted once.
fn created_accounts(transaction: &Transaction, accounts: &impl Accounts) -> usize {
    let addresses = transaction.outputs().iter().map(|output| output.to);
    let mut created: Vec<Address> = addresses.filter(|address| accounts.get(address).is_empty()).collect();
    created.sort_unstable();
    created.dedup();
    created.len()
}

/// The rate below which nobody is let in, raised each time that somebody had to go for lack of room.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FeeFloor {
    rate: FeeRate,
    raised_at_ms: u64,
}

impl FeeFloor {
    /// The floor at this moment of monotonic time; it never falls below the minimum.
    pub(super) fn at(&self, monotonic_ms: u64) -> FeeRate {
        let elapsed_ms = monotonic_ms.saturating_sub(self.raised_at_ms);
        FeeRate(decayed(self.rate.0, elapsed_ms, FLOOR_HALF_LIFE_MS)).max(FEE_RATE_MIN)
    }

    /// Notes that a transaction of this rate had to go.
    pub(super) fn raise_above(&mut self, evicted: FeeRate, monotonic_ms: u64) {
        *self = Self { rate: evicted.raised().max(self.at(monotonic_ms)), raised_at_ms: monotonic_ms };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fee_for_a_rate_has_that_rate() {
        for (rate, bytes) in [(1_000, 178), (1_001, 178), (7, 10_634), (123_456, 162)] {
            let fee = FeeRate(rate).fee_for(bytes);
            assert!(FeeRate::of(fee, bytes) >= FeeRate(rate));
            assert!(FeeRate::of(Amount(fee.0 - 1), bytes) < FeeRate(rate));
        }
        assert_eq!(FeeRate::of(Amount(u64::MAX), 0), FeeRate(u64::MAX));
        assert_eq!(FeeRate(u64::MAX).fee_for(u32::MAX), Amount(u64::MAX));
    }

    #[test]
    fn a_replacement_pays_a_tenth_more_and_at_least_for_its_bytes() {
        assert_eq!(replacement_fee_min(Amount(10_000), 178), Amount(11_000));
        assert_eq!(replacement_fee_min(Amount(10_001), 178), Amount(11_002));
        assert_eq!(replacement_fee_min(Amount(200), 178), Amount(378));
    }

    #[test]
    fn the_floor_rises_at_once_and_sinks_back_to_the_minimum() {
        let mut floor = FeeFloor::default();
        assert_eq!(floor.at(0), FEE_RATE_MIN);
        floor.raise_above(FeeRate(9_000), 1_000);
        assert_eq!(floor.at(1_000), FeeRate(10_000));
        assert_eq!(floor.at(121_000), FeeRate(5_000));
        floor.raise_above(FeeRate(2_000), 121_000);
        assert_eq!(floor.at(121_000), FeeRate(5_000), "a cheaper eviction does not lower it");
        assert_eq!(floor.at(u64::MAX), FEE_RATE_MIN);
    }
}
