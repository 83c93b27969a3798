//! Whether simulated networks behave as theory says: measured beside expected, with a tolerance for each.
//!
//! | what | how it is measured |
//! | --- | --- |
//! | stale blocks, floods, block intervals | whole networks of real cores |
//! | selfish mining, double spending | real cores, between which an attacker decides what is told to whom |
//! | difficulty | one real core under a hash rate that steps |

mod comparison;
mod cores;
mod difficulty;
mod double_spend;
mod flood;
mod intervals;
mod networks;
mod selfish;
mod stale;

use std::io::{self, Write};

pub use comparison::{Comparison, Expectation};

/// Takes comparisons as they are made.
pub type Sink<'a> = &'a mut dyn FnMut(Comparison);

/// Measures one subject.
type Compare = fn(Sink<'_>);

/// Everything that is compared, in the order in which it is printed.
const SUBJECTS: &[Compare] = &[
    flood::compare,
    intervals::compare,
    selfish::compare,
    double_spend::compare,
    difficulty::compare,
    stale::compare,
];

/// Makes every comparison; each subject takes seconds, the last a minute.
pub fn compare_all(sink: Sink<'_>) {
    for compare in SUBJECTS {
        compare(&mut *sink);
    }
}

/// Prints each comparison as soon as it is made; false when one is out of tolerance.
pub fn run(out: &mut impl Write) -> io::Result<bool> {
    let mut outside = 0;
    let mut printed = writeln!(out, "{}", comparison::heading());
    compare_all(&mut |comparison| {
        outside += u32::from(!comparison.holds());
        if printed.is_ok() {
            printed = writeln!(out, "{comparison}").and_then(|()| out.flush());
        }
    });
    printed?;
    match outside {
        0 => writeln!(out, "All of it agrees with theory.")?,
        some => writeln!(out, "{some} out of tolerance.")?,
    }
    Ok(outside == 0)
}
