//! A selfish miner among honest ones: the strategy of Eyal and Sirer, played on real cores.

use std::sync::Arc;

use cairn::primitives::Block;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::Sink;
use super::comparison::Comparison;
use super::cores::{Genealogy, Miner, steady_params};
use crate::theory::selfish::revenue;

/// Honest miners of equal hash rate.
const HONEST: usize = 4;

/// Games that are averaged, and blocks that all find together in each.
const GAMES: u64 = 10;
const BLOCKS: u32 = 5_000;

/// Shares of the hash rate, honest miners that hear of the selfish branch first in a race, and the tolerance: three to
/// four standard deviations of the average. Long leads make it wander more.
const CASES: [(f64, usize, f64); 5] =
    [(0.25, 0, 0.01), (0.35, 0, 0.01), (0.45, 0, 0.02), (0.25, HONEST / 2, 0.01), (0.35, HONEST / 2, 0.01)];

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    /// The selfish miner's share of the chain.
    revenue: f64,
    /// The share of honest blocks found during a race that built on the selfish miner's branch.
    gamma: f64,
}

/// Compares the revenue at several hash shares, where none or half of the honest miners hear the selfish one first.
pub(super) fn compare(sink: Sink<'_>) {
    for (case, (share, hear_first, tolerance)) in (0..).zip(CASES) {
        let games = (0..GAMES).map(|game| play(share, hear_first, BLOCKS, case * GAMES + game));
        let (revenues, gammas) = games.fold((0.0, 0.0), |(revenues, gammas), game| {
            (revenues + game.revenue / GAMES as f64, gammas + game.gamma / GAMES as f64)
        });
        let name = format!("selfish mining, share {share}, γ measured as {gammas:.2}: revenue");
        sink(Comparison::near(name, revenues, revenue(share, gammas), tolerance));
    }
}

fn play(share: f64, hear_first: usize, blocks: u32, seed: u64) -> Outcome {
    let mut game = Game::new(hear_first, seed);
    for _ in 0..blocks {
        if game.random.random::<f64>() < share {
            game.selfish_find();
        } else {
            let finder = game.random.random_range(0..HONEST);
            game.honest_find(finder);
        }
    }
    game.outcome()
}

/// The selfish miner, the honest ones, and what the first has not shown yet.
struct Game {
    selfish: Miner,
    honest: Vec<Miner>,
    hear_first: usize,
    /// Blocks of the selfish miner that nobody else knows, from the lowest.
    hidden: Vec<Arc<Block>>,
    /// Whether two branches of equal length are known to all.
    is_race: bool,
    /// Honest blocks that ended a race, and those of them on the selfish miner's branch.
    races: (u32, u32),
    genealogy: Genealogy,
    random: ChaCha12Rng,
}

impl Game {
    fn new(hear_first: usize, seed: u64) -> Self {
        let params = steady_params();
        Self {
            selfish: Miner::new(100, &params),
            honest: (1..=HONEST as u8).map(|number| Miner::new(number, &params)).collect(),
            hear_first,
            hidden: Vec::new(),
            is_race: false,
            races: (0, 0),
            genealogy: Genealogy::default(),
            random: ChaCha12Rng::seed_from_u64(seed),
        }
    }

    fn selfish_find(&mut self) {
        let block = self.selfish.mine(0);
        self.genealogy.note(&block, true);
        self.hidden.push(block);
        if self.is_race {
            self.show_all();
            self.is_race = false;
        }
    }

    fn honest_find(&mut self, finder: usize) {
        let block = self.honest[finder].mine(0);
        self.genealogy.note(&block, false);
        self.selfish.take(&block, 0);
        if self.is_race {
            self.races.0 += 1;
            self.races.1 += u32::from(self.genealogy.is_attackers(&block.header.previous));
            self.is_race = false;
        }
        match self.hidden.len() {
            1 => {
                let hidden = self.hidden.remove(0);
                self.race(finder, &hidden, &block);
            }
            2 => {
                self.show_all();
                self.tell_honest(&block);
            }
            lead => {
                self.tell_honest(&block);
                if lead > 2 {
                    let lowest = self.hidden.remove(0);
                    self.tell_honest(&lowest);
                }
            }
        }
    }

    /// Shows the one hidden block against an honest one; some of the honest miners hear of it first.
    fn race(&mut self, finder: usize, hidden: &Arc<Block>, block: &Arc<Block>) {
        self.is_race = true;
        let mut order: Vec<usize> = (0..HONEST).filter(|&number| number != finder).collect();
        order.shuffle(&mut self.random);
        for (place, number) in order.into_iter().enumerate() {
            let sequence = if place < self.hear_first { [hidden, block] } else { [block, hidden] };
            for told in sequence {
                self.honest[number].take(told, 0);
            }
        }
        self.honest[finder].take(hidden, 0);
    }

    fn show_all(&mut self) {
        for block in std::mem::take(&mut self.hidden) {
            self.tell_honest(&block);
        }
    }

    fn tell_honest(&mut self, block: &Arc<Block>) {
        for miner in &mut self.honest {
            miner.take(block, 0);
        }
    }

    fn outcome(mut self) -> Outcome {
        self.show_all();
        let chain: Vec<_> = self.genealogy.down_from(self.honest[0].tip().hash).collect();
        let selfish = chain.iter().filter(|hash| self.genealogy.is_attackers(hash)).count();
        let (races, on_selfish) = self.races;
        Outcome {
            revenue: selfish as f64 / chain.len().max(1) as f64,
            gamma: f64::from(on_selfish) / f64::from(races.max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_hears_the_selfish_miner_first_gamma_is_zero() {
        let outcome = play(0.35, 0, 600, 2);
        assert!(outcome.gamma.abs() < 1e-12);
        assert!((outcome.revenue - revenue(0.35, 0.0)).abs() < 0.08, "{outcome:?}");
    }

    #[test]
    fn gamma_is_the_part_that_hears_it_first() {
        let outcome = play(0.35, HONEST / 2, 600, 3);
        assert!((outcome.gamma - 0.5).abs() < 0.2, "{outcome:?}");
        assert!((outcome.revenue - revenue(0.35, outcome.gamma)).abs() < 0.08, "{outcome:?}");
    }

    #[test]
    fn the_same_seed_plays_the_same_game() {
        assert_eq!(play(0.3, 1, 200, 4), play(0.3, 1, 200, 4));
    }
}
