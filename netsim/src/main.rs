//! `netsim`: whole networks in one command, with a verdict.

mod cli;

use std::process::ExitCode;

use clap::Parser;

/// Counts the bytes in use, which `run` tells, and is no slower than the system's.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::dispatch(cli::Arguments::parse())
}
