//! `netsim run`: one scenario, a bar while it runs, verdicts at its end.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use netsim::record::{RunRecord, VerdictRecord};
use netsim::report::{self, count};
use netsim::run::{Options, Progress, command, run_and_keep};
use netsim::scenario::Scenario;

use super::cpu_time::cpu_ms;
use super::memory::Memory;
use super::words::{clock, say, table};
use super::{FAILED, Failure, PASSED, RunArguments};

/// Steps of the bar.
const BAR_STEPS: u32 = 1_000;

/// Runs a scenario, tells what came of it, and writes what was asked for.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, Failure> {
    let scenario = Scenario::load(&arguments.scenario)?;
    let options = Options {
        seed: arguments.seed,
        nodes: arguments.nodes,
        blocks: arguments.blocks,
        duration: arguments.duration,
        no_sharing: arguments.no_sharing,
        trace: arguments.trace.clone(),
    };
    let began = cpu_ms();
    let bar = bar();
    let (record, world) = run_and_keep(&scenario, &options, &mut |progress| show_progress(&bar, progress))?;
    bar.finish_and_clear();
    let took = began.and_then(|began| Some(cpu_ms()? - began));
    let repeat = command(&record, &arguments.scenario, &options);
    say(format_args!("{}: {}\n", scenario.name, scenario.about));
    say(format_args!("{}\n", facts(&record, took, Memory::of(world))));
    say(verdicts(&record.verdicts));
    if let Some(folder) = &arguments.out {
        write(folder, &record, &repeat)?;
    }
    if record.passed() {
        return Ok(ExitCode::from(PASSED));
    }
    say(format_args!("\nRepeat it: {repeat}"));
    Ok(ExitCode::from(FAILED))
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(BAR_STEPS.into());
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[expect(clippy::cast_sign_loss, reason = "a part is between 0 and 1")]
fn show_progress(bar: &ProgressBar, progress: &Progress) {
    bar.set_position((progress.part() * f64::from(BAR_STEPS)) as u64);
    let messages = count(progress.messages);
    bar.set_message(format!("height {} · {} · {messages} messages", progress.height, clock(progress.at_us)));
}

/// What was run, and how fast.
fn facts(record: &RunRecord, cpu_ms: Option<u64>, memory: Option<Memory>) -> String {
    let network = &record.network;
    let mut lines = vec![
        format!(
            "  {} nodes ({}, {} links, latency {}), {} miners, seed {}",
            count(record.nodes as u64),
            network.topology,
            count(network.links as u64),
            network.latency,
            network.miners,
            record.seed,
        ),
        format!(
            "  {} of virtual time, {} blocks found, {:.2} % of {} stale",
            clock(record.duration_us),
            count(record.blocks.len() as u64),
            record.stale_rate() * 100.0,
            if record.misbehaving.is_empty() { "them" } else { "the honest ones" },
        ),
        format!(
            "  {} messages arrived ({} of gossip, {} of these known already), {} lost",
            count(record.traffic.messages),
            count(record.traffic.gossip),
            count(record.traffic.duplicates),
            count(record.traffic.lost),
        ),
        format!("  trace {}", record.trace_hash),
    ];
    if !record.misbehaving.is_empty() {
        lines.insert(
            2,
            format!(
                "  {} of the nodes misbehave: {:.2} % of the blocks on the best chain are theirs",
                count(record.misbehaving.len() as u64),
                record.attacker_share() * 100.0,
            ),
        );
    }
    if let Some(ms) = cpu_ms.filter(|ms| *ms > 0) {
        lines.push(format!(
            "  {:.2} s of processor time: {} deliveries a second, {} times real time",
            ms as f64 / 1e3,
            count(record.traffic.messages * 1_000 / ms),
            count(record.duration_us / 1_000 / ms),
        ));
    }
    if let Some(Memory { peak, each, shared }) = memory {
        let (peak, each, shared) = (megabytes(peak), each as f64 / 1e3, megabytes(shared));
        lines.push(format!(
            "  {peak} of memory at most; in the end {each:.1} kB a node beside {shared} for all"
        ));
    }
    lines.join("\n")
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", count(bytes / 1_000_000))
}

fn verdicts(verdicts: &[VerdictRecord]) -> String {
    let row = |verdict: &VerdictRecord| {
        let mark = match (verdict.passed, verdict.reported_only) {
            (true, _) => "✓",
            (false, true) => "·",
            (false, false) => "✗",
        };
        vec![mark.to_owned(), verdict.name.clone(), verdict.measured.clone(), verdict.threshold.clone()]
    };
    table(&["", "expectation", "measured", "must be"], &verdicts.iter().map(row).collect::<Vec<_>>())
}

fn write(folder: &Path, record: &RunRecord, repeat: &str) -> Result<(), Failure> {
    let into = |path: &Path| {
        let path = path.to_owned();
        move |cause| Failure::File { path, cause }
    };
    fs::create_dir_all(folder).map_err(into(folder))?;
    let summary = serde_json::to_string_pretty(record)?;
    for (name, text) in [("summary.json", summary + "\n"), ("report.html", report::html(record, repeat))] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(into(&path))?;
    }
    say(format_args!(
        "\nWritten: {} and {}",
        folder.join("summary.json").display(),
        folder.join("report.html").display()
    ));
    Ok(())
}
