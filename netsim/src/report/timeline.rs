//! Values over the time of the run, with marks where something happened.

use super::canvas::{Align, Canvas, HALF, Point, WIDE, draw};
use super::frame::{Axis, Frame, round_up};
use super::style::{BLUE, GOLD, Ink, MUTED};
use super::text::{percent_tick, plain, short};
use crate::record::{RunRecord, TipsSample};

const HEIGHT_WIDE: f64 = 290.0;
const HEIGHT_HALF: f64 = 250.0;

/// A line has at most about four points for each of these columns.
const COLUMNS: usize = 480;

/// Incidents that get a number; with more of them each is a mark only.
pub(super) const NUMBERED_INCIDENTS_MAX: usize = 12;

/// Drawn as steps: a value holds until the next, and the last one until its end, or that of the run.
struct Series {
    points: Vec<(f64, f64)>,
    end_us: Option<f64>,
    ink: Ink,
    filled: bool,
}

/// The share of the running nodes that follow the most common tip; nothing where none runs.
pub(super) fn agreement(record: &RunRecord) -> Option<String> {
    let share = |sample: &TipsSample| sample.largest as f64 / sample.running.max(1) as f64;
    let of_some = |samples: &[TipsSample]| {
        let points = samples.iter().map(|sample| (sample.at_us as f64, share(sample))).collect();
        let last = samples.last().map(|last| last.at_us);
        let next = record.tips.iter().find(|sample| Some(sample.at_us) > last);
        let end_us = next.map(|next| next.at_us as f64);
        Series { points, end_us, ink: BLUE, filled: true }
    };
    let runs = |sample: &TipsSample| sample.running > 0;
    let groups = record.tips.chunk_by(|one, other| runs(one) == runs(other));
    let series: Vec<_> = groups.filter(|group| group.first().is_some_and(runs)).map(of_some).collect();
    let y =
        Axis { title: "Nodes on the most common tip", low: 0.0, high: 1.0, ticks: 5, write: &percent_tick };
    over_time(record, (WIDE, HEIGHT_WIDE), "Agreement over time", &y, &series)
}

/// Waiting transactions; none where none ever waited.
pub(super) fn mempool(record: &RunRecord) -> Option<String> {
    let line = |value: fn(&crate::record::MempoolSample) -> usize| {
        record.mempool.iter().map(|sample| (sample.at_us as f64, value(sample) as f64)).collect::<Vec<_>>()
    };
    let most = record.mempool.iter().map(|sample| sample.most).max().filter(|&most| most > 0)?;
    let series = [
        Series { points: line(|sample| sample.most), end_us: None, ink: GOLD, filled: false },
        Series { points: line(|sample| sample.median), end_us: None, ink: BLUE, filled: false },
    ];
    let y = Axis {
        title: "Transactions",
        low: 0.0,
        high: round_up(most as f64 * 1.05, 4),
        ticks: 4,
        write: &short,
    };
    over_time(record, (HALF, HEIGHT_HALF), "Waiting transactions over time", &y, &series)
}

/// Expected hashes a block, on a drawing of this width.
pub(super) fn difficulty(record: &RunRecord, width: f64) -> Option<String> {
    let points: Vec<_> =
        record.difficulty.iter().map(|sample| (sample.at_us as f64, sample.hashes)).collect();
    let most = record.difficulty.iter().map(|sample| sample.hashes).fold(0.0, f64::max);
    let series = [Series { points, end_us: None, ink: BLUE, filled: false }];
    let y =
        Axis { title: "Hashes a block", low: 0.0, high: round_up(most * 1.05, 4), ticks: 4, write: &short };
    (most > 0.0).then(|| over_time(record, (width, HEIGHT_HALF), "Difficulty over time", &y, &series))?
}

fn over_time(
    record: &RunRecord,
    size: Point,
    described: &str,
    y: &Axis,
    series: &[Series],
) -> Option<String> {
    let end_us = record.duration_us as f64;
    if record.duration_us == 0 || series.iter().all(|line| line.points.is_empty()) {
        return None;
    }
    let (unit_us, title) = unit(end_us);
    let ticks = if size.0 > HALF { 10 } else { 6 };
    let x = Axis { title, low: 0.0, high: end_us / unit_us, ticks, write: &plain };
    Some(draw(size.0, size.1, described, |canvas| {
        let frame = Frame::new(canvas, size, &x, y);
        mark_incidents(canvas, &frame, record, unit_us, size.0 > HALF);
        for line in series {
            let steps = steps(&thin(&line.points, end_us), line.end_us.unwrap_or(end_us));
            let path: Vec<Point> = steps.iter().map(|&(at, value)| frame.at(at / unit_us, value)).collect();
            if let (true, Some(first), Some(last)) = (line.filled, path.first(), path.last()) {
                let mut shape = path.clone();
                shape.extend([(last.0, frame.edges().1), (first.0, frame.edges().1)]);
                canvas.shape(&shape, line.ink, 0.13);
            }
            canvas.line(&path, line.ink, 1.8);
        }
    }))
}

