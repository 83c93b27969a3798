//! The hash rate over the last seconds.

use std::collections::VecDeque;

/// How far back the rate looks, in milliseconds: long enough to be steady, short enough to show a change.
const WINDOW_MS: u64 = 10_000;

/// Readings of a growing count of hashes.
#[derive(Debug, Default)]
pub(super) struct HashRate {
    readings: VecDeque<(u64, u64)>,
}

impl HashRate {
    /// Notes how many hashes there were at a moment; answers the rate a second since the oldest reading kept.
    pub(super) fn read(&mut self, now_ms: u64, hashes: u64) -> f64 {
        while self.readings.front().is_some_and(|(at_ms, _)| at_ms + WINDOW_MS < now_ms) {
            self.readings.pop_front();
        }
        self.readings.push_back((now_ms, hashes));
        let (first_ms, first_hashes) = self.readings[0];
        let seconds = now_ms.saturating_sub(first_ms) as f64 / 1_000.0;
        if seconds > 0.0 { hashes.saturating_sub(first_hashes) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_last_seconds_only() {
        let mut rate = HashRate::default();
        assert!(rate.read(0, 0).abs() < f64::EPSILON);
        assert!((rate.read(1_000, 500) - 500.0).abs() < f64::EPSILON);
        for second in 2..=20 {
            rate.read(second * 1_000, 500);
        }
        assert!(rate.read(21_000, 500).abs() < f64::EPSILON, "nothing was hashed for ten seconds");
    }
}
