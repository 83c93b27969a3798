//! Reads from the store: what is on its way first, then the database and the files of bodies.

use std::sync::Arc;

use super::backlog::Backlog;
use super::bodies::files::{BodyFiles, place_of};
use super::bodies::lost;
use super::database::load;
use super::database::schema::{Kind, block_key};
use super::database::table::Database;
use super::database::values;
use crate::consensus::undo::Undo;
use crate::primitives::codec;
use crate::primitives::{Block, BlockId};
use crate::storage::chain_store::{ChainReader, StorageError};
use crate::storage::commit::StoredHeader;

/// Reads from the store, on any thread.
#[derive(Debug, Clone)]
pub struct SledReader {
    pub(super) database: Database,
    pub(super) bodies: Arc<BodyFiles>,
    pub(super) backlog: Arc<Backlog>,
}

impl ChainReader for SledReader {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        match self.backlog.header(id) {
            Some(header) => Ok(Some(header)),
            None => load::load_header(&self.database, id),
        }
    }

    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        match self.backlog.block(id) {
            Some(block) => Ok(Some(block)),
            None => self.body(id),
        }
    }

    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        match self.backlog.undo(id) {
            Some(undo) => Ok(Some(undo)),
            None => self.stored_undo(id),
        }
    }
}

impl SledReader {
    fn body(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        let Some(place) = place_of(&self.database, id)? else { return Ok(None) };
        let block = self.bodies.read(id, place, |bytes| codec::decode(bytes, bytes.len()).ok())?;
        let damaged = || lost::damaged(&self.database, &self.bodies, id, place);
        block.map(|block| Some(Arc::new(block))).ok_or_else(damaged)
    }

    fn stored_undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        let what = || format!("the undo record of block {id:?}");
        let key = block_key(Kind::Undo, id);
        let Some(bytes) = values::get(&self.database, &key, what)? else { return Ok(None) };
        let undo = codec::decode(&bytes, bytes.len());
        undo.map(Some).map_err(|error| self.database.damaged(format!("{}: {error}", what())))
    }
}
