//! An attacker who mines a branch without the payment, against a merchant's real core.

use std::sync::Arc;

use cairn::primitives::Block;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::Sink;
use super::comparison::Comparison;
use super::cores::{Genealogy, Miner, steady_params};
use crate::theory::double_spend::success;

/// Payments that are attacked in each case.
const TRIALS: u32 = 2_000;

/// An attacker so many blocks behind gives up: even at a share of 0.4 it catches up once in three thousand times.
const BEHIND_MAX: usize = 20;

/// Tolerance in standard deviations of the number of successes.
const DEVIATIONS: f64 = 3.0;

/// Compares the share of attacks that succeed, at several hash shares and numbers of confirmations.
pub(super) fn compare(sink: Sink<'_>) {
    let cases = [(0.1, 1), (0.1, 2), (0.3, 1), (0.3, 3), (0.3, 6), (0.4, 6)];
    for (seed, (share, confirmations)) in (0..).zip(cases) {
        let expected = success(share, confirmations);
        let successes = attack(share, confirmations as usize, TRIALS, seed);
        let measured = f64::from(successes) / f64::from(TRIALS);
        let tolerance = DEVIATIONS * (expected * (1.0 - expected) / f64::from(TRIALS)).sqrt();
        let name = format!("double spend, share {share}, {confirmations} confirmations: success");
        sink(Comparison::near(name, measured, expected, tolerance));
    }
}

/// How many attacks in so many took a confirmed payment off the merchant's chain.
fn attack(share: f64, confirmations: usize, trials: u32, seed: u64) -> u32 {
    let params = steady_params();
    let (mut merchant, mut attacker) = (Miner::new(1, &params), Miner::new(2, &params));
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    (0..trials)
        .map(|_| u32::from(attack_once(&mut merchant, &mut attacker, share, confirmations, &mut random)))
        .sum()
}

/// One attack, from a tip that both have to one that both have; the payment is in the first honest block.
fn attack_once(
    merchant: &mut Miner,
    attacker: &mut Miner,
    share: f64,
    confirmations: usize,
    random: &mut ChaCha12Rng,
) -> bool {
    let mut hidden: Vec<Arc<Block>> = vec![attacker.mine(0)];
    let mut honest: Vec<Arc<Block>> = Vec::new();
    while honest.len() < confirmations
        || (hidden.len() <= honest.len() && honest.len() - hidden.len() < BEHIND_MAX)
    {
        if random.random::<f64>() < share {
            hidden.push(attacker.mine(0));
        } else {
            honest.push(merchant.mine(0));
        }
    }
    for block in &hidden {
        merchant.take(block, 0);
    }
    for block in &honest {
        attacker.take(block, 0);
    }
    debug_assert_eq!(merchant.tip(), attacker.tip(), "one branch is longer, and both know both");
    let mut genealogy = Genealogy::default();
    for block in hidden.iter().chain(&honest) {
        genealogy.note(block, false);
    }
    let payment = honest[0].hash();
    genealogy.down_from(merchant.tip().hash).all(|hash| hash != payment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attacker_without_hash_rate_never_succeeds() {
        assert_eq!(attack(0.0, 1, 20, 1), 0);
    }

    #[test]
    fn attacks_succeed_about_as_often_as_they_should() {
        let successes = attack(0.3, 2, 300, 5);
        let expected = success(0.3, 2) * 300.0;
        assert!((f64::from(successes) - expected).abs() < 35.0, "{successes} of 300, expected {expected}");
    }
}
