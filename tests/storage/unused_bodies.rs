//! Compacting takes out of the files of bodies what nothing points to, and nothing else.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use cairn::storage::{ChainReader, ChainStore, StorageError};

use crate::bodies::{
    START_BYTES, assert_all_there, bytes_of_bodies, close, closed, commits, files, open, small_files,
};
use crate::chains::image_of;

/// Bytes of all records.
fn bytes_of_records(folder: &Path) -> u64 {
    bytes_of_bodies(folder) - (files(folder).len() * START_BYTES) as u64
}

/// Adds what no place names to the end of a file.
fn add_unused(file: &Path, bytes: usize) {
    let begin = fs::read(file).unwrap()[START_BYTES..][..bytes].to_vec();
    OpenOptions::new().append(true).open(file).unwrap().write_all(&begin).unwrap();
}

/// Damages the first body of a file, and has it replaced.
fn replace_first_of(folder: &Path, file: usize) {
    let path = files(folder).remove(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[START_BYTES + 100] ^= 4;
    fs::write(&path, bytes).unwrap();
    let opened = open(folder);
    let reader = opened.store.reader();
    let is_damaged = |id: &&_| matches!(reader.block(**id), Err(StorageError::Damaged { .. }));
    assert_eq!(opened.chain.bodies.iter().filter(is_damaged).count(), 1);
    drop(reader);
    close(opened);
    let opened = open(folder);
    assert_eq!(opened.report.repaired_bodies, 1);
    close(opened);
}

#[test]
fn compacting_frees_what_nothing_points_to_among_bodies_and_keeps_the_rest() {
    let commits = commits(60);
    let folder = closed(&commits);
    let records = bytes_of_records(folder.path());
    replace_first_of(folder.path(), 1);
    add_unused(&files(folder.path())[3], 100);
    let (unused, untouched) = (bytes_of_records(folder.path()), fs::read(&files(folder.path())[0]).unwrap());
    assert!(unused > records + 200, "{unused} bytes, of which {records} count");

    let mut told = Vec::new();
    let compacted = small_files(folder.path()).compact(&mut |done, total| told.push((done, total))).unwrap();
    assert_eq!(bytes_of_records(folder.path()), records);
    assert_eq!(fs::read(&files(folder.path())[0]).unwrap(), untouched, "a file without any is left alone");
    assert_eq!(compacted.bodies_after, bytes_of_bodies(folder.path()));
    assert!(compacted.bodies_before > compacted.bodies_after, "{compacted:?}");
    assert!(told.is_sorted() && told.iter().all(|(done, total)| done <= total), "{told:?}");
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);

    let names = files(folder.path());
    let again = small_files(folder.path()).compact(&mut |_, _| {}).unwrap();
    assert_eq!(again.bodies_before, again.bodies_after);
    assert_eq!(files(folder.path()), names, "where there is nothing to free, nothing is written");
}

#[test]
fn a_file_of_which_nothing_counts_any_more_goes_as_a_whole() {
    let commits = commits(60);
    let folder = closed(&commits);
    let kept = image_of(folder.path());
    replace_first_of(folder.path(), 1);
    small_files(folder.path()).compact(&mut |_, _| {}).unwrap();
    // As a crash leaves it before the file is deleted whose bodies lie elsewhere by then.
    let gone = files(kept.path()).remove(1);
    fs::copy(&gone, folder.path().join("bodies").join(gone.file_name().unwrap())).unwrap();
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
    let bytes = fs::metadata(&gone).unwrap().len();
    let compacted = small_files(folder.path()).compact(&mut |_, _| {}).unwrap();
    assert_eq!(compacted.bodies_before - compacted.bodies_after, bytes);
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
}

#[test]
fn a_damaged_body_is_named_when_it_should_be_copied_and_mended_at_the_next_start() {
    let commits = commits(60);
    let folder = closed(&commits);
    let file = files(folder.path()).remove(2);
    add_unused(&file, 100);
    let mut bytes = fs::read(&file).unwrap();
    bytes[START_BYTES + 100] ^= 4;
    fs::write(&file, bytes).unwrap();
    let error = small_files(folder.path()).compact(&mut |_, _| {}).unwrap_err();
    assert!(matches!(&error, StorageError::Damaged { path, .. } if *path == file), "{error}");
    let told = assert_all_there(folder.path(), &commits);
    assert!(told.len() == 1 && told[0].contains("taken from the journal"), "{told:?}");
    let compacted = small_files(folder.path()).compact(&mut |_, _| {}).unwrap();
    assert!(compacted.bodies_after < compacted.bodies_before);
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
}
