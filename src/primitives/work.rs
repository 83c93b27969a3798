//! Targets, their compact form, and the work they stand for.

use std::fmt;

use ruint::aliases::U256;

use super::codec::{self, Decode, Encode};
use super::hash::BlockHash;

/// A target in the four bytes of a header: exponent and mantissa, as in Bitcoin.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct CompactTarget(pub u32);

/// A 256-bit number that a block's hash must not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(pub U256);

/// Expected number of hashes, 2^256 / (target + 1) for a block; cumulative along a chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Work(pub U256);

/// Why a compact form is no target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompactTargetError {
    /// The sign bit is set on a mantissa that is not zero.
    #[error("the compact target is negative")]
    Negative,
    /// The value exceeds 256 bits.
    #[error("the compact target overflows 256 bits")]
    Overflow,
    /// The value is zero.
    #[error("the compact target is zero")]
    Zero,
}

const MANTISSA_MASK: u32 = 0x007f_ffff;
const SIGN_BIT: u32 = 0x0080_0000;

impl CompactTarget {
    /// The target this stands for.
    pub fn target(self) -> Result<Target, CompactTargetError> {
        let exponent = self.0 >> 24;
        let mantissa = self.0 & MANTISSA_MASK;
        if mantissa != 0 && self.0 & SIGN_BIT != 0 {
            return Err(CompactTargetError::Negative);
        }
        let overflows = mantissa != 0
            && (exponent > 34 || (mantissa > 0xff && exponent > 33) || (mantissa > 0xffff && exponent > 32));
        if overflows {
            return Err(CompactTargetError::Overflow);
        }
        let value = if exponent <= 3 {
            U256::from(mantissa >> (8 * (3 - exponent)))
        } else {
            U256::from(mantissa) << (8 * (exponent as usize - 3))
        };
        if value.is_zero() { Err(CompactTargetError::Zero) } else { Ok(Target(value)) }
    }

    /// Whether this is the very form that [`Target::compact`] gives its target.
    pub fn is_canonical(self) -> bool {
        self.target().is_ok_and(|target| target.compact() == self)
    }
}

impl fmt::Debug for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompactTarget({self})")
    }
}

impl fmt::Display for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Target {
    /// The compact form, rounded down to its 23 bits of mantissa.
    pub fn compact(self) -> CompactTarget {
        let mut exponent = self.0.bit_len().div_ceil(8);
        let shifted =
            if exponent <= 3 { self.0 << (8 * (3 - exponent)) } else { self.0 >> (8 * (exponent - 3)) };
        let mut mantissa = shifted.as_limbs()[0] as u32;
        if mantissa & SIGN_BIT != 0 {
            mantissa >>= 8;
            exponent += 1;
        }
        CompactTarget(mantissa | (exponent as u32) << 24)
    }

    /// Whether a block's hash, read as a little-endian number, is at most this target.
    pub fn is_met_by(self, hash: &BlockHash) -> bool {
        U256::from_le_bytes(hash.0) <= self.0
    }

    /// Expected hashes to meet this target: 2^256 / (target + 1), by the identity ~t / (t + 1) + 1 (Bitcoin Core).
    pub fn work(self) -> Work {
        match self.0.checked_add(U256::ONE) {
            Some(divisor) => Work(!self.0 / divisor + U256::ONE),
            None => Work(U256::ONE),
        }
    }

    /// How many times harder than `easiest` this target is, for people: a float is enough.
    pub fn difficulty(self, easiest: Self) -> f64 {
        f64::from(easiest.0) / f64::from(self.0)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:064x}", self.0)
    }
}

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// Cumulative work with one more block; stays at the largest number instead of wrapping.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, zero when `other` is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// From big-endian bytes.
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }

    /// For rates and progress, where a float is enough.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0)
    }
}

/// 64 hexadecimal digits, as Bitcoin shows `chainwork`.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:064x}", self.0)
    }
}

