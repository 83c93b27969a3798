//! The scales of a drawing: where a value lies, which values get a tick, and the grid behind.

use super::canvas::{Align, Canvas, Point};
use super::style::{GRID, MUTED};

/// Room above the plot for the title of the upright axis and a line of words below it.
const TOP: f64 = 40.0;
/// Room below it for ticks and the title of the level axis.
const BELOW: f64 = 46.0;
/// Room at the right, so that the last tick is not cut.
const RIGHT: f64 = 18.0;
/// Pixels that a character of a label takes, about.
const LABEL_ADVANCE: f64 = 7.0;

/// One axis: its title with the unit, the values at its ends and how a tick is written.
pub(super) struct Axis<'a> {
    pub(super) title: &'a str,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: usize,
    pub(super) write: &'a dyn Fn(f64) -> String,
}

/// Maps values to places.
pub(super) struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    /// Lays axes out on a drawing of this size, and draws ticks, titles and a grid of level lines.
    pub(super) fn new(canvas: &Canvas, size: (f64, f64), x: &Axis, y: &Axis) -> Self {
        let levels = ticks(y.low, y.high, y.ticks);
        let widest = levels.iter().map(|&level| (y.write)(level).chars().count()).max().unwrap_or(1);
        let frame = Self {
            left: widest as f64 * LABEL_ADVANCE + 12.0,
            right: size.0 - RIGHT,
            top: TOP,
            bottom: size.1 - BELOW,
            x: (x.low, x.high),
            y: (y.low, y.high),
        };
        canvas.text((0.0, 8.0), y.title, MUTED, Align::Left);
        canvas.text((frame.right, size.1 - 8.0), x.title, MUTED, Align::Right);
        for level in levels {
            let height = frame.y(level);
            canvas.line(&[(frame.left, height), (frame.right, height)], GRID, 1.0);
            canvas.text((frame.left - 9.0, height), &(y.write)(level), MUTED, Align::Right);
        }
        for tick in ticks(x.low, x.high, x.ticks) {
            let across = frame.x(tick);
            canvas.line(&[(across, frame.bottom), (across, frame.bottom + 4.0)], GRID, 1.0);
            canvas.text((across, frame.bottom + 15.0), &(x.write)(tick), MUTED, Align::Centre);
        }
        frame
    }

    /// Where a value of the level axis lies.
    pub(super) fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x.0) / (self.x.1 - self.x.0) * (self.right - self.left)
    }

    /// Where a value of the upright axis lies.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y.0) / (self.y.1 - self.y.0) * (self.bottom - self.top)
    }

    /// Where a pair of values lies; what is beyond an end of an axis is put on its end.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        (self.x(x.clamp(self.x.0, self.x.1)), self.y(y.clamp(self.y.0, self.y.1)))
    }

    /// The upper and the lower edge of the plot.
    pub(super) fn edges(&self) -> (f64, f64) {
        (self.top, self.bottom)
    }
}

/// Round values between two ends, about as many as asked for.
#[expect(clippy::cast_sign_loss, reason = "a number of steps is not negative")]
pub(super) fn ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let step = round_step((high - low) / about.max(1) as f64);
    let first = (low / step - 1e-9).ceil();
    let steps = ((high / step + 1e-9).floor() - first).max(0.0) as usize;
    (0..=steps).map(|index| (first + index as f64) * step).collect()
}

/// The end of an axis that shows all up to a value: the next round one.
pub(super) fn round_up(value: f64, about: usize) -> f64 {
    let value = value.max(1e-9);
    let step = round_step(value / about.max(1) as f64);
    (value / step - 1e-9).ceil() * step
}

/// 1, 2 or 5 times a power of ten, not below a value.
fn round_step(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-12).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|&step| step >= value * 0.999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_ends() {
        assert_eq!(ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(3.0, 17.0, 4), [5.0, 10.0, 15.0]);
        assert_eq!(ticks(0.0, 0.0, 4), [0.0]);
    }

    #[test]
    fn an_axis_ends_at_a_round_value() {
        for (value, end) in [(93.0, 100.0), (100.0, 100.0), (0.043, 0.05), (0.0, 1e-9)] {
            assert!((round_up(value, 5) / end - 1.0).abs() < 1e-6, "{value}");
        }
    }
}
