//! `netsim sweep`: many seeds of random faults.

use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use netsim::report::count;
use netsim::swarm::{run_seed, trace_seed};

use super::words::say;
use super::{FAILED, Failure, PASSED};

/// Runs so many seeds, and tells of each in which something does not hold.
pub(crate) fn sweep(
    from: u64,
    seeds: u64,
    trace: Option<&Path>,
    until_found: bool,
) -> Result<ExitCode, Failure> {
    let bar = ProgressBar::new(seeds);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (mut failed, mut blocks, mut deaths) = (0, 0, 0);
    for seed in from..from.saturating_add(seeds) {
        let outcome = match trace.filter(|_| seed == from) {
            Some(path) => {
                trace_seed(seed, path).map_err(|cause| Failure::File { path: path.to_owned(), cause })?
            }
            None => run_seed(seed),
        };
        blocks += outcome.blocks as u64;
        deaths += outcome.deaths as u64;
        if !outcome.failures.is_empty() {
            failed += 1;
            bar.suspend(|| {
                let failures: Vec<_> = outcome.failures.iter().map(ToString::to_string).collect();
                say(format_args!("seed {seed}: {}", failures.join("\n  ")));
                say(format_args!("  repeat it: netsim sweep 1 --from {seed}"));
                say(format_args!("  it drew {:?}", outcome.swarm));
            });
        }
        bar.set_message(format!("{failed} failed, {} blocks, {} crashes", count(blocks), count(deaths)));
        bar.inc(1);
        if until_found && failed > 0 {
            break;
        }
    }
    bar.finish_and_clear();
    say(format_args!(
        "{} seeds: {} in which something did not hold; {} blocks, {} crashes",
        count(seeds),
        count(failed),
        count(blocks),
        count(deaths),
    ));
    Ok(ExitCode::from(if failed > 0 { FAILED } else { PASSED }))
}
