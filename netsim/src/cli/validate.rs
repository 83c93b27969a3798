//! `netsim validate`: simulated networks beside theory, line by line.

use std::io;
use std::process::ExitCode;

use super::{FAILED, Failure, PASSED};

/// Makes every comparison and prints it.
pub(crate) fn validate() -> Result<ExitCode, Failure> {
    let agrees = netsim::validate::run(&mut io::stdout().lock()).map_err(Failure::Output)?;
    Ok(ExitCode::from(if agrees { PASSED } else { FAILED }))
}
