//! Double spending: an attacker mines a branch without the payment while the merchant waits for confirmations.

/// The chance that the attacker ever overtakes.
///
/// `hash_share` is the attacker's part of the hash rate; it has one block hidden when the payment is sent, and wins when
/// its branch is longer after `confirmations` of the payment. Rosenfeld, "Analysis of Hashrate-Based Double Spending",
/// 2014, equation 1: the attacker's blocks until then follow a negative binomial distribution, and from z blocks
/// behind it catches up with chance (q/p)^(z+1).
pub fn success(hash_share: f64, confirmations: u32) -> f64 {
    let (p, q) = (1.0 - hash_share, hash_share);
    if q >= p || confirmations == 0 {
        return 1.0;
    }
    let n = f64::from(confirmations);
    // binomial(m + n − 1, m), p^n q^m and p^m q^n, each from the one before.
    let (mut ways, mut theirs, mut mirrored) =
        (1.0, p.powi(confirmations.cast_signed()), q.powi(confirmations.cast_signed()));
    let mut failure = 0.0;
    for m in 0..=confirmations {
        failure += ways * (theirs - mirrored);
        ways *= (f64::from(m) + n) / (f64::from(m) + 1.0);
        theirs *= q;
        mirrored *= p;
    }
    1.0 - failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chances_are_those_of_the_published_table() {
        let table = [
            (0.10, [20.000, 5.600, 1.712, 0.546, 0.178, 0.059]),
            (0.30, [60.000, 43.200, 32.616, 25.207, 19.762, 15.645]),
        ];
        for (share, percents) in table {
            for (confirmations, percent) in (1..).zip(percents) {
                let found = success(share, confirmations) * 100.0;
                assert!((found - percent).abs() < 6e-4, "{share}, {confirmations}: {found}");
            }
        }
    }

    #[test]
    fn half_of_the_hash_rate_always_wins_and_none_never() {
        assert!((success(0.5, 100) - 1.0).abs() < 1e-12);
        assert!(success(0.0, 1).abs() < 1e-12);
    }

    #[test]
    fn each_confirmation_makes_it_harder() {
        let chances: Vec<f64> = (1..60).map(|confirmations| success(0.4, confirmations)).collect();
        assert!(chances.windows(2).all(|pair| pair[1] < pair[0] && pair[1] > 0.0));
    }
}
