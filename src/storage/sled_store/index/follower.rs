//! The thread that keeps the wallet index at the tip.

use std::sync::Arc;

use super::damage::damaged;
use super::entry::{BlockEntries, Table};
use super::indexed::{Indexed, Manifest};
use super::progress::Progress;
use super::shared::Shared;
use super::sorted_runs::{self, Runs};
use crate::primitives::codec;
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::chain_store::{ChainReader, StorageError};
use crate::storage::sled_store::database::schema::{Kind, get_one, height_key};
use crate::storage::sled_store::database::table::{Batch, Database};
use crate::storage::sled_store::reader::SledReader;
use crate::storage::sled_store::tip_watch::TipWatch;

/// Entries in memory after which they become a run: about ten full blocks, one megabyte.
const RECENT_ENTRIES_MAX: usize = 1 << 16;

/// Blocks below the last one indexed that are looked at after a kill: more than a switch of branches goes back.
const LINKED_BLOCKS: u32 = 10_000;

/// Follows the tip until the store closes.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct Follower {
    shared: Arc<Shared>,
    tips: Arc<TipWatch>,
    recent_entries: usize,
    recent_blocks_max: usize,
}

impl Follower {
    /// Takes up the index where it was left, or from nothing when it should be rebuilt, or a part of it is gone.
    pub(in crate::storage::sled_store) fn open(
        database: Database,
        reader: SledReader,
        tips: Arc<TipWatch>,
        genesis: BlockHash,
        rebuild: bool,
        recent_blocks_max: usize,
    ) -> Result<Self, StorageError> {
        if rebuild || database.get(&Kind::IndexDamaged.key())?.is_some() {
            remove_all(&database)?;
        }
        let start =
            Manifest { runs: Runs::default(), cursor: BlockId { height: Height::GENESIS, hash: genesis } };
        let mut manifest = get_one(&database, Kind::IndexManifest)?.unwrap_or_else(|| start.clone());
        // A database that was closed well has been compared with what it was then.
        let is_whole = |manifest: &Manifest| -> Result<bool, StorageError> {
            Ok(manifest.runs.are_whole(&database)? && are_linked(&database, &reader, manifest)?)
        };
        if !database.is_as_left() && !is_whole(&manifest)? {
            tracing::warn!("the wallet index has lost a part: it is made anew");
            remove_all(&database)?;
            manifest = start;
        }
        manifest.runs.remove_leftovers(&database)?;
        let progress = Progress::new(Arc::clone(&tips), manifest.cursor);
        let shared = Shared::new(database, reader, genesis, manifest, progress);
        let mut follower = Self { shared: Arc::new(shared), tips, recent_entries: 0, recent_blocks_max };
        follower.go_back_to_tip(BlockId { height: Height::GENESIS, hash: genesis })?;
        Ok(follower)
    }

    /// Leaves what is indexed above the tip, before anybody asks: a damaged database may open with an older one.
    fn go_back_to_tip(&mut self, genesis: BlockId) -> Result<(), StorageError> {
        let mut ancestor = self.tips.tip().unwrap_or(genesis);
        if self.shared.read().cursor.height > ancestor.height {
            while !self.is_indexed(ancestor)? {
                ancestor = self.parent_of(ancestor)?;
            }
            self.go_back(ancestor);
        }
        Ok(())
    }

    /// What queries share with it.
    pub(in crate::storage::sled_store) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Follows until the store closes or something cannot be read.
    pub(in crate::storage::sled_store) fn run(mut self) {
        let ended = self.follow_tips();
        if let Err(error) = &ended {
            tracing::error!("the wallet index stays where it is: {error}");
        }
        self.shared.progress.end(ended.err());
    }

    fn follow_tips(&mut self) -> Result<(), StorageError> {
        let mut seen = None;
        while let Some(tip) = self.tips.wait(seen) {
            self.follow(tip)?;
            seen = Some(tip);
        }
        self.flush()
    }

    /// Goes back to where the chain of `tip` left the indexed one, and up to it.
    fn follow(&mut self, tip: BlockId) -> Result<(), StorageError> {
        let mut missing = Vec::new();
        let mut ancestor = tip;
        while !self.is_indexed(ancestor)? {
            missing.push(ancestor);
            ancestor = self.parent_of(ancestor)?;
        }
        self.go_back(ancestor);
        for id in missing.into_iter().rev() {
            if self.tips.is_closed() {
                break;
            }
            self.index(id)?;
        }
        Ok(())
    }

