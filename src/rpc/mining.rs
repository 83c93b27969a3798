//! Questions of miners.

use std::sync::Arc;

use serde_json::Value;

use super::api::{Api, ask};
use super::describe;
use super::errors::{RpcError, RpcResult, code};
use super::method::methods;
use super::params::HexBytes;
use super::types::{MiningInfo, MiningSet};
use crate::consensus::reward::subsidy;
use crate::consensus::violation::{Blame, Violation};
use crate::node::Query;
use crate::node::message::MESSAGE_BYTES_MAX;
use crate::node::query::BlockOutcome;
use crate::primitives::block::HEADER_BYTES;
use crate::primitives::{Address, Block, Coinbase, Height, Work, codec};

/// Blocks over which the network's hash rate is estimated, as in Bitcoin.
const HASH_RATE_BLOCKS: u32 = 120;

/// Bytes of the longest coinbase: its fixed part, and a tag of 64.
const COINBASE_BYTES_MAX: usize = 190;

/// The count that stock Bitcoin miners write between header and coinbase: one transaction.
const ONE_TRANSACTION: u8 = 1;

methods! {
    /// Difficulty and hash rate of the network, and what this node mines.
    Public "getmininginfo"() => get_mining_info.await;
    /// Mines on that many threads from now on, for that address if one is given; 0 stops.
    Admin "setmining"(threads: u32, address: Option<Address>) => set_mining;
    /// Submits a block: its bytes, or header, 01 and coinbase when its transactions are those of a recent template.
    /// Answers null, or BIP 22's word. A block that came before its parent or its time is kept: the error says so, and
    /// it is tried again when it can be.
    Public "submitblock"(hexdata: HexBytes, parameters: Option<Value>) => submit_block.await;
}

async fn get_mining_info(api: &Api) -> RpcResult<MiningInfo> {
    let view = api.node().view();
    let status = api.context.mining.as_ref().map(|mining| mining.status()).unwrap_or_default();
    Ok(MiningInfo {
        chain: api.params().name.clone(),
        blocks: view.tip.id.height,
        bits: view.next_bits.to_string(),
        difficulty: describe::difficulty(view.next_bits, api.params()),
        networkhashps: network_hash_rate(api, view.tip.id.height).await?,
        pooledtx: view.mempool.transactions,
        threads: status.threads,
        address: status.address.map(|address| address.to_text(api.address_kind())),
        hashespersec: status.hashes_per_second,
        subsidy: subsidy(view.tip.id.height.next()),
    })
}

/// Work of the last blocks over the time they took; 0 while there are none.
async fn network_hash_rate(api: &Api, tip: Height) -> RpcResult<f64> {
    let from = tip.minus(HASH_RATE_BLOCKS).max(Height(1));
    let headers = ask!(api, Query::Headers { from, count: HASH_RATE_BLOCKS + 1 } => Headers);
    let (Some(first), Some(last)) = (headers.first(), headers.last()) else { return Ok(0.0) };
    let work: Work = last.work.minus(first.work);
    let seconds = last.header.time.since(first.header.time).max(1);
    Ok(work.as_f64() / seconds as f64)
}

fn set_mining(api: &Api, threads: u32, address: Option<Address>) -> RpcResult<MiningSet> {
    let mining = api.context.mining.as_ref().ok_or_else(no_miner)?;
    mining.set(threads, address).map_err(|problem| {
        RpcError::new(code::OUT_OF_RANGE, "mining-refused", problem, "give fewer threads, or an address")
    })?;
    let status = mining.status();
    let address = address.or(status.address).map(|address| address.to_text(api.address_kind()));
    Ok(MiningSet { threads, address })
}

/// The error of a node without a miner.
pub(super) fn no_miner() -> RpcError {
    let hint = "start the node with --mine, or use `cairn up`";
    RpcError::new(code::MISC, "no-miner", "this node has no miner", hint)
}

async fn submit_block(
    api: &Api,
    hexdata: HexBytes,
    _parameters: Option<Value>,
) -> RpcResult<Option<&'static str>> {
    let block = match without_transactions(&hexdata.0) {
        Some((header, coinbase)) => complete(api, header, coinbase)?,
        None => codec::decode::<Block>(&hexdata.0, MESSAGE_BYTES_MAX)
            .map_err(|problem| RpcError::undecodable("block", problem))?,
    };
    match api.node().submit_block(Arc::new(block)).await? {
        BlockOutcome::Connected => Ok(None),
        BlockOutcome::SideBranch => Ok(Some("inconclusive")),
        BlockOutcome::Duplicate => Ok(Some("duplicate")),
        BlockOutcome::Invalid(violation) => Err(refused(violation)),
    }
}

type HeaderAndCoinbase = (crate::primitives::Header, Coinbase);

/// Header ‖ 01 ‖ coinbase, as stock Bitcoin miners submit it.
fn without_transactions(bytes: &[u8]) -> Option<HeaderAndCoinbase> {
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
    let (count, coinbase) = rest.split_first()?;
    let header = codec::decode(header, HEADER_BYTES).ok()?;
    let coinbase: Coinbase = codec::decode(coinbase, COINBASE_BYTES_MAX).ok()?;
    (*count == ONE_TRANSACTION).then_some((header, coinbase))
}

fn complete(api: &Api, header: crate::primitives::Header, coinbase: Coinbase) -> RpcResult<Block> {
    match api.templates.find(coinbase.transaction_root, api.node()) {
        Some(template) => Ok(template.block(header, coinbase)),
        None => Err(RpcError::new(
            code::REJECTED,
            "unknown-template",
            "stale-work",
            "the coinbase names transactions of no recent template: ask for new work, or submit the whole block",
        )),
    }
}

/// The error for a block that breaks a rule: BIP 22's word as message, the rule as reason.
fn refused(violation: Violation) -> RpcError {
    let hint = match violation.blame() {
        Blame::Nobody => format!("{violation}; it is kept, and tried again when that has changed"),
        Blame::Miner | Blame::Sender => {
            format!("{violation}; docs/protocol.md lists the rules by these names")
        }
    };
    RpcError::new(code::REJECTED, violation.name(), bip22_word(violation.name()), hint)
}

fn bip22_word(violation: &str) -> &'static str {
    match violation {
        "hash-above-target" => "high-hash",
        "wrong-bits" | "target-out-of-range" => "bad-diffbits",
        "bad-version" => "bad-version",
        "time-before-parent" => "time-too-old",
        "time-too-far-ahead" => "time-too-new",
        "unknown-parent" | "invalid-parent" => "bad-prevblk",
        "wrong-commitment" | "wrong-transaction-root" => "bad-txnmrklroot",
        "coinbase-version" | "coinbase-height" | "tag-too-long" => "bad-cb",
        _ => "rejected",
    }
}
