//! Money in pebbles, with only the arithmetic that cannot lose any.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::codec::{Decode, Encode};

/// Pebbles in one cairn.
pub const PEBBLES_PER_CAIRN: u64 = 100_000_000;

/// An amount of money in pebbles. Never wraps. Values above [`Amount::MAX`] decode but break a rule.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(pub u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount a rule lets pass, 2^53 − 1: every JSON number is exact.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The sum, if a `u64` holds it.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, unless it is negative.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The sum of all, if a `u64` holds it.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

/// Shown in cairns, without trailing zeros: `2.5`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / PEBBLES_PER_CAIRN, self.0 % PEBBLES_PER_CAIRN);
        if fraction == 0 {
            return f.pad(&whole.to_string());
        }
        f.pad(format!("{whole}.{fraction:08}").trim_end_matches('0'))
    }
}

/// Text that is not an amount in cairns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseAmountError {
    /// Not digits with at most one point.
    #[error("an amount is written like 12 or 0.5")]
    NotANumber,
    /// More than eight digits after the point.
    #[error("an amount has at most 8 digits after the point (1 pebble is 0.00000001)")]
    TooFine,
    /// Above 2^53 − 1 pebbles.
    #[error("an amount is at most 90071992.54740991")]
    TooLarge,
}

/// Reads an amount in cairns, exactly: no float is involved.
impl FromStr for Amount {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, ParseAmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(ParseAmountError::NotANumber);
        }
        if fraction.len() > 8 {
            return Err(ParseAmountError::TooFine);
        }
        let parse = |part: &str| if part.is_empty() { Ok(0) } else { part.parse::<u64>() };
        let whole = parse(whole).map_err(|_| ParseAmountError::TooLarge)?;
        let fraction = parse(&format!("{fraction:0<8}")).map_err(|_| ParseAmountError::NotANumber)?;
        whole
            .checked_mul(PEBBLES_PER_CAIRN)
            .and_then(|pebbles| pebbles.checked_add(fraction))
            .filter(|pebbles| *pebbles <= Self::MAX.0)
            .map(Self)
            .ok_or(ParseAmountError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_show_exactly() {
        for (text, pebbles) in
            [("2.5", 250_000_000), ("0.00000001", 1), (".5", 50_000_000), ("7", 700_000_000)]
        {
            assert_eq!(text.parse(), Ok(Amount(pebbles)));
        }
        assert_eq!(Amount(250_000_000).to_string(), "2.5");
        assert_eq!(Amount::MAX.to_string().parse(), Ok(Amount::MAX));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_reason() {
        assert_eq!("1.123456789".parse::<Amount>(), Err(ParseAmountError::TooFine));
        assert_eq!("90071992.54740992".parse::<Amount>(), Err(ParseAmountError::TooLarge));
        for text in ["", ".", "-1", "1e3", "1.2.3", "+1"] {
            assert_eq!(text.parse::<Amount>(), Err(ParseAmountError::NotANumber), "{text}");
        }
    }

    #[test]
    fn an_amount_shows_all_its_pebbles_and_no_zeros_after_them() {
        for (pebbles, text) in [
            (0, "0"),
            (1, "0.00000001"),
            (99_999_999, "0.99999999"),
            (100_000_000, "1"),
            (120_000_000, "1.2"),
            (1_000_000_000, "10"),
            (9_007_199_254_740_991, "90071992.54740991"),
        ] {
            assert_eq!(Amount(pebbles).to_string(), text);
        }
        assert_eq!(format!("{:>6}|{:<6}|", Amount(250_000_000), Amount(700_000_000)), "   2.5|7     |");
    }

    #[test]
    fn arithmetic_refuses_what_64_bits_do_not_hold() {
        let (five, most) = (Amount(5), Amount(u64::MAX));
        assert_eq!(five.checked_add(Amount(2)), Some(Amount(7)));
        assert_eq!((most.checked_add(Amount::ZERO), most.checked_add(Amount(1))), (Some(most), None));
        assert_eq!((five.checked_sub(five), five.checked_sub(Amount(6))), (Some(Amount::ZERO), None));
        assert_eq!(Amount::checked_sum([five, five, five]), Some(Amount(15)));
        assert_eq!(Amount::checked_sum([five, most]), None);
    }

    #[test]
    fn zeros_around_an_amount_change_nothing() {
        for text in ["7", "007", "7.", "7.0", "7.00000000"] {
            assert_eq!(text.parse(), Ok(Amount(700_000_000)), "{text}");
        }
        assert_eq!("18446744073709551616".parse::<Amount>(), Err(ParseAmountError::TooLarge));
        assert_eq!("184467440737.1".parse::<Amount>(), Err(ParseAmountError::TooLarge));
    }
}