codec::encode_as!(Work as [u8; 32], Work::to_be_bytes, Work::from_be_bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_target_and_its_target_are_one_to_one_on_canonical_forms() {
        for bits in [0x1e01_0000, 0x1e10_0000, 0x207f_ffff, 0x1d00_ffff, 0x0101_0000, 0x0300_ffff_u32] {
            let bits = CompactTarget(bits);
            assert!(bits.is_canonical(), "{bits}");
        }
        assert!(!CompactTarget(0x2000_00ff).is_canonical());
    }

    #[test]
    fn what_is_no_target_is_named() {
        assert_eq!(CompactTarget(0x0492_3456).target(), Err(CompactTargetError::Negative));
        assert_eq!(CompactTarget(0xff12_3456).target(), Err(CompactTargetError::Overflow));
        assert_eq!(CompactTarget(0x0100_0000).target(), Err(CompactTargetError::Zero));
    }

    #[test]
    fn work_is_the_expected_number_of_hashes() {
        let work = |bits| CompactTarget(bits).target().map(Target::work);
        assert_eq!(work(0x1d00_ffff), Ok(Work(U256::from(0x1_0001_0001_u64))));
        assert_eq!(work(0x207f_ffff), Ok(Work(U256::from(2))));
        assert_eq!(Target(U256::MAX).work(), Work(U256::ONE));
    }

    #[test]
    fn work_keeps_its_value_through_its_encoding() {
        let work = Work(U256::from(77));
        assert_eq!(codec::decode(&codec::encode(&work), 32), Ok(work));
    }

    #[test]
    fn a_compact_form_stands_for_its_mantissa_at_its_exponent() {
        let overflow = Err(CompactTargetError::Overflow);
        let power = |bits| Ok(Target(U256::ONE << bits));
        let small = |number: u64| Ok(Target(U256::from(number)));
        for (bits, target) in [
            (0x0101_0000, small(1)),
            (0x0200_0100, small(1)),
            (0x0212_3456, small(0x1234)),
            (0x0300_0001, small(1)),
            (0x0312_3456, small(0x12_3456)),
            (0x0400_0001, small(0x100)),
            (0x0512_3456, small(0x12_3456_0000)),
            (0x2000_0001, power(232)),
            (0x2040_0000, power(254)),
            (0x2100_8000, power(255)),
            (0x2100_ffff, Ok(Target(U256::from(0xffff) << 240))),
            (0x2101_0000, overflow),
            (0x2200_0080, power(255)),
            (0x2200_00ff, Ok(Target(U256::from(0xff) << 248))),
            (0x2200_0100, overflow),
            (0x2300_0001, overflow),
            (0xff00_0000, Err(CompactTargetError::Zero)),
            (0x0180_0000, Err(CompactTargetError::Zero)),
            (0x0100_ffff, Err(CompactTargetError::Zero)),
            (0x0180_0001, Err(CompactTargetError::Negative)),
        ] {
            assert_eq!(CompactTarget(bits).target(), target, "{bits:#010x}");
        }
    }

    #[test]
    fn a_target_is_rounded_down_to_a_mantissa_without_its_sign_bit() {
        for (target, bits) in [
            (0, 0),
            (1, 0x0101_0000),
            (0x7f, 0x017f_0000),
            (0x80, 0x0200_8000),
            (0xff, 0x0200_ff00),
            (0x100, 0x0201_0000),
            (0x8000, 0x0300_8000),
            (0x7f_ffff, 0x037f_ffff),
            (0x80_0000, 0x0400_8000),
            (0x1234_5678, 0x0412_3456),
            (0xffff_ffff_ffff_u64, 0x0700_ffff),
        ] {
            assert_eq!(Target(U256::from(target)).compact(), CompactTarget(bits), "{target:#x}");
        }
        assert_eq!(Target(U256::MAX).compact(), CompactTarget(0x2100_ffff));
    }

    #[test]
    fn cumulative_work_neither_wraps_nor_falls_below_nothing() {
        let work = |number: u64| Work(U256::from(number));
        assert_eq!((work(5).plus(work(7)), work(7).minus(work(5))), (work(12), work(2)));
        assert_eq!((Work(U256::MAX).plus(work(1)), work(5).minus(work(7))), (Work(U256::MAX), Work::ZERO));
    }

    #[test]
    fn work_is_sent_with_its_most_significant_byte_first() {
        let mut bytes = [0; 32];
        bytes[30..].copy_from_slice(&[1, 2]);
        assert_eq!(Work(U256::from(0x102)).to_be_bytes(), bytes);
        assert_eq!(Work::from_be_bytes(bytes), Work(U256::from(0x102)));
    }

    #[test]
    fn people_see_difficulty_and_work_as_numbers_and_targets_as_digits() {
        let target = |bits| CompactTarget(bits).target().unwrap();
        let ratio = target(0x1e01_0000).difficulty(target(0x1e10_0000));
        assert!((ratio - 16.0).abs() < 1e-9, "{ratio}");
        assert!((Work(U256::from(1 << 24)).as_f64() - 16_777_216.0).abs() < 1e-3);
        assert_eq!(CompactTarget(0x0100_00ff).to_string(), "010000ff");
        assert_eq!(format!("{:?}", CompactTarget(0x1e01_0000)), "CompactTarget(1e010000)");
        assert_eq!(target(0x0300_abcd).to_string(), format!("{}abcd", "0".repeat(60)));
        assert_eq!(Work(U256::from(0xabcd)).to_string(), format!("{}abcd", "0".repeat(60)));
    }
}
