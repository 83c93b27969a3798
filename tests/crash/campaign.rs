//! Crashes at every point of a recorded life, and whether each leaves a folder that gives back what was told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cairn::primitives::BlockId;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::check::{Depth, check};
use crate::disk::Disk;
use crate::image::{Image, Model};
use crate::log::{self, Operation};
use crate::recorder::{Place, Recorder};
use crate::story::Story;

/// The parts of the recorded life: blocks taken, and how each ends.
const LIFE: [&str; 4] = ["60 killed", "55 stopped", "50 killed", "1000 stopped"];
/// What a recovery goes through: a few blocks more, and the end.
const RECOVERY: [&str; 2] = ["3 stopped", "3 killed"];
/// One image in so many is followed to the end of the story and through another start.
const TO_THE_END_EVERY: usize = 20;
/// Failing images that are kept to be looked at.
const KEPT_FAILURES: usize = 8;

/// How many images.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Of the points at which a kill leaves something new, one in so many.
    pub(crate) kill_every: usize,
    /// Losses of power, and of growth, spread over all points.
    pub(crate) power_losses: usize,
    pub(crate) growth_losses: usize,
    /// Images whose recovery is recorded, and crashed again.
    pub(crate) recoveries: usize,
    /// Losses of power in each of those.
    pub(crate) power_losses_each: usize,
}

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// By whether the crash came during a recovery, and by model: images, and how many of them were whole.
    counts: BTreeMap<(bool, Model), (usize, usize)>,
    /// What was wrong with the others.
    pub(crate) failures: Vec<String>,
}

/// One image to be looked at.
struct Case {
    name: String,
    is_recovery: bool,
    model: Model,
    image: Image,
    acknowledged: Option<BlockId>,
    depth: Depth,
}

/// Makes images, and hands them to whoever looks at them.
struct Campaign<'a> {
    story: &'a Story,
    recorder: &'a Recorder,
    plan: Plan,
    cases: SyncSender<Case>,
    chance: Chance,
    made: usize,
}

