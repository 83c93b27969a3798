//! The wallet index: where a transaction is, what an address did, when a digest was first anchored.
//!
//! It follows the tip on a thread of its own and may lag, which it tells. It never returns a block that is not on the
//! chain that it has indexed; after a reorganisation it goes back to the common ancestor first.

use std::sync::Arc;

use super::damage::damaged;
pub use super::entry::Direction;
use super::entry::{Entry, Place, Table, address_prefix, digest_prefix, entry, is_party, transaction_prefix};
pub use super::progress::IndexPosition;
use super::shared::Shared;
use crate::primitives::{Action, Address, Block, BlockId, Transaction, TransactionId};
use crate::storage::chain_store::{ChainReader, StorageError};
use crate::storage::sled_store::reader::SledReader;

/// Entries looked at in one go when the one that counts is among the oldest. Nearly always there is one.
const OLDEST_AT_ONCE: usize = 64;
/// Longest page of a history.
pub const HISTORY_PAGE_MAX: usize = 1_000;

/// Answers wallets. Clones are the same index.
#[derive(Debug, Clone)]
pub struct WalletIndex(pub(in crate::storage::sled_store) Arc<Shared>);

/// A transaction's place on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionPlace {
    /// The block.
    pub block: BlockId,
    /// Position among its transactions.
    pub position: u32,
}

/// One thing an address had to do with the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The block.
    pub block: BlockId,
    /// Position of the transaction; 0 for the reward of a block.
    pub position: u32,
    /// What the address had to do with it.
    pub direction: Direction,
}

/// A part of a history, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page begins, if there is more.
    pub next: Option<HistoryCursor>,
}

/// Where a page of a history begins. Stays good while blocks are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor(pub u64);

impl WalletIndex {
    /// Where a transaction is, if it is on the indexed chain.
    pub fn transaction(&self, id: TransactionId) -> Result<Option<TransactionPlace>, StorageError> {
        let is_it = |transaction: &Transaction| transaction.id(&self.0.genesis) == id;
        self.oldest(Table::Transactions, transaction_prefix(&id), is_it)
    }

    /// Where a digest was first anchored, if it was.
    pub fn anchor(&self, digest: &[u8; 32]) -> Result<Option<TransactionPlace>, StorageError> {
        let is_it = |transaction: &Transaction| match &transaction.action {
            Action::Anchor(anchor) => anchor.digest == *digest,
            Action::Transfer(_) => false,
        };
        self.oldest(Table::Anchors, digest_prefix(digest), is_it)
    }

    /// What an address did, newest first, from `cursor` on: at most `limit` entries, and [`HISTORY_PAGE_MAX`].
    pub fn history(
        &self,
        address: &Address,
        cursor: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<HistoryPage, StorageError> {
        let limit = limit.clamp(1, HISTORY_PAGE_MAX);
        let prefix = address_prefix(address);
        let mut below =
            cursor.map_or_else(|| end_of(prefix), |cursor| entry(prefix, Place::from_number(cursor.0)));
        let mut page = HistoryPage::default();
        let mut blocks = BlockCache::new(&self.0.reader);
        loop {
            // One more than fits, to know whether there is a next page.
            let missing = limit + 1 - page.entries.len();
            let found = self.0.read().largest(&self.0.database, Table::History, prefix, below, missing)?;
            for (place, block) in &found.places {
                let Some(entry) = history_entry(*place, *block, address, &mut blocks)? else { continue };
                if page.entries.len() == limit {
                    page.next = Some(HistoryCursor(place.number() + 1));
                    return Ok(page);
                }
                page.entries.push(entry);
            }
            match found.places.last() {
                Some((last, _)) if !found.is_all => below = entry(prefix, *last),
                Some(_) | None => return Ok(page),
            }
        }
    }

    /// How far the index is.
    pub fn position(&self) -> IndexPosition {
        self.0.progress.position()
    }

    /// Waits until a block, or another of its height, is indexed; false when the index has ended before.
    pub fn wait_for(&self, block: BlockId) -> bool {
        self.0.progress.wait_for(block)
    }

    /// The first place of a prefix where the transaction is the right one.
    fn oldest(
        &self,
        table: Table,
        prefix: u64,
        is_it: impl Fn(&Transaction) -> bool,
    ) -> Result<Option<TransactionPlace>, StorageError> {
        let mut blocks = BlockCache::new(&self.0.reader);
        let mut from = entry(prefix, Place::from_number(0));
        loop {
            let found = self.0.read().smallest(&self.0.database, table, prefix, from, OLDEST_AT_ONCE)?;
            for (place, block) in &found.places {
                let position = place.position();
                let is_found = blocks.get(*block)?.transactions.get(position as usize).is_some_and(&is_it);
                if is_found {
                    return Ok(Some(TransactionPlace { block: *block, position }));
                }
            }
            match found.places.last() {
                Some((last, _)) if !found.is_all => from = entry(prefix, *last) + 1,
                Some(_) | None => return Ok(None),
            }
        }
    }
}

/// The entry at a place, if the address really has that to do with it.
fn history_entry(
    place: Place,
    block: BlockId,
    address: &Address,
    blocks: &mut BlockCache<'_>,
) -> Result<Option<HistoryEntry>, StorageError> {
    let Some(direction) = place.direction() else { return Ok(None) };
    let body = blocks.get(block)?;
    let position = place.position();
    let is_true = if direction == Direction::Earned {
        body.coinbase.miner == *address
    } else {
        let transaction = body.transactions.get(position as usize);
        transaction.is_some_and(|transaction| is_party(transaction, address, direction))
    };
    Ok(is_true.then_some(HistoryEntry { block, position, direction }))
}

/// The block that was read last: entries of one block come together.
struct BlockCache<'a> {
    reader: &'a SledReader,
    last: Option<(BlockId, Arc<Block>)>,
}

