//! Questions about transactions, and taking new ones.
#![expect(clippy::unnecessary_wraps, reason = "every method answers alike")]

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use super::api::{Api, ask};
use super::describe;
use super::errors::{RpcError, RpcResult, code};
use super::locate::{Place, locate};
use super::method::methods;
use super::params::HexBytes;
use super::types::{AcceptTest, LocatedTransaction, MempoolInfo, MempoolTransaction};
use crate::consensus::violation::Violation;
use crate::node::input::Purpose;
use crate::node::{Event, Query};
use crate::primitives::{Transaction, TransactionId, codec};

/// Longest encoded transaction that is looked at: 256 outputs, the longest memo, and room.
const TRANSACTION_BYTES_MAX: usize = 16 << 10;

/// Transactions tested in one call, as in Bitcoin.
const TESTED_MAX: usize = 25;

/// Longest wait for a transaction, and the wait unless told otherwise, in seconds.
const WAIT_SECONDS_MAX: u32 = 600;
const WAIT_SECONDS_DEFAULT: u32 = 60;

/// The refusal of what is on the chain already.
const NONCE_TOO_LOW: &str = Violation::NonceTooLow.name();

methods! {
    /// Ids of the waiting transactions, best fee rate first; with verbose, more of each.
    Public "getrawmempool"(verbose: Option<bool>) => get_raw_mempool.await;
    /// The waiting transactions in numbers.
    Public "getmempoolinfo"() => get_mempool_info;
    /// A transaction of the pool or the chain, decoded, with its place and confirmations.
    Public "gettransaction"(txid: TransactionId) => get_transaction.await;
    /// Takes a signed transaction into the pool and tells the peers. Answers its id, also when it is known already.
    Public "sendrawtransaction"(hexstring: HexBytes) => send_raw_transaction.await;
    /// Whether the pool would take signed transactions; changes nothing.
    Public "testmempoolaccept"(rawtxs: Vec<HexBytes>) => test_mempool_accept.await;
    /// Waits until a transaction has that many confirmations (1 unless told otherwise; 0 waits for the pool), at most
    /// timeout_seconds (60 unless told otherwise, at most 600).
    Public "waitfortransaction"(txid: TransactionId, confirmations: Option<u32>, timeout_seconds: Option<u32>)
        => wait_for_transaction.await;
}

/// Ids, or what is known of each.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MempoolList {
    Ids(Vec<TransactionId>),
    Entries(Vec<MempoolTransaction>),
}

async fn get_raw_mempool(api: &Api, verbose: Option<bool>) -> RpcResult<MempoolList> {
    let entries = ask!(api, Query::Mempool => Mempool);
    Ok(match verbose {
        Some(true) => {
            MempoolList::Entries(entries.iter().map(|entry| describe::mempool_entry(entry, api)).collect())
        }
        None | Some(false) => MempoolList::Ids(entries.iter().map(|entry| entry.hashes.id).collect()),
    })
}

fn get_mempool_info(api: &Api) -> RpcResult<MempoolInfo> {
    let mempool = api.node().view().mempool;
    Ok(MempoolInfo { size: mempool.transactions, bytes: mempool.bytes, mempoolminfee: mempool.fee_rate_min })
}

async fn get_transaction(api: &Api, txid: TransactionId) -> RpcResult<LocatedTransaction> {
    match locate(api, txid).await? {
        Some(place) => Ok(place.describe(api)),
        None => Err(not_found(api, txid)),
    }
}

fn not_found(api: &Api, id: TransactionId) -> RpcError {
    let (tip, indexed) =
        (api.node().view().tip.id.height, api.context.index.as_ref().map(|index| index.indexed().height));
    let (reason, hint) = match indexed {
        None => {
            let hint = "the transaction index is off: only the pool and the last blocks were searched";
            ("index-off", hint.to_owned())
        }
        Some(indexed) if indexed < tip => {
            let hint = format!(
                "the transaction index is at height {indexed} of {tip}: ask again when it has caught up"
            );
            ("index-lagging", hint)
        }
        Some(_) => ("transaction-not-found", "it may have expired or been replaced; check the id".to_owned()),
    };
    RpcError::new(code::NOT_FOUND, reason, format!("no transaction {id} is known here"), hint)
}

async fn send_raw_transaction(api: &Api, hexstring: HexBytes) -> RpcResult<TransactionId> {
    let transaction = decode(&hexstring)?;
    submit(api, transaction).await
}

/// Hands a transaction to the pool; one that is known already answers its id.
pub(super) async fn submit(api: &Api, transaction: Transaction) -> RpcResult<TransactionId> {
    let id = transaction.id(&api.params().genesis_hash());
    match api.intake.admit(api.node(), Arc::new(transaction)).await? {
        Ok(id) => Ok(id),
        // Only a nonce that was used can mean that this very transaction is on the chain; looking costs reading.
        Err(refusal) if refusal.reason == NONCE_TOO_LOW && locate(api, id).await?.is_some() => Ok(id),
        Err(rejection) => Err(rejection.into()),
    }
}

