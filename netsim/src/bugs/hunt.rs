//! Running the copy with one bug after the other, several at a time, until each is found.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::plant::ACTIVE;
use super::{Bug, BugError};

/// How long all seeds of one bug may take: a bug may make a network run in circles, which counts as missed.
const PATIENCE: Duration = Duration::from_mins(10);
/// Time between two looks at whether they are through.
const POLL: Duration = Duration::from_millis(20);

/// A program with bugs, and how to look for them.
#[derive(Debug)]
pub struct Hunt {
    /// The copy's program.
    pub program: PathBuf,
    /// Seeds after which a bug counts as missed.
    pub seeds_max: u64,
    /// Seeds in which nothing may be found while no bug is active.
    pub clean_seeds: u64,
    /// Bugs looked for at the same time.
    pub jobs: usize,
}

/// How a bug was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The first seed that found it; seeds are counted from 1.
    pub seed: u64,
    /// The property that did not hold.
    pub property: String,
    /// How.
    pub what: String,
}

impl Hunt {
    /// Looks for each bug and answers how it was found, if it was, in the order of the bugs. `done` hears of each.
    pub fn run(
        &self,
        bugs: &[Bug],
        done: impl Fn(&Bug, Option<&Catch>) + Sync,
    ) -> Result<Vec<Option<Catch>>, BugError> {
        if let Some(Catch { seed, property, what }) = self.sweep(None, self.clean_seeds)? {
            return Err(BugError::NotClean(format!("seed {seed}: {property}: {what}")));
        }
        let next = AtomicUsize::new(0);
        let found = Mutex::new(vec![None; bugs.len()]);
        let work = || {
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(bug) = bugs.get(place) else { return Ok(()) };
                let catch = self.sweep(Some(bug), self.seeds_max)?;
                done(bug, catch.as_ref());
                found.lock().expect("nobody panics while holding it")[place] = catch;
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
        })?;
        Ok(found.into_inner().expect("nobody panics while holding it"))
    }

    /// The command that runs a seed with a bug, from the root of the source.
    pub fn command(&self, root: &Path, bug: &Bug, seed: u64) -> String {
        let program = self.program.strip_prefix(root).unwrap_or(&self.program);
        format!("{ACTIVE}={} {} sweep 1 --from {seed}", bug.name, program.display())
    }

    fn sweep(&self, bug: Option<&Bug>, seeds: u64) -> Result<Option<Catch>, BugError> {
        let mut command = Command::new(&self.program);
        command.args(["sweep", &seeds.to_string(), "--until-found"]);
        command.env_remove(ACTIVE).envs(bug.map(|bug| (ACTIVE, &bug.name)));
        let failed = |cause| BugError::File { path: self.program.clone(), cause };
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let mut waited = Duration::ZERO;
        while child.try_wait().map_err(failed)?.is_none() && waited < PATIENCE {
            thread::sleep(POLL);
            waited += POLL;
        }
        // Who has not ended by now never will; what has ended does not mind.
        let _ended = child.kill();
        child.wait_with_output().map_err(failed).map(|output| read_catch(&output))
    }
}

/// What `netsim sweep --until-found` says of the seed that found something.
fn read_catch(output: &Output) -> Option<Catch> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("seed "));
    let found = line.and_then(|line| {
        let mut parts = line.splitn(3, ": ");
        let seed = parts.next()?.parse().ok()?;
        Some(Catch { seed, property: parts.next()?.into(), what: parts.next()?.into() })
    });
    match (found, output.status.code()) {
        (None, Some(code)) if code != 0 => {
            // It ended in a way that no seed could tell of.
            let what = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned();
            Some(Catch { seed: 0, property: "panic".into(), what })
        }
        (found, _) => found,
    }
}
