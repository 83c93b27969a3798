//! Numbered files that only grow: how each begins, how a record of the journal lies in one, and how to read that back
//! without trusting a byte. The files of bodies begin in the same way.
//!
//! A record is `payload length u64 ‖ kind u8 ‖ payload ‖ check`, integers little-endian. The check is the first
//! 16 bytes of BLAKE3 over all before it: 128 bits are ample against accidents, the only adversary a disk has.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::chain_store::StorageError;
use super::journal::Position;
use crate::primitives::BlockHash;
use crate::primitives::codec::{self, Decode, Encode};

/// Bytes before a record's payload.
const HEAD_BYTES: usize = 9;
/// Bytes after a record's payload.
const CHECK_BYTES: usize = 16;
/// Room for the payload of a start record, with some to spare.
const START_BYTES_MAX: usize = 64;
/// Bytes of a start record.
pub(super) const START_BYTES: u64 = 81;
/// Read ahead in one go: replay is one pass from front to end.
const READ_BUFFER_BYTES: usize = 1 << 18;
/// How a segment's name ends.
const EXTENSION: &str = "log";

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// The first of each segment: which one it is, of which network, and what it follows.
    SegmentStart,
    /// What a writer gave.
    Data,
}

/// The payload of a segment's first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(super) struct SegmentStart {
    /// As in the file's name.
    pub(super) number: u64,
    /// The network's genesis.
    pub(super) genesis: BlockHash,
    /// The end of what was written before it: a hole shows by this.
    pub(super) follows: Position,
}

/// What comes next in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A whole record.
    Record(RecordKind),
    /// Nothing.
    End,
    /// Bytes that are no whole record.
    Torn,
}

impl RecordKind {
    const fn tag(self) -> u8 {
        match self {
            Self::SegmentStart => 1,
            Self::Data => 2,
        }
    }

    fn from_tag(tag: u8) -> Option<Self> {
        [Self::SegmentStart, Self::Data].into_iter().find(|kind| kind.tag() == tag)
    }
}

/// Appends a record whose payload `write` appends; gives back where the payload lies.
pub(super) fn append_record(
    bytes: &mut Vec<u8>,
    kind: RecordKind,
    write: impl FnOnce(&mut Vec<u8>),
) -> std::ops::Range<usize> {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD_BYTES]);
    write(bytes);
    let payload = start + HEAD_BYTES..bytes.len();
    bytes[start..start + 8].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes[start + 8] = kind.tag();
    let check = check_of(&bytes[start..]);
    bytes.extend_from_slice(&check);
    payload
}

/// Makes a file that begins with `start`, for good.
pub(super) fn create(folder: &Path, start: &SegmentStart) -> Result<(), StorageError> {
    let path = path_of(folder, start.number);
    let mut bytes = Vec::new();
    append_record(&mut bytes, RecordKind::SegmentStart, |payload| {
        codec::encode_into(start, |part| payload.extend_from_slice(part));
    });
    debug_assert_eq!(bytes.len() as u64, START_BYTES, "every start has the same fields");
    File::create_new(&path)
        .and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        })
        .map_err(|error| StorageError::io(&path, &error))?;
    sync_folder(folder)
}

/// Opens a file to be written from `at` on.
pub(super) fn open_at(folder: &Path, at: Position) -> Result<File, StorageError> {
    let path = path_of(folder, at.segment);
    let opened = OpenOptions::new().write(true).open(&path).and_then(|mut file| {
        file.seek(SeekFrom::Start(at.offset))?;
        Ok(file)
    });
    opened.map_err(|error| StorageError::io(&path, &error))
}

/// A segment's file name.
pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.{EXTENSION}"))
}

