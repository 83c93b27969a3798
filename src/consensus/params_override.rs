//! Replacing a network's numbers, and every reason to refuse them.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::numbers::{NetworkKind, Numbers};
use super::reward::SUBSIDY_TOTAL;
use crate::primitives::codec::DecodeError;
use crate::primitives::{Address, Amount, CompactTarget, CompactTargetError, ParseAddressError, Target};

/// Seconds an interval or a future limit may be: from one second to a day.
const SECONDS_RANGE: RangeInclusive<u32> = 1..=86_400;

/// Blocks a reward may take to mature.
const MATURITY_RANGE: RangeInclusive<u32> = 1..=1_000;

/// What a file may say about a network; whatever it leaves out stays as the kind of network has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ParamsOverride {
    /// Seconds between blocks, on average.
    pub interval_seconds: Option<u32>,
    /// Whether the target follows the hash rate.
    pub retarget: Option<bool>,
    /// The compact target of the first blocks, as a number.
    pub first_bits: Option<u32>,
    /// The easiest compact target, as a number.
    pub limit_bits: Option<u32>,
    /// Accounts that genesis fills, in any order.
    pub prefund: Option<Vec<PrefundOverride>>,
    /// Blocks until a reward can be spent.
    pub maturity: Option<u32>,
    /// Seconds by which a header's time may be ahead of a node's clock.
    pub future_limit_seconds: Option<u32>,
}

/// One account that genesis fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefundOverride {
    /// As people write it, of the network's kind.
    pub address: String,
    /// In pebbles.
    pub amount: Amount,
}

/// Why there is no such network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// The name breaks the rule of names.
    #[error("`{0}` is no network name: 1 to 32 of a-z, 0-9 and -, the first not -")]
    Name(String),
    /// The interval is out of range.
    #[error("interval_seconds must be 1 to 86400, not {0}")]
    Interval(u32),
    /// The future limit is out of range.
    #[error("future_limit_seconds must be 1 to 86400, not {0}")]
    FutureLimit(u32),
    /// The maturity is out of range.
    #[error("maturity must be 1 to 1000 blocks, not {0}")]
    Maturity(u32),
    /// The bits are no target.
    #[error("{0} = {1} does not work: {2}")]
    Bits(&'static str, CompactTarget, CompactTargetError),
    /// The bits are another form of a target than the one every node computes.
    #[error("{0} = {1} is not the canonical form of its target")]
    BitsNotCanonical(&'static str, CompactTarget),
    /// The first blocks would be easier than the limit allows.
    #[error("first_bits {0} stands for an easier target than limit_bits {1}")]
    FirstTargetAboveLimit(CompactTarget, CompactTarget),
    /// A prefunded address cannot be read.
    #[error("prefund: `{0}`: {1}")]
    PrefundAddress(String, ParseAddressError),
    /// An address is prefunded twice.
    #[error("prefund: `{0}` appears twice")]
    PrefundTwice(String),
    /// An account is prefunded with nothing.
    #[error("prefund: every amount must be at least 1 pebble")]
    PrefundOfNothing,
    /// Prefund and all subsidies exceed the largest amount.
    #[error("prefund is too large: with all subsidies it must stay within 2^53 - 1 pebbles")]
    PrefundTooLarge,
    /// The bytes of the parameters are no encoding of any.
    #[error("the encoded parameters: {0}")]
    Encoding(DecodeError),
    /// In encoded parameters, the flag of retargeting is neither 0 nor 1.
    #[error("the encoded parameters: retarget is 0 or 1, not {0}")]
    Retarget(u8),
    /// In encoded parameters, the accounts are out of order, or one is there twice.
    #[error("the encoded parameters: prefunded accounts come by ascending address, none twice")]
    PrefundNotAscending,
}

impl ParamsOverride {
    pub(super) fn applied_to(&self, numbers: Numbers, kind: NetworkKind) -> Result<Numbers, ParamsError> {
        let prefund = match &self.prefund {
            Some(prefund) => read_prefund(prefund, kind)?,
            None => numbers.prefund,
        };
        Ok(Numbers {
            interval_seconds: self.interval_seconds.unwrap_or(numbers.interval_seconds),
            retarget: self.retarget.unwrap_or(numbers.retarget),
            first_bits: self.first_bits.map_or(numbers.first_bits, CompactTarget),
            limit_bits: self.limit_bits.map_or(numbers.limit_bits, CompactTarget),
            prefund,
            maturity: self.maturity.unwrap_or(numbers.maturity),
            future_limit_seconds: self.future_limit_seconds.unwrap_or(numbers.future_limit_seconds),
        })
    }
}

impl Numbers {
    /// Every refusal but that of the name; gives the limit's target.
    pub(super) fn check(&self) -> Result<Target, ParamsError> {
        check_range(self.interval_seconds, &SECONDS_RANGE, ParamsError::Interval)?;
        check_range(self.future_limit_seconds, &SECONDS_RANGE, ParamsError::FutureLimit)?;
        check_range(self.maturity, &MATURITY_RANGE, ParamsError::Maturity)?;
        let first = canonical_target("first_bits", self.first_bits)?;
        let limit = canonical_target("limit_bits", self.limit_bits)?;
        if first > limit {
            return Err(ParamsError::FirstTargetAboveLimit(self.first_bits, self.limit_bits));
        }
        check_supply(&self.prefund)?;
        Ok(limit)
    }
}

/// The accounts by ascending address, none twice, none of nothing.
fn read_prefund(
    prefund: &[PrefundOverride],
    kind: NetworkKind,
) -> Result<Vec<(Address, Amount)>, ParamsError> {
    let mut accounts = prefund.iter().map(|one| read_account(one, kind)).collect::<Result<Vec<_>, _>>()?;
    accounts.sort_unstable();
    match accounts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(ParamsError::PrefundTwice(pair[0].0.to_text(kind.address_kind()))),
        None => Ok(accounts),
    }
}

