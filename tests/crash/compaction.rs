//! Compacting a folder whose bodies leave room to win: what is crashed elsewhere meets a full disk here.

use std::fs;
use std::path::{Path, PathBuf};

use cairn::primitives::BlockId;
use cairn::storage::ChainReader;
use cairn::storage::ChainStore;

use crate::campaign::fast_folder;
use crate::check::{Depth, Told, check};
use crate::image::Image;
use crate::life::COMPACTION;
use crate::node::SmallNode;
use crate::recorder::{Place, Recorder};
use crate::story::Story;

/// Bytes before the first record of a file of bodies.
const START_BYTES: usize = 81;
/// Bytes that no place names, at the end of a file.
const UNUSED_BYTES: usize = 700;
/// What the system says when a disk is full.
const DISK_FULL: u32 = 28;
/// Writes that go well before the disk is full: each time so many more, until all do.
const WRITES_STEP: usize = 3;

/// A folder of the whole story, stopped, and its tip. Two files of bodies hold what nothing points to: a body that was
/// damaged and came back from the journal, and what was half written.
pub(crate) fn folder_with_unused_bodies(story: &Story) -> (Image, BlockId) {
    let root = fast_folder();
    let folder = root.path().join("node");
    let mut node = SmallNode::open(&folder, &story.params).unwrap();
    for block in &story.order {
        node.submit(block).unwrap();
    }
    let tip = node.tip;
    node.close().unwrap();
    let files = files_of_bodies(&folder);
    let [.., half_written, damaged, _] = files.as_slice() else { panic!("the story fills several files") };
    let mut bytes = fs::read(half_written).unwrap();
    bytes.extend_from_within(START_BYTES..START_BYTES + UNUSED_BYTES);
    fs::write(half_written, bytes).unwrap();
    let mut bytes = fs::read(damaged).unwrap();
    bytes[START_BYTES + 100] ^= 1;
    fs::write(damaged, bytes).unwrap();

    let node = SmallNode::open(&folder, &story.params).unwrap();
    let reader = node.store.reader();
    let broken = node.stored.bodies.iter().filter(|id| reader.block(**id).is_err()).count();
    assert_eq!(broken, 1, "it is found when it is read");
    drop(reader);
    node.close().unwrap();
    let node = SmallNode::open(&folder, &story.params).unwrap();
    assert_eq!(node.report.repaired_bodies, 1, "the journal still has it");
    node.close().unwrap();
    (Image::read(root.path()), tip)
}

fn files_of_bodies(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder.join("bodies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

#[test]
#[ignore = "beside other tests the node that runs out of room does not always come to its end"]
fn a_compaction_on_a_disk_that_fills_says_so_and_loses_nothing() {
    let Some(recorder) = Recorder::build(env!("CARGO_TARGET_TMPDIR").as_ref()) else { return };
    let story = Story::new();
    let (image, tip) = folder_with_unused_bodies(&story);
    for (refusals, writes) in (0..).step_by(WRITES_STEP).enumerate() {
        let folder = fast_folder();
        let [root, marks, fail] = ["root", "marks", "fail"].map(|name| folder.path().join(name));
        image.write(&root);
        fs::write(&fail, format!("write {DISK_FULL} {writes}")).unwrap();
        let ended =
            recorder.run(&Place { root: &root, log: None, marks: &marks, fail: Some(&fail) }, COMPACTION);
        let said = String::from_utf8_lossy(&ended.stderr);
        let told = Some(Told { tip, is_damaged: false });
        let found = check(&root.join("node"), &story, told, Depth::Usual);
        assert!(found.is_ok(), "full after {writes} writes: {}", found.unwrap_err());
        if ended.status.success() {
            assert!(refusals > 3, "only {refusals} ended on a full disk");
            return;
        }
        let expected = [
            root.join("node").display().to_string(),
            "No space left".to_owned(),
            "Free some space".to_owned(),
        ];
        for part in expected {
            assert!(said.contains(&part), "full after {writes} writes: {part:?} is not in {said:?}");
        }
    }
}
