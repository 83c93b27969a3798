//! The pass over the files of bodies at opening: which whole records lie after a place, and where writing goes on.

use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::files::{BodyFiles, Place};
use crate::primitives::{BlockHash, BlockId};
use crate::storage::chain_store::StorageError;
use crate::storage::journal::Position;
use crate::storage::segment::{self, START_BYTES, SegmentReader, SegmentStart};
use crate::storage::sled_store::database::entries::{self, Entry};
use crate::storage::sled_store::database::schema::{Kind, block_of};
use crate::storage::sled_store::database::values;

/// Read ahead in one go.
const READ_BUFFER_BYTES: usize = 1 << 18;

/// Told of each whole record: the block, where it lies, and the body.
pub(in crate::storage::sled_store) type Found<'a> =
    &'a mut dyn FnMut(BlockId, Place, &[u8]) -> Result<(), StorageError>;

/// Where the next record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::sled_store) enum Next {
    /// Here, where the last file ends.
    At(Position),
    /// Into a new file, which follows this: the last one is damaged, or there is none.
    After(Position),
}

/// Finds all whole records after `from`, and where writing goes on. What is cut from the end of the last file was being
/// written when the node was killed, and is still in the journal.
pub(in crate::storage::sled_store) fn scan(
    files: &BodyFiles,
    genesis: BlockHash,
    from: Position,
    found: Found<'_>,
) -> Result<Next, StorageError> {
    let mut next = Next::After(from);
    for number in segment::list(files.folder())? {
        if number < from.segment {
            continue;
        }
        let path = files.path_of(number);
        let failed = |error| StorageError::io(&path, &error);
        let length = fs::metadata(&path).map_err(failed)?.len();
        let start = start_of(&path)?;
        if let Some(start) = start
            && start.genesis != genesis
        {
            let (found, expected) = (start.genesis.to_string(), genesis.to_string());
            return Err(StorageError::OtherNetwork { path, found, expected });
        }
        if start.is_none() && length < START_BYTES && number > from.segment {
            // It was just being made: nothing can lie in it.
            fs::remove_file(&path).map_err(failed)?;
            continue;
        }
        let begin = if number == from.segment { from.offset.max(START_BYTES) } else { START_BYTES };
        let end = Position { segment: number, offset: begin };
        if start.is_none() || length < begin {
            // Damaged: what lies in it can be read, but nothing is added.
            records(&path, end, length, found)?;
            next = Next::After(end);
            continue;
        }
        let end = Position { offset: records(&path, end, length, found)?, ..end };
        // When nobody knows where it ended, what follows a damaged record may be whole: it is left alone.
        let is_cut = end.offset < length && from != Position::default();
        if is_cut {
            let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
            file.set_len(end.offset).map_err(failed)?;
        }
        next = if is_cut || end.offset == length { Next::At(end) } else { Next::After(end) };
    }
    Ok(next)
}

fn start_of(path: &Path) -> Result<Option<SegmentStart>, StorageError> {
    match SegmentReader::open(path.to_owned())?.start() {
        // A kind of record that nobody knows.
        Err(StorageError::Damaged { .. }) => Ok(None),
        start => start,
    }
}

/// Finds the whole records of one file; gives back where the last of them ends. One that is not whole is passed over as
/// long as its length leads on.
fn records(path: &Path, from: Position, length: u64, found: Found<'_>) -> Result<u64, StorageError> {
    let failed = |error| StorageError::io(path, &error);
    let mut file = BufReader::with_capacity(READ_BUFFER_BYTES, File::open(path).map_err(failed)?);
    file.seek(SeekFrom::Start(from.offset)).map_err(failed)?;
    let (mut at, mut end) = (from.offset, from.offset);
    let mut record = vec![0; entries::HEAD_BYTES];
    loop {
        record.truncate(entries::HEAD_BYTES);
        match file.read_exact(&mut record) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(end),
            read => read.map_err(failed)?,
        }
        let record_length = entries::length_of(&record).unwrap_or_default();
        let shortest = entries::HEAD_BYTES + values::HEAD_BYTES;
        if record_length < shortest || record_length as u64 > length.saturating_sub(at) {
            return Ok(end);
        }
        record.resize(record_length, 0);
        file.read_exact(&mut record[entries::HEAD_BYTES..]).map_err(failed)?;
        let place = Place { at: Position { offset: at, ..from }, length: record_length as u32 };
        at += record_length as u64;
        if let Some((id, body)) = body_in(&record) {
            found(id, place, body)?;
            end = at;
        }
    }
}

/// The block and the body of a whole record.
fn body_in(record: &[u8]) -> Option<(BlockId, &[u8])> {
    let (Entry { key, sealed, .. }, _) = entries::split_entry(record)?;
    let id = block_of(key).filter(|_| key[0] == Kind::Body as u8)?;
    Some((id, values::unseal(key, sealed)?))
}