async fn test_mempool_accept(api: &Api, rawtxs: Vec<HexBytes>) -> RpcResult<Vec<AcceptTest>> {
    if rawtxs.is_empty() || rawtxs.len() > TESTED_MAX {
        let problem =
            format!("the parameter rawtxs must hold 1 to {TESTED_MAX} transactions, not {}", rawtxs.len());
        return Err(RpcError::invalid_params(problem, "testmempoolaccept"));
    }
    let mut tests = Vec::with_capacity(rawtxs.len());
    for bytes in &rawtxs {
        tests.push(match decode(bytes) {
            Ok(transaction) => test_one(api, transaction).await?,
            Err(error) => AcceptTest {
                txid: None,
                allowed: false,
                reject_reason: Some(error.reason.into_owned()),
                detail: Some(error.message),
            },
        });
    }
    Ok(tests)
}

async fn test_one(api: &Api, transaction: Transaction) -> RpcResult<AcceptTest> {
    let txid = Some(transaction.id(&api.params().genesis_hash()));
    let mut verdicts = api.node().submit_transactions(vec![Arc::new(transaction)], Purpose::Test).await?;
    Ok(match verdicts.pop() {
        Some(Err(rejection)) => AcceptTest {
            txid,
            allowed: false,
            reject_reason: Some(rejection.reason.to_owned()),
            detail: Some(rejection.detail),
        },
        Some(Ok(_)) | None => AcceptTest { txid, allowed: true, reject_reason: None, detail: None },
    })
}

fn decode(bytes: &HexBytes) -> RpcResult<Transaction> {
    codec::decode(&bytes.0, TRANSACTION_BYTES_MAX)
        .map_err(|problem| RpcError::undecodable("transaction", problem))
}

async fn wait_for_transaction(
    api: &Api,
    txid: TransactionId,
    confirmations: Option<u32>,
    timeout_seconds: Option<u32>,
) -> RpcResult<LocatedTransaction> {
    let seconds = timeout_seconds.unwrap_or(WAIT_SECONDS_DEFAULT);
    if seconds > WAIT_SECONDS_MAX {
        let problem = format!("the parameter timeout_seconds must be 0 to {WAIT_SECONDS_MAX}, not {seconds}");
        return Err(RpcError::invalid_params(problem, "waitfortransaction"));
    }
    let wait = wait_until_confirmed(api, txid, confirmations.unwrap_or(1));
    tokio::select! {
        located = tokio::time::timeout(Duration::from_secs(seconds.into()), wait) => located.unwrap_or_else(|_| {
            let problem = format!("after {seconds} seconds the transaction {txid} is not there yet");
            Err(RpcError::new(code::MISC, "timeout", problem, "wait longer, or look with gettransaction"))
        }),
        _ = api.node().stopped() => Err(api.node().gone().into()),
    }
}

/// Looks again after each event that may have changed the answer; never in between.
async fn wait_until_confirmed(api: &Api, id: TransactionId, wanted: u32) -> RpcResult<LocatedTransaction> {
    // Listening begins before the first look, so that nothing falls between the two.
    let mut events = api.node().events();
    loop {
        if let Some(place) = locate(api, id).await?.filter(|place| place.confirmations(api) >= wanted) {
            return Ok(place.describe(api));
        }
        loop {
            match events.recv().await {
                Ok(Event::TransactionDropped { id: dropped, reason }) if dropped == id => {
                    return Err(dropped_error(id, reason));
                }
                Ok(event) if may_concern(&event, id) => break,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return Err(api.node().gone().into()),
            }
        }
    }
}

fn may_concern(event: &Event, transaction: TransactionId) -> bool {
    match event {
        Event::TipChanged(_) => true,
        Event::TransactionAdmitted { id, .. } => *id == transaction,
        Event::TransactionDropped { .. }
        | Event::BlockInvalid { .. }
        | Event::PeerReady { .. }
        | Event::ClockOffset { .. }
        | Event::SyncStarted { .. }
        | Event::SyncFinished { .. }
        | Event::SyncStalled { .. }
        | Event::PeerBanned { .. } => false,
    }
}

fn dropped_error(id: TransactionId, reason: &'static str) -> RpcError {
    let problem = format!("the transaction {id} left the pool without being on the chain");
    RpcError::new(code::REJECTED, reason, problem, "sign a new one")
}

impl Place {
    fn describe(&self, api: &Api) -> LocatedTransaction {
        match self {
            Self::Pool(entry) => LocatedTransaction {
                transaction: describe::transaction(&entry.transaction, &entry.hashes, true, api),
                state: "pending".to_owned(),
                confirmations: 0,
                blockhash: None,
                height: None,
                position: None,
                time: entry.admitted_wall_ms / 1_000,
            },
            Self::Block { id, time, position, transaction, hashes } => LocatedTransaction {
                transaction: describe::transaction(transaction, hashes, true, api),
                state: "confirmed".to_owned(),
                confirmations: self.confirmations(api),
                blockhash: Some(id.hash),
                height: Some(id.height),
                position: Some(*position),
                time: time.0.into(),
            },
        }
    }
}
