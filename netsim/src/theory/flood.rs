//! A flood over a random regular graph: every node that hears of a block tells all neighbours but the one it heard from.

/// Copies that arrive in one flood: N(D − 1) + 1. The first node tells all D, each other all but one.
pub fn messages(nodes: u32, degree: u32) -> u64 {
    u64::from(nodes) * (u64::from(degree) - 1) + 1
}

/// Mean number of links between two nodes of a random regular graph of degree 3 or more.
///
/// The sum over l of the chance that they are more than l links apart, exp(−D((D − 1)^l − 1) / ((D − 2)N)): Tishby,
/// Biham, Kühn and Katzav, "The mean and variance of the distribution of shortest path lengths of random regular
/// graphs", 2022.
pub fn mean_hops(nodes: u32, degree: u32) -> f64 {
    let (nodes, degree) = (f64::from(nodes), f64::from(degree));
    let mut within = 1.0;
    let mut total = 0.0;
    loop {
        let farther = (-degree * (within - 1.0) / ((degree - 2.0) * nodes)).exp();
        if farther < 1e-12 {
            return total;
        }
        total += farther;
        within *= degree - 1.0;
    }
}

/// Typical delay between two nodes whose links take exponential times of mean 1: ln N / (D − 2).
///
/// The leading term of Bhamidi, van der Hofstad and Hooghiemstra, "First passage percolation on random graphs with
/// finite mean degrees", 2010; what is left does not grow with N.
pub fn first_passage_typical(nodes: u32, degree: u32) -> f64 {
    f64::from(nodes).ln() / (f64::from(degree) - 2.0)
}

/// Mean delay from one node to all others whose links take exponential times of mean 1, at a finite size.
///
/// Follows the exploration that the theorem above is proven by. With k nodes reached, S of their ends of links are
/// open and U ends belong to nodes not reached; an open end leads to such a node with chance U / (S + U − 1), and each
/// link rings at rate 1. Links between two reached nodes ring too and take two open ends away.
pub fn first_passage_mean(nodes: u32, degree: u32) -> f64 {
    let all = f64::from(nodes);
    let degree = f64::from(degree);
    let (mut open, mut elapsed, mut total) = (degree, 0.0, 0.0);
    for reached in 1..nodes {
        let ends_left = (all - f64::from(reached)) * degree;
        let others = (open + ends_left - 1.0).max(1.0);
        let step = others / (open * ends_left);
        elapsed += step;
        total += elapsed;
        let rung_inside = step * open * (open - 1.0) / (2.0 * others);
        open = (open + degree - 2.0 - 2.0 * rung_inside).max(1.0);
    }
    total / (all - 1.0)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;
    use crate::topology::Topology;

    #[test]
    fn a_flood_crosses_every_link_twice_but_those_it_spreads_by() {
        assert_eq!(messages(1_000, 8), 7_001);
        // On a ring of ten each of the ten tells one more, and the first tells two.
        assert_eq!(messages(10, 2), 11);
    }

    #[test]
    fn mean_hops_on_eight_regular_graphs_are_as_known() {
        assert!((mean_hops(1_000, 8) - 3.60).abs() < 0.01);
        assert!((mean_hops(10_000, 8) - 4.78).abs() < 0.01);
    }

    #[test]
    fn mean_hops_agree_with_graphs_of_other_degrees() {
        for degree in [3, 5, 12] {
            let drawn = Topology::random_regular(2_000, degree, 1).unwrap().paths(0).mean_hops(0..100);
            let expected = mean_hops(2_000, degree);
            assert!((drawn / expected - 1.0).abs() < 0.01, "degree {degree}: {drawn}, {expected}");
        }
    }

    #[test]
    fn the_mean_first_passage_agrees_with_drawn_graphs() {
        for (nodes, degree) in [(1_000, 8), (500, 4)] {
            let (mut total, mut pairs) = (0, 0);
            for seed in 0..6 {
                let mut topology = Topology::random_regular(nodes, degree, seed).unwrap();
                let mut random = ChaCha12Rng::seed_from_u64(seed);
                topology.latencies_us = topology.links.iter().map(|_| exponential_us(&mut random)).collect();
                for delays in (0..20).map(|source| topology.paths(0).delays_from(source)) {
                    total += delays.iter().flatten().sum::<u64>();
                    pairs += u64::from(nodes) - 1;
                }
            }
            let drawn = total as f64 / pairs as f64 / 1e6;
            let expected = first_passage_mean(nodes, degree);
            assert!((drawn / expected - 1.0).abs() < 0.03, "{nodes}, {degree}: {drawn}, {expected}");
        }
    }

    #[expect(clippy::cast_sign_loss, reason = "an exponential time is positive")]
    fn exponential_us(random: &mut ChaCha12Rng) -> u64 {
        let uniform: f64 = random.random();
        (-(1.0 - uniform).ln() * 1e6) as u64
    }

    #[test]
    fn beyond_the_typical_first_passage_nothing_grows_with_the_nodes() {
        let rest = |nodes| first_passage_mean(nodes, 8) - first_passage_typical(nodes, 8);
        assert!((rest(1_000) - rest(100_000)).abs() < 0.01);
    }
}
