//! A compacted folder holds what it held, in less room, whenever the compaction was cut short.

use std::fs;
use std::path::Path;

use cairn::storage::{ChainStore, Commit, Compacted};

use crate::chains::{assert_reads, assert_same, chain_of, commits_of, expected, image_of, open, options};

/// Times that a long record is replaced, to leave room behind.
const REPLACED: u8 = 60;

/// A closed folder in which much was replaced.
fn bloated() -> (tempfile::TempDir, Vec<Commit>) {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(60));
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    for byte in 0..REPLACED {
        opened.records.put("mempool", &vec![byte; 400_000]).unwrap();
    }
    opened.records.put("mempool", b"small").unwrap();
    opened.records.put("peers", b"otter").unwrap();
    opened.store.close().unwrap();
    (folder, commits)
}

fn assert_holds_everything(folder: &Path, commits: &[Commit]) {
    let opened = open(folder);
    assert_same(&opened.chain, &expected(commits));
    assert_reads(&opened.store.reader(), commits);
    assert_eq!(opened.records.get("mempool").unwrap().as_deref(), Some(&b"small"[..]));
    assert_eq!(opened.records.get("peers").unwrap().as_deref(), Some(&b"otter"[..]));
    assert!(opened.report.lines().is_empty(), "{:?}", opened.report);
    opened.store.close().unwrap();
    drop(opened.records);
    let others = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = others.collect();
    names.sort_unstable();
    assert_eq!(names, ["bodies", "journal", "lock", "sled"], "nothing is left behind");
}

#[test]
fn compacting_wins_room_and_loses_nothing() {
    let (folder, commits) = bloated();
    let mut told = Vec::new();
    let Compacted { bytes_before, bytes_after, report, .. } =
        options(folder.path()).compact(&mut |done, total| told.push((done, total))).unwrap();
    assert!(bytes_after * 2 < bytes_before, "{bytes_before} became {bytes_after}");
    assert!(report.lines().is_empty(), "{report:?}");
    assert!(told.iter().all(|(done, total)| done <= total) && !told.is_empty(), "{told:?}");
    assert_holds_everything(folder.path(), &commits);
    let again = options(folder.path()).compact(&mut |_, _| {}).unwrap();
    assert!(again.bytes_after <= again.bytes_before, "where nothing can be won, nothing is lost: {again:?}");
    assert_holds_everything(folder.path(), &commits);
}

#[test]
fn a_compaction_cut_short_at_any_step_is_finished_or_undone() {
    let (folder, commits) = bloated();
    let original = folder.path().join("sled");
    let before = image_of(&original);
    options(folder.path()).compact(&mut |_, _| {}).unwrap();
    let after = image_of(&original);
    // What lies there after each of its steps: half a copy, a whole one, that with the original aside, both in place.
    let steps: [&[(&str, &Path)]; 4] = [
        &[("sled", before.path()), ("sled.compacting", after.path())],
        &[("sled", before.path()), ("sled.compacted", after.path())],
        &[("sled.replaced", before.path()), ("sled.compacted", after.path())],
        &[("sled", after.path()), ("sled.replaced", before.path())],
    ];
    for step in steps {
        let image = image_of(folder.path());
        fs::remove_dir_all(image.path().join("sled")).unwrap();
        for (name, content) in step {
            fs::rename(image_of(content).keep(), image.path().join(name)).unwrap();
        }
        assert_holds_everything(image.path(), &commits);
    }
}
