//! Bodies in their files, after kills and damage: nothing is lost that the journal has, nothing grows without need.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use cairn::storage::{ChainReader, ChainStore, Commit, OpenOptions, Opened, StorageError, Thresholds};

use crate::chains::{assert_reads, assert_same, chain_of, commits_of, expected, image_of, options};

/// Bytes of a record before the sealed body: kind, height, hash, length.
const HEAD_BYTES: usize = 41;
/// Bytes of a record before the body itself: also the seal's length and check.
const BODY_AT: usize = HEAD_BYTES + 12;
/// Bytes before the first record of a file.
pub(crate) const START_BYTES: usize = 81;

/// Files that hold a few blocks each; the journal is not deleted.
pub(crate) fn small_files(folder: &Path) -> OpenOptions {
    let thresholds = Thresholds { body_file_bytes: 1_500, segment_bytes: 3_000, ..Thresholds::default() };
    OpenOptions { thresholds, ..options(folder) }
}

pub(crate) fn open(folder: &Path) -> Opened {
    small_files(folder).open().unwrap()
}

pub(crate) fn commits(blocks: u64) -> Vec<Commit> {
    commits_of(&chain_of(blocks))
}

/// A closed folder with so many blocks.
pub(crate) fn closed(commits: &[Commit]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    for group in commits.chunks(4) {
        opened.store.commit(group).unwrap();
    }
    close(opened);
    folder
}

pub(crate) fn close(opened: Opened) {
    opened.store.close().unwrap();
    drop(opened.records);
}

/// The files of bodies, ascending.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder.join("bodies")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

