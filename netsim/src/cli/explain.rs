//! `netsim explain`: the story of one block or transaction.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use netsim::story;

use super::words::say;
use super::{Failure, PASSED};

/// Tells it.
pub(crate) fn explain(trace: &Path, hash: &str) -> Result<ExitCode, Failure> {
    let file = File::open(trace).map_err(|cause| Failure::File { path: trace.to_owned(), cause })?;
    say(story::explain(BufReader::new(file), hash)?);
    Ok(ExitCode::from(PASSED))
}
