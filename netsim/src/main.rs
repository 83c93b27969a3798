//! `netsim`: whole networks in one command, with a verdict.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    cli::dispatch(cli::Arguments::parse())
}
