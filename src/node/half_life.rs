//! Decay without floats, so that every machine computes the same.

/// What is left of `value` after some time: half of it at each half-life, along a straight line in between.
pub(super) fn decayed(value: u64, elapsed_ms: u64, half_life_ms: u64) -> u64 {
    let halvings = u32::try_from(elapsed_ms / half_life_ms).unwrap_or(u32::MAX);
    let left = value.checked_shr(halvings).unwrap_or(0);
    let lost = u128::from(left) * u128::from(elapsed_ms % half_life_ms) / (2 * u128::from(half_life_ms));
    left - u64::try_from(lost).expect("less than half of a u64 is lost within one half-life")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_halves_at_each_half_life_and_ends_at_nothing() {
        assert_eq!(decayed(1_000, 0, 60), 1_000);
        assert_eq!(decayed(1_000, 30, 60), 750);
        assert_eq!(decayed(1_000, 60, 60), 500);
        assert_eq!(decayed(1_000, 90, 60), 375);
        assert_eq!(decayed(1_000, 600, 60), 0);
        assert_eq!(decayed(u64::MAX, u64::MAX, 1), 0);
    }

    #[test]
    fn a_value_never_grows_with_time() {
        let values: Vec<_> = (0..1_000).map(|elapsed| decayed(u64::MAX, elapsed, 77)).collect();
        assert!(values.is_sorted_by(|earlier, later| earlier >= later));
    }
}