/// The numbers of all segments in a folder, ascending. Other files are left alone.
pub(super) fn list(folder: &Path) -> Result<Vec<u64>, StorageError> {
    let failed = |error: io::Error| StorageError::io(folder, &error);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let number = stem.and_then(|stem| stem.parse::<u64>().ok());
        numbers.extend(number.filter(|number| path_of(folder, *number) == path));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes a folder where there is none, and makes its name last: else all that is synced in it could be gone with it.
pub(super) fn make_folder(folder: &Path) -> Result<(), StorageError> {
    let parent = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    if !folder.is_dir() {
        make_folder(parent)?;
        let made = fs::create_dir(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) });
        made.map_err(|error| StorageError::io(folder, &error))?;
    }
    // Also of one that is there: the run that made it may have been killed before it came to this.
    match File::open(parent) {
        // Whoever may not look into it has not made it either.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        _ => sync_folder(parent),
    }
}

/// Makes a file last that somebody else has written. Windows syncs only what is open for writing.
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(cfg!(windows)).open(path)?.sync_all()
}

/// Makes the names in a folder last. Only Unix needs it, and only there a folder opens as a file.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    if cfg!(unix) {
        File::open(folder)
            .and_then(|file| file.sync_all())
            .map_err(|error| StorageError::io(folder, &error))?;
    }
    Ok(())
}

/// Reads the records of one segment in order.
#[derive(Debug)]
pub(super) struct SegmentReader {
    path: PathBuf,
    file: BufReader<File>,
    length: u64,
    offset: u64,
    record: Vec<u8>,
}

impl SegmentReader {
    /// Opens a segment at its start.
    pub(super) fn open(path: PathBuf) -> Result<Self, StorageError> {
        let failed = |error: io::Error| StorageError::io(&path, &error);
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let file = BufReader::with_capacity(READ_BUFFER_BYTES, file);
        Ok(Self { path, file, length, offset: 0, record: Vec::new() })
    }

    /// Bytes up to the end of the last whole record.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Goes on at another offset, where a record ends.
    pub(super) fn seek(&mut self, offset: u64) -> Result<(), StorageError> {
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| StorageError::io(&self.path, &error))?;
        self.offset = offset;
        Ok(())
    }

    /// Reads the start record; `None` when it is no whole one.
    pub(super) fn start(&mut self) -> Result<Option<SegmentStart>, StorageError> {
        let is_start = self.next()? == Next::Record(RecordKind::SegmentStart);
        Ok(is_start.then(|| codec::decode(self.payload(), START_BYTES_MAX).ok()).flatten())
    }

    /// Reads the next record. No more is allocated than the file holds.
    pub(super) fn next(&mut self) -> Result<Next, StorageError> {
        let left = self.length.saturating_sub(self.offset);
        if left == 0 {
            return Ok(Next::End);
        }
        let tag = match self.read_record(left) {
            Ok(Some(tag)) => tag,
            Ok(None) => return Ok(Next::Torn),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Next::Torn),
            Err(error) => return Err(StorageError::io(&self.path, &error)),
        };
        RecordKind::from_tag(tag).map(Next::Record).ok_or_else(|| StorageError::Damaged {
            path: self.path.clone(),
            cause: format!("it holds a record of kind {tag}, which this version does not know"),
            next_step: "Start the version that wrote it".to_owned(),
        })
    }

    /// What the last record holds.
    pub(super) fn payload(&self) -> &[u8] {
        &self.record[HEAD_BYTES..self.record.len() - CHECK_BYTES]
    }

    /// The tag of the next record; `None` when it is not whole.
    fn read_record(&mut self, left: u64) -> io::Result<Option<u8>> {
        let mut head = [0; HEAD_BYTES];
        self.file.read_exact(&mut head)?;
        let [payload_length @ .., tag] = head;
        let length = u64::from_le_bytes(payload_length).saturating_add((HEAD_BYTES + CHECK_BYTES) as u64);
        if length > left {
            return Ok(None);
        }
        self.record.clear();
        self.record.extend_from_slice(&head);
        self.record.resize(length as usize, 0);
        self.file.read_exact(&mut self.record[HEAD_BYTES..])?;
        let (checked, check) = self.record.split_at(self.record.len() - CHECK_BYTES);
        if check_of(checked) != check {
            return Ok(None);
        }
        self.offset += length;
        Ok(Some(tag))
    }
}

fn check_of(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = blake3::hash(bytes);
    *hash.as_bytes().first_chunk().expect("a hash of 32 bytes has a first 16")
}
