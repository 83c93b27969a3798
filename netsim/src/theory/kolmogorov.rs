//! The test of Kolmogorov and Smirnov: do samples follow the exponential distribution?

/// Terms of the series for the p value; it converges in a handful.
const TERMS: u32 = 100;

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The largest distance between the distribution of the samples and the expected one.
    pub statistic: f64,
    /// The chance of a distance so large, or larger, where the expectation is true.
    pub p_value: f64,
}

/// Tests samples against an exponential distribution whose mean is known, not estimated from them.
///
/// The p value is the asymptotic one with Stephens' correction for the number of samples ("Use of the
/// Kolmogorov-Smirnov, Cramér-von Mises and Related Statistics Without Extensive Tables", 1970).
pub fn exponential(samples: &[f64], mean: f64) -> Fit {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let distance = |(index, sample): (usize, &f64)| {
        let expected = 1.0 - (-sample / mean).exp();
        let (below, at) = (index as f64 / count, (index + 1) as f64 / count);
        (expected - below).max(at - expected)
    };
    let statistic = sorted.iter().enumerate().map(distance).fold(0.0, f64::max);
    let root = count.sqrt();
    Fit { statistic, p_value: tail((root + 0.12 + 0.11 / root) * statistic) }
}

/// The chance that Kolmogorov's distribution exceeds a value.
fn tail(value: f64) -> f64 {
    // Below this the chance differs from 1 by less than 1e-9, and the alternating series does not converge.
    if value < 0.2 {
        return 1.0;
    }
    let term = |index: u32| {
        let sign = if index % 2 == 1 { 1.0 } else { -1.0 };
        sign * (-2.0 * f64::from(index * index) * value * value).exp()
    };
    (2.0 * (1..=TERMS).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;

    fn draw(seed: u64, count: usize, mean: f64) -> Vec<f64> {
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        (0..count).map(|_| -(1.0 - random.random::<f64>()).ln() * mean).collect()
    }

    #[test]
    fn the_tail_is_that_of_the_published_table() {
        for (value, chance) in [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01), (0.8276, 0.50)] {
            assert!((tail(value) - chance).abs() < 2e-4, "{value}: {}", tail(value));
        }
    }

    #[test]
    fn the_statistic_is_the_largest_distance() {
        // One sample at the median: the distribution of the samples jumps from 0 to 1 there.
        let fit = exponential(&[std::f64::consts::LN_2], 1.0);
        assert!((fit.statistic - 0.5).abs() < 1e-12);
    }

    #[test]
    fn exponential_samples_pass_about_as_often_as_they_should() {
        let p_values: Vec<f64> =
            (0..400).map(|seed| exponential(&draw(seed, 200, 3.0), 3.0).p_value).collect();
        let below = |limit: f64| p_values.iter().filter(|&&p| p < limit).count();
        assert!((20..=60).contains(&below(0.1)), "{}", below(0.1));
        assert!((160..=240).contains(&below(0.5)), "{}", below(0.5));
    }

    #[test]
    fn another_mean_or_another_shape_fails() {
        assert!(exponential(&draw(1, 2_000, 1.1), 1.0).p_value < 0.01);
        let even: Vec<f64> = (0..500).map(|index| f64::from(index) / 250.0).collect();
        assert!(exponential(&even, 1.0).p_value < 0.01);
    }
}
