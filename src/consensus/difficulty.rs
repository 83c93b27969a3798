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
