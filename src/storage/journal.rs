//! The write-ahead journal: what was committed, in order, made durable before anyone is told.
//!
//! It knows records of bytes, not what they mean. What was not acknowledged may be torn at the end; it is cut when
//! the journal is opened. Damage earlier ends the usable part: what follows is set aside, never used and never lost.

use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::chain_store::StorageError;
use super::journal_scan::{self, Scan};
use super::segment::{self, RecordKind, SegmentStart};
use crate::primitives::BlockHash;
use crate::primitives::codec::{Decode, Encode};

/// Bytes after which a new segment begins: deleting old ones then frees space in steps of this size.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// Bytes that must have followed a segment whose contents are durable elsewhere before it is deleted: from these
/// the newest part of the chain can be had again when the database is damaged.
pub const KEPT_BYTES: u64 = 1 << 30;

/// A place between two records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Position {
    /// Number of the segment; they count from 1, so 0 is before all.
    pub segment: u64,
    /// Bytes from its start.
    pub offset: u64,
}

/// Records that become durable together.
#[derive(Debug, Default)]
pub struct Group {
    bytes: Vec<u8>,
    payloads: Vec<Range<usize>>,
}

/// What was found at opening.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Records given to the caller.
    pub records: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Bytes cut from the end of the last segment: a write that was never acknowledged.
    pub torn_bytes: u64,
    /// The last segment, if nothing in it was whole and it was removed: it was just being made, or it was emptied.
    pub removed: Option<PathBuf>,
    /// Files that begin with damage or follow it, under the names they now have.
    pub set_aside: Vec<PathBuf>,
}

/// The journal, open for appending. After an error every further append fails with the same error.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    genesis: BlockHash,
    file: File,
    end: Position,
    segment_bytes: u64,
    failure: Option<StorageError>,
}

impl Group {
    /// Adds one record, whose payload `write` appends to the bytes it is given.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let payload = segment::append_record(&mut self.bytes, RecordKind::Data, write);
        self.payloads.push(payload);
    }

    /// The payloads, in order.
    pub fn payloads(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.payloads.iter().map(|range| &self.bytes[range.clone()])
    }

    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }
}

impl Journal {
    /// Opens or makes the journal in `folder` and gives every payload after `from`, with where it ends, to `replay`.
    pub fn open(
        folder: &Path,
        genesis: BlockHash,
        from: Position,
        mut replay: impl FnMut(&[u8], Position) -> Result<(), StorageError>,
    ) -> Result<(Self, Replayed), StorageError> {
        segment::make_folder(folder)?;
        let mut scan = Scan::new(folder, genesis, from, &mut replay);
        let end = scan.run()?;
        let journal = match end {
            Some(end) => Self::at(folder, genesis, end)?,
            None => Self::with_new_segment(folder, genesis, from)?,
        };
        Ok((journal, scan.into_replayed()))
    }

    /// Appends a group and makes it durable; gives back where it ends.
    pub fn append(&mut self, group: &Group) -> Result<Position, StorageError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.try_append(group).inspect_err(|error| self.failure = Some(error.clone()))
    }

    /// Where the next record will begin.
    pub fn end(&self) -> Position {
        self.end
    }

    /// Lets segments end at another size than [`SEGMENT_BYTES`].
    #[must_use]
    pub fn with_segment_bytes(mut self, segment_bytes: u64) -> Self {
        self.segment_bytes = segment_bytes;
        self
    }

    fn try_append(&mut self, group: &Group) -> Result<Position, StorageError> {
        if self.end.offset >= self.segment_bytes {
            let next = Self::with_new_segment(&self.folder, self.genesis, self.end)?;
            *self = next.with_segment_bytes(self.segment_bytes);
        }
        self.file
            .write_all(&group.bytes)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| StorageError::io(&segment::path_of(&self.folder, self.end.segment), &error))?;
        self.end.offset += group.bytes.len() as u64;
        Ok(self.end)
    }

    fn at(folder: &Path, genesis: BlockHash, end: Position) -> Result<Self, StorageError> {
        Ok(Self {
            folder: folder.to_owned(),
            genesis,
            file: segment::open_at(folder, end)?,
            end,
            segment_bytes: SEGMENT_BYTES,
            failure: None,
        })
    }

    fn with_new_segment(folder: &Path, genesis: BlockHash, follows: Position) -> Result<Self, StorageError> {
        let number = follows.segment + 1;
        segment::create(folder, &SegmentStart { number, genesis, follows })?;
        Self::at(folder, genesis, Position { segment: number, offset: segment::START_BYTES })
    }
}

