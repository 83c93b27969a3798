//! Clusters: well linked inside, few links between.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::{Topology, TopologyError, regular};

/// Groups of nodes, such as the offices of a firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterPlan {
    /// Nodes of each cluster; they are numbered cluster after cluster.
    pub sizes: Vec<u32>,
    /// Links at each node to others of its cluster; a cluster too small for that is complete.
    pub inner_degree: u32,
    /// Links between each two clusters, their ends drawn at random.
    pub bridges: u32,
    /// One-way latency in microseconds between each two clusters, and on the diagonal inside one.
    pub latencies_us: Vec<Vec<u64>>,
}

/// Draws the links; each latency is that of the clusters of its ends.
pub(super) fn draw(plan: &ClusterPlan, seed: u64) -> Result<Topology, TopologyError> {
    check_matrix(plan)?;
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut links = Vec::new();
    let mut first_nodes = Vec::with_capacity(plan.sizes.len());
    let mut places = Vec::new();
    for (cluster, &size) in plan.sizes.iter().enumerate() {
        let first = places.len() as u32;
        first_nodes.push(first);
        places.extend((0..size).map(|_| cluster as u32));
        let inner = inner_links(size, plan.inner_degree, random.random())?;
        links.extend(inner.into_iter().map(|(one, other)| (first + one, first + other)));
    }
    for one in 0..plan.sizes.len() {
        for other in one + 1..plan.sizes.len() {
            let between = bridges(plan.sizes[one], plan.sizes[other], plan.bridges, &mut random)?;
            links.extend(between.into_iter().map(|(a, b)| (first_nodes[one] + a, first_nodes[other] + b)));
        }
    }
    let mut topology = Topology::of_links(places.len() as u32, links)?;
    let latency = |&(one, other): &(u32, u32)| {
        plan.latencies_us[places[one as usize] as usize][places[other as usize] as usize]
    };
    topology.latencies_us = topology.links.iter().map(latency).collect();
    topology.places = places;
    Ok(topology)
}

fn check_matrix(plan: &ClusterPlan) -> Result<(), TopologyError> {
    let (clusters, matrix) = (plan.sizes.len(), &plan.latencies_us);
    let square = matrix.len() == clusters && matrix.iter().all(|row| row.len() == clusters);
    let symmetric =
        || (0..clusters).all(|one| (0..one).all(|other| matrix[one][other] == matrix[other][one]));
    if square && symmetric() { Ok(()) } else { Err(TopologyError::LatencyMatrix { clusters }) }
}

fn inner_links(size: u32, degree: u32, seed: u64) -> Result<Vec<(u32, u32)>, TopologyError> {
    match size {
        0 | 1 => Ok(Vec::new()),
        _ if degree + 1 >= size => Topology::complete(size).map(|topology| topology.links),
        // An odd cluster has no regular graph of odd degree: one link more at each node.
        _ if size % 2 == 1 && degree % 2 == 1 => regular::links(size, degree + 1, seed),
        _ => regular::links(size, degree, seed),
    }
}

fn bridges(
    one: u32,
    other: u32,
    count: u32,
    random: &mut ChaCha12Rng,
) -> Result<BTreeSet<(u32, u32)>, TopologyError> {
    if u64::from(count) * 2 > u64::from(one) * u64::from(other) && count > 1
        || (count == 1 && one.min(other) == 0)
    {
        return Err(TopologyError::Bridges { one, other, bridges: count });
    }
    let mut drawn = BTreeSet::new();
    while drawn.len() < count as usize {
        drawn.insert((random.random_range(0..one), random.random_range(0..other)));
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> ClusterPlan {
        ClusterPlan {
            sizes: vec![10, 7, 3],
            inner_degree: 5,
            bridges: 2,
            latencies_us: vec![vec![1, 20, 30], vec![20, 2, 40], vec![30, 40, 3]],
        }
    }

    #[test]
    fn latencies_are_those_of_the_clusters_at_the_ends() {
        let topology = Topology::clusters(&plan(), 1).unwrap();
        assert_eq!(topology.nodes, 20);
        assert!(topology.paths(0).is_connected());
        let latency_of = |from: u32, to: u32| {
            let index = topology.links.iter().position(|&link| link == (from, to));
            index.map(|index| topology.latencies_us[index])
        };
        assert_eq!(latency_of(17, 18), Some(3), "a cluster too small for the degree is complete");
        let between = |low: u64| topology.latencies_us.iter().filter(|&&us| us == low).count();
        assert_eq!([20, 30, 40].map(between), [2, 2, 2]);
    }

    #[test]
    fn an_odd_cluster_gets_an_even_degree() {
        let topology = Topology::clusters(&plan(), 1).unwrap();
        let inside = |node: u32| {
            let in_cluster = |other: u32| (10..17).contains(&other);
            topology
                .links
                .iter()
                .filter(|&&(a, b)| (a == node && in_cluster(b)) || (b == node && in_cluster(a)))
                .count()
        };
        assert!((10..17).all(|node| inside(node) == 6));
    }

    #[test]
    fn the_same_seed_draws_the_same_clusters() {
        assert_eq!(Topology::clusters(&plan(), 5), Topology::clusters(&plan(), 5));
        assert_ne!(Topology::clusters(&plan(), 5), Topology::clusters(&plan(), 6));
    }

    #[test]
    fn a_matrix_that_does_not_fit_is_refused() {
        let mut lopsided = plan();
        lopsided.latencies_us[0][2] = 31;
        assert_eq!(Topology::clusters(&lopsided, 1), Err(TopologyError::LatencyMatrix { clusters: 3 }));
        let mut short = plan();
        short.latencies_us.pop();
        assert_eq!(Topology::clusters(&short, 1), Err(TopologyError::LatencyMatrix { clusters: 3 }));
    }

    #[test]
    fn more_bridges_than_half_the_pairs_are_refused() {
        let crowded = ClusterPlan { bridges: 11, ..plan() };
        assert_eq!(
            Topology::clusters(&crowded, 1),
            Err(TopologyError::Bridges { one: 7, other: 3, bridges: 11 })
        );
    }
}
