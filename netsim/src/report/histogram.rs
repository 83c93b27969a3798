//! Bars: how deep switches of branches were, and over how many links blocks came.

use super::canvas::{Align, HALF, draw};
use super::frame::{Axis, Frame, round_up};
use super::style::{BLUE, Ink, MUTED, RED};
use super::text::{percent, short};
use crate::record::RunRecord;

const HEIGHT: f64 = 250.0;

/// More bars than this become wider ones that each stand for several values.
const BARS_MAX: usize = 16;

/// Fewer bars than this leave room at the right, rather than being wide.
const BARS_MIN: usize = 6;

/// Values of a whole number from 1 on, and what is counted of each.
struct Bars<'a> {
    described: &'a str,
    title: &'a str,
    level_title: &'a str,
    counts: Vec<u64>,
    ink: Ink,
    write: &'a dyn Fn(f64) -> String,
    scale: f64,
    level_max: f64,
}

/// How many switches left so many blocks; none without a switch.
pub(super) fn reorganisations(record: &RunRecord) -> Option<String> {
    let mut counts = vec![0; record.deepest_reorganisation()];
    for change in record.reorganisations.iter().filter(|change| change.depth > 0) {
        counts[change.depth - 1] += 1;
    }
    Bars {
        described: "Depths of reorganisations",
        title: "Blocks that left a node's chain",
        level_title: "Switches",
        counts,
        ink: RED,
        write: &short,
        scale: 1.0,
        level_max: f64::INFINITY,
    }
    .draw()
}

/// The share of first arrivals that came over so many links; none where nothing arrived.
pub(super) fn hops(record: &RunRecord) -> Option<String> {
    let longest = record.blocks.iter().map(|block| block.propagation.hops.len()).max().unwrap_or(0);
    let mut counts = vec![0; longest.saturating_sub(1)];
    for block in &record.blocks {
        for (index, &nodes) in block.propagation.hops.iter().skip(1).enumerate() {
            counts[index] += u64::from(nodes);
        }
    }
    let total = counts.iter().sum::<u64>().max(1);
    Bars {
        described: "Links between the miner and each node",
        title: "Links that the first copy came over",
        level_title: "Share of first arrivals",
        counts,
        ink: BLUE,
        write: &percent,
        scale: 1.0 / total as f64,
        level_max: 1.0,
    }
    .draw()
}

impl Bars<'_> {
    fn draw(mut self) -> Option<String> {
        while self.counts.last() == Some(&0) {
            self.counts.pop();
        }
        let width = self.counts.len().div_ceil(BARS_MAX).max(1);
        let bars: Vec<f64> =
            self.counts.chunks(width).map(|some| some.iter().sum::<u64>() as f64 * self.scale).collect();
        let highest = bars.iter().copied().fold(0.0, f64::max);
        if highest <= 0.0 {
            return None;
        }
        let x = Axis {
            title: self.title,
            low: 0.0,
            high: bars.len().max(BARS_MIN) as f64,
            ticks: 0,
            write: &|_| String::new(),
        };
        let y = Axis {
            title: self.level_title,
            low: 0.0,
            high: round_up(highest * 1.08, 4).min(self.level_max),
            ticks: 4,
            write: self.write,
        };
        Some(draw(HALF, HEIGHT, self.described, |canvas| {
            let frame = Frame::new(canvas, (HALF, HEIGHT), &x, &y);
            for (index, &bar) in bars.iter().enumerate() {
                let (place, first) = (index as f64, index * width + 1);
                let gap = if bars.len() > 8 { 0.12 } else { 0.22 };
                canvas.bar(frame.at(place + gap, 0.0), frame.at(place + 1.0 - gap, bar), self.ink, 0.9);
                let label =
                    if width == 1 { format!("{first}") } else { format!("{first}–{}", first + width - 1) };
                let (across, _) = frame.at(place + 0.5, 0.0);
                let often = bars.len().div_ceil(if width == 1 { 16 } else { 7 });
                if index.is_multiple_of(often) {
                    canvas.text((across, frame.edges().1 + 15.0), &label, MUTED, Align::Centre);
                }
                if bars.len() <= 8 && bar > 0.0 {
                    canvas.text((across, frame.y(bar) - 10.0), &(self.write)(bar), self.ink, Align::Centre);
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reorganisation;
    use crate::report::sample::record;

    #[test]
    fn each_depth_has_its_bar() {
        let svg = reorganisations(&record()).unwrap();
        let deepest = record().deepest_reorganisation();
        assert_eq!(svg.matches("<rect").count(), deepest);
    }

    #[test]
    fn many_depths_share_bars() {
        let mut deep = record();
        deep.reorganisations.push(Reorganisation { at_us: 1, node: 0, depth: 100 });
        assert!(reorganisations(&deep).unwrap().contains("1–7"));
    }

    #[test]
    fn a_run_without_switches_has_no_bars() {
        assert_eq!(reorganisations(&RunRecord::default()), None);
        assert_eq!(hops(&RunRecord::default()), None);
    }
}