/// Deletes the oldest segments as far as their contents are durable elsewhere up to `durable` and at least
/// `kept_bytes` have followed; says how many.
pub fn delete_covered(folder: &Path, durable: Position, kept_bytes: u64) -> Result<usize, StorageError> {
    let mut followed = durable.offset;
    let mut covered = Vec::new();
    for number in segment::list(folder)?.into_iter().rev().filter(|number| *number < durable.segment) {
        let path = segment::path_of(folder, number);
        let length = fs::metadata(&path).map_err(|error| StorageError::io(&path, &error))?.len();
        if followed >= kept_bytes {
            covered.push(path);
        }
        followed += length;
    }
    // The oldest first, so that a crash in between leaves no hole.
    for path in covered.iter().rev() {
        fs::remove_file(path).map_err(|error| StorageError::io(path, &error))?;
    }
    Ok(covered.len())
}

/// Reads everything that is kept; names the segments that hold what was not written, ascending, each with its number and
/// the bytes before that.
pub fn damaged_segments(folder: &Path) -> Result<Vec<(u64, PathBuf, u64)>, StorageError> {
    if folder.exists() { journal_scan::damaged_segments(folder) } else { Ok(Vec::new()) }
}

/// The last thing that `find` finds in a record of the newest segments, as far as they are whole.
pub fn newest<T>(folder: &Path, find: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, StorageError> {
    journal_scan::newest(folder, find)
}

/// Gives every record that is kept to `visit`, of each segment up to what is damaged there.
pub fn visit(
    folder: &Path,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    journal_scan::visit(folder, visit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENESIS: BlockHash = BlockHash([7; 32]);

    fn group(payloads: &[&[u8]]) -> Group {
        let mut group = Group::default();
        for payload in payloads {
            group.add(|bytes| bytes.extend_from_slice(payload));
        }
        group
    }

    /// Opens the journal and reads all of it.
    fn open(folder: &Path) -> (Journal, Replayed, Vec<Vec<u8>>) {
        open_from(folder, Position::default())
    }

    fn open_from(folder: &Path, from: Position) -> (Journal, Replayed, Vec<Vec<u8>>) {
        let mut payloads = Vec::new();
        let (journal, replayed) = Journal::open(folder, GENESIS, from, |payload, _| {
            payloads.push(payload.to_vec());
            Ok(())
        })
        .expect("a journal opens whatever its bytes are");
        (journal, replayed, payloads)
    }

    /// Three segments of two records each: a, b | c, d | e, f.
    fn three_segments(folder: &Path) -> Vec<Position> {
        let mut journal = open(folder).0.with_segment_bytes(160);
        let records: [&[u8]; 6] = [&[b'a'; 40], &[b'b'; 40], &[b'c'; 40], &[b'd'; 40], &[b'e'; 40], b"f"];
        records.iter().map(|record| journal.append(&group(&[record])).unwrap()).collect()
    }

    fn first_letters(payloads: &[Vec<u8>]) -> String {
        payloads.iter().map(|payload| char::from(payload[0])).collect()
    }

    #[test]
    fn what_was_appended_is_replayed_in_order_across_segments() {
        let folder = tempfile::tempdir().unwrap();
        let ends = three_segments(folder.path());
        let (journal, replayed, payloads) = open(folder.path());
        assert_eq!(first_letters(&payloads), "abcdef");
        assert_eq!(segment::list(folder.path()).unwrap(), [1, 2, 3]);
        assert_eq!(journal.end(), ends[5]);
        assert_eq!((replayed.records, replayed.torn_bytes, replayed.set_aside.len()), (6, 0, 0));
    }

    #[test]
    fn replay_starts_at_the_position_given() {
        let folder = tempfile::tempdir().unwrap();
        let ends = three_segments(folder.path());
        for (index, end) in ends.into_iter().enumerate() {
            assert_eq!(first_letters(&open_from(folder.path(), end).2), "abcdef"[index + 1..]);
        }
    }

    #[test]
    fn a_last_record_cut_at_any_byte_leaves_exactly_what_was_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = open(folder.path()).0;
        let before = journal.append(&group(&[b"first", b"second"])).unwrap();
        let after = journal.append(&group(&[b"third"])).unwrap();
        let path = segment::path_of(folder.path(), 1);
        let whole = fs::read(&path).unwrap();
        for length in before.offset..after.offset {
            fs::write(&path, &whole[..length as usize]).unwrap();
            let (mut journal, replayed, payloads) = open(folder.path());
            assert_eq!(payloads, [b"first".to_vec(), b"second".to_vec()]);
            assert_eq!(replayed.torn_bytes, length - before.offset);
            journal.append(&group(&[b"again"])).unwrap();
            assert_eq!(open(folder.path()).2.last().unwrap(), b"again");
        }
    }

    #[test]
    fn a_flipped_bit_never_yields_wrong_data() {
        let folder = tempfile::tempdir().unwrap();
        three_segments(folder.path());
        let originals: Vec<Vec<u8>> = open(folder.path()).2;
        for number in 1..=3 {
            let path = segment::path_of(folder.path(), number);
            let whole = fs::read(&path).unwrap();
            for bit in (0..whole.len() * 8).step_by(43) {
                let damaged = tempfile::tempdir().unwrap();
                for other in 1..=3 {
                    let name = segment::path_of(damaged.path(), other);
                    fs::copy(segment::path_of(folder.path(), other), name).unwrap();
                }
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs::write(segment::path_of(damaged.path(), number), bytes).unwrap();
                let found = damaged_segments(damaged.path()).unwrap();
                assert_eq!(found.len(), 1, "{found:?}");
                let (mut journal, _, payloads) = open(damaged.path());
                assert!(originals.starts_with(&payloads) && payloads.len() < originals.len());
                assert_eq!(damaged_segments(damaged.path()).unwrap(), [], "opening has dealt with it");
                journal.append(&group(&[b"next"])).unwrap();
                let again = open(damaged.path()).2;
                assert_eq!(again[..payloads.len()], payloads);
                assert_eq!(again[payloads.len()..], [b"next".to_vec()]);
            }
        }
    }

    #[test]
    fn damage_before_the_end_keeps_the_bytes_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        three_segments(folder.path());
        let path = segment::path_of(folder.path(), 2);
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let (_, replayed, payloads) = open(folder.path());
        assert_eq!(first_letters(&payloads), "abc");
        assert_eq!(replayed.set_aside.len(), 2);
        assert_eq!(fs::read(&replayed.set_aside[0]).unwrap(), bytes);
    }

    #[test]
    fn what_follows_a_missing_segment_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let ends = three_segments(folder.path());
        fs::remove_file(segment::path_of(folder.path(), 2)).unwrap();
        let (mut journal, replayed, payloads) = open_from(folder.path(), ends[0]);
        assert_eq!(first_letters(&payloads), "b");
        assert_eq!(replayed.set_aside.len(), 1);
        journal.append(&group(&[b"new"])).unwrap();
        assert_eq!(first_letters(&open(folder.path()).2), "abn");
    }

    #[test]
    fn a_position_beyond_a_lost_end_starts_a_new_segment() {
        let folder = tempfile::tempdir().unwrap();
        let beyond = Position { segment: 4, offset: 1 << 20 };
        let mut journal = open_from(folder.path(), beyond).0;
        assert!(journal.append(&group(&[b"new"])).unwrap() > beyond);
        assert_eq!(open_from(folder.path(), beyond).2, [b"new".to_vec()]);
    }

    #[test]
    fn a_segment_whose_making_was_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let ends = three_segments(folder.path());
        fs::write(segment::path_of(folder.path(), 4), [0; 9]).unwrap();
        let (journal, replayed, payloads) = open(folder.path());
        assert_eq!((first_letters(&payloads).as_str(), replayed.set_aside.len()), ("abcdef", 0));
        assert_eq!(
            replayed.removed,
            Some(segment::path_of(folder.path(), 4)),
            "it may also have been emptied"
        );
        assert_eq!(journal.end(), ends[5]);
    }

    #[test]
    fn the_journal_of_another_network_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        three_segments(folder.path());
        let opened = Journal::open(folder.path(), BlockHash::ZERO, Position::default(), |_, _| Ok(()));
        assert!(matches!(opened, Err(StorageError::OtherNetwork { .. })));
    }

    #[test]
    fn segments_go_when_enough_has_followed_what_is_durable() {
        let folder = tempfile::tempdir().unwrap();
        let ends = three_segments(folder.path());
        assert_eq!(
            delete_covered(folder.path(), ends[1], 0).unwrap(),
            0,
            "the segment itself is still needed"
        );
        assert_eq!(delete_covered(folder.path(), ends[5], 1 << 20).unwrap(), 0);
        assert_eq!(delete_covered(folder.path(), ends[5], ends[5].offset + 1).unwrap(), 1);
        assert_eq!(segment::list(folder.path()).unwrap(), [2, 3]);
        assert_eq!(first_letters(&open_from(folder.path(), ends[3]).2), "ef");
    }
}
