//! Selfish mining: a miner withholds what it finds, and shows it when the others catch up.

/// The share of the chain that a selfish miner gets.
///
/// `hash_share` is its part of the hash rate, at most a half; `gamma` the part of the others that mines on its branch
/// while two branches of equal length race. Eyal and Sirer, "Majority is not Enough: Bitcoin Mining is Vulnerable",
/// 2014, equation 8.
pub fn revenue(hash_share: f64, gamma: f64) -> f64 {
    let a = hash_share;
    let numerator = a * (1.0 - a).powi(2) * (4.0 * a + gamma * (1.0 - 2.0 * a)) - a.powi(3);
    numerator / (1.0 - a * (1.0 + (2.0 - a) * a))
}

/// The hash share from which withholding pays: (1 − γ) / (3 − 2γ).
pub fn threshold(gamma: f64) -> f64 {
    (1.0 - gamma) / (3.0 - 2.0 * gamma)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_threshold_withholding_earns_what_honesty_does() {
        for gamma in [0.0, 0.25, 0.5, 0.9] {
            let share = threshold(gamma);
            assert!((revenue(share, gamma) - share).abs() < 1e-12, "{gamma}");
            assert!(revenue(share + 0.01, gamma) > share + 0.01);
            assert!(revenue(share - 0.01, gamma) < share - 0.01);
        }
    }

    #[test]
    fn the_thresholds_are_those_of_the_paper() {
        assert!((threshold(0.0) - 1.0 / 3.0).abs() < 1e-12);
        assert!((threshold(0.5) - 0.25).abs() < 1e-12);
        assert!(threshold(1.0).abs() < 1e-12);
    }

    #[test]
    fn half_of_the_hash_rate_takes_all() {
        assert!((revenue(0.5, 0.0) - 1.0).abs() < 1e-12);
    }

    /// The paper's state machine, step by step, against its closed form.
    #[test]
    fn the_closed_form_agrees_with_the_chain_of_states() {
        let (share, gamma) = (0.4, 0.3);
        // Stationary chances of a lead of 0, of a race, and of a lead of 1; a lead of i > 1 has (a/(1−a))^(i−1) of that of 1.
        let ratio = share / (1.0 - share);
        let lead_one = 1.0 / (1.0 / share + (1.0 - share) + 1.0 / (1.0 - ratio));
        let race = (1.0 - share) * lead_one;
        let lead_two = ratio * lead_one;
        let beyond = lead_two * ratio / (1.0 - ratio);
        let mine = race * share * 2.0
            + race * (1.0 - share) * gamma
            + lead_two * (1.0 - share) * 2.0
            + beyond * (1.0 - share);
        let theirs = race * (1.0 - share) * gamma
            + race * (1.0 - share) * (1.0 - gamma) * 2.0
            + lead_one / share * (1.0 - share);
        assert!((mine / (mine + theirs) - revenue(share, gamma)).abs() < 1e-9);
    }
}
