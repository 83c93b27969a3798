//! The command line of Cairn.

use std::process::ExitCode;

fn main() -> ExitCode {
    cairn::cli::main()
}
