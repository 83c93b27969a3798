//! Appends bodies to their files, and makes them last.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::sync::Arc;

use super::files::{BodyFiles, Place, place_of};
use super::scan::{self, Found, Next};
use crate::primitives::{BlockHash, BlockId};
use crate::storage::chain_store::StorageError;
use crate::storage::journal::Position;
use crate::storage::segment::{self, SegmentStart};
use crate::storage::sled_store::database::table::Database;

/// Bytes after which a new file begins.
pub(in crate::storage::sled_store) const FILE_BYTES: u64 = 128 << 20;
/// Bytes that are collected before they are written; a longer record is written as it is.
const BUFFER_BYTES: usize = 256 << 10;

/// The one that writes. An error is final: nobody knows what the system kept.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct BodyWriter {
    files: Arc<BodyFiles>,
    genesis: BlockHash,
    file: File,
    end: Position,
    buffer: Vec<u8>,
    has_unsynced: bool,
    file_bytes: u64,
}

impl BodyWriter {
    /// Opens the files, or makes the first, and tells `found` of every record after `from`.
    ///
    /// `from` is where they ended when they were last made to last, or the start when nobody knows. A record that was
    /// being written when the node was killed is cut off.
    pub(in crate::storage::sled_store) fn open(
        files: Arc<BodyFiles>,
        genesis: BlockHash,
        from: Position,
        file_bytes: u64,
        found: Found<'_>,
    ) -> Result<Self, StorageError> {
        segment::make_folder(files.folder())?;
        let end = match scan::scan(&files, genesis, from, found)? {
            Next::At(end) => end,
            Next::After(follows) => {
                sync_if_there(&files, follows.segment)?;
                begin(&files, genesis, follows)?
            }
        };
        // What a kill has left there lasts before anything is built on it.
        segment::sync_folder(files.folder())?;
        let file = segment::open_at(files.folder(), end)?;
        Ok(Self { files, genesis, file, end, buffer: Vec::new(), has_unsynced: true, file_bytes })
    }

    /// Adds a record, which is there for readers after [`Self::write`].
    pub(in crate::storage::sled_store) fn append(&mut self, record: &[u8]) -> Result<Place, StorageError> {
        if self.end.offset >= self.file_bytes {
            self.begin_next()?;
        }
        let place = Place { at: self.end, length: record.len() as u32 };
        self.end.offset += record.len() as u64;
        self.has_unsynced = true;
        if self.buffer.len() + record.len() > BUFFER_BYTES {
            self.write()?;
        }
        if record.len() > BUFFER_BYTES {
            self.write_all(record)?;
        } else {
            self.buffer.extend_from_slice(record);
        }
        Ok(place)
    }

    /// Hands what was added to the system.
    pub(in crate::storage::sled_store) fn write(&mut self) -> Result<(), StorageError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        if !buffer.is_empty() {
            self.write_all(&buffer)?;
            buffer.clear();
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Makes all that was added last.
    pub(in crate::storage::sled_store) fn sync(&mut self) -> Result<(), StorageError> {
        self.write()?;
        if self.has_unsynced {
            self.file.sync_data().map_err(|error| self.failed(&error))?;
            self.has_unsynced = false;
        }
        Ok(())
    }

    /// Where the next record will lie.
    pub(in crate::storage::sled_store) fn end(&self) -> Position {
        self.end
    }

    /// The files, to be read.
    pub(in crate::storage::sled_store) fn files(&self) -> &Arc<BodyFiles> {
        &self.files
    }

    /// Whether a body does not lie whole where the database says.
    pub(in crate::storage::sled_store) fn is_missing(
        &self,
        database: &Database,
        id: BlockId,
    ) -> Result<bool, StorageError> {
        let Some(place) = place_of(database, id)? else { return Ok(true) };
        Ok(!self.files.is_whole(id, place)?)
    }

    /// Begins the next file. One that has a successor is whole and lasts.
    pub(super) fn begin_next(&mut self) -> Result<(), StorageError> {
        self.sync()?;
        self.end = begin(&self.files, self.genesis, self.end)?;
        self.file = segment::open_at(self.files.folder(), self.end)?;
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.file.write_all(bytes).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> StorageError {
        StorageError::io(&self.files.path_of(self.end.segment), error)
    }
}

/// Makes a file last that gets a successor.
fn sync_if_there(files: &BodyFiles, number: u64) -> Result<(), StorageError> {
    let path = files.path_of(number);
    match segment::sync_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(StorageError::io(&path, &error)),
        _ => Ok(()),
    }
}

/// Makes the file after the one in which `follows` lies; gives back where its first record will lie.
fn begin(files: &BodyFiles, genesis: BlockHash, follows: Position) -> Result<Position, StorageError> {
    let number = follows.segment + 1;
    segment::create(files.folder(), &SegmentStart { number, genesis, follows })?;
    Ok(Position { segment: number, offset: segment::START_BYTES })
}

/// A writer in a folder of a test.
#[cfg(test)]
pub(in crate::storage::sled_store) fn temporary(folder: &std::path::Path) -> BodyWriter {
    let files = Arc::new(BodyFiles::new(folder.to_owned()));
    BodyWriter::open(files, BlockHash::ZERO, Position::default(), FILE_BYTES, &mut |_, _, _| Ok(())).unwrap()
}
