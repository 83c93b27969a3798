//! The target of a real core after the hash rate steps.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::Sink;
use super::comparison::Comparison;
use super::cores::{Miner, exponential};
use crate::theory::difficulty::{intervals_of, pace_after};

/// Chains that are averaged: one alone wanders by 8 in 100.
const CHAINS: u64 = 48;

/// Part of the expected value by which the average may be off.
const TOLERANCE: f64 = 0.05;

/// Seconds between blocks that the rules aim at.
const INTERVAL_SECONDS: u32 = 10;

/// Blocks after the step at which the target is compared.
const CHECKPOINTS: [u32; 4] = [30, 60, 120, 240];

/// Blocks that carry the first target whatever came before.
const UNMOVED: u32 = 2;

/// A step up from 64 hashes a block, and a step down from 1,024: both ends cost little to mine.
const STEPS: [(f64, u32, &str); 2] = [(10.0, 0x2003_ffff, "× 10"), (0.1, 0x1f3f_ffff, "÷ 10")];

/// The mean of what chains came to.
struct Course {
    /// Expected time of a block in intervals, at each checkpoint.
    difficulty: Vec<f64>,
    /// Intervals from the first block that the rule can move to the last checkpoint.
    elapsed: f64,
}

/// Compares difficulty and time after a step up and a step down.
pub(super) fn compare(sink: Sink<'_>) {
    for (pace, first_bits, step) in STEPS {
        let course = follow(pace, first_bits, CHAINS);
        for (blocks, measured) in CHECKPOINTS.into_iter().zip(&course.difficulty) {
            let expected = 1.0 / pace_after(f64::from(blocks), pace);
            let name = format!("difficulty {blocks} blocks after the hash rate {step}, in balance 1");
            sink(Comparison::near(name, *measured, expected, expected * TOLERANCE));
        }
        let last = CHECKPOINTS[CHECKPOINTS.len() - 1];
        let expected = elapsed_expected(last, pace);
        let name = format!("intervals that {last} blocks take after the hash rate {step}");
        sink(Comparison::near(name, course.elapsed, expected, expected * TOLERANCE));
    }
}

/// The k-th block after the step takes 1 / pace(k) intervals: the integral from half a block before 1 to half after the
/// last.
fn elapsed_expected(blocks: u32, pace: f64) -> f64 {
    intervals_of(f64::from(blocks) + 0.5, pace) - intervals_of(0.5, pace)
}

fn follow(pace: f64, first_bits: u32, chains: u64) -> Course {
    let mut course = Course { difficulty: vec![0.0; CHECKPOINTS.len()], elapsed: 0.0 };
    for seed in 0..chains {
        let one = follow_one(pace, first_bits, seed);
        course.elapsed += one.elapsed / chains as f64;
        for (sum, value) in course.difficulty.iter_mut().zip(one.difficulty) {
            *sum += value / chains as f64;
        }
    }
    course
}

/// One chain whose hash rate is such that its first blocks come at this pace.
#[expect(clippy::cast_sign_loss, reason = "a solve time is not negative")]
fn follow_one(pace: f64, first_bits: u32, seed: u64) -> Course {
    let params = params(first_bits);
    let mut miner = Miner::new(1, &params);
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let interval_us = f64::from(INTERVAL_SECONDS) * 1e6;
    let hashes =
        |miner: &Miner| miner.template().bits.target().expect("a template has a target").work().as_f64();
    let hashes_per_interval = hashes(&miner) * pace;
    let (mut now_us, mut moved_from_us) = (0.0, 0.0);
    let mut difficulty = Vec::new();
    for blocks in 1..=UNMOVED + CHECKPOINTS[CHECKPOINTS.len() - 1] {
        let solve_mean = hashes(&miner) / hashes_per_interval;
        if blocks > UNMOVED && CHECKPOINTS.contains(&(blocks - UNMOVED)) {
            difficulty.push(solve_mean);
        }
        now_us += exponential(solve_mean * interval_us, &mut random);
        miner.mine(now_us as u64);
        if blocks == UNMOVED {
            moved_from_us = now_us;
        }
    }
    Course { difficulty, elapsed: (now_us - moved_from_us) / interval_us }
}

fn params(first_bits: u32) -> Arc<Params> {
    let overrides = ParamsOverride {
        retarget: Some(true),
        interval_seconds: Some(INTERVAL_SECONDS),
        first_bits: Some(first_bits),
        limit_bits: Some(0x207f_ffff),
        ..ParamsOverride::default()
    };
    Arc::new(Params::with_overrides("netsim", &overrides).expect("the parameters hold"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_follow_the_closed_form() {
        let (pace, first_bits, _) = STEPS[0];
        let course = follow(pace, first_bits, 2);
        for (blocks, measured) in CHECKPOINTS.into_iter().zip(&course.difficulty) {
            let expected = 1.0 / pace_after(f64::from(blocks), pace);
            assert!((measured / expected - 1.0).abs() < 0.25, "{blocks}: {measured}, {expected}");
        }
        let expected = elapsed_expected(240, pace);
        assert!((course.elapsed / expected - 1.0).abs() < 0.15, "{}, {expected}", course.elapsed);
    }
}