/// Dashes from top to bottom where something happened; a wide drawing numbers them.
fn mark_incidents(canvas: &Canvas, frame: &Frame, record: &RunRecord, unit_us: f64, numbered: bool) {
    let numbered = numbered && record.incidents.len() <= NUMBERED_INCIDENTS_MAX;
    let (top, bottom) = frame.edges();
    let mut last_label = f64::NEG_INFINITY;
    for (index, incident) in record.incidents.iter().enumerate().take(COLUMNS) {
        let across = frame.x(incident.at_us as f64 / unit_us);
        canvas.dashes((across, top), (across, bottom), MUTED, 1.0);
        if numbered && across - last_label > 14.0 {
            canvas.text((across, top - 10.0), &(index + 1).to_string(), MUTED, Align::Centre);
            last_label = across;
        }
    }
}

/// The unit in which a run of this length is told.
fn unit(end_us: f64) -> (f64, &'static str) {
    match end_us / 1e6 {
        seconds if seconds <= 180.0 => (1e6, "Time, in seconds"),
        seconds if seconds <= 10_800.0 => (60e6, "Time, in minutes"),
        seconds if seconds <= 259_200.0 => (3_600e6, "Time, in hours"),
        _ => (86_400e6, "Time, in days"),
    }
}

/// Keeps of each column the first, the lowest, the highest and the last point: what the eye would see of all.
#[expect(clippy::cast_sign_loss, reason = "times are not negative")]
fn thin(points: &[(f64, f64)], end: f64) -> Vec<(f64, f64)> {
    if points.len() <= 4 * COLUMNS {
        return points.to_vec();
    }
    let column = |point: &(f64, f64)| (point.0 / end * COLUMNS as f64) as usize;
    let mut kept = Vec::with_capacity(4 * COLUMNS);
    for group in points.chunk_by(|one, other| column(one) == column(other)) {
        let by_value = |one: &&(f64, f64), other: &&(f64, f64)| one.1.total_cmp(&other.1);
        let extremes =
            [group.first(), group.iter().min_by(by_value), group.iter().max_by(by_value), group.last()];
        let mut extremes: Vec<(f64, f64)> = extremes.into_iter().flatten().copied().collect();
        extremes.sort_by(|one, other| one.0.total_cmp(&other.0));
        extremes.dedup();
        kept.extend(extremes);
    }
    kept
}

/// Adds a corner before each change, and holds the last value to the end.
fn steps(points: &[(f64, f64)], end: f64) -> Vec<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2 + 1);
    for &(at, value) in points {
        if let Some(&(_, before)) = path.last() {
            path.push((at, before));
        }
        path.push((at, value));
    }
    path.extend(points.last().map(|&(_, value)| (end, value)));
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn a_value_holds_until_the_next() {
        assert_eq!(steps(&[(0.0, 1.0), (2.0, 3.0)], 5.0), [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (5.0, 3.0)]);
    }

    #[test]
    fn thinning_keeps_the_extremes_in_order() {
        let mut points: Vec<_> = (0..100_000).map(|index| (f64::from(index), 5.0)).collect();
        points[77_777].1 = -3.0;
        points[12_345].1 = 9.0;
        let thinned = thin(&points, 100_000.0);
        assert!(thinned.len() <= 4 * COLUMNS);
        assert!(thinned.contains(&(77_777.0, -3.0)) && thinned.contains(&(12_345.0, 9.0)));
        assert!(thinned.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn every_incident_is_marked_and_numbered() {
        let svg = agreement(&record()).unwrap();
        assert!(!record().incidents.is_empty());
        for number in 1..=record().incidents.len() {
            assert!(svg.contains(&format!(">\n{number}\n<")), "{number}");
        }
    }

    #[test]
    fn while_no_node_runs_nothing_is_said_of_agreement() {
        let lines = |record: &RunRecord| agreement(record).unwrap().matches("<poly").count();
        let mut off = record();
        let whole = lines(&off);
        let middle = off.tips.len() / 2;
        (off.tips[middle].running, off.tips[middle].largest) = (0, 0);
        assert!(lines(&off) > whole, "a gap parts the line");
    }

    #[test]
    fn where_nothing_waited_nothing_is_drawn() {
        let mut idle = record();
        for sample in &mut idle.mempool {
            (sample.most, sample.median) = (0, 0);
        }
        assert_eq!(mempool(&idle), None);
        assert!(mempool(&record()).is_some());
    }
}
