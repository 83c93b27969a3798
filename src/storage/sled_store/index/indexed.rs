//! What the wallet index holds: runs in the database, and the entries of recent blocks above them in memory.

use std::cmp::Reverse;

use super::damage::damaged;
use super::entry::{BlockEntries, Entry, Place, Table, entry};
use super::sorted_runs::{Runs, Wanted};
use crate::primitives::codec::{Decode, Encode};
use crate::primitives::{BlockId, Height};
use crate::storage::chain_store::StorageError;
use crate::storage::sled_store::database::schema::{self, Kind, height_key};
use crate::storage::sled_store::database::table::Database;

/// What is indexed: the runs in the database, and recent blocks above them in memory.
#[derive(Debug)]
pub(super) struct Indexed {
    pub(super) manifest: Manifest,
    /// The blocks right below the cursor, ascending, that no run holds yet.
    pub(super) recent: Vec<(BlockId, BlockEntries)>,
    /// The last block indexed. Entries of higher blocks are of a chain that was left.
    pub(super) cursor: BlockId,
}

/// What the database says of the index.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Manifest {
    /// The runs.
    pub(super) runs: Runs,
    /// The last block in them.
    pub(super) cursor: BlockId,
}

/// Places of one prefix, in the order asked for.
#[derive(Debug)]
pub(super) struct Found {
    /// The places and their blocks.
    pub(super) places: Vec<(Place, BlockId)>,
    /// Whether there are no more beyond them.
    pub(super) is_all: bool,
}

impl Indexed {
    /// The index as the database has it.
    pub(super) fn new(manifest: Manifest) -> Self {
        Self { cursor: manifest.cursor, manifest, recent: Vec::new() }
    }

    /// The block indexed at a height.
    pub(super) fn block_at(
        &self,
        database: &Database,
        height: Height,
    ) -> Result<Option<BlockId>, StorageError> {
        if height > self.cursor.height {
            return Ok(None);
        }
        if let Some((first, _)) = self.recent.first()
            && height >= first.height
        {
            return Ok(self.recent.get(height.since(first.height) as usize).map(|(id, _)| *id));
        }
        let Some(bytes) = database.get(&height_key(Kind::IndexedBlock, height))? else { return Ok(None) };
        let hash = schema::decode(database, &bytes, || format!("the indexed block at height {height}"))?;
        Ok(Some(BlockId { height, hash }))
    }

    /// The last `limit` places of a prefix before `below`, descending.
    pub(super) fn largest(
        &self,
        database: &Database,
        table: Table,
        prefix: u64,
        below: Entry,
        limit: usize,
    ) -> Result<Found, StorageError> {
        let from = entry(prefix, Place::from_number(0));
        let wanted = Wanted { from, below: below.min(self.end_of(prefix)), limit };
        let mut found = Vec::new();
        self.manifest.runs.largest(database, table, wanted, &mut found)?;
        for (_, entries) in &self.recent {
            found.extend(slice_of(entries.table(table), wanted).iter().rev().take(limit));
        }
        found.sort_unstable_by_key(|entry| Reverse(*entry));
        self.found(database, found, limit)
    }

    /// The first `limit` places of a prefix from `from` on, ascending.
    pub(super) fn smallest(
        &self,
        database: &Database,
        table: Table,
        prefix: u64,
        from: Entry,
        limit: usize,
    ) -> Result<Found, StorageError> {
        let wanted = Wanted { from, below: self.end_of(prefix), limit };
        let mut found = Vec::new();
        self.manifest.runs.smallest(database, table, wanted, &mut found)?;
        for (_, entries) in &self.recent {
            found.extend(slice_of(entries.table(table), wanted).iter().take(limit));
        }
        found.sort_unstable();
        self.found(database, found, limit)
    }

    /// What lies above the cursor is of a chain that was left.
    fn end_of(&self, prefix: u64) -> Entry {
        entry(prefix, Place { height: self.cursor.height.next(), slot: 0 })
    }

    fn found(
        &self,
        database: &Database,
        mut sorted: Vec<Entry>,
        limit: usize,
    ) -> Result<Found, StorageError> {
        // Each source gave its first `limit`: as many of all together are certain to be complete, repetitions included.
        let is_all = sorted.len() < limit;
        sorted.truncate(limit);
        sorted.dedup();
        let mut places = Vec::with_capacity(sorted.len());
        for place in sorted.into_iter().map(Place::of) {
            let missing = || damaged(database, &format!("no block is indexed at height {}", place.height));
            places.push((place, self.block_at(database, place.height)?.ok_or_else(missing)?));
        }
        Ok(Found { places, is_all })
    }
}

/// The entries wanted, out of sorted ones.
fn slice_of(entries: &[Entry], wanted: Wanted) -> &[Entry] {
    let start = entries.partition_point(|entry| *entry < wanted.from);
    let end = entries.partition_point(|entry| *entry < wanted.below);
    entries.get(start..end).unwrap_or_default()
}
