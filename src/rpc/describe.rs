//! Values of the protocol as answers show them.

use super::api::Api;
use super::types::{
    ActionInfo, BlockInfo, BlockTransaction, CoinbaseInfo, HeaderInfo, MempoolTransaction, OutputInfo,
    TransactionInfo,
};
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::params::Params;
use crate::consensus::subsidy;
use crate::node::query::{BlockPlace, MempoolEntry};
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Action, Coinbase, CompactTarget, Transaction, codec};

/// How many times harder than the network's easiest target; 0 for bits that are no target.
pub(super) fn difficulty(bits: CompactTarget, params: &Params) -> f64 {
    bits.target().map_or(0.0, |target| target.difficulty(params.limit_target()))
}

/// A header and how it stands to the best chain.
pub(super) fn header(place: &BlockPlace, params: &Params) -> HeaderInfo {
    let stored = &place.header;
    let header = &stored.header;
    HeaderInfo {
        hash: stored.id.hash,
        confirmations: if place.confirmations == 0 { -1 } else { i64::from(place.confirmations) },
        height: stored.id.height,
        version: header.version,
        commitment: header.commitment.to_string(),
        time: header.time,
        nonce: header.nonce,
        bits: header.bits.to_string(),
        difficulty: difficulty(header.bits, params),
        chainwork: stored.work.to_string(),
        previousblockhash: header.previous,
        nextblockhash: place.next,
        violation: place.violation.map(|violation| violation.name().to_owned()),
    }
}

/// A whole block; verbosity 1 shows ids, 2 decoded transactions, 3 their bytes too.
pub(super) fn block(place: &BlockPlace, block: &CheckedBlock, verbosity: u32, api: &Api) -> BlockInfo {
    let transactions = block.transactions().iter().zip(block.hashes());
    let tx = transactions.map(|(each, hashes)| match verbosity {
        0 | 1 => BlockTransaction::Id(hashes.id),
        _ => BlockTransaction::Decoded(Box::new(transaction(each, hashes, verbosity > 2, api))),
    });
    BlockInfo {
        header: header(place, api.params()),
        size: block.size(),
        coinbase: coinbase(block.coinbase(), api),
        subsidy: subsidy(place.header.id.height),
        fees: block.total_fees(),
        transaction_count: block.transactions().len(),
        tx: tx.collect(),
    }
}

fn coinbase(coinbase: &Coinbase, api: &Api) -> CoinbaseInfo {
    CoinbaseInfo {
        version: coinbase.version,
        miner: coinbase.miner.to_text(api.address_kind()),
        transaction_root: coinbase.transaction_root,
        state_root: coinbase.state_root,
        extra_nonce: hex::encode(coinbase.extra_nonce),
        tag: hex::encode(&coinbase.tag.0),
    }
}

/// A decoded transaction, with its bytes if wanted.
pub(super) fn transaction(
    transaction: &Transaction,
    hashes: &TransactionHashes,
    with_bytes: bool,
    api: &Api,
) -> TransactionInfo {
    TransactionInfo {
        txid: hashes.id,
        leaf_hash: hashes.leaf,
        version: transaction.version,
        from: transaction.sender_address().to_text(api.address_kind()),
        sender: transaction.sender.to_string(),
        nonce: transaction.nonce,
        fee: transaction.fee,
        expires_at: transaction.expires_at,
        action: action(&transaction.action, api),
        signature: transaction.signature.to_string(),
        size: hashes.size,
        hex: with_bytes.then(|| hex::encode(codec::encode(transaction))),
    }
}

fn action(action: &Action, api: &Api) -> ActionInfo {
    match action {
        Action::Transfer(transfer) => {
            let shown = |output: &crate::primitives::Output| OutputInfo {
                to: output.to.to_text(api.address_kind()),
                amount: output.amount,
            };
            ActionInfo::Transfer {
                outputs: transfer.outputs.iter().map(shown).collect(),
                memo: transfer.memo.to_string(),
            }
        }
        Action::Anchor(anchor) => {
            ActionInfo::Anchor { digest: hex::encode(anchor.digest), label: anchor.label.to_string() }
        }
    }
}

/// A waiting transaction.
pub(super) fn mempool_entry(entry: &MempoolEntry, api: &Api) -> MempoolTransaction {
    MempoolTransaction {
        txid: entry.hashes.id,
        from: entry.transaction.sender_address().to_text(api.address_kind()),
        nonce: entry.transaction.nonce,
        size: entry.hashes.size,
        fee: entry.transaction.fee,
        time: entry.admitted_wall_ms / 1_000,
        ready: entry.ready,
    }
}
