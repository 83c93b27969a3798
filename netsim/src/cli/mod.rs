//! The commands.

mod bugs;
mod cpu_time;
mod explain;
mod memory;
mod run;
mod scenarios;
mod sweep;
mod validate;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use netsim::scenario::Span;

/// Everything held that had to.
const PASSED: u8 = 0;
/// An expectation failed.
const FAILED: u8 = 1;
/// There is nothing to run, or nothing to write to.
const UNUSABLE: u8 = 2;

/// Whole networks of the real node in virtual time, deterministic to the byte.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario and hold it to its expectations. Exit code 1: one of them failed.
    Run(RunArguments),
    /// Run many small networks with random faults, a seed each. Exit code 1: something did not hold.
    Sweep {
        /// How many seeds.
        count: u64,
        /// The first seed.
        #[arg(long, value_name = "S", default_value_t = 1)]
        from: u64,
        /// Write what happens in the first seed into this file, for `netsim explain`.
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,
        /// End at the first seed in which something does not hold.
        #[arg(long)]
        until_found: bool,
    },
    /// Plant mistakes in a copy of the node, and look whether random networks find each. Exit code 1: one was missed.
    Bugs {
        /// Which, instead of all.
        names: Vec<String>,
        /// Seeds after which a bug counts as missed.
        #[arg(long, value_name = "COUNT", default_value_t = 200)]
        seeds: u64,
        /// Bugs hunted at the same time, instead of one for each processor.
        #[arg(long, value_name = "COUNT")]
        jobs: Option<usize>,
    },
    /// Show the scenarios that are built in.
    List,
    /// Tell the story of one block or transaction from a trace that `run --trace` wrote.
    Explain {
        /// The trace.
        trace: PathBuf,
        /// The first letters of the block's hash or the transaction's id.
        hash: String,
    },
    /// Print the text of a scenario that is built in, to begin one of your own.
    Show {
        /// Its name.
        scenario: String,
    },
    /// Compare simulated networks with theory. Takes minutes. Exit code 1: something is out of tolerance.
    Validate,
}

/// What to run, and what to leave behind.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArguments {
    /// A name from `netsim list`, or the path of a TOML file.
    scenario: String,
    /// Nodes at the beginning, instead of the scenario's.
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// Where all randomness comes from: the same seed gives the same run, byte for byte.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// End at this height.
    #[arg(long, value_name = "B", conflicts_with = "duration")]
    blocks: Option<u32>,
    /// End after this long, such as `2h`.
    #[arg(long = "for", value_name = "SPAN", value_parser = Span::parse)]
    duration: Option<Span>,
    /// Write summary.json and report.html into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write what happens into this file, line by line, for `netsim explain`.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Let every node do its own checks and keep its own copies: slower, and nothing else.
    #[arg(long)]
    no_sharing: bool,
}

/// Does what was asked for.
pub(crate) fn dispatch(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Explain { trace, hash } => explain::explain(&trace, &hash),
        Command::Sweep { count, from, trace, until_found } => {
            sweep::sweep(from, count, trace.as_deref(), until_found)
        }
        Command::Bugs { names, seeds, jobs } => bugs::bugs(&names, seeds, jobs),
        Command::List => scenarios::list(),
        Command::Show { scenario } => scenarios::show(&scenario),
        Command::Validate => validate::validate(),
    };
    done.unwrap_or_else(|why| {
        eprintln!("netsim: {why}");
        ExitCode::from(UNUSABLE)
    })
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no such scenario, or it cannot be run.
    #[error(transparent)]
    Scenario(#[from] netsim::scenario::ScenarioError),
    /// A file cannot be written or read.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A trace tells nothing of what was asked for.
    #[error(transparent)]
    Explain(#[from] netsim::story::ExplainError),
    /// Bugs cannot be planted or hunted.
    #[error(transparent)]
    Bugs(#[from] netsim::bugs::BugError),
    /// What was found cannot be printed.
    #[error("nothing can be printed: {0}")]
    Output(std::io::Error),
    /// The record cannot be written as JSON.
    #[error("the summary cannot be written: {0}")]
    Summary(#[from] serde_json::Error),
}
