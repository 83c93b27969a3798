//! How long nodes disagreed: each time from the first other tip until all had the same again.

use super::canvas::{HALF, draw};
use super::frame::{Axis, Frame};
use super::style::BLUE;
use super::text::{count, duration, percent_tick};
use crate::record::RunRecord;

const HEIGHT: f64 = 250.0;

/// The disagreements of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Disagreements {
    /// How long each took, ascending.
    pub(super) lengths_us: Vec<u64>,
    /// How long the one takes that lasts at the end.
    pub(super) unfinished_us: Option<u64>,
}

/// Finds them in the samples of tips.
pub(super) fn disagreements(record: &RunRecord) -> Disagreements {
    let mut found = Disagreements::default();
    let mut since = None;
    for sample in &record.tips {
        if sample.distinct > 1 {
            since = since.or(Some(sample.at_us));
        } else if let Some(began) = since.take() {
            found.lengths_us.push(sample.at_us - began);
        }
    }
    found.unfinished_us = since.map(|began| record.duration_us.saturating_sub(began));
    found.lengths_us.sort_unstable();
    found
}

impl Disagreements {
    /// The longest, one that lasts at the end included.
    pub(super) fn longest_us(&self) -> Option<u64> {
        self.lengths_us.last().copied().max(self.unfinished_us)
    }
}

/// The share of disagreements that were over after so long; none where there was none.
#[expect(clippy::cast_sign_loss, reason = "the upper end is not below the lower")]
pub(super) fn drawing(record: &RunRecord) -> Option<String> {
    let found = disagreements(record);
    let shortest = found.lengths_us.iter().copied().find(|&us| us > 0)?;
    let longest = found.lengths_us.last().copied().unwrap_or(shortest);
    // From one power of ten to another: most disagreements are short, and the one that matters is long.
    let (low, high) = ((shortest as f64).log10().floor(), (longest as f64).log10().ceil());
    let x = Axis {
        title: "Time until all agreed",
        low,
        high: high.max(low + 1.0),
        ticks: (high - low).max(1.0) as usize,
        write: &power_of_ten,
    };
    let y = Axis { title: "Share of disagreements", low: 0.0, high: 1.0, ticks: 4, write: &percent_tick };
    Some(draw(HALF, HEIGHT, "How long nodes disagreed", |canvas| {
        let frame = Frame::new(canvas, (HALF, HEIGHT), &x, &y);
        let all = found.lengths_us.len() as f64;
        let mut path = vec![frame.at(low, 0.0)];
        for (index, &length) in found.lengths_us.iter().enumerate() {
            let across = (length.max(1) as f64).log10();
            path.extend([frame.at(across, index as f64 / all), frame.at(across, (index + 1) as f64 / all)]);
        }
        path.push(frame.at(x.high, 1.0));
        canvas.line(&path, BLUE, 2.0);
    }))
}

/// A tick of a scale of powers of ten, of microseconds.
#[expect(clippy::cast_sign_loss, reason = "a power of ten is positive")]
fn power_of_ten(exponent: f64) -> String {
    let microseconds = 10_f64.powf(exponent).round() as u64;
    if microseconds < 1_000_000 {
        duration(microseconds)
    } else {
        format!("{} s", count(microseconds / 1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TipsSample;

    fn tips(samples: &[(u64, usize)]) -> RunRecord {
        let sample = |&(at_us, distinct)| TipsSample { at_us, distinct, running: 5, largest: 4, height: 1 };
        RunRecord { duration_us: 100, tips: samples.iter().map(sample).collect(), ..RunRecord::default() }
    }

    #[test]
    fn a_disagreement_lasts_from_the_first_other_tip_to_the_last() {
        let found = disagreements(&tips(&[(0, 1), (10, 2), (12, 3), (15, 1), (40, 2), (41, 1)]));
        assert_eq!(found, Disagreements { lengths_us: vec![1, 5], unfinished_us: None });
        assert_eq!(found.longest_us(), Some(5));
    }

    #[test]
    fn one_that_lasts_at_the_end_counts_up_to_there() {
        let found = disagreements(&tips(&[(0, 1), (10, 2), (11, 1), (70, 2)]));
        assert_eq!(found.unfinished_us, Some(30));
        assert_eq!(found.longest_us(), Some(30));
    }

    #[test]
    fn where_all_agree_there_is_nothing_to_draw() {
        assert_eq!(drawing(&tips(&[(0, 1), (50, 1)])), None);
    }
}
