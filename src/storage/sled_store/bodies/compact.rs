//! Takes out of the files what nothing points to: bodies that were replaced, and what a loss of power left half written.
//!
//! A file that holds any of it goes as a whole. What still counts there is first appended to the newest file, as new
//! bodies are, and lasts there; then the database learns where it lies, and that lasts too; only then the file is deleted.
//! So at every point of it each body lies whole where the database says.

use std::collections::BTreeMap;

use super::files::{self, BodyFiles, Place};
use super::lost;
use super::writer::BodyWriter;
use crate::primitives::{BlockId, codec};
use crate::storage::chain_store::StorageError;
use crate::storage::segment::START_BYTES;
use crate::storage::sled_store::database::schema::{Kind, block_of, decode};
use crate::storage::sled_store::database::table::{Batch, Database};

/// Files that hold what nothing points to.
#[derive(Debug, Default)]
pub(in crate::storage::sled_store) struct Unused {
    /// What still counts in each, as it lies there.
    live: BTreeMap<u64, Vec<(BlockId, Place)>>,
}

impl Unused {
    /// Compares how long the files are with what the database knows in them.
    pub(in crate::storage::sled_store) fn find(
        database: &Database,
        files: &BodyFiles,
    ) -> Result<Self, StorageError> {
        let mut unused_bytes: BTreeMap<u64, u64> = files.lengths()?.without_starts().collect();
        for pair in database.prefix(&Kind::BodyPlace.key()) {
            let place: Place = decode(database, &pair?.1, || "the place of a body".to_owned())?;
            if let Some(bytes) = unused_bytes.get_mut(&place.at.segment) {
                *bytes = bytes.saturating_sub(place.length.into());
            }
        }
        unused_bytes.retain(|_, bytes| *bytes > 0);
        let mut live: BTreeMap<u64, Vec<_>> =
            unused_bytes.into_keys().map(|file| (file, Vec::new())).collect();
        if live.is_empty() {
            return Ok(Self::default());
        }
        for pair in database.prefix(&Kind::BodyPlace.key()) {
            let (key, place) = pair?;
            let place: Place = decode(database, &place, || "the place of a body".to_owned())?;
            if let (Some(live), Some(id)) = (live.get_mut(&place.at.segment), block_of(&key)) {
                live.push((id, place));
            }
        }
        for live in live.values_mut() {
            live.sort_unstable_by_key(|(_, place)| place.at);
        }
        Ok(Self { live })
    }

    /// Bytes that are written while this is taken out.
    pub(in crate::storage::sled_store) fn bytes_to_copy(&self) -> u64 {
        self.live.values().map(|live| bytes_of(live)).sum()
    }

    /// Bytes that must be free meanwhile: each file is deleted before the next is copied.
    pub(in crate::storage::sled_store) fn room_needed(&self) -> u64 {
        let longest = self.live.values().map(|live| bytes_of(live)).max();
        longest.map_or(0, |bytes| bytes + START_BYTES)
    }

    /// Takes it out. `progress` hears how many bytes are copied.
    pub(in crate::storage::sled_store) fn take_out(
        self,
        database: &Database,
        bodies: &mut BodyWriter,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), StorageError> {
        if self.live.contains_key(&bodies.end().segment) {
            bodies.begin_next()?;
        }
        let mut copied = 0;
        for (file, live) in self.live {
            let mut places = Vec::with_capacity(live.len());
            for (id, place) in live {
                let Some(record) = bodies.files().record(id, place)? else {
                    let damaged = lost::damaged(database, bodies.files(), id, place);
                    // What is remembered of it for the next opening.
                    database.sync()?;
                    return Err(damaged);
                };
                places.push((id, bodies.append(&record)?));
                copied += u64::from(place.length);
                progress(copied);
            }
            bodies.sync()?;
            let mut batch = Batch::default();
            for (id, place) in places {
                files::put_place(database, &mut batch, id, place)?;
            }
            batch.put(&Kind::BodiesEnd.key(), &codec::encode(&bodies.end()));
            database.apply(batch)?;
            database.sync()?;
            bodies.files().remove(file)?;
        }
        Ok(())
    }
}

fn bytes_of(live: &[(BlockId, Place)]) -> u64 {
    live.iter().map(|(_, place)| u64::from(place.length)).sum()
}
