//! Questions about blocks.
#![expect(clippy::unnecessary_wraps, reason = "every method answers alike")]

use super::api::{Api, ask};
use super::describe;
use super::errors::{RpcError, RpcResult, code};
use super::method::methods;
use super::params::BlockSelector;
use super::types::{BlockInfo, BlockchainInfo, HeaderInfo};
use super::verify_chain::verify;
use crate::consensus::check_block::CheckedBlock;
use crate::node::Query;
use crate::node::query::BlockPlace;
use crate::primitives::{BlockHash, Height, codec};

/// The most `getblock` can say.
const VERBOSITY_MAX: u32 = 3;

methods! {
    /// Where the chain stands: network, genesis, height, tip, difficulty, work, sync.
    Public "getblockchaininfo"() => get_blockchain_info;
    /// Hash of the best fully valid block.
    Public "getbestblockhash"() => get_best_block_hash;
    /// Height of the best fully valid block.
    Public "getblockcount"() => get_block_count;
    /// Hash of the block of the best chain at a height.
    Public "getblockhash"(height: Height) => get_block_hash.await;
    /// A block by hash or height. Verbosity 0 answers its bytes in hexadecimal, 1 (unless told otherwise) its
    /// transactions' ids, 2 decoded transactions, 3 their bytes too.
    Public "getblock"(block: BlockSelector, verbosity: Option<u32>) => get_block.await;
    /// A header by hash or height; with verbose false, its 80 bytes in hexadecimal.
    Public "getblockheader"(block: BlockSelector, verbose: Option<bool>) => get_block_header.await;
    /// Checks the last blocks again (6 unless told otherwise, 0 for all): bodies, signatures and header rules.
    Public "verifychain"(depth: Option<u32>) => verify.await;
}

/// An answer that is either bytes in hexadecimal or decoded.
#[derive(Debug, serde::Serialize)]
#[serde(untagged)]
enum HexOr<T> {
    Hex(String),
    Decoded(Box<T>),
}

fn get_blockchain_info(api: &Api) -> RpcResult<BlockchainInfo> {
    let view = api.node().view();
    let params = api.params();
    let tip = &view.tip;
    let bits = tip.header.bits;
    let known = f64::from(view.best_header.0.max(tip.id.height.0).max(1));
    let connected = if view.best_header.0 == 0 { known } else { f64::from(tip.id.height.0) };
    Ok(BlockchainInfo {
        chain: params.name.clone(),
        network: params.name.clone(),
        genesis_hash: params.genesis_hash(),
        block_one: view.block_one,
        blocks: tip.id.height,
        headers: view.best_header,
        bestblockhash: tip.id.hash,
        bits: bits.to_string(),
        target: bits.target().map(|target| target.to_string()).unwrap_or_default(),
        difficulty: describe::difficulty(bits, params),
        chainwork: tip.work.to_string(),
        time: tip.header.time,
        verificationprogress: connected / known,
        initialblockdownload: view.initial_block_download,
    })
}

fn get_best_block_hash(api: &Api) -> RpcResult<BlockHash> {
    Ok(api.node().view().tip.id.hash)
}

fn get_block_count(api: &Api) -> RpcResult<Height> {
    Ok(api.node().view().tip.id.height)
}

async fn get_block_hash(api: &Api, height: Height) -> RpcResult<BlockHash> {
    Ok(place(api, BlockSelector::Height(height)).await?.header.id.hash)
}

async fn get_block(api: &Api, block: BlockSelector, verbosity: Option<u32>) -> RpcResult<HexOr<BlockInfo>> {
    let verbosity = verbosity.unwrap_or(1);
    if verbosity > VERBOSITY_MAX {
        let problem = format!("the parameter verbosity must be 0 to {VERBOSITY_MAX}, not {verbosity}");
        return Err(RpcError::invalid_params(problem, "getblock"));
    }
    let place = place(api, block).await?;
    let id = place.header.id;
    let body = if id.height == Height::GENESIS {
        Some(std::sync::Arc::new(api.params().genesis().clone()))
    } else {
        api.node().block(id).await?
    };
    let Some(body) = body else {
        let problem = format!("only the header of block {} is here", id.hash);
        let hint = "its body is asked from peers when its branch matters";
        return Err(RpcError::new(code::MISC, "body-unknown", problem, hint));
    };
    if verbosity == 0 {
        return Ok(HexOr::Hex(hex::encode(codec::encode(body.as_ref()))));
    }
    let checked = CheckedBlock::trusted(body, api.params());
    Ok(HexOr::Decoded(Box::new(describe::block(&place, &checked, verbosity, api))))
}

async fn get_block_header(
    api: &Api,
    block: BlockSelector,
    verbose: Option<bool>,
) -> RpcResult<HexOr<HeaderInfo>> {
    let place = place(api, block).await?;
    Ok(match verbose {
        Some(false) => HexOr::Hex(hex::encode(place.header.header.to_bytes())),
        None | Some(true) => HexOr::Decoded(Box::new(describe::header(&place, api.params()))),
    })
}

/// A known block and how it stands to the best chain.
async fn place(api: &Api, block: BlockSelector) -> RpcResult<BlockPlace> {
    match block {
        BlockSelector::Hash(hash) => {
            let found = ask!(api, Query::BlockByHash(hash) => BlockPlace);
            let problem = || format!("no block {hash} is known here");
            let hint = "a block hash shows its leading zeros first; getblockcount tells how far this node is";
            found.ok_or_else(|| RpcError::new(code::NOT_FOUND, "block-not-found", problem(), hint))
        }
        BlockSelector::Height(height) => {
            let found = ask!(api, Query::BlockAt(height) => BlockPlace);
            let tip = api.node().view().tip.id.height;
            let problem = || format!("the best chain has no height {height}: its tip is at {tip}");
            found.ok_or_else(|| RpcError::out_of_range(problem(), "ask for 0 to the tip's height"))
        }
    }
}
