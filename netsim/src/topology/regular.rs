//! Random regular graphs by pairing.
//!
//! Every node has `degree` points. Points are paired at random; a pair that would link a node to itself, or two nodes
//! twice, goes back, and the points left over are paired again. Steger and Wormald ("Generating random regular graphs
//! quickly", 1999) show that this is uniform in the limit, and Kim and Vu (2003) up to degrees near the third root of
//! the number of nodes. For small graphs it is not: there switches follow, which exchange the ends of two links drawn at
//! random. They lead from every regular graph to every other, both ways with the same chance, and so towards uniform
//! (Kannan, Tetali and Vempala, 1999). All of it takes time in proportion to the links.

use std::collections::HashSet;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::measure::is_connected;
use super::{TopologyError, ordered};

/// Draws that may fail or fall apart before the request counts as impossible: at degree 3 and above nearly none does.
const ATTEMPTS_MAX: u32 = 1_000;

/// Switches tried for each link: enough that a graph of few links forgets how it was paired.
const SWITCHES_PER_LINK: usize = 10;

/// The links of a connected regular graph.
pub(super) fn links(nodes: u32, degree: u32, seed: u64) -> Result<Vec<(u32, u32)>, TopologyError> {
    let impossible = TopologyError::Degree { nodes, degree };
    let odd_number_of_points = (u64::from(nodes) * u64::from(degree)) % 2 == 1;
    if degree >= nodes || degree == 0 || odd_number_of_points || (degree == 1 && nodes > 2) {
        return Err(impossible);
    }
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    if degree == 2 {
        return Ok(ring(nodes, &mut random));
    }
    // Pairing rarely ends in a graph that is nearly complete, but always in the few links such a graph lacks.
    let absent_degree = nodes - 1 - degree;
    for _ in 0..ATTEMPTS_MAX {
        let drawn = if absent_degree < degree {
            pair(nodes, absent_degree, &mut random).map(|absent| complement(nodes, &absent))
        } else {
            pair(nodes, degree, &mut random)
        };
        if let Some(links) = drawn.filter(|links| is_connected(nodes, links)) {
            return Ok(links);
        }
    }
    Err(impossible)
}

/// The only connected graph of degree 2, with its nodes in random order.
fn ring(nodes: u32, random: &mut ChaCha12Rng) -> Vec<(u32, u32)> {
    let mut order: Vec<u32> = (0..nodes).collect();
    order.shuffle(random);
    let next = order.iter().cycle().skip(1);
    order.iter().zip(next).map(|(&one, &other)| ordered(one, other)).collect()
}

/// One draw; none when the points left over fit nowhere.
fn pair(nodes: u32, degree: u32, random: &mut ChaCha12Rng) -> Option<Vec<(u32, u32)>> {
    let mut linked = HashSet::with_capacity((nodes * degree / 2) as usize);
    let mut links = Vec::with_capacity((nodes * degree / 2) as usize);
    let mut points: Vec<u32> = (0..nodes).flat_map(|node| (0..degree).map(move |_| node)).collect();
    while !points.is_empty() {
        points.shuffle(random);
        let mut left_over = Vec::new();
        for pair in points.chunks_exact(2) {
            let link = ordered(pair[0], pair[1]);
            if link.0 != link.1 && linked.insert(link) {
                links.push(link);
            } else {
                left_over.extend_from_slice(pair);
            }
        }
        let stuck = left_over.len() == points.len() && !some_pair_fits(&left_over, &linked);
        if stuck {
            return None;
        }
        points = left_over;
    }
    switch(&mut links, &mut linked, random);
    Some(links)
}

/// Exchanges ends of links at random wherever the graph stays simple.
fn switch(links: &mut [(u32, u32)], linked: &mut HashSet<(u32, u32)>, random: &mut ChaCha12Rng) {
    for _ in 0..links.len() * SWITCHES_PER_LINK {
        let (first, second) = (random.random_range(0..links.len()), random.random_range(0..links.len()));
        let ((a, b), (mut c, mut d)) = (links[first], links[second]);
        if random.random() {
            (c, d) = (d, c);
        }
        let (one, other) = (ordered(a, d), ordered(c, b));
        let simple = a != d && c != b && one != other && !linked.contains(&one) && !linked.contains(&other);
        if simple {
            linked.remove(&links[first]);
            linked.remove(&links[second]);
            linked.extend([one, other]);
            (links[first], links[second]) = (one, other);
        }
    }
}

fn some_pair_fits(points: &[u32], linked: &HashSet<(u32, u32)>) -> bool {
    points.iter().enumerate().any(|(index, &one)| {
        points[index + 1..].iter().any(|&other| one != other && !linked.contains(&ordered(one, other)))
    })
}

fn complement(nodes: u32, absent: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let absent: HashSet<_> = absent.iter().copied().collect();
    let pairs = (0..nodes).flat_map(|one| (one + 1..nodes).map(move |other| (one, other)));
    pairs.filter(|link| !absent.contains(link)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::topology::Topology;

    #[test]
    fn every_node_has_the_degree_and_no_link_is_there_twice() {
        for (nodes, degree) in [(2, 1), (9, 8), (10, 8), (12, 3), (50, 2), (100, 49), (1_000, 8), (10_000, 8)]
        {
            let topology = Topology::random_regular(nodes, degree, 7).unwrap();
            assert!(
                topology.degrees().iter().all(|&found| found == degree),
                "{nodes} nodes, degree {degree}"
            );
            let mut links = topology.links.clone();
            links.dedup();
            assert_eq!(links.len(), (nodes * degree / 2) as usize);
            assert!(links.iter().all(|(one, other)| one < other && *other < nodes));
            assert!(is_connected(nodes, &links));
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_graph_and_another_seed_another() {
        let draw = |seed| Topology::random_regular(1_000, 8, seed).unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (nodes, degree) in [(10, 10), (5, 3), (10, 0), (4, 1)] {
            assert_eq!(
                Topology::random_regular(nodes, degree, 0),
                Err(TopologyError::Degree { nodes, degree })
            );
        }
    }

    /// Of the 70 cubic graphs on six labelled nodes, ten are two triples linked across and sixty are prisms.
    #[test]
    fn all_cubic_graphs_on_six_nodes_come_equally_often() {
        let draws = 7_000;
        let mut seen: HashMap<Vec<(u32, u32)>, u32> = HashMap::new();
        for seed in 0..draws {
            *seen.entry(Topology::random_regular(6, 3, seed).unwrap().links).or_default() += 1;
        }
        assert_eq!(seen.len(), 70);
        let expected = draws as f64 / 70.0;
        let chi_square: f64 =
            seen.values().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        // 69 degrees of freedom: mean 69, deviation 11.7.
        assert!(chi_square < 69.0 + 4.0 * 11.7, "{chi_square}");
    }

    #[test]
    fn distances_on_eight_regular_graphs_are_as_known() {
        for (nodes, mean) in [(1_000, 3.60), (10_000, 4.78)] {
            let topology = Topology::random_regular(nodes, 8, 3).unwrap();
            let found = topology.paths(0).mean_hops((0..nodes).step_by((nodes / 50) as usize));
            assert!((found - mean).abs() < 0.02, "{nodes} nodes: {found}");
        }
    }
}
