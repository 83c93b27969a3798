//! Bodies of blocks, each once, in files that only grow: the database writes every byte about five times, and a body
//! never changes.
//!
//! A record is the body's entry just as the journal has it, with the block's name and a check over name and bytes, so it
//! says itself whose it is. The database knows each one's [`Place`]. What no place names does not count.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::primitives::BlockId;
use crate::primitives::codec::{self, Decode, Encode};
use crate::storage::chain_store::StorageError;
use crate::storage::journal::Position;
use crate::storage::segment;
use crate::storage::sled_store::database::entries::{self, Entry};
use crate::storage::sled_store::database::schema::{self, Kind, block_key};
use crate::storage::sled_store::database::table::{Batch, Database};
use crate::storage::sled_store::database::values;

/// The folder's name inside the data folder.
pub(in crate::storage::sled_store) const FOLDER: &str = "bodies";
/// Files that are kept open for reading: a chain is mostly read from one end of it.
const HANDLES_MAX: usize = 32;

/// Where a body lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(in crate::storage::sled_store) struct Place {
    /// Where its record begins.
    pub(in crate::storage::sled_store) at: Position,
    /// Bytes of the record.
    pub(in crate::storage::sled_store) length: u32,
}

/// The files, for whoever reads: any number of threads at once.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct BodyFiles {
    folder: PathBuf,
    /// The one used last comes last.
    handles: Mutex<VecDeque<(u64, Arc<File>)>>,
}

/// Lengths of the files, as they were when asked for.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct Lengths(HashMap<u64, u64>);

impl Place {
    /// The value under which the database has it.
    pub(in crate::storage::sled_store) fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

impl Lengths {
    /// Of each file, the bytes that follow its start.
    pub(super) fn without_starts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(number, length)| (*number, length.saturating_sub(segment::START_BYTES)))
    }

    /// Bytes of all of them.
    pub(in crate::storage::sled_store) fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether the files are long enough to hold what should lie at a place.
    pub(super) fn cover(&self, place: Place) -> bool {
        let end = place.at.offset.saturating_add(place.length.into());
        self.0.get(&place.at.segment).is_some_and(|length| end <= *length)
    }
}

impl BodyFiles {
    /// The files in a folder.
    pub(in crate::storage::sled_store) fn new(folder: PathBuf) -> Self {
        Self { folder, handles: Mutex::default() }
    }

    /// Where they are.
    pub(in crate::storage::sled_store) fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// The file of a number.
    pub(in crate::storage::sled_store) fn path_of(&self, number: u64) -> PathBuf {
        segment::path_of(&self.folder, number)
    }

    /// How long they are now.
    pub(in crate::storage::sled_store) fn lengths(&self) -> Result<Lengths, StorageError> {
        let length_of = |number| {
            let path = self.path_of(number);
            let metadata = fs::metadata(&path).map_err(|error| StorageError::io(&path, &error))?;
            Ok((number, metadata.len()))
        };
        segment::list(&self.folder)?.into_iter().map(length_of).collect::<Result<_, _>>().map(Lengths)
    }

    /// Reads a block's body; `None` when what lies at the place is not what was written for this block.
    pub(in crate::storage::sled_store) fn read<T>(
        &self,
        id: BlockId,
        place: Place,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, StorageError> {
        Ok(self.bytes(place)?.and_then(|record| body_of(id, &record).and_then(decode)))
    }

    /// Reads the whole record of a block's body; `None` as above.
    pub(super) fn record(&self, id: BlockId, place: Place) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.bytes(place)?.filter(|record| body_of(id, record).is_some()))
    }

    /// Whether a block's body lies whole at a place.
    pub(in crate::storage::sled_store) fn is_whole(
        &self,
        id: BlockId,
        place: Place,
    ) -> Result<bool, StorageError> {
        Ok(self.read(id, place, |_| Some(()))?.is_some())
    }

    /// Deletes a file, for good.
    pub(super) fn remove(&self, number: u64) -> Result<(), StorageError> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).retain(|(kept, _)| *kept != number);
        let path = self.path_of(number);
        fs::remove_file(&path).map_err(|error| StorageError::io(&path, &error))?;
        segment::sync_folder(&self.folder)
    }

    /// What lies at a place; `None` when the files do not reach that far.
    fn bytes(&self, place: Place) -> Result<Option<Vec<u8>>, StorageError> {
        if place.length as usize > entries::BYTES_MAX {
            return Ok(None);
        }
        let mut bytes = vec![0; place.length as usize];
        match self.read_at(place.at, &mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => Ok(None),
            Err(error) => Err(StorageError::io(&self.path_of(place.at.segment), &error)),
        }
    }

    fn read_at(&self, at: Position, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.handle(at.segment)?;
        read_exact_at(&file, bytes, at.offset)
    }

    fn handle(&self, number: u64) -> io::Result<Arc<File>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = handles.iter().position(|(kept, _)| *kept == number);
        let handle = match kept.and_then(|index| handles.remove(index)) {
            Some((_, handle)) => handle,
            None => Arc::new(File::open(self.path_of(number))?),
        };
        if handles.len() >= HANDLES_MAX {
            handles.pop_front();
        }
        handles.push_back((number, Arc::clone(&handle)));
        Ok(handle)
    }
}

/// Where a block's body lies, if it is here.
pub(in crate::storage::sled_store) fn place_of(
    database: &Database,
    id: BlockId,
) -> Result<Option<Place>, StorageError> {
    let Some(bytes) = database.get(&block_key(Kind::BodyPlace, id))? else { return Ok(None) };
    schema::decode(database, &bytes, || format!("the place of the body of block {id:?}")).map(Some)
}

/// Notes where a body lies.
pub(in crate::storage::sled_store) fn put_place(
    database: &Database,
    batch: &mut Batch,
    id: BlockId,
    place: Place,
) -> Result<(), StorageError> {
    batch.put(&block_key(Kind::BodyPlace, id), &place.encode());
    database.apply_if_full(batch)
}

/// The body in a record, if it is the whole one of this block.
fn body_of(id: BlockId, record: &[u8]) -> Option<&[u8]> {
    let (Entry { key, sealed, .. }, rest) = entries::split_entry(record)?;
    let is_its = rest.is_empty() && *key == block_key(Kind::Body, id);
    is_its.then(|| values::unseal(key, sealed)).flatten()
}

/// Reads without moving the handle, which others use too.
#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// The same: whether the handle moves does not matter where every read says its place.
#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[count..];
        offset += count as u64;
    }
    Ok(())
}