fn read_account(one: &PrefundOverride, kind: NetworkKind) -> Result<(Address, Amount), ParamsError> {
    let address = Address::parse(&one.address, kind.address_kind())
        .map_err(|error| ParamsError::PrefundAddress(one.address.clone(), error))?;
    if one.amount == Amount::ZERO {
        return Err(ParamsError::PrefundOfNothing);
    }
    Ok((address, one.amount))
}

fn check_range(
    value: u32,
    range: &RangeInclusive<u32>,
    error: impl Fn(u32) -> ParamsError,
) -> Result<(), ParamsError> {
    if range.contains(&value) { Ok(()) } else { Err(error(value)) }
}

fn canonical_target(name: &'static str, bits: CompactTarget) -> Result<Target, ParamsError> {
    let target = bits.target().map_err(|error| ParamsError::Bits(name, bits, error))?;
    if bits.is_canonical() { Ok(target) } else { Err(ParamsError::BitsNotCanonical(name, bits)) }
}

fn check_supply(prefund: &[(Address, Amount)]) -> Result<(), ParamsError> {
    let amounts = prefund.iter().map(|(_, amount)| *amount);
    let supply = Amount::checked_sum(amounts).and_then(|sum| sum.checked_add(SUBSIDY_TOTAL));
    match supply {
        Some(supply) if supply <= Amount::MAX => Ok(()),
        Some(_) | None => Err(ParamsError::PrefundTooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::params::Params;
    use crate::primitives::AddressKind;

    const MAX_PREFUND: u64 = (1 << 53) - 1 - 2_099_999_986_350_000;

    fn prefund(byte: u8, amount: u64) -> PrefundOverride {
        let address = Address([byte; 32]).to_text(AddressKind::Standard);
        PrefundOverride { address, amount: Amount(amount) }
    }

    fn lan_with(json: &str) -> Result<Params, ParamsError> {
        Params::with_overrides("lan", &serde_json::from_str(json).unwrap())
    }

    fn lan_with_prefund(accounts: Vec<PrefundOverride>) -> Result<Params, ParamsError> {
        let overrides = ParamsOverride { prefund: Some(accounts), ..ParamsOverride::default() };
        Params::with_overrides("lan", &overrides)
    }

    #[test]
    fn overriding_nothing_changes_nothing() {
        assert_eq!(lan_with("{}"), Params::named("lan"));
    }

    #[test]
    fn every_number_can_be_replaced_and_changes_genesis() {
        for json in [
            r#"{"interval_seconds": 1}"#,
            r#"{"interval_seconds": 86400}"#,
            r#"{"retarget": false}"#,
            r#"{"first_bits": 486604800}"#,
            r#"{"limit_bits": 504430592}"#,
            r#"{"maturity": 1000}"#,
            r#"{"future_limit_seconds": 86400}"#,
        ] {
            let params = lan_with(json).unwrap();
            assert_ne!(params.genesis_hash(), Params::named("lan").unwrap().genesis_hash(), "{json}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert_eq!(lan_with(r#"{"interval_seconds": 0}"#), Err(ParamsError::Interval(0)));
        assert_eq!(lan_with(r#"{"interval_seconds": 86401}"#), Err(ParamsError::Interval(86_401)));
        assert_eq!(lan_with(r#"{"future_limit_seconds": 0}"#), Err(ParamsError::FutureLimit(0)));
        assert_eq!(lan_with(r#"{"future_limit_seconds": 86401}"#), Err(ParamsError::FutureLimit(86_401)));
        assert_eq!(lan_with(r#"{"maturity": 0}"#), Err(ParamsError::Maturity(0)));
        assert_eq!(lan_with(r#"{"maturity": 1001}"#), Err(ParamsError::Maturity(1_001)));
    }

    #[test]
    fn bits_must_be_the_canonical_form_of_a_target() {
        for (name, field) in [("first_bits", 0), ("limit_bits", 1)] {
            let with = |bits: u32| {
                let mut overrides = ParamsOverride::default();
                *[&mut overrides.first_bits, &mut overrides.limit_bits][field] = Some(bits);
                Params::with_overrides("lan", &overrides).unwrap_err()
            };
            let error = |bits, why| ParamsError::Bits(name, CompactTarget(bits), why);
            assert_eq!(with(0), error(0, CompactTargetError::Zero));
            assert_eq!(with(0x1e81_0000), error(0x1e81_0000, CompactTargetError::Negative));
            assert_eq!(with(0xff7f_ffff), error(0xff7f_ffff, CompactTargetError::Overflow));
            let other_form = CompactTarget(0x1e00_00ff);
            assert_eq!(with(other_form.0), ParamsError::BitsNotCanonical(name, other_form));
        }
    }

    #[test]
    fn the_first_target_is_at_most_the_limit() {
        let error =
            ParamsError::FirstTargetAboveLimit(CompactTarget(0x1e01_0000), CompactTarget(0x1d01_0000));
        assert_eq!(lan_with(r#"{"limit_bits": 486604800}"#), Err(error));
    }

    #[test]
    fn prefund_is_sorted_whatever_its_order_in_the_file() {
        let params = lan_with_prefund(vec![prefund(2, 5), prefund(1, 6)]).unwrap();
        assert_eq!(params.prefund, [(Address([1; 32]), Amount(6)), (Address([2; 32]), Amount(5))]);
        assert_eq!(Ok(params), lan_with_prefund(vec![prefund(1, 6), prefund(2, 5)]));
    }

    #[test]
    fn prefund_twice_of_nothing_or_beyond_the_supply_is_refused() {
        let twice = lan_with_prefund(vec![prefund(1, 5), prefund(2, 5), prefund(1, 6)]);
        assert_eq!(twice, Err(ParamsError::PrefundTwice(prefund(1, 0).address)));
        assert_eq!(lan_with_prefund(vec![prefund(1, 0)]), Err(ParamsError::PrefundOfNothing));
        assert!(lan_with_prefund(vec![prefund(1, MAX_PREFUND - 1), prefund(2, 1)]).is_ok());
        let too_large = lan_with_prefund(vec![prefund(1, MAX_PREFUND), prefund(2, 1)]);
        assert_eq!(too_large, Err(ParamsError::PrefundTooLarge));
        let overflowing = lan_with_prefund(vec![prefund(1, u64::MAX), prefund(2, 1)]);
        assert_eq!(overflowing, Err(ParamsError::PrefundTooLarge));
    }

    #[test]
    fn prefund_for_another_kind_of_network_is_refused() {
        let address = Address([1; 32]).to_text(AddressKind::Development);
        let refused = lan_with_prefund(vec![PrefundOverride { address: address.clone(), amount: Amount(1) }]);
        let why = ParseAddressError::WrongHumanPart("cairndev".into(), "cairn");
        assert_eq!(refused, Err(ParamsError::PrefundAddress(address, why)));
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(serde_json::from_str::<ParamsOverride>(r#"{"intervall_seconds": 5}"#).is_err());
        assert!(serde_json::from_str::<PrefundOverride>(r#"{"address": "", "amount": 1, "x": 1}"#).is_err());
    }
}
