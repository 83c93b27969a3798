//! The best chain of a data folder on which no node runs.

use std::collections::HashMap;
use std::path::Path;

use super::Blocks;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output;
use crate::consensus::params::Params;
use crate::primitives::{BlockHash, BlockId, Height, codec};
use crate::storage::{ChainReader, ChainStore, OpenOptions, Opened, SledReader, SledStore, StoredHeader};

/// Blocks above genesis, lowest first.
#[derive(Debug)]
pub(super) struct StoredBlocks {
    /// Highest first, so that the next one is the last.
    left: Vec<BlockId>,
    tip: BlockId,
    reader: SledReader,
    /// Keeps the folder from others.
    _store: SledStore,
}

impl StoredBlocks {
    /// Opens the folder.
    pub(super) fn open(params: &Params, folder: &Path) -> Outcome<Self> {
        let Opened { store, chain, report, .. } = OpenOptions::new(folder, params.genesis_hash()).open()?;
        for line in report.lines() {
            output::aside(&line);
        }
        let genesis = BlockId { height: Height::GENESIS, hash: params.genesis_hash() };
        let left = chain.tip.map_or(Ok(Vec::new()), |tip| path_to_genesis(&chain.headers, tip, genesis))?;
        Ok(Self { tip: chain.tip.unwrap_or(genesis), left, reader: store.reader(), _store: store })
    }
}

impl Blocks for StoredBlocks {
    fn tip(&self) -> BlockId {
        self.tip
    }

    async fn next(&mut self) -> Outcome<Option<Vec<u8>>> {
        let Some(id) = self.left.pop() else { return Ok(None) };
        let block = self.reader.block(id)?.ok_or_else(|| broken(id, "its body is missing"))?;
        Ok(Some(codec::encode(block.as_ref())))
    }
}

/// The blocks from a tip down to the first one above genesis.
fn path_to_genesis(headers: &[StoredHeader], tip: BlockId, genesis: BlockId) -> Outcome<Vec<BlockId>> {
    let parents: HashMap<BlockHash, BlockHash> =
        headers.iter().map(|stored| (stored.id.hash, stored.header.previous)).collect();
    let mut path = Vec::with_capacity(tip.height.0 as usize);
    let mut at = tip;
    while at != genesis {
        let parent = parents.get(&at.hash).filter(|_| at.height > Height::GENESIS);
        let parent = *parent.ok_or_else(|| broken(at, "its header is missing"))?;
        path.push(at);
        at = BlockId { height: at.height.minus(1), hash: parent };
    }
    Ok(path)
}

fn broken(id: BlockId, cause: &str) -> Failure {
    Failure::new(
        format!("block #{} {}: {cause}", id.height, id.hash),
        "`cairn chain verify` says what still holds; `cairn chain reset` fetches the chain again from peers",
    )
    .because("storage-damaged")
}