impl<'a> BlockCache<'a> {
    fn new(reader: &'a SledReader) -> Self {
        Self { reader, last: None }
    }

    fn get(&mut self, id: BlockId) -> Result<Arc<Block>, StorageError> {
        if let Some((last, block)) = &self.last
            && *last == id
        {
            return Ok(Arc::clone(block));
        }
        let missing = || damaged(&self.reader.database, &format!("the body of block {id:?} is missing"));
        let block = self.reader.block(id)?.ok_or_else(missing)?;
        self.last = Some((id, Arc::clone(&block)));
        Ok(block)
    }
}

/// The first number that is no entry of a prefix.
fn end_of(prefix: u64) -> Entry {
    entry(prefix, Place::from_number(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::TestChain;
    use crate::consensus::{HeaderFacts, Params};
    use crate::storage::sled_store::database::schema::Kind;
    use crate::storage::sled_store::database::table::Batch;
    use crate::storage::sled_store::opening::options::OpenOptions;
    use crate::storage::{ChainStore, Commit, StoredHeader};

    fn commit(block: &Arc<Block>, facts: &HeaderFacts) -> Commit {
        let header = StoredHeader { id: facts.id(), header: block.header, work: facts.work };
        let bodies = vec![(header.id, Arc::clone(block))];
        Commit { headers: vec![header], bodies, tip: Some(header.id), ..Commit::default() }
    }

    #[test]
    fn a_damaged_index_is_rebuilt_at_the_next_start_and_the_chain_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        let miner = Address([7; 32]);
        chain.grow(miner, Vec::new()).unwrap();
        let genesis = chain.params.genesis_hash();
        let mut opened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        let index = opened.store.start_index(false).unwrap();
        opened.store.commit(&[commit(chain.blocks[0].0.block(), &chain.tip())]).unwrap();
        assert!(index.wait_for(chain.tip().id()));
        drop(index);
        opened.store.close().unwrap();
        drop(opened.records);

        let mut opened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        let index = opened.store.start_index(false).unwrap();
        assert!(index.wait_for(chain.tip().id()));
        let database = index.0.database.clone();
        let (key, _) = database.prefix(&Kind::IndexRun.key()).next().unwrap().unwrap();
        let mut batch = Batch::default();
        batch.put(&key, b"not what was written");
        database.apply(batch).unwrap();
        assert!(matches!(index.history(&miner, None, 10), Err(StorageError::Damaged { .. })));
        drop((index, database));
        opened.store.close().unwrap();
        drop(opened.records);

        let mut opened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        assert!(opened.report.set_aside.is_empty() && opened.chain.tip == Some(chain.tip().id()));
        let index = opened.store.start_index(false).unwrap();
        assert!(index.wait_for(chain.tip().id()));
        assert_eq!(index.history(&miner, None, 10).unwrap().entries.len(), 1);
    }
}
