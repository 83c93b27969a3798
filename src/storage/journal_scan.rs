//! The pass over the journal at opening: what is usable is replayed, what is not is cut or set aside.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use super::chain_store::StorageError;
use super::journal::{Position, Replayed};
use super::segment::{self, Next, RecordKind, SegmentReader};
use crate::primitives::BlockHash;

/// A file no longer than this without a whole start record was being made when the node was killed.
const UNFINISHED_START_BYTES_MAX: u64 = 128;

/// Segments read for what is newest: the last may have just begun.
const NEWEST_SEGMENTS: usize = 2;

/// Where replayed records go.
pub(super) type Replay<'a> = &'a mut dyn FnMut(&[u8], Position) -> Result<(), StorageError>;

/// One pass over the segments.
pub(super) struct Scan<'a> {
    folder: &'a Path,
    genesis: BlockHash,
    from: Position,
    replay: Replay<'a>,
    replayed: Replayed,
}

/// How far a segment can be used.
enum Usable {
    /// To its end.
    Whole(u64),
    /// To this offset; what follows is torn or damaged.
    UpTo(u64),
    /// Nothing in it is needed.
    Passed,
    /// It does not belong here, or its start is damaged.
    Not,
}

impl<'a> Scan<'a> {
    /// A pass over what follows `from`.
    pub(super) fn new(folder: &'a Path, genesis: BlockHash, from: Position, replay: Replay<'a>) -> Self {
        Self { folder, genesis, from, replay, replayed: Replayed::default() }
    }

    /// What was found.
    pub(super) fn into_replayed(self) -> Replayed {
        self.replayed
    }

    /// Reads all that is usable; gives the end of it, or `None` when no segment can be continued.
    pub(super) fn run(&mut self) -> Result<Option<Position>, StorageError> {
        let mut segments = segment::list(self.folder)?;
        segments.retain(|number| *number >= self.from.segment);
        let mut end = None;
        for (index, &number) in segments.iter().enumerate() {
            let is_last = index + 1 == segments.len();
            match self.segment(number, end, is_last)? {
                Usable::Whole(offset) => end = Some(Position { segment: number, offset }),
                Usable::Passed => {}
                Usable::UpTo(offset) => {
                    self.cut(number, offset, is_last)?;
                    self.set_aside(&segments[index + 1..])?;
                    return Ok(Some(Position { segment: number, offset }));
                }
                Usable::Not => {
                    self.set_aside(&segments[index..])?;
                    return Ok(end);
                }
            }
        }
        Ok(end)
    }

    /// Reads one segment that should follow `before`.
    fn segment(
        &mut self,
        number: u64,
        before: Option<Position>,
        is_last: bool,
    ) -> Result<Usable, StorageError> {
        let path = segment::path_of(self.folder, number);
        let mut reader = SegmentReader::open(path.clone())?;
        let Some(start) = reader.start()? else {
            if is_last && reader.length() <= UNFINISHED_START_BYTES_MAX {
                fs::remove_file(&path).map_err(|error| StorageError::io(&path, &error))?;
                self.replayed.removed = Some(path);
                return Ok(Usable::Passed);
            }
            return Ok(Usable::Not);
        };
        if start.genesis != self.genesis {
            let (found, expected) = (start.genesis.to_string(), self.genesis.to_string());
            return Err(StorageError::OtherNetwork { path, found, expected });
        }
        let begins_here = number == self.from.segment;
        let is_oldest = before.is_none() && self.from == Position::default();
        // A hole is damage like any other: what follows it cannot be used.
        let has_hole = start.follows > before.unwrap_or(self.from);
        if start.number != number || (has_hole && !is_oldest && !begins_here) {
            return Ok(Usable::Not);
        }
        if begins_here {
            if self.from.offset > reader.length() {
                return Ok(Usable::Passed);
            }
            reader.seek(self.from.offset.max(reader.offset()))?;
        }
        self.records(number, &mut reader)
    }

    fn records(&mut self, number: u64, reader: &mut SegmentReader) -> Result<Usable, StorageError> {
        loop {
            match reader.next()? {
                Next::Record(_) => {}
                Next::End => return Ok(Usable::Whole(reader.offset())),
                Next::Torn => return Ok(Usable::UpTo(reader.offset())),
            }
            self.replayed.records += 1;
            self.replayed.bytes += reader.payload().len() as u64;
            (self.replay)(reader.payload(), Position { segment: number, offset: reader.offset() })?;
        }
    }

    /// Cuts what follows `offset`. Only the end of the last segment may be thrown away: nobody was told of it.
    fn cut(&mut self, number: u64, offset: u64, is_last: bool) -> Result<(), StorageError> {
        let path = segment::path_of(self.folder, number);
        let failed = |error| StorageError::io(&path, &error);
        if is_last {
            self.replayed.torn_bytes = fs::metadata(&path).map_err(failed)?.len() - offset;
        } else {
            let copy = free_name(&path);
            fs::copy(&path, &copy).and_then(|_| segment::sync_file(&copy)).map_err(failed)?;
            // Before the original is cut, or a loss of power could leave neither.
            segment::sync_folder(self.folder)?;
            self.replayed.set_aside.push(copy);
        }
        let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        file.set_len(offset).and_then(|()| file.sync_all()).map_err(failed)
    }

    fn set_aside(&mut self, numbers: &[u64]) -> Result<(), StorageError> {
        for &number in numbers {
            let path = segment::path_of(self.folder, number);
            let new_name = free_name(&path);
            fs::rename(&path, &new_name).map_err(|error| StorageError::io(&path, &error))?;
            self.replayed.set_aside.push(new_name);
        }
        segment::sync_folder(self.folder)
    }
}

/// The segments that hold what was not written, each with the bytes up to there. Changes nothing.
pub(super) fn damaged_segments(folder: &Path) -> Result<Vec<(u64, PathBuf, u64)>, StorageError> {
    let mut damaged = Vec::new();
    for number in segment::list(folder)? {
        let path = segment::path_of(folder, number);
        let mut reader = SegmentReader::open(path.clone())?;
        let mut next = reader.next()?;
        while let Next::Record(_) = next {
            next = reader.next()?;
        }
        if next == Next::Torn {
            damaged.push((number, path, reader.offset()));
        }
    }
    Ok(damaged)
}

/// Gives the records of all segments to `visit`, of each up to what is damaged there. Changes nothing.
pub(super) fn visit(
    folder: &Path,
    visit: &mut dyn FnMut(&[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    for number in segment::list(folder)? {
        let mut reader = SegmentReader::open(segment::path_of(folder, number))?;
        while let Next::Record(kind) = reader.next()? {
            if kind == RecordKind::Data {
                visit(reader.payload())?;
            }
        }
    }
    Ok(())
}

/// The last thing that `find` finds in a record of the newest segments, as far as they are whole. Changes nothing.
pub(super) fn newest<T>(folder: &Path, find: impl Fn(&[u8]) -> Option<T>) -> Result<Option<T>, StorageError> {
    for number in segment::list(folder)?.into_iter().rev().take(NEWEST_SEGMENTS) {
        let mut reader = SegmentReader::open(segment::path_of(folder, number))?;
        let mut newest = None;
        while let Next::Record(kind) = reader.next()? {
            if kind == RecordKind::Data {
                newest = find(reader.payload()).or(newest);
            }
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}

/// The first of `<path>.damaged-1`, `-2` … that does not exist.
pub(super) fn free_name(path: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        if !Path::new(&name).exists() {
            return name.into();
        }
        number += 1;
    }
}
