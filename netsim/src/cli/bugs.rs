//! `netsim bugs`: plants mistakes in a copy of the node, and looks whether random networks find each.

use std::process::ExitCode;
use std::thread::available_parallelism;

use indicatif::{ProgressBar, ProgressStyle};
use netsim::bugs::{Bug, BugError, Catch, Hunt, all_bugs, plant, source_root};

use super::words::{say, table};
use super::{FAILED, Failure, PASSED};

/// Seeds in which nothing may be found while no bug is active.
const CLEAN_SEEDS: u64 = 25;

/// Plants all bugs, and hunts those named, or all.
pub(crate) fn bugs(names: &[String], seeds_max: u64, jobs: Option<usize>) -> Result<ExitCode, Failure> {
    let root = source_root()?;
    let all = all_bugs(&root)?;
    let chosen = choose(&all, names)?;
    say(format_args!("Building a copy of the node with {} bugs in it.", all.len()));
    let program = plant(&root, &all)?;
    let jobs = jobs.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let hunt = Hunt { program, seeds_max, clean_seeds: CLEAN_SEEDS, jobs };
    let bar = ProgressBar::new(chosen.len() as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} bugs  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let found = hunt.run(&chosen, |bug, _| {
        bar.set_message(bug.name.clone());
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let rows: Vec<_> = chosen.iter().zip(&found).map(|(bug, catch)| row(bug, catch.as_ref())).collect();
    say(table(&["bug", "what is wrong", "found by", "seeds"], &rows));
    let missed: Vec<_> = chosen.iter().zip(&found).filter(|(_, catch)| catch.is_none()).collect();
    let example = chosen.iter().zip(&found).find_map(|(bug, catch)| Some((bug, catch.as_ref()?)));
    if let Some((bug, catch)) = example {
        say(format_args!("Each is repeated in this way: {}", hunt.command(&root, bug, catch.seed)));
    }
    say(format_args!("{} of {} found within {seeds_max} seeds.", chosen.len() - missed.len(), chosen.len()));
    Ok(ExitCode::from(if missed.is_empty() { PASSED } else { FAILED }))
}

fn choose(all: &[Bug], names: &[String]) -> Result<Vec<Bug>, BugError> {
    if names.is_empty() {
        return Ok(all.to_vec());
    }
    let bug_of = |name: &String| {
        let bug = all.iter().find(|bug| bug.name == *name);
        bug.cloned().ok_or_else(|| BugError::Unknown(name.clone()))
    };
    names.iter().map(bug_of).collect()
}

fn row(bug: &Bug, catch: Option<&Catch>) -> Vec<String> {
    let (property, seed) =
        catch.map_or(("MISSED".into(), "-".into()), |catch| (catch.property.clone(), catch.seed.to_string()));
    vec![bug.name.clone(), bug.what.clone(), property, seed]
}
