//! The planted bugs fit the source they are to be planted in, and the source knows nothing of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use netsim::bugs::all_bugs;

/// Bugs that there must be at least.
const BUGS_MIN: usize = 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn every_bug_has_its_place_in_the_source_exactly_once() {
    let bugs = all_bugs(&root()).unwrap();
    assert!(bugs.len() >= BUGS_MIN);
    let names: BTreeSet<_> = bugs.iter().map(|bug| &bug.name).collect();
    assert_eq!(names.len(), bugs.len(), "no two have one name");
    for bug in &bugs {
        let text = fs::read_to_string(root().join(&bug.file)).unwrap();
        assert!(bug.place(&text).is_ok(), "{}: {:?}", bug.name, bug.place(&text));
    }
}

#[test]
fn the_source_of_the_node_knows_nothing_of_bugs_that_are_planted() {
    let mut pending = vec![root().join("src")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            assert!(!fs::read_to_string(&path).unwrap().contains("planted"), "{}", path.display());
        }
    }
}
