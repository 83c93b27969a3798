//! The scenarios that are built in.

use std::process::ExitCode;

use netsim::scenario::{BUILT_IN, Scenario, ScenarioError};

use super::words::{say, table};
use super::{Failure, PASSED};

/// Shows all with what they are about.
pub(crate) fn list() -> Result<ExitCode, Failure> {
    let mut rows = Vec::new();
    for (name, _) in BUILT_IN {
        let scenario = Scenario::load(name)?;
        rows.push(vec![name.to_owned(), scenario.nodes.to_string(), scenario.about]);
    }
    say(table(&["scenario", "nodes", "about"], &rows));
    Ok(ExitCode::from(PASSED))
}

/// Prints one as it is written.
pub(crate) fn show(name: &str) -> Result<ExitCode, Failure> {
    let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
        return Err(ScenarioError::Unknown(name.to_owned()).into());
    };
    say(text.trim_end());
    Ok(ExitCode::from(PASSED))
}
