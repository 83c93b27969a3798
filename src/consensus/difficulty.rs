//! The rule of difficulty: aserti3-2d, and the one clamped step of it that each block takes.

use ruint::Uint;

use super::facts::HeaderFacts;
use super::params::Params;
use crate::primitives::{CompactTarget, Height, Target};

/// Half-life of the target, in intervals: a parent that took this much longer than one interval doubles the target.
const HALF_LIFE_INTERVALS: u32 = 60;

/// Bits of the fraction of the exponent.
const RADIX_BITS: u32 = 16;

/// Wide enough for a 256-bit target times a 17-bit factor.
type Product = Uint<320, 5>;

/// The bits that a child of `parent` must have.
///
/// One step from the parent, with its solve time clamped: a network that was switched off for a night must not race
/// through thousands of easy blocks to catch up. `grandparent` is absent only when the parent is genesis.
pub fn next_bits(params: &Params, parent: &HeaderFacts, grandparent: Option<&HeaderFacts>) -> CompactTarget {
    let (true, Some(grandparent)) = (params.retarget && parent.height > Height(1), grandparent) else {
        return params.first_bits;
    };
    let half_life = params.interval_seconds.saturating_mul(HALF_LIFE_INTERVALS);
    let solve_time = parent.time.since(grandparent.time).min(i64::from(half_life));
    let parent_target = parent.bits.target().unwrap_or(params.limit_target());
    aserti3_2d(parent_target, solve_time, 0, params.interval_seconds, half_life, params.limit_target())
}

/// aserti3-2d, as Bitcoin Cash specifies it: anchor · 2^((time − interval · (height + 1)) / half-life) in integers.
///
/// `time_delta` counts from the parent of the anchor, `height_delta` from the anchor, both to the block before the one
/// whose bits are wanted; all times in seconds. A half-life of 0 counts as 1.
pub fn aserti3_2d(
    anchor: Target,
    time_delta: i64,
    height_delta: u32,
    interval_seconds: u32,
    half_life_seconds: u32,
    limit: Target,
) -> CompactTarget {
    let scheduled = i128::from(interval_seconds) * (i128::from(height_delta) + 1);
    let ahead = i128::from(time_delta) - scheduled;
    let exponent = (ahead << RADIX_BITS) / i128::from(half_life_seconds.max(1));
    let fraction = exponent & ((1 << RADIX_BITS) - 1);
    let shift = (exponent >> RADIX_BITS) - i128::from(RADIX_BITS);
    let product = Product::from(anchor.0) * Product::from(two_to_the(fraction.unsigned_abs()));
    let limit_wide = Product::from(limit.0);
    let places = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
    let wide = if shift < 0 { product >> places } else { product.checked_shl(places).unwrap_or(limit_wide) };
    Target(wide.clamp(Product::ONE, limit_wide).to()).compact()
}

/// 65536 · 2^(fraction / 65536), by the cubic of aserti3-2d, for a fraction below 65536.
const fn two_to_the(fraction: u128) -> u128 {
    let cubic = 195_766_423_245_049 * fraction
        + 971_821_376 * fraction * fraction
        + 5_127 * fraction * fraction * fraction;
    (1 << RADIX_BITS) + ((cubic + (1 << 47)) >> 48)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::easy_params;
    use crate::primitives::{BlockHash, Timestamp, Work};

    const START: u32 = 1_767_225_600;

    fn facts(height: u32, time: u32, bits: u32) -> HeaderFacts {
        HeaderFacts {
            height: Height(height),
            hash: BlockHash::ZERO,
            time: Timestamp(START + time),
            bits: CompactTarget(bits),
            work: Work::ZERO,
        }
    }

    /// The bits after a block on `lan` that took this long.
    fn after(solve_time: u32, bits: u32) -> u32 {
        let params = Params::named("lan").unwrap();
        let grandparent = facts(8, 0, bits);
        next_bits(&params, &facts(9, solve_time, bits), Some(&grandparent)).0
    }

    #[test]
    fn a_block_in_time_keeps_the_target() {
        assert_eq!(after(10, 0x1e01_0000), 0x1e01_0000);
    }

    #[test]
    fn a_quick_block_makes_the_next_harder_and_a_slow_one_easier() {
        let target = |bits: u32| CompactTarget(bits).target().unwrap();
        assert!(target(after(1, 0x1e01_0000)) < target(0x1e01_0000));
        assert!(target(after(11, 0x1e01_0000)) > target(0x1e01_0000));
    }

    #[test]
    fn a_night_without_blocks_counts_as_sixty_intervals() {
        assert_eq!(after(12 * 3_600, 0x1d01_0000), after(600, 0x1d01_0000));
        assert_ne!(after(600, 0x1d01_0000), after(599, 0x1d01_0000));
    }

    #[test]
    fn no_target_is_easier_than_the_limit() {
        assert_eq!(after(600, 0x1e10_0000), 0x1e10_0000);
    }

    #[test]
    fn the_hardest_target_is_one() {
        assert_eq!(after(0, 0x0101_0000), 0x0101_0000);
    }

    #[test]
    fn heights_one_and_two_have_the_first_bits() {
        let params = easy_params("stones");
        let genesis = facts(0, 0, params.first_bits.0);
        let first = facts(1, 1, params.first_bits.0);
        assert_eq!(next_bits(&params, &genesis, None), params.first_bits);
        assert_eq!(next_bits(&params, &first, Some(&genesis)), params.first_bits);
        assert_ne!(next_bits(&params, &facts(2, 1, params.first_bits.0), Some(&first)), params.first_bits);
    }

    #[test]
    fn a_development_network_never_retargets() {
        let params = Params::named("dev").unwrap();
        let parent = facts(9, 0, params.first_bits.0);
        assert_eq!(next_bits(&params, &parent, Some(&facts(8, 0, 0x207f_ffff))), params.first_bits);
    }

    /// Computed in another language from the specification's formula; the true powers are within 8 of them.
    #[test]
    fn powers_of_two_are_the_cubics_to_the_last_bit() {
        for (fraction, power) in [
            (0, 65_536),
            (1, 65_537),
            (100, 65_606),
            (16_384, 77_938),
            (32_768, 92_674),
            (49_152, 110_225),
            (65_535, 131_071),
        ] {
            assert_eq!(two_to_the(fraction), power, "{fraction}");
        }
    }

    #[test]
    fn a_chain_on_schedule_keeps_its_anchors_target_at_any_distance() {
        let bits = CompactTarget(0x1d01_0000);
        let limit = CompactTarget(0x1e01_0000).target().unwrap();
        for height in [0, 1, 2_016, 1_000_000] {
            let after = |time| aserti3_2d(bits.target().unwrap(), time, height, 10, 600, limit);
            let on_time = 10 * (i64::from(height) + 1);
            assert_eq!(after(on_time), bits);
            assert_eq!(after(on_time + 600), CompactTarget(0x1d02_0000), "twice as easy");
            assert_eq!(after(on_time - 600), CompactTarget(0x1d00_8000), "twice as hard");
        }
    }

    #[test]
    fn extreme_arguments_stay_within_the_targets() {
        let limit = CompactTarget(0x207f_ffff).target().unwrap();
        let of = |time, height, half_life| aserti3_2d(limit, time, height, u32::MAX, half_life, limit);
        assert_eq!(of(i64::MAX, 0, 0), CompactTarget(0x207f_ffff));
        assert_eq!(of(i64::MIN, u32::MAX, 0), CompactTarget(0x0101_0000));
        assert_eq!(of(i64::MIN, u32::MAX, u32::MAX), CompactTarget(0x0101_0000));
    }
}
