//! Stale blocks, beside what theory allows.

use super::canvas::{Align, HALF, draw};
use super::frame::{Axis, Frame, round_up};
use super::style::{BLUE, GOLD, Ink, TEXT};
use super::text::{percent, percent_tick};
use crate::record::RunRecord;
use crate::theory::share::{DEVIATIONS_95, interval};
use crate::theory::stale::{bound, on_complete_graph};

const HEIGHT: f64 = 250.0;

/// One value with the interval in which it lies.
struct Row {
    label: &'static str,
    share: f64,
    from: f64,
    to: f64,
    ink: Ink,
}

/// The drawing; none without blocks.
pub(super) fn drawing(record: &RunRecord) -> Option<String> {
    let rows = rows(record)?;
    let widest = rows.iter().map(|row| row.to.max(row.share)).fold(0.01, f64::max);
    let x = Axis {
        title: "Share of all blocks found",
        low: 0.0,
        high: round_up(widest * 1.12, 5),
        ticks: 5,
        write: &percent_tick,
    };
    let y = Axis { title: "", low: 0.0, high: rows.len() as f64, ticks: 1, write: &|_| String::new() };
    Some(draw(HALF, HEIGHT, "Stale rate beside theory", |canvas| {
        let frame = Frame::new(canvas, (HALF, HEIGHT), &x, &y);
        for (index, row) in rows.iter().enumerate() {
            let level = rows.len() as f64 - index as f64 - 0.62;
            let (left, height) = frame.at(0.0, level);
            canvas.text((left + 2.0, height - 20.0), row.label, TEXT, Align::Left);
            canvas.line(&[frame.at(row.from, level), frame.at(row.to, level)], row.ink, 2.0);
            let centre = frame.at(row.share, level);
            canvas.dot(centre, 5.5, row.ink);
            let beside = (frame.at(row.to.max(row.share), level).0 + 12.0, height);
            canvas.text(beside, &percent(row.share), row.ink, Align::Left);
        }
    }))
}

/// Blocks of the whole network within the mean delay until another node has a block; none without blocks.
pub(super) fn rate_times_mean_delay(record: &RunRecord) -> Option<f64> {
    let reached = record.blocks.iter().filter(|block| block.propagation.reached > 0);
    let delays: Vec<u64> = reached.map(|block| block.propagation.mean_delay_us).collect();
    let mean_us = delays.iter().sum::<u64>() as f64 / delays.len().max(1) as f64;
    let blocks = record.blocks.len() as f64;
    (record.duration_us > 0 && !record.blocks.is_empty())
        .then(|| blocks / record.duration_us as f64 * mean_us)
}

fn rows(record: &RunRecord) -> Option<Vec<Row>> {
    let exposure = rate_times_mean_delay(record)?;
    let found = record.honest_blocks().count() as u64;
    let stale = record.honest_blocks().filter(|block| !block.on_best_chain).count() as u64;
    let (from, to) = interval(stale, found, DEVIATIONS_95);
    let theory = |label, share| Row { label, share, from: share, to: share, ink: GOLD };
    let mut rows = vec![Row { label: "Measured", share: record.stale_rate(), from, to, ink: BLUE }];
    if record.network.topology == "complete" && record.network.latency.starts_with("constant") {
        let miners = u32::try_from(record.network.miners).unwrap_or(u32::MAX);
        rows.push(theory(
            "Complete graph, equal miners, constant delay",
            on_complete_graph(miners, exposure),
        ));
    }
    rows.push(theory("At most, for this mean delay: λm / (1 + λm)", bound(exposure)));
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn the_measured_rate_stands_beside_the_bound() {
        let rows = rows(&record()).unwrap();
        assert_eq!(rows.len(), 2);
        assert!((rows[0].share - record().stale_rate()).abs() < 1e-12);
        assert!(rows[0].from < rows[0].share && rows[0].share < rows[0].to);
    }

    #[test]
    fn a_complete_graph_has_a_formula_of_its_own() {
        let mut complete = record();
        complete.network.topology = "complete".to_owned();
        complete.network.latency = "constant, 50 ms".to_owned();
        assert_eq!(rows(&complete).unwrap().len(), 3);
    }

    #[test]
    fn without_blocks_there_is_no_rate() {
        assert_eq!(drawing(&RunRecord::default()), None);
    }
}
