//! How fast the node is, beside what it cannot do without: `just bench`, or `just bench cold miner` for some lines.
//!
//! Every line measures two sides in turn, several times, so that a noisy machine disturbs both alike, and prints the
//! median and the spread of both and of their ratio. Rates are per second of process CPU, user and system, over all
//! threads. What was measured, on which machine, and what follows from it is in `docs/performance.md`.

mod chain;
mod cpu;
mod lines;
mod node;
mod report;

use lines::LINES;
use report::Report;

/// As in the program.
#[cfg(all(feature = "cli", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// What the targets are about.
    Full,
    /// Only whether it runs.
    Trial,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it runs.
    let scale =
        if arguments.iter().any(|argument| argument == "--test") { Scale::Trial } else { Scale::Full };
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = wanted.iter().find(|name| LINES.iter().all(|line| line.name != **name)) {
        let names: Vec<_> = LINES.iter().map(|line| line.name).collect();
        eprintln!("there is no line `{unknown}`: choose among {}", names.join(", "));
        std::process::exit(2);
    }
    for line in LINES.iter().filter(|line| wanted.is_empty() || wanted.contains(&&line.name.to_owned())) {
        println!("{}: {}", line.name, line.title);
        let mut measure = (line.prepare)(scale);
        let mut report = Report::default();
        for _ in 0..if scale == Scale::Full { line.rounds } else { 1 } {
            report.add(measure());
        }
        report.print(line.target);
    }
}
