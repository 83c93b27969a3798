//! Runs this very program again with the recorder before its C library.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::preload;

/// The test that lives a recorded life.
const LIFE: &str = "life::recorded_life";

/// The recorder, built.
#[derive(Debug)]
pub(crate) struct Recorder {
    library: PathBuf,
}

/// Where a process runs and what becomes of its operations.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// What is recorded: everything below this folder. The node's own is the folder `node` in it.
    pub(crate) root: &'a Path,
    /// Where the log is appended; without one nothing is recorded.
    pub(crate) log: Option<&'a Path>,
    /// What it marks.
    pub(crate) marks: &'a Path,
    /// A file that says what fails.
    pub(crate) fail: Option<&'a Path>,
}

impl Recorder {
    /// Builds it; `None`, and a word about it, where that cannot be done.
    pub(crate) fn build(folder: &Path) -> Option<Self> {
        preload::build(folder).map(|library| Self { library })
    }

    /// Runs a life to its end.
    pub(crate) fn run(&self, place: &Place<'_>, life: &str) -> Output {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([LIFE, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        preload::load(&self.library, &mut command);
        command.env("CAIRN_RECORD_ROOT", place.root).env("CAIRN_LIFE", life);
        command.env("CAIRN_RECORD_MARKS", place.marks);
        command.envs(place.log.map(|log| ("CAIRN_RECORD_LOG", log)));
        command.envs(place.fail.map(|fail| ("CAIRN_RECORD_FAIL", fail)));
        command.stdin(Stdio::null()).output().expect("this program can be started again")
    }
}
