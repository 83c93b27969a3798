//! Running a scenario: from its plan to a record with verdicts.
//!
//! | what | where |
//! | --- | --- |
//! | nodes, links and miners as the plan wants them | `build` |
//! | what happens when | `plan` |
//! | payments | `load` |
//! | time passes, things happen, samples are taken | `drive` |
//! | whether what was expected came of it | `expect` |

mod build;
mod drive;
mod expect;
mod load;
mod plan;
#[cfg(test)]
mod tests;

pub(crate) use build::client_parameters;
pub use drive::{run, run_and_keep};
pub(crate) use load::Load;

use std::path::PathBuf;

use crate::record::RunRecord;
use crate::scenario::Span;

/// What differs from the scenario's own numbers.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where all randomness comes from.
    pub seed: u64,
    /// Nodes at the beginning.
    pub nodes: Option<usize>,
    /// The height at which the run ends.
    pub blocks: Option<u32>,
    /// How long the run is.
    pub duration: Option<Span>,
    /// Whether every node does its own checks and keeps its own copies. Changes nothing but time and memory.
    pub no_sharing: bool,
    /// Where what happens is written, line by line.
    pub trace: Option<PathBuf>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Virtual microseconds since the beginning.
    pub at_us: u64,
    /// Virtual microseconds at which it ends at the latest.
    pub end_us: u64,
    /// The highest tip.
    pub height: u32,
    /// The height at which it ends, if it does so by height.
    pub height_max: Option<u32>,
    /// Messages that arrived so far.
    pub messages: u64,
}

impl Progress {
    /// The part that is done, from 0 to 1.
    pub fn part(&self) -> f64 {
        let by_height =
            self.height_max.map_or(0.0, |height| f64::from(self.height) / f64::from(height.max(1)));
        let by_time = self.at_us as f64 / self.end_us.max(1) as f64;
        if self.height_max.is_some() { by_height.min(1.0) } else { by_time.min(1.0) }
    }
}

/// The command that repeats a run.
pub fn command(record: &RunRecord, scenario: &str, options: &Options) -> String {
    let flags = [
        ("seed", Some(record.seed.to_string())),
        ("nodes", options.nodes.map(|nodes| nodes.to_string())),
        ("blocks", options.blocks.map(|blocks| blocks.to_string())),
        ("for", options.duration.map(|span| span.to_string())),
    ];
    let given = flags.into_iter().filter_map(|(flag, value)| Some(format!(" --{flag} {}", value?)));
    let sharing = if options.no_sharing { " --no-sharing" } else { "" };
    format!("netsim run {scenario}{}{sharing}", given.collect::<String>())
}
