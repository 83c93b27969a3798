//! The blocks that went beside the chain, and the chain about them, in rows of columns by height.

use super::canvas::{Align, Canvas, Point, WIDE, draw};
use super::forks::{Branch, Forks};
use super::style::{BLUE, Ink, MUTED, RED};
use super::text::count;

/// Columns of a row, a gap counted as one.
const COLUMNS: usize = 30;
const COLUMN_WIDTH: f64 = (WIDE - 2.0 * MARGIN) / (COLUMNS - 1) as f64;
const MARGIN: f64 = 22.0;
const LANE_HEIGHT: f64 = 24.0;
/// Below the last lane of a row: its heights, and air.
const ROW_FOOT: f64 = 46.0;
const ROW_HEAD: f64 = 12.0;
const ROWS_MAX: usize = 7;
const DOT: f64 = 5.0;

/// A row: the heights of its columns, with `None` for a gap.
type Row = Vec<Option<u32>>;

/// The drawing, and whether it shows every column; none where nothing forked.
pub(super) fn drawing(forks: &Forks) -> Option<(String, bool)> {
    if forks.branches.len() < 2 {
        return None;
    }
    let mut rows = rows(&forks.heights);
    let complete = rows.len() <= ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let height = rows.iter().map(|row| row_height(forks, row)).sum::<f64>() - 12.0;
    let svg = draw(WIDE, height, "Tree of the blocks that forked", |canvas| {
        let mut top = 0.0;
        for row in &rows {
            draw_row(canvas, forks, row, top + ROW_HEAD);
            top += row_height(forks, row);
        }
    });
    Some((svg, complete))
}

fn rows(heights: &[u32]) -> Vec<Row> {
    let mut rows = vec![Row::new()];
    for run in heights.chunk_by(|one, other| one + 1 == *other) {
        let row = rows.last_mut().expect("there is always one");
        let fits = row.len() + 1 + run.len() <= COLUMNS;
        if !row.is_empty() && fits {
            row.push(None);
        } else if !row.is_empty() {
            rows.push(Row::new());
        }
        for &height in run {
            let row = rows.last_mut().expect("there is always one");
            if row.len() == COLUMNS {
                // The last column comes again, so that every link between two columns is in one row.
                let last = row[COLUMNS - 1];
                rows.push(vec![last]);
            }
            rows.last_mut().expect("there is always one").push(Some(height));
        }
    }
    rows
}

fn row_height(forks: &Forks, row: &Row) -> f64 {
    let shown =
        |branch: &&Branch| row.iter().flatten().any(|height| (branch.first..=branch.last).contains(height));
    let lanes = forks.branches.iter().filter(shown).map(|branch| branch.lane).max().unwrap_or(0);
    ROW_HEAD + lanes as f64 * LANE_HEIGHT + ROW_FOOT
}

fn draw_row(canvas: &Canvas, forks: &Forks, row: &Row, top: f64) {
    let at =
        |column: usize, lane: usize| (MARGIN + column as f64 * COLUMN_WIDTH, top + lane as f64 * LANE_HEIGHT);
    for branch in &forks.branches {
        let ink = ink_of(branch);
        let has = |height: &u32| (branch.first..=branch.last).contains(height);
        let columns: Vec<(usize, u32)> = row
            .iter()
            .enumerate()
            .filter_map(|(column, height)| Some((column, (*height).filter(has)?)))
            .collect();
        draw_loose_ends(canvas, branch, &columns, row, &at);
        for pair in columns.windows(2) {
            let (from, to) = (at(pair[0].0, branch.lane), at(pair[1].0, branch.lane));
            if pair[0].1 + 1 == pair[1].1 {
                canvas.line(&[from, to], ink, 2.0);
            } else {
                canvas.dashes((from.0 + 10.0, from.1), (to.0 - 10.0, to.1), ink, 1.4);
            }
        }
        let start = row
            .windows(2)
            .position(|pair| branch.lane > 0 && pair == [branch.first.checked_sub(1), Some(branch.first)]);
        if let Some(column) = start {
            canvas.line(&[at(column, branch.parent_lane), at(column + 1, branch.lane)], ink, 2.0);
        }
    }
    for branch in &forks.branches {
        for (column, height) in row.iter().enumerate() {
            if height.is_some_and(|height| (branch.first..=branch.last).contains(&height)) {
                canvas.dot(at(column, branch.lane), DOT, ink_of(branch));
            }
        }
    }
    let foot = top + row_height(forks, row) - ROW_HEAD - ROW_FOOT + 24.0;
    label_heights(canvas, row, foot);
}

/// Dashes where a branch comes from the row before, or goes on in the next.
fn draw_loose_ends(
    canvas: &Canvas,
    branch: &Branch,
    columns: &[(usize, u32)],
    row: &Row,
    at: &impl Fn(usize, usize) -> Point,
) {
    let (Some(first), Some(last)) = (columns.first(), columns.last()) else { return };
    let ink = ink_of(branch);
    if first.0 == 0 && first.1 > branch.first {
        let (x, y) = at(first.0, branch.lane);
        canvas.dashes((x - MARGIN, y), (x - 10.0, y), ink, 1.4);
    }
    if last.0 + 1 == row.len() && last.1 < branch.last {
        let (x, y) = at(last.0, branch.lane);
        canvas.dashes((x + 10.0, y), (x + MARGIN, y), ink, 1.4);
    }
}

fn ink_of(branch: &Branch) -> Ink {
    if branch.lane == 0 { BLUE } else { RED }
}

/// Writes the height under the first column of each run, and under the last where there is room.
fn label_heights(canvas: &Canvas, row: &Row, foot: f64) {
    let mut run_start = 0;
    for column in 0..row.len() {
        let ends = row.get(column + 1).copied().flatten().is_none();
        if column > 0 && row[column - 1].is_none() {
            run_start = column;
        }
        let first = column == run_start && row[column].is_some();
        if let (Some(height), true) = (row[column], first || (ends && column >= run_start + 3)) {
            let across = MARGIN + column as f64 * COLUMN_WIDTH;
            canvas.text((across, foot), &count(u64::from(height)), MUTED, Align::Centre);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::forks::forks;
    use crate::report::sample::record;

    #[test]
    fn each_block_in_a_column_is_a_dot() {
        let forks = forks(&record());
        let (svg, complete) = drawing(&forks).unwrap();
        let shown = |branch: &Branch| {
            forks.heights.iter().filter(|&&height| (branch.first..=branch.last).contains(&height)).count()
        };
        let dots: usize = forks.branches.iter().map(shown).sum();
        assert!(complete);
        assert!(svg.matches("<circle").count() >= dots, "a column that comes again shows its dots again");
    }

    #[test]
    fn rows_are_cut_at_gaps_where_they_can_be() {
        let heights: Vec<u32> = (10..20).chain(50..70).chain(100..105).collect();
        let rows = rows(&heights);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].len(), 10);
        assert_eq!(rows[1].len(), 26);
        assert_eq!(rows[1][20], None);
    }

    #[test]
    fn a_long_run_goes_on_in_the_next_row_with_its_last_column_again() {
        let rows = rows(&(0..40).collect::<Vec<u32>>());
        assert_eq!(rows[0].last(), rows[1].first());
        assert_eq!(rows[1].len(), 11);
    }

    #[test]
    fn without_a_fork_there_is_no_tree() {
        assert_eq!(drawing(&Forks::default()), None);
    }
}
