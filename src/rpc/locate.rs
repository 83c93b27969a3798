//! Where a transaction is: in the pool, in the index, or in the last blocks, which the index may not have yet.

use std::sync::Arc;

use super::api::{Api, ask};
use super::errors::RpcResult;
use crate::node::Query;
use crate::node::query::MempoolEntry;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Block, BlockId, Height, Timestamp, Transaction, TransactionId};

/// Blocks below the tip that are searched when the index is off or behind.
const SEARCHED_BLOCKS_MAX: u32 = 100;

/// A known transaction.
#[derive(Debug)]
pub(super) enum Place {
    /// It waits.
    Pool(MempoolEntry),
    /// It is on the best chain.
    Block {
        /// In this block.
        id: BlockId,
        /// Of this time.
        time: Timestamp,
        /// At this position.
        position: u32,
        /// The transaction.
        transaction: Box<Transaction>,
        /// Its hashes and size.
        hashes: TransactionHashes,
    },
}

impl Place {
    /// Blocks from the one that holds it to the tip, that one included; 0 in the pool.
    pub(super) fn confirmations(&self, api: &Api) -> u32 {
        match self {
            Self::Pool(_) => 0,
            Self::Block { id, .. } => api.node().view().tip.id.height.since(id.height) + 1,
        }
    }
}

/// Finds a transaction. None can also mean that the index is off or behind.
pub(super) async fn locate(api: &Api, id: TransactionId) -> RpcResult<Option<Place>> {
    if let Some(entry) = ask!(api, Query::MempoolEntry(id) => MempoolEntry) {
        return Ok(Some(Place::Pool(entry)));
    }
    // Before it is asked: what it takes in meanwhile is searched all the same.
    let indexed = last_indexed(api).await?;
    if let Some((block_id, position)) = look_up(api, id).await?
        && let Some(place) = read(api, block_id, position).await?
    {
        return Ok(Some(place));
    }
    search_last_blocks(api, id, indexed).await
}

/// The index's answer, unless it speaks of a block that has left the best chain.
async fn look_up(api: &Api, id: TransactionId) -> RpcResult<Option<(BlockId, u32)>> {
    let Some(index) = api.context.index.clone() else { return Ok(None) };
    let found = tokio::task::spawn_blocking(move || index.transaction(id)).await;
    let found = found.map_err(|error| super::errors::RpcError::internal("index", error.to_string()))??;
    let Some((block, position)) = found else { return Ok(None) };
    let place = ask!(api, Query::BlockByHash(block.hash) => BlockPlace);
    Ok(place.filter(|place| place.confirmations > 0).map(|_| (block, position)))
}

async fn read(api: &Api, id: BlockId, position: u32) -> RpcResult<Option<Place>> {
    let block = api.node().block(id).await?;
    Ok(block.and_then(|block| place_in(&block, id, position, api)))
}

fn place_in(block: &Arc<Block>, id: BlockId, position: u32, api: &Api) -> Option<Place> {
    let transaction = block.transactions.get(position as usize)?.clone();
    let hashes = TransactionHashes::of(&transaction, &api.params().genesis_hash());
    Some(Place::Block { id, time: block.header.time, position, transaction: Box::new(transaction), hashes })
}

/// Reads the last blocks above what the index had, newest first.
async fn search_last_blocks(api: &Api, id: TransactionId, indexed: Height) -> RpcResult<Option<Place>> {
    let tip = api.node().view().tip.id.height;
    let from = indexed.max(tip.minus(SEARCHED_BLOCKS_MAX)).next();
    if from > tip {
        return Ok(None);
    }
    let headers = ask!(api, Query::Headers { from, count: tip.since(from) + 1 } => Headers);
    let genesis = api.params().genesis_hash();
    for header in headers.iter().rev() {
        let Some(block) = api.node().block(header.id).await? else { continue };
        let position = block.transactions.iter().position(|transaction| transaction.id(&genesis) == id);
        if let Some(position) = position {
            return Ok(place_in(&block, header.id, position as u32, api));
        }
    }
    Ok(None)
}

/// The height up to which the index has the best chain; genesis when it is off, or on a branch that was left.
async fn last_indexed(api: &Api) -> RpcResult<Height> {
    let Some(index) = &api.context.index else { return Ok(Height::GENESIS) };
    let indexed = index.indexed();
    let place = ask!(api, Query::BlockByHash(indexed.hash) => BlockPlace);
    let is_on_best_chain = place.is_some_and(|place| place.confirmations > 0);
    Ok(if is_on_best_chain { indexed.height } else { Height::GENESIS })
}
