//! How blocks spread: the share of the nodes that have a block, by the time since it was found.

use super::canvas::{WIDE, draw};
use super::frame::{Axis, Frame, round_up};
use super::style::BLUE;
use super::text::{percent_tick, plain};
use crate::record::{BlockRecord, PROPAGATION_PERCENTS, RunRecord};

const HEIGHT: f64 = 340.0;

/// Where every delay was kept, the curve has so many points.
const POINTS: usize = 50;

/// The slow end of the band is cut at so many times the slowest point of the middle curve: a partition is not a delay.
const BAND_CUT: f64 = 3.0;

/// The axis goes on beyond the slowest value by so much, so that a constant delay is not drawn on its edge.
const END_ROOM: f64 = 1.05;

/// Part of the blocks below, at and above which the band's lower edge, the curve and the upper edge run.
const BAND: [f64; 3] = [0.1, 0.5, 0.9];

/// One share of the nodes, and how long it took the quick, the middle and the slow blocks; `None` for never.
#[derive(Debug, Clone, PartialEq)]
struct Spread {
    share: f64,
    delays_us: [Option<u64>; 3],
}

/// The drawing; none where no block reached anybody.
pub(super) fn drawing(record: &RunRecord) -> Option<String> {
    let spreads = spreads(record);
    let slowest = spreads.iter().filter_map(|spread| spread.delays_us[1]).max().filter(|&us| us > 0)?;
    let widest = spreads.iter().filter_map(|spread| spread.delays_us[2]).max().unwrap_or(slowest);
    let (unit_us, title) = if slowest > 3_000_000 {
        (1e6, "Time since the block was found, in seconds")
    } else {
        (1e3, "Time since the block was found, in milliseconds")
    };
    let end = round_up((widest as f64 * END_ROOM).min(slowest as f64 * BAND_CUT) / unit_us, 8);
    let x = Axis { title, low: 0.0, high: end, ticks: 8, write: &plain };
    let y = Axis { title: "Share of the other nodes", low: 0.0, high: 1.0, ticks: 5, write: &percent_tick };
    Some(draw(WIDE, HEIGHT, "Share of nodes reached over time", |canvas| {
        let frame = Frame::new(canvas, (WIDE, HEIGHT), &x, &y);
        let place = |us: u64, share: f64| frame.at(us as f64 / unit_us, share);
        let curve = |which: usize| {
            let points = spreads.iter().filter_map(|spread| Some((spread.delays_us[which]?, spread.share)));
            points.map(|(us, share)| place(us, share)).collect::<Vec<_>>()
        };
        let mut band = curve(0);
        // What never came is beyond the end.
        let slow = |spread: &Spread| place(spread.delays_us[2].unwrap_or(u64::MAX), spread.share);
        band.extend(spreads.iter().filter(|spread| spread.delays_us[0].is_some()).map(slow).rev());
        canvas.shape(&band, BLUE, 0.16);
        canvas.line(&curve(1), BLUE, 2.4);
    }))
}

/// The middle delay at which this share of the nodes had a block.
pub(super) fn median_delay_us(record: &RunRecord, percent: u32) -> Option<u64> {
    let place = PROPAGATION_PERCENTS.iter().position(|&known| known == percent)?;
    at_part(record.honest_blocks().map(|block| block.propagation.quantiles_us[place]).collect(), 0.5)
}

fn spreads(record: &RunRecord) -> Vec<Spread> {
    let all_kept = record.blocks.iter().any(|block| !block.propagation.delays_us.is_empty());
    let shares: Vec<f64> = if all_kept {
        (1..=POINTS).map(|point| point as f64 / POINTS as f64).collect()
    } else {
        PROPAGATION_PERCENTS.iter().map(|&percent| f64::from(percent) / 100.0).collect()
    };
    let first = |block: &BlockRecord| block.propagation.delays_us.first().copied();
    let firsts: Vec<_> = record.honest_blocks().map(first).collect();
    let start = if all_kept { BAND.map(|part| at_part(firsts.clone(), part)) } else { [Some(0); 3] };
    let start = Spread { share: 0.0, delays_us: start };
    let later = shares.iter().enumerate().map(|(index, &share)| {
        let delay = |block: &BlockRecord| {
            if all_kept { delay_at(block, share) } else { block.propagation.quantiles_us[index] }
        };
        let delays: Vec<_> = record.honest_blocks().map(delay).collect();
        Spread { share, delays_us: BAND.map(|part| at_part(delays.clone(), part)) }
    });
    std::iter::once(start).chain(later).collect()
}

#[expect(clippy::cast_sign_loss, reason = "a share of a number of nodes is not negative")]
fn delay_at(block: &BlockRecord, share: f64) -> Option<u64> {
    let place = (share * block.propagation.audience as f64).ceil() as usize;
    block.propagation.delays_us.get(place.max(1) - 1).copied()
}

/// The value below which this part of all values lies; those that never came are the largest.
#[expect(clippy::cast_sign_loss, reason = "a part of a number of blocks is not negative")]
fn at_part(mut values: Vec<Option<u64>>, part: f64) -> Option<u64> {
    values.sort_unstable_by_key(|value| value.unwrap_or(u64::MAX));
    let place = (part * values.len() as f64).floor() as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn half_of_the_nodes_have_the_middle_block_at_its_middle_delay() {
        let record = record();
        let spreads = spreads(&record);
        assert!(spreads.windows(2).all(|pair| pair[0].delays_us[1] <= pair[1].delays_us[1]));
        assert!(spreads.iter().all(|spread| spread.delays_us[0] <= spread.delays_us[1]));
        let middle = spreads.iter().find(|spread| (spread.share - 0.5).abs() < 1e-9).unwrap();
        assert_eq!(middle.delays_us[1], median_delay_us(&record, 50));
    }

    #[test]
    fn large_runs_are_drawn_from_their_quantiles() {
        let mut large = record();
        for block in &mut large.blocks {
            block.propagation.delays_us.clear();
        }
        assert_eq!(spreads(&large).len(), PROPAGATION_PERCENTS.len() + 1);
        assert!(drawing(&large).is_some());
    }

    #[test]
    fn a_block_that_never_came_is_the_slowest() {
        assert_eq!(at_part(vec![None, Some(3), Some(1)], 0.5), Some(3));
        assert_eq!(at_part(vec![None, None, Some(1)], 0.5), None);
        assert_eq!(at_part(Vec::new(), 0.5), None);
    }

    #[test]
    fn without_blocks_there_is_nothing_to_draw() {
        assert_eq!(drawing(&RunRecord::default()), None);
    }
}
