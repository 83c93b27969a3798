//! One measured value beside the one that theory expects.

use std::fmt;

/// What theory says of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Expectation {
    /// It lies within so much of a value.
    Near {
        /// The value.
        value: f64,
        /// How far off it may be.
        tolerance: f64,
    },
    /// It is not above a value.
    AtMost(f64),
    /// It is above a value.
    Above(f64),
}

/// A value, and what theory says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was measured, with its unit.
    pub name: String,
    /// What came out.
    pub measured: f64,
    /// What should.
    pub expectation: Expectation,
}

impl Comparison {
    /// A value that should lie within `tolerance` of another.
    pub fn near(name: impl Into<String>, measured: f64, value: f64, tolerance: f64) -> Self {
        Self { name: name.into(), measured, expectation: Expectation::Near { value, tolerance } }
    }

    /// A value that should not be above another.
    pub fn at_most(name: impl Into<String>, measured: f64, value: f64) -> Self {
        Self { name: name.into(), measured, expectation: Expectation::AtMost(value) }
    }

    /// A value that should be above another.
    pub fn above(name: impl Into<String>, measured: f64, value: f64) -> Self {
        Self { name: name.into(), measured, expectation: Expectation::Above(value) }
    }

    /// Whether it is as expected.
    pub fn holds(&self) -> bool {
        match self.expectation {
            Expectation::Near { value, tolerance } => (self.measured - value).abs() <= tolerance,
            Expectation::AtMost(value) => self.measured <= value,
            Expectation::Above(value) => self.measured > value,
        }
    }
}

/// What the columns of a line are.
pub(super) fn heading() -> String {
    format!("{:<76} {:>10} {:>10}  tolerance", "what", "measured", "expected")
}

impl fmt::Display for Comparison {
    /// One line of a table: name, measured, expected, tolerance, and whether it holds.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, tolerance) = match self.expectation {
            Expectation::Near { value, tolerance: 0.0 } => (shown(value), "exactly".to_owned()),
            Expectation::Near { value, tolerance } => (shown(value), format!("± {}", shown(tolerance))),
            Expectation::AtMost(value) => (shown(value), "at most".to_owned()),
            Expectation::Above(value) => (shown(value), "above".to_owned()),
        };
        let verdict = if self.holds() { "ok" } else { "OUT OF TOLERANCE" };
        let (name, measured) = (&self.name, shown(self.measured));
        write!(formatter, "{name:<76} {measured:>10} {expected:>10}  {tolerance:<10} {verdict}")
    }
}

/// Four digits of what is small, none behind the point of what is whole and large.
fn shown(value: f64) -> String {
    match value.abs() {
        whole if whole >= 100.0 && whole.fract() == 0.0 => format!("{value:.0}"),
        large if large >= 100.0 => format!("{value:.1}"),
        some if some >= 1.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_up_to_its_tolerance() {
        assert!(Comparison::near("x", 1.5, 1.0, 0.5).holds());
        assert!(!Comparison::near("x", 1.6, 1.0, 0.5).holds());
        assert!(Comparison::at_most("x", 1.0, 1.0).holds() && !Comparison::at_most("x", 1.1, 1.0).holds());
        assert!(Comparison::above("x", 1.1, 1.0).holds() && !Comparison::above("x", 1.0, 1.0).holds());
        assert!(!Comparison::near("x", f64::NAN, 1.0, 0.5).holds());
    }

    #[test]
    fn a_line_says_what_was_measured_and_what_should_be() {
        let line = Comparison::near("messages a block", 7_001.0, 7_001.0, 0.0).to_string();
        assert!(line.ends_with("ok") && line.contains("7001") && line.contains("exactly"), "{line}");
        let line = Comparison::at_most("stale rate", 0.25, 0.2).to_string();
        assert!(line.ends_with("OUT OF TOLERANCE") && line.contains("0.2500"), "{line}");
    }
}
