//! What crashes have left, looked at and counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

use cairn::primitives::BlockId;
use cairn::storage::StorageError;

use crate::campaign::fast_folder;
use crate::check::{Depth, Problem, STARTS_MAX, Told, check};
use crate::image::{Image, Model};
use crate::story::Story;

/// Failing images that are kept to be looked at.
const KEPT_FAILURES: usize = 8;

/// What a crash comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum During {
    Run,
    /// From another crash.
    Recovery,
    /// From another crash and a damaged journal.
    RecoveryFromDamage,
    Compaction,
}

/// One image to be looked at.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) during: During,
    pub(crate) model: Model,
    pub(crate) image: Image,
    pub(crate) acknowledged: Option<BlockId>,
    pub(crate) depth: Depth,
}

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By what the crash came in, and by model: images, and how many of them were whole.
    counts: BTreeMap<(During, Model), (usize, usize)>,
    /// What was wrong with the others.
    pub(crate) failures: Vec<String>,
}

impl During {
    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Run => "a run",
            Self::Recovery => "a recovery",
            Self::RecoveryFromDamage => "a recovery from damage",
            Self::Compaction => "a compaction",
        }
    }
}

impl Case {
    /// What must be there.
    fn told(&self) -> Option<Told> {
        let is_damaged = self.during == During::RecoveryFromDamage;
        self.acknowledged.map(|tip| Told { tip, is_damaged })
    }

    /// Whether all is there; of a damaged folder, after a few starts.
    fn check(&self, folder: &Path, story: &Story) -> Result<(), Problem> {
        let starts = if self.during == During::RecoveryFromDamage { STARTS_MAX } else { 1 };
        let mut ended = Ok(());
        for _ in 0..starts {
            ended = check(folder, story, self.told(), self.depth).map(drop);
            if !matches!(ended, Err(Problem::Refused(StorageError::Damaged { .. }))) {
                break;
            }
        }
        ended
    }
}

pub(crate) fn look_at_all(cases: &Mutex<Receiver<Case>>, story: &Story, tally: &Mutex<Tally>) {
    loop {
        let received = cases.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(case) = received else { return };
        let folder = fast_folder();
        case.image.write(folder.path());
        let found = case.check(&folder.path().join("node"), story);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        let (tried, whole) = tally.counts.entry((case.during, case.model)).or_default();
        *tried += 1;
        match found {
            Ok(()) => *whole += 1,
            Err(problem) => tally.note(&case, &problem.to_string()),
        }
    }
}

impl Tally {
    /// Tells of an image that is not whole, and keeps some of them.
    fn note(&mut self, case: &Case, problem: &str) {
        let mut line = format!("{}: {problem}", case.name);
        if self.failures.len() < KEPT_FAILURES {
            let name = format!("crash-image-{}", self.failures.len() + 1);
            let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
            // What an earlier run kept there.
            let _ = std::fs::remove_dir_all(&path);
            case.image.write(&path);
            line = format!("{line} (kept in {})", path.display());
        }
        println!("{line}");
        self.failures.push(line);
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let mut table = "| crash | during | images | whole |\n| --- | --- | --- | --- |\n".to_owned();
        let (mut all, mut all_whole) = (0, 0);
        for ((during, model), (tried, whole)) in &self.counts {
            let during = during.name();
            table = format!("{table}| {} | {during} | {tried} | {whole} |\n", model.name());
            all += tried;
            all_whole += whole;
        }
        table + &format!("| all | | {all} | {all_whole} |")
    }
}
