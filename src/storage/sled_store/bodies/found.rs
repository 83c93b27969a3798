//! Bodies found in their files at opening: the database learns again where they lie. Of a database that is new beside
//! old files, as after the old one was damaged, that makes the chain whole again without any peer.

use std::collections::{BTreeMap, HashMap};

use super::files::{self, Place};
use crate::primitives::codec;
use crate::primitives::{BlockHash, BlockId, Header, Target, Work};
use crate::storage::chain_store::StorageError;
use crate::storage::commit::StoredHeader;
use crate::storage::sled_store::database::entries;
use crate::storage::sled_store::database::load;
use crate::storage::sled_store::database::schema::Kind;
use crate::storage::sled_store::database::table::{Batch, Database};
use crate::storage::sled_store::database::values;

/// Notes the places of bodies, and keeps their headers where the database has none.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct FoundBodies<'a> {
    database: &'a Database,
    batch: Batch,
    is_new: bool,
    headers: BTreeMap<BlockId, Header>,
}

impl<'a> FoundBodies<'a> {
    /// For a database that knows most of them.
    pub(in crate::storage::sled_store) fn new(database: &'a Database) -> Self {
        Self { database, batch: Batch::default(), is_new: false, headers: BTreeMap::new() }
    }

    /// For a new database, which has no headers. Should a crash have cut short how it was made, it may know of places at
    /// which nothing lies any more: all that count are found again.
    pub(in crate::storage::sled_store) fn in_new(database: &'a Database) -> Result<Self, StorageError> {
        let mut batch = Batch::default();
        for pair in database.prefix(&Kind::BodyPlace.key()) {
            batch.remove(&pair?.0);
            database.apply_if_full(&mut batch)?;
        }
        database.apply(batch)?;
        Ok(Self { is_new: true, ..Self::new(database) })
    }

    /// Takes note of a body.
    pub(in crate::storage::sled_store) fn add(
        &mut self,
        id: BlockId,
        place: Place,
        body: &[u8],
    ) -> Result<(), StorageError> {
        if self.is_new
            && let Ok((header, _)) = codec::decode_prefix(body, body.len())
        {
            self.headers.insert(id, header);
        }
        files::put_place(self.database, &mut self.batch, id, place)
    }

    /// Makes the places known; gives back the headers that a new database lacks, parents before children.
    pub(in crate::storage::sled_store) fn finish(
        mut self,
    ) -> Result<BTreeMap<BlockId, Header>, StorageError> {
        self.database.apply(std::mem::take(&mut self.batch))?;
        Ok(self.headers)
    }
}

/// Puts headers that the journal does not reach back to. Work counts from genesis, which is not kept: how much that one
/// has follows from a header of the journal, whose work is known. Without any, the headers are fetched from peers.
pub(in crate::storage::sled_store) fn put_headers(
    database: &Database,
    headers: &BTreeMap<BlockId, Header>,
    genesis: BlockHash,
) -> Result<(), StorageError> {
    let mut works = HashMap::from([(genesis, Work::ZERO)]);
    for (id, header) in headers {
        let own = header.bits.target().map_or(Work::ZERO, Target::work);
        if let Some(work) = works.get(&header.previous).map(|work| work.plus(own)) {
            works.insert(id.hash, work);
        }
    }
    let mut known = None;
    for (id, _) in headers.iter().rev() {
        known =
            load::load_header(database, *id)?.and_then(|stored| Some((stored.work, *works.get(&id.hash)?)));
        if known.is_some() {
            break;
        }
    }
    let Some((known, from_genesis)) = known else { return Ok(()) };
    let (mut batch, mut entry) = (Batch::default(), Vec::new());
    for (id, header) in headers {
        let Some(work) = works.get(&id.hash) else { continue };
        let work = Work(known.0 - from_genesis.0 + work.0);
        entry.clear();
        entries::encode_header(&StoredHeader { id: *id, header: *header, work }, &mut entry);
        if let Some((entry, _)) = entries::split_entry(&entry) {
            values::put_sealed(database, &mut batch, entry.key, entry.sealed)?;
        }
    }
    database.apply(batch)
}
