//! Blocks that end beside the chain, because their miners had not heard of a better one yet.

/// Share of stale blocks on a complete graph where every link has the same delay.
///
/// `miners` of equal hash rate; `rate_times_delay` is the expected number of blocks of all of them within one delay.
/// At each height one miner is first, and each other adds a block with the chance that it finds one before it hears:
/// n(1 − e^(−x/n)) + e^(−x/n) blocks a height, of which one stays.
pub fn on_complete_graph(miners: u32, rate_times_delay: f64) -> f64 {
    let miners = f64::from(miners);
    let none_in_time = (-rate_times_delay / miners).exp();
    1.0 - 1.0 / (miners * (1.0 - none_in_time) + none_in_time)
}

/// The most that may be stale when a block reaches a node after `mean_delay` on average: λm / (1 + λm).
///
/// Until a node hears of the first block of a height it adds to that height at its own share of the rate, so a height
/// has at most 1 + λm blocks (Decker and Wattenhofer, "Information Propagation in the Bitcoin Network", 2013, whose
/// integral over the nodes not yet informed is m). A second block of the height only makes the wait shorter.
pub fn bound(rate_times_mean_delay: f64) -> f64 {
    rate_times_mean_delay / (1.0 + rate_times_mean_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_miners_waste_as_much_as_is_known() {
        for (x, expected) in [(1.0, 0.493_718), (0.5, 0.328_690), (0.2, 0.164_117), (0.1, 0.089_462)] {
            let found = on_complete_graph(60, x);
            assert!((found - expected).abs() < 1e-6, "{x}: {found}");
        }
    }

    #[test]
    fn one_miner_wastes_nothing_and_many_reach_the_bound() {
        assert!(on_complete_graph(1, 0.7).abs() < 1e-12);
        assert!((on_complete_graph(1_000_000, 0.7) - bound(0.7)).abs() < 1e-5);
        assert!(on_complete_graph(60, 0.7) < bound(0.7));
    }

    #[test]
    fn without_delay_nothing_is_stale() {
        assert!(on_complete_graph(60, 0.0).abs() < 1e-12);
        assert!(bound(0.0).abs() < 1e-12);
    }
}