    fn is_indexed(&self, id: BlockId) -> Result<bool, StorageError> {
        if id.height == Height::GENESIS {
            return Ok(true);
        }
        Ok(self.shared.read().block_at(&self.shared.database, id.height)? == Some(id))
    }

    fn parent_of(&self, id: BlockId) -> Result<BlockId, StorageError> {
        let header = self.shared.reader.header(id)?.ok_or_else(|| self.missing("header", id))?;
        Ok(BlockId { height: id.height.minus(1), hash: header.header.previous })
    }

    fn go_back(&mut self, ancestor: BlockId) {
        let mut state = self.shared.write();
        if ancestor.height >= state.cursor.height {
            return;
        }
        state.cursor = ancestor;
        state.recent.retain(|(id, _)| id.height <= ancestor.height);
        self.recent_entries = state.recent.iter().map(|(_, entries)| entries.len()).sum();
        self.shared.progress.set(ancestor);
    }

    fn index(&mut self, id: BlockId) -> Result<(), StorageError> {
        let block = self.shared.reader.block(id)?.ok_or_else(|| self.missing("body", id))?;
        let entries = BlockEntries::of(&block, id.height, &self.shared.genesis);
        self.recent_entries += entries.len();
        let mut state = self.shared.write();
        state.recent.push((id, entries));
        state.cursor = id;
        let is_full =
            self.recent_entries >= RECENT_ENTRIES_MAX || state.recent.len() >= self.recent_blocks_max;
        drop(state);
        self.shared.progress.set(id);
        if is_full { self.flush() } else { Ok(()) }
    }

    /// Makes runs of what is in memory, in one batch with the cursor, and merges where a level is full.
    fn flush(&mut self) -> Result<(), StorageError> {
        let state = self.shared.read();
        if state.cursor == state.manifest.cursor {
            return Ok(());
        }
        let mut manifest = Manifest { runs: state.manifest.runs.clone(), cursor: state.cursor };
        let mut batch = Batch::default();
        for (id, _) in &state.recent {
            batch.put(&height_key(Kind::IndexedBlock, id.height), &codec::encode(&id.hash));
        }
        for table in Table::ALL {
            let mut entries: Vec<_> =
                state.recent.iter().flat_map(|(_, entries)| entries.table(table)).copied().collect();
            entries.sort_unstable();
            if !entries.is_empty() {
                manifest.runs.add(&self.shared.database, &mut batch, table, &entries);
            }
        }
        drop(state);
        self.replace(manifest, batch)?;
        self.merge()
    }

    fn merge(&mut self) -> Result<(), StorageError> {
        loop {
            let Manifest { runs, cursor } = self.shared.read().manifest.clone();
            let Some((runs, merged)) = runs.merge_once(&self.shared.database)? else { return Ok(()) };
            self.replace(Manifest { runs, cursor }, Batch::default())?;
            // Look-ups that began with the old runs have ended: they hold the lock that the replacement took.
            sorted_runs::remove(&self.shared.database, &merged)?;
        }
    }

    /// Writes a batch with the new manifest, and from then on answers by it.
    fn replace(&mut self, manifest: Manifest, mut batch: Batch) -> Result<(), StorageError> {
        batch.put(&Kind::IndexManifest.key(), &codec::encode(&manifest));
        let mut state = self.shared.write();
        self.shared.database.apply(batch)?;
        let Manifest { cursor, .. } = manifest;
        state.recent.retain(|(id, _)| id.height > cursor.height);
        state.manifest = manifest;
        self.recent_entries = state.recent.iter().map(|(_, entries)| entries.len()).sum();
        Ok(())
    }

    fn missing(&self, part: &str, id: BlockId) -> StorageError {
        damaged(&self.shared.database, &format!("the {part} of block {id:?} is missing"))
    }
}

/// Whether the newest blocks indexed are one chain, as a switch of branches leaves them.
fn are_linked(database: &Database, reader: &SledReader, manifest: &Manifest) -> Result<bool, StorageError> {
    let (indexed, cursor) = (Indexed::new(manifest.clone()), manifest.cursor);
    let mut at = cursor;
    while at.height > Height::GENESIS && cursor.height.since(at.height) < LINKED_BLOCKS {
        let header = reader.header(at)?;
        let Some(header) =
            header.filter(|_| indexed.block_at(database, at.height).is_ok_and(|id| id == Some(at)))
        else {
            return Ok(false);
        };
        at = BlockId { height: at.height.minus(1), hash: header.header.previous };
    }
    Ok(true)
}