pub(crate) fn bytes_of_bodies(folder: &Path) -> u64 {
    files(folder).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

pub(crate) fn assert_all_there(folder: &Path, commits: &[Commit]) -> Vec<String> {
    let opened = open(folder);
    assert_same(&opened.chain, &expected(commits));
    assert_reads(&opened.store.reader(), commits);
    let told = opened.report.lines();
    close(opened);
    told
}

#[test]
fn bodies_go_on_in_further_files_and_are_read_from_all_of_them() {
    let commits = commits(60);
    let folder = closed(&commits);
    assert!(files(folder.path()).len() > 5, "{:?}", files(folder.path()));
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
}

#[test]
fn a_flipped_bit_in_any_part_of_a_record_is_named_and_mended_from_the_journal() {
    let commits = commits(5);
    let before = closed(&commits);
    let id = commits[0].headers[0].id;
    // In kind, height, hash, and length; in the seal's length and check; in the body's header and coinbase.
    for at in [0, 2, 20, HEAD_BYTES - 3, HEAD_BYTES, HEAD_BYTES + 6, BODY_AT, BODY_AT + 90] {
        let folder = image_of(before.path());
        let file = files(folder.path()).remove(0);
        let mut bytes = fs::read(&file).unwrap();
        bytes[START_BYTES + at] ^= 0x20;
        fs::write(&file, bytes).unwrap();
        let opened = open(folder.path());
        assert!(opened.report.lines().is_empty(), "bodies are looked at when they are read");
        let error = opened.store.reader().block(id).unwrap_err();
        let StorageError::Damaged { path, cause, next_step } = &error else { panic!("{error}") };
        assert_eq!(path, &file);
        assert!(cause.contains(&format!("block #1 {} at byte {START_BYTES}", id.hash)), "byte {at}: {cause}");
        assert!(next_step.contains("Start the node again"), "{next_step}");
        close(opened);

        let told = assert_all_there(folder.path(), &commits);
        assert!(told.len() == 1 && told[0].contains("taken from the journal"), "byte {at}: {told:?}");
        assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
    }
}

#[test]
fn files_that_are_gone_or_cut_are_mended_from_the_journal() {
    let commits = commits(40);
    let before = closed(&commits);
    let count = files(before.path()).len();
    for number in [0, count / 2, count - 1] {
        for length in [None, Some(0), Some(40), Some(700)] {
            let folder = image_of(before.path());
            let file = files(folder.path()).remove(number);
            match length {
                None => fs::remove_file(&file).unwrap(),
                Some(length) => fs::write(&file, &fs::read(&file).unwrap()[..length]).unwrap(),
            }
            let told = assert_all_there(folder.path(), &commits);
            assert!(
                told.len() == 1 && told[0].contains("taken from the journal"),
                "{number}, {length:?}: {told:?}"
            );
            assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
        }
    }
    let folder = image_of(before.path());
    fs::remove_dir_all(folder.path().join("bodies")).unwrap();
    assert_eq!(assert_all_there(folder.path(), &commits).len(), 1);
}

/// Takes away the journal but for its last segments, as a long run does.
fn shorten_journal(folder: &Path) {
    let mut segments: Vec<_> =
        fs::read_dir(folder.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort_unstable();
    assert!(segments.len() > 4, "{segments:?}");
    segments.truncate(segments.len() - 2);
    for segment in segments {
        fs::remove_file(segment).unwrap();
    }
}

#[test]
fn without_the_journal_the_chain_ends_before_a_lost_body_until_it_is_sent_again() {
    let commits = commits(60);
    let folder = closed(&commits);
    shorten_journal(folder.path());
    fs::remove_file(files(folder.path()).remove(1)).unwrap();
    let mut first = 0;
    for start in 1..=2 {
        let opened = open(folder.path());
        let lost = &opened.report.lost_bodies;
        assert!(lost.len() > 1 && opened.report.lines().len() == 1, "start {start}: {:?}", opened.report);
        first = lost[0].height.0 as usize;
        assert_eq!(opened.chain.tip, Some(commits[first - 2].headers[0].id), "start {start}");
        assert_eq!(opened.chain.headers.len(), commits.len());
        assert_eq!(opened.chain.bodies.len(), commits.len() - lost.len());
        assert_eq!(opened.store.reader().block(lost[0]).unwrap(), None);
        close(opened);
    }
    let mut opened = open(folder.path());
    let lost = opened.report.lost_bodies.len();
    let sent_again = commits[first - 1..][..lost].iter().map(|commit| Commit {
        sequence: commit.sequence,
        bodies: commit.bodies.clone(),
        ..Commit::default()
    });
    opened.store.commit(&sent_again.collect::<Vec<_>>()).unwrap();
    close(opened);
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
}

#[test]
fn a_lost_database_is_built_anew_from_bodies_where_the_journal_no_longer_reaches() {
    let commits = commits(60);
    let folder = closed(&commits);
    shorten_journal(folder.path());
    let bytes = bytes_of_bodies(folder.path());
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let opened = open(folder.path());
    assert_same(&opened.chain, &expected(&commits));
    let without_undo =
        commits.iter().map(|commit| Commit { undo: Vec::new(), ..commit.clone() }).collect::<Vec<_>>();
    assert_reads(&opened.store.reader(), &without_undo);
    close(opened);
    assert_eq!(bytes_of_bodies(folder.path()), bytes, "what is there is not written again");
}

#[test]
fn bodies_that_the_database_has_not_heard_of_are_found_and_not_written_twice() {
    let commits = commits(40);
    let folder = closed(&commits[..15]);
    let older = image_of(&folder.path().join("sled"));
    let mut opened = open(folder.path());
    opened.store.commit(&commits[15..]).unwrap();
    close(opened);
    let bytes = bytes_of_bodies(folder.path());
    // Killed between the two: the bodies are in their files, and the database is where it was before.
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::rename(older.keep(), folder.path().join("sled")).unwrap();
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
    assert_eq!(bytes_of_bodies(folder.path()), bytes);
}

#[test]
fn a_record_torn_by_a_kill_is_cut_off_and_comes_from_the_journal() {
    let commits = commits(6);
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { thresholds: Thresholds::default(), ..options(folder.path()) };
    let mut opened = options.open().unwrap();
    opened.store.commit(&commits).unwrap();
    // Waits for the files as for any reader: what is closed is written.
    let closed = image_of(folder.path());
    close(opened);
    let written = fs::read(&files(folder.path())[0]).unwrap();
    for length in
        [START_BYTES, START_BYTES + 1, START_BYTES + HEAD_BYTES, written.len() / 2, written.len() - 1]
    {
        let torn = image_of(closed.path());
        fs::write(&files(torn.path())[0], &written[..length]).unwrap();
        let opened = OpenOptions { data_dir: torn.path().to_owned(), ..options.clone() }.open().unwrap();
        assert_same(&opened.chain, &expected(&commits));
        assert_reads(&opened.store.reader(), &commits);
        assert!(opened.report.lines().is_empty(), "{:?}", opened.report);
        close(opened);
        assert_eq!(fs::read(&files(torn.path())[0]).unwrap(), written, "as if nothing had happened");
    }
}

#[test]
fn kills_do_not_make_the_files_grow() {
    let commits = commits(40);
    let unhurt = closed(&commits);
    let mut folder = tempfile::tempdir().unwrap();
    for wave in commits.chunks(2) {
        let mut opened = open(folder.path());
        opened.store.commit(wave).unwrap();
        let killed = image_of(folder.path());
        drop(opened);
        // A kill while a record was written: half of the last one is there.
        let last = files(killed.path()).pop().unwrap();
        let mut bytes = fs::read(&last).unwrap();
        bytes.extend_from_within(START_BYTES..bytes.len().min(START_BYTES + 60));
        fs::write(&last, bytes).unwrap();
        folder = killed;
    }
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
    let (hurt, unhurt) = (bytes_of_bodies(folder.path()), bytes_of_bodies(unhurt.path()));
    assert!(hurt <= unhurt + 2 * START_BYTES as u64, "{hurt} bytes instead of {unhurt}");
}

#[test]
fn bodies_are_read_while_others_are_written() {
    let commits = commits(120);
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    opened.store.commit(&commits[..1]).unwrap();
    let (reader, is_done) = (opened.store.reader(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut rounds = 0;
                while !is_done.load(Ordering::Acquire) || rounds == 0 {
                    for (id, block) in commits.iter().flat_map(|commit| &commit.bodies) {
                        let read = reader.block(*id).unwrap();
                        assert!(read.is_none_or(|read| read == *block), "#{}", id.height);
                    }
                    rounds += 1;
                }
            });
        }
        for commit in &commits[1..] {
            opened.store.commit(std::slice::from_ref(commit)).unwrap();
        }
        opened.store.close().unwrap();
        is_done.store(true, Ordering::Release);
    });
    assert_reads(&reader, &commits);
}

#[test]
fn a_file_that_cannot_be_made_ends_the_store_and_is_named() {
    let commits = commits(30);
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    fs::rename(folder.path().join("bodies"), folder.path().join("elsewhere")).unwrap();
    opened.store.commit(&commits).unwrap();
    let error = opened.store.close().unwrap_err().to_string();
    assert!(error.contains(&folder.path().join("bodies").display().to_string()), "{error}");
    drop(opened.records);
    fs::rename(folder.path().join("elsewhere"), folder.path().join("bodies")).unwrap();
    assert_eq!(assert_all_there(folder.path(), &commits), [""; 0]);
}
