//! How well a share is known that was counted in so many trials.

/// The deviations of a normal distribution within which 95 in 100 lie.
pub const DEVIATIONS_95: f64 = 1.959_964;

/// The interval in which the true share lies: Wilson, "Probable inference, the law of succession, and statistical
/// inference", 1927. From 0 to 1 without trials.
pub fn interval(successes: u64, trials: u64, deviations: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (count, share) = (trials as f64, successes as f64 / trials as f64);
    let square = deviations * deviations;
    let centre = share + square / (2.0 * count);
    let spread = deviations * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    let scale = 1.0 + square / count;
    (((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        let (low, high) = interval(10, 100, DEVIATIONS_95);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low}, {high}");
    }

    #[test]
    fn nothing_seen_still_leaves_a_chance() {
        let (low, high) = interval(0, 100, DEVIATIONS_95);
        assert!(low.abs() < 1e-12 && (high - 0.0370).abs() < 1e-4, "{high}");
        assert_eq!(interval(0, 0, DEVIATIONS_95), (0.0, 1.0));
    }
}