fn remove_all(database: &Database) -> Result<(), StorageError> {
    let mut batch = Batch::default();
    // First what says that there is an index, last what says that it must be rebuilt: a kill in between changes nothing.
    batch.remove(&Kind::IndexManifest.key());
    database.apply(std::mem::take(&mut batch))?;
    for kind in [Kind::IndexedBlock, Kind::IndexRun] {
        for pair in database.prefix(&kind.key()) {
            batch.remove(&pair?.0);
            database.apply_if_full(&mut batch)?;
        }
    }
    batch.remove(&Kind::IndexDamaged.key());
    database.apply(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::Params;
    use crate::consensus::testing::TestChain;
    use crate::primitives::Address;
    use crate::storage::sled_store::index::wallet_index::WalletIndex;
    use crate::storage::sled_store::opening::options::{OpenOptions, Opened};
    use crate::storage::{ChainStore, Commit, StoredHeader};

    const MINER: Address = Address([7; 32]);

    fn commits(chain: &TestChain) -> Vec<Commit> {
        let blocks = chain.blocks.iter().map(|(block, _)| block.block()).zip(&chain.facts[1..]);
        let commit = |(block, facts): (&Arc<crate::primitives::Block>, &crate::consensus::HeaderFacts)| {
            let header = StoredHeader { id: facts.id(), header: block.header, work: facts.work };
            let bodies = vec![(header.id, Arc::clone(block))];
            Commit { headers: vec![header], bodies, tip: Some(header.id), ..Commit::default() }
        };
        blocks.map(commit).collect()
    }

    /// A closed folder with six blocks, all indexed.
    fn indexed_chain() -> (tempfile::TempDir, TestChain) {
        let folder = tempfile::tempdir().unwrap();
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        (0..6).for_each(|_| drop(chain.grow(MINER, Vec::new()).unwrap()));
        let mut opened = OpenOptions::new(folder.path(), chain.params.genesis_hash()).open().unwrap();
        let index = opened.store.start_index(false).unwrap();
        opened.store.commit(&commits(&chain)).unwrap();
        assert!(index.wait_for(chain.tip().id()));
        opened.store.close().unwrap();
        (folder, chain)
    }

    /// Entries of the miner's history in a folder of a node that was killed after `damage` was done to its index.
    fn history_after(damage: impl FnOnce(&Database, &mut Batch)) -> usize {
        let (folder, chain) = indexed_chain();
        let options = OpenOptions::new(folder.path(), chain.params.genesis_hash());
        let Opened { store, records, .. } = options.open().unwrap();
        let database = store.reader().database;
        store.close().unwrap();
        let mut batch = Batch::default();
        damage(&database, &mut batch);
        database.apply(batch).unwrap();
        // Neither closed well nor compared: it leaves no sums.
        drop((database, records));

        let mut opened = options.open().unwrap();
        let index = opened.store.start_index(false).unwrap();
        assert!(index.wait_for(chain.tip().id()));
        index.history(&MINER, None, 100).unwrap().entries.len()
    }

    #[test]
    fn after_a_kill_an_index_that_has_lost_a_part_is_made_anew() {
        let lose_a_value = |database: &Database, batch: &mut Batch| {
            let (key, _) = database.prefix(&Kind::IndexRun.key()).next().unwrap().unwrap();
            batch.remove(&key);
        };
        assert_eq!(history_after(lose_a_value), 6);
        assert_eq!(history_after(|_, _| {}), 6);
    }

    #[test]
    fn after_a_kill_an_index_of_a_branch_that_was_left_is_made_anew() {
        let go_back = |_: &Database, batch: &mut Batch| {
            let other = codec::encode(&BlockHash([9; 32]));
            batch.put(&height_key(Kind::IndexedBlock, Height(3)), &other);
        };
        assert_eq!(history_after(go_back), 6);
    }

    #[test]
    fn an_index_above_the_tip_goes_back_before_anybody_asks() {
        let (folder, chain) = indexed_chain();
        let genesis = chain.params.genesis_hash();
        let opened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        let (reader, tip) = (opened.store.reader(), chain.facts[3].id());
        let tips = Arc::new(TipWatch::new(Some(tip)));
        let follower = Follower::open(reader.database.clone(), reader, tips, genesis, false, 10).unwrap();
        let index = WalletIndex(follower.shared());
        assert_eq!(index.position().indexed, tip);
        assert_eq!(index.history(&MINER, None, 100).unwrap().entries.len(), 3);
    }
}
