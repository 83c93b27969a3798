//! Crashes at every point of a recorded life, and whether each leaves a folder that gives back what was told.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cairn::primitives::BlockId;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::check::{Depth, Found, STARTS_MAX, check};
use crate::compaction;
use crate::damaged_journal::{self, JournalDamage};
use crate::disk::Disk;
use crate::image::{Image, Model};
use crate::life::COMPACTION;
use crate::log::{self, Operation};
use crate::recorder::{Place, Recorder};
use crate::story::Story;
use crate::tally::{Case, During, Tally, look_at_all};

/// The parts of the recorded life: blocks taken, and how each ends.
const LIFE: [&str; 4] = ["60 killed", "55 stopped", "50 killed", "1000 stopped"];
/// What a recovery goes through: a few blocks more, and the end.
const RECOVERY: [&str; 2] = ["3 stopped", "3 killed"];
/// One image in so many is followed to the end of the story and through another start.
const TO_THE_END_EVERY: usize = 20;
/// Bits flipped in a database, one after another, until one does it harm.
const DATABASE_FLIPS: usize = 60;

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
    /// Folders whose journal is damaged, and in turn their database too, whose recovery is crashed in the same way.
    pub(crate) damaged: usize,
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
        let bases =
            self.crash(start, &operations, None, &Life { during: During::Run, number: 0, root: &root });
        for (number, (image, acknowledged)) in bases.iter().enumerate() {
            self.crash_again(number, image, *acknowledged, During::Recovery);
        }
        for number in 0..self.plan.damaged {
            // The oldest ones have little to lose.
            let (image, _) = &bases[bases.len() - 1 - number % bases.len().div_ceil(2)];
            self.crash_recovery_from_damage(number, image.clone());
        }
        let (folder, tip) = compaction::folder_with_unused_bodies(self.story);
        self.crash_again(0, &folder, Some(tip), During::Compaction);
    }

    /// Damages a journal. Whatever an opening without a crash then makes of it, a crash must not take away.
    fn crash_recovery_from_damage(&mut self, number: usize, mut image: Image) {
        let damage = JournalDamage::ALL[number % JournalDamage::ALL.len()];
        if !damage.apply(&mut image, &mut self.chance) {
            return;
        }
        let mut found = self.opened(&image);
        if number / JournalDamage::ALL.len() % 2 == 1 {
            for _ in 0..DATABASE_FLIPS {
                let mut flipped = image.clone();
                damaged_journal::flip_in_database(&mut flipped, &mut self.chance);
                if let Some(mended) = self.opened(&flipped).filter(|found| found.has_mended_database) {
                    (image, found) = (flipped, Some(mended));
                    break;
                }
            }
        }
        let Some(found) = found else { return };
        println!("recovery {number} is from {damage:?}, database too: {}", found.has_mended_database);
        self.crash_again(number, &image, Some(found.tip), During::RecoveryFromDamage);
    }

    /// What is found in a folder that opens.
    fn opened(&self, image: &Image) -> Option<Found> {
        let folder = fast_folder();
        image.write(folder.path());
        check(&folder.path().join("node"), self.story, None, Depth::WithoutUndo).ok()
    }

    /// Records how a folder recovers, or is compacted, and crashes that.
    fn crash_again(&mut self, number: usize, image: &Image, acknowledged: Option<BlockId>, during: During) {
        let folder = fast_folder();
        let root = folder.path().join("root");
        image.write(&root);
        let start = Disk::of_folder(&root);
        let lives = match during {
            During::Compaction => [COMPACTION],
            During::Run | During::Recovery | During::RecoveryFromDamage => {
                [RECOVERY[number % RECOVERY.len()]]
            }
        };
        let operations = self.record(folder.path(), &lives);
        self.crash(start, &operations, acknowledged, &Life { during, number, root: &root });
    }

    fn record(&self, folder: &Path, lives: &[&str]) -> Vec<Operation> {
        let (root, log, marks) = (folder.join("root"), folder.join("log"), folder.join("marks"));
        let place = Place { root: &root, log: Some(&log), marks: &marks, fail: None };
        for life in lives {
            // Where damage shows only after the opening, the node says so and is started again.
            let ended = (0..STARTS_MAX).map(|_| self.recorder.run(&place, life)).find(|ended| {
                ended.status.success()
                    || !String::from_utf8_lossy(&ended.stderr).contains("Start the node again")
            });
            let ended = ended.expect("damage is mended after so many starts");
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(ended.status.success(), "the recorded life `{life}` ended with {}: {said}", ended.status);
        }
        log::parse(&std::fs::read(log).unwrap())
    }

    /// Crashes at the points of a recording; gives back images of a life whose recoveries are to be recorded.
    fn crash(
        &mut self,
        mut disk: Disk,
        operations: &[Operation],
        mut acknowledged: Option<BlockId>,
        life: &Life<'_>,
    ) -> Vec<(Image, Option<BlockId>)> {
        let mut bases = Vec::new();
        let is_run = life.during == During::Run;
        let (losses, growth) = match life.during {
            During::Run => (self.plan.power_losses, self.plan.growth_losses),
            During::Recovery | During::RecoveryFromDamage => (self.plan.power_losses_each, 0),
            During::Compaction => (self.plan.power_losses / 5, self.plan.growth_losses / 5),
        };
        let mut kill_points = 0;
        for (index, operation) in operations.iter().enumerate() {
            disk.apply(operation);
            if let Operation::Mark(text) = operation {
                acknowledged = Some(self.marked(text));
            }
            let point = Point { index, life, acknowledged };
            if operation.changes_files() {
                kill_points += 1;
                let is_short = life.during == During::Compaction;
                if is_short || kill_points % self.plan.kill_every == 0 {
                    self.make(&disk, &point, Model::Killed);
                }
            }
            for _ in 0..share_of(losses, index, operations.len()) {
                self.make(&disk, &point, Model::PowerLost);
            }
            for _ in 0..share_of(growth, index, operations.len()) {
                self.make(&disk, &point, Model::GrowthLost);
            }
            if is_run && share_of(self.plan.recoveries, index, operations.len()) > 0 {
                let model = if bases.len() % 2 == 0 { Model::PowerLost } else { Model::Killed };
                bases.push((Image::of(&disk, model, &mut self.chance), acknowledged));
            }
        }
        let replayed = Image::of(&disk, Model::Killed, &mut self.chance);
        assert!(replayed == Image::read(life.root), "the log lacks something that the process did");
        bases
    }

    fn make(&mut self, disk: &Disk, point: &Point<'_>, model: Model) {
        self.made += 1;
        let (during, number) = (point.life.during, point.life.number);
        let depth = match during {
            // What damage has taken of the undo records costs a walk from genesis.
            During::RecoveryFromDamage => Depth::WithoutUndo,
            During::Run | During::Recovery | During::Compaction
                if self.made.is_multiple_of(TO_THE_END_EVERY) =>
            {
                Depth::ToTheEnd
            }
            During::Run | During::Recovery | During::Compaction => Depth::Usual,
        };
        let whose =
            if during == During::Run { String::new() } else { format!(" of {} {number}", during.name()) };
        let case = Case {
            name: format!("{} after operation {}{whose}, image {}", model.name(), point.index, self.made),
            during,
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

/// What is crashed.
struct Life<'a> {
    during: During,
    number: usize,
    root: &'a Path,
}

/// Where a crash comes.
struct Point<'a> {
    index: usize,
    life: &'a Life<'a>,
    acknowledged: Option<BlockId>,
}

/// How many of `count` things, spread evenly over `points`, fall on this one.
fn share_of(count: usize, point: usize, points: usize) -> usize {
    (point + 1) * count / points - point * count / points
}
