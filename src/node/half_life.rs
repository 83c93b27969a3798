//! Exponential decay in integers, so that every machine computes the same.

/// 1 in the fixed point that shares are computed in.
const ONE: u128 = 1 << 32;

/// ln(2)^n / n! for n = 6 down to 1, in that fixed point: the Taylor series of 2^x, good to 4 parts in 100,000.
const SERIES: [u128; 6] = [661_577, 5_726_720, 41_309_550, 238_388_332, 1_031_764_991, 2_977_044_472];

/// What is left of `value` after some time, rounded down: half of it after each half-life.
pub(super) fn decayed(value: u64, elapsed_ms: u64, half_life_ms: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let halvings = u32::try_from(elapsed_ms / half_life_ms).unwrap_or(u32::MAX);
    let left = value.checked_shr(halvings).unwrap_or(0);
    let part = u128::from(elapsed_ms % half_life_ms) * ONE / u128::from(half_life_ms);
    let share = u128::from(left) * power_of_half(part) / ONE;
    u64::try_from(share).expect("a share of a u64 is a u64")
}

/// 2^−x for an x below 1, both in fixed point, by Horner's rule: 1 − x(a − x(b − x(c − …))).
fn power_of_half(x: u128) -> u128 {
    let sum = SERIES.iter().fold(0, |inner, coefficient| coefficient - x * inner / ONE);
    ONE - x * sum / ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_halves_at_each_half_life_and_ends_at_nothing() {
        assert_eq!(decayed(1_000, 0, 60), 1_000);
        assert_eq!(decayed(1_000, 30, 60), 707);
        assert_eq!(decayed(1_000, 60, 60), 500);
        assert_eq!(decayed(1_000, 120, 60), 250);
        assert_eq!(decayed(1_000, 600, 60), 0);
        assert_eq!(decayed(u64::MAX, u64::MAX, 1), 0);
    }

    #[test]
    fn a_value_never_grows_with_time() {
        let values: Vec<_> = (0..5_000).map(|elapsed| decayed(u64::MAX, elapsed, 1_777)).collect();
        assert!(values.is_sorted_by(|earlier, later| earlier >= later));
    }

    #[test]
    fn many_small_steps_are_one_large_one() {
        let steps = (0..600).fold(1 << 40, |value, _| decayed(value, 100, 60_000));
        let whole = decayed(1 << 40, 60_000, 60_000);
        assert!(steps.abs_diff(whole) < whole / 1_000, "{steps} {whole}");
    }
}