/// Records a life and crashes it.
pub(crate) fn run(story: &Story, recorder: &Recorder, plan: Plan, seed: u64) -> Tally {
    let tally = Mutex::new(Tally::default());
    let (cases, received) = sync_channel(2);
    let received = Mutex::new(received);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| look_at_all(&received, story, &tally));
        }
        let mut campaign = Campaign { story, recorder, plan, cases, chance: Chance::new(seed), made: 0 };
        campaign.crash_a_life();
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A folder in memory, where there is one: thousands of images are no load for a disk.
pub(crate) fn fast_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl Campaign<'_> {
    fn crash_a_life(&mut self) {
        let folder = fast_folder();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let start = Disk::of_folder(&root);
        let operations = self.record(folder.path(), &LIFE);
        let bases = self.crash(start, &operations, None, &root, None);
        for (number, (image, acknowledged)) in bases.into_iter().enumerate() {
            self.crash_recovery(number, &image, acknowledged);
        }
    }

    /// Records how a folder recovers, and crashes that.
    fn crash_recovery(&mut self, number: usize, image: &Image, acknowledged: Option<BlockId>) {
        let folder = fast_folder();
        let root = folder.path().join("root");
        image.write(&root);
        let start = Disk::of_folder(&root);
        let operations = self.record(folder.path(), &RECOVERY[number % 2..][..1]);
        self.crash(start, &operations, acknowledged, &root, Some(number));
    }

    fn record(&self, folder: &Path, lives: &[&str]) -> Vec<Operation> {
        let (root, log, marks) = (folder.join("root"), folder.join("log"), folder.join("marks"));
        let place = Place { root: &root, log: Some(&log), marks: &marks };
        for life in lives {
            let ended = self.recorder.run(&place, life);
            assert!(ended.success(), "the recorded life `{life}` ended with {ended}");
        }
        log::parse(&std::fs::read(log).unwrap())
    }

    /// Crashes at the points of a recording; gives back images of a life whose recoveries are to be recorded.
    fn crash(
        &mut self,
        mut disk: Disk,
        operations: &[Operation],
        mut acknowledged: Option<BlockId>,
        root: &Path,
        recovery: Option<usize>,
    ) -> Vec<(Image, Option<BlockId>)> {
        let mut bases = Vec::new();
        let (losses, growth) = match recovery {
            None => (self.plan.power_losses, self.plan.growth_losses),
            Some(_) => (self.plan.power_losses_each, 0),
        };
        let mut kill_points = 0;
        for (index, operation) in operations.iter().enumerate() {
            disk.apply(operation);
            if let Operation::Mark(text) = operation {
                acknowledged = Some(self.marked(text));
            }
            let point = Point { index, recovery, acknowledged };
            if operation.changes_files() {
                kill_points += 1;
                if kill_points % self.plan.kill_every == 0 {
                    self.make(&disk, &point, Model::Killed);
                }
            }
            for _ in 0..share_of(losses, index, operations.len()) {
                self.make(&disk, &point, Model::PowerLost);
            }
            for _ in 0..share_of(growth, index, operations.len()) {
                self.make(&disk, &point, Model::GrowthLost);
            }
            if recovery.is_none() && share_of(self.plan.recoveries, index, operations.len()) > 0 {
                let model = if bases.len() % 2 == 0 { Model::PowerLost } else { Model::Killed };
                bases.push((Image::of(&disk, model, &mut self.chance), acknowledged));
            }
        }
        let replayed = Image::of(&disk, Model::Killed, &mut self.chance);
        assert!(replayed == Image::read(root), "the log lacks something that the process did");
        bases
    }

    fn make(&mut self, disk: &Disk, point: &Point, model: Model) {
        self.made += 1;
        let depth = if self.made.is_multiple_of(TO_THE_END_EVERY) { Depth::ToTheEnd } else { Depth::Usual };
        let during = point.recovery.map_or_else(String::new, |number| format!(" of recovery {number}"));
        let case = Case {
            name: format!("{} after operation {}{during}, image {}", model.name(), point.index, self.made),
            is_recovery: point.recovery.is_some(),
            model,
            image: Image::of(disk, model, &mut self.chance),
            acknowledged: point.acknowledged,
            depth,
        };
        self.cases.send(case).expect("those who look are there to the end");
    }

    fn marked(&self, text: &str) -> BlockId {
        let mut hashes = self.story.order.iter().map(|block| block.header.hash());
        let hash = hashes.find(|hash| hash.to_string() == text);
        self.story.scene(&hash.expect("a block of the story is marked")).expect("it is in the story").id
    }
}

/// Where a crash comes.
struct Point {
    index: usize,
    recovery: Option<usize>,
    acknowledged: Option<BlockId>,
}

/// How many of `count` things, spread evenly over `points`, fall on this one.
fn share_of(count: usize, point: usize, points: usize) -> usize {
    (point + 1) * count / points - point * count / points
}

fn look_at_all(cases: &Mutex<Receiver<Case>>, story: &Story, tally: &Mutex<Tally>) {
    loop {
        let received = cases.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(case) = received else { return };
        let folder = fast_folder();
        case.image.write(folder.path());
        let found = check(&folder.path().join("node"), story, case.acknowledged, case.depth);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        let (tried, whole) = tally.counts.entry((case.is_recovery, case.model)).or_default();
        *tried += 1;
        match found {
            Ok(_) => *whole += 1,
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
        for ((is_recovery, model), (tried, whole)) in &self.counts {
            let during = if *is_recovery { "a recovery" } else { "a run" };
            table = format!("{table}| {} | {during} | {tried} | {whole} |\n", model.name());
            all += tried;
            all_whole += whole;
        }
        table + &format!("| all | | {all} | {all_whole} |")
    }
}
