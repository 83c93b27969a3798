//! How the target follows a step of the hash rate.
//!
//! The network's rule moves the target by a factor 2^((d − T) / 60T) a block, d the last solve time and T the interval.
//! Let v be the expected number of blocks in one interval: 1 in balance, 10 right after the hash rate grew tenfold. In
//! expectation 1/v is then multiplied by e^a / (1 + a/v) a block, a = ln 2 / 60, whence v moves towards 1 by the same
//! part of its distance with every block, whatever it is: a half-life of sixty blocks. (The point it tends to is
//! a / (e^a − 1) = 0.994.) Solve times above 60 T count as 60 T, which a tenth of the rate reaches once in 400 blocks.

use std::f64::consts::LN_2;

/// Blocks in which the distance from balance halves.
pub const HALF_LIFE_BLOCKS: f64 = 60.0;

/// Expected blocks in one interval, so many blocks after they were `start`: 1 + (start − 1) · 2^(−blocks / 60).
pub fn pace_after(blocks: f64, start: f64) -> f64 {
    1.0 + (start - 1.0) * (-blocks / HALF_LIFE_BLOCKS).exp2()
}

/// Intervals that so many blocks take: 60 / ln 2 · ln((2^(blocks / 60) + start − 1) / start), the integral of 1 / pace.
pub fn intervals_of(blocks: f64, start: f64) -> f64 {
    let grown = (blocks / HALF_LIFE_BLOCKS).exp2();
    HALF_LIFE_BLOCKS / LN_2 * ((grown + start - 1.0) / start).ln()
}

/// Blocks that come in so many intervals: 60 · log2(start · 2^(intervals / 60) + 1 − start), the inverse of that.
pub fn blocks_in(intervals: f64, start: f64) -> f64 {
    HALF_LIFE_BLOCKS * (start * (intervals / HALF_LIFE_BLOCKS).exp2() + 1.0 - start).log2()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha12Rng;

    use super::*;

    #[test]
    fn half_of_the_step_is_gone_after_sixty_blocks() {
        assert!((pace_after(60.0, 10.0) - 5.5).abs() < 1e-12);
        assert!((pace_after(60.0, 0.1) - 0.55).abs() < 1e-12);
        assert!((pace_after(0.0, 0.1) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn in_balance_a_block_takes_an_interval() {
        assert!((intervals_of(37.0, 1.0) - 37.0).abs() < 1e-9);
        assert!((blocks_in(37.0, 1.0) - 37.0).abs() < 1e-9);
    }

    #[test]
    fn height_and_time_are_inverse_to_each_other() {
        for start in [10.0, 0.1] {
            for blocks in [1.0, 50.0, 500.0] {
                assert!((blocks_in(intervals_of(blocks, start), start) - blocks).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn time_is_the_sum_of_what_each_block_takes() {
        for start in [10.0, 0.1] {
            let summed: f64 =
                (0..30_000).map(|step| 0.01 / pace_after((f64::from(step) + 0.5) / 100.0, start)).sum();
            assert!((summed / intervals_of(300.0, start) - 1.0).abs() < 1e-4);
        }
    }

    /// The rule itself, in floating point, on a thousand chains with random solve times.
    #[test]
    fn the_rule_follows_the_closed_form_on_average() {
        let mut random = ChaCha12Rng::seed_from_u64(1);
        for start in [10.0, 0.1] {
            let (mut difficulty, mut elapsed) = (0.0, 0.0);
            for _ in 0..1_000 {
                let mut solve_mean: f64 = 1.0 / start;
                for _ in 0..90 {
                    let uniform: f64 = random.random();
                    let solve_time = -(1.0 - uniform).ln() * solve_mean;
                    elapsed += solve_time / 1_000.0;
                    solve_mean *= ((1.0 - solve_time.min(HALF_LIFE_BLOCKS)) / HALF_LIFE_BLOCKS).exp2();
                }
                difficulty += solve_mean / 1_000.0;
            }
            let expected = 1.0 / pace_after(90.0, start);
            assert!((difficulty / expected - 1.0).abs() < 0.03, "{start}: {difficulty}, {expected}");
            assert!((elapsed / intervals_of(90.0, start) - 1.0).abs() < 0.03, "{start}: {elapsed}");
        }
    }
}
