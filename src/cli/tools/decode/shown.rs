//! What is shown of each kind of value: its fields in their order, after what follows from them.

use std::sync::Arc;

use super::fields::Fields;
use crate::cli::words;
use crate::consensus::check_block::check_block_in_isolation;
use crate::consensus::check_transaction::check_transaction_in_isolation;
use crate::consensus::params::Params;
use crate::consensus::reward::subsidy;
use crate::consensus::violation::Violation;
use crate::node::message::CompactBlock;
use crate::primitives::codec::encoded_len;
use crate::primitives::keys;
use crate::primitives::merkle::transaction_root;
use crate::primitives::transaction::{TransactionHashes, signature_checks};
use crate::primitives::{Action, Address, Amount, Block, Coinbase, Header, Output, Target, Transaction};

/// A header, its hash, and whether that is work.
pub(super) fn header(header: &Header, params: &Params) -> Fields {
    let hash = header.hash();
    let target = header.bits.target();
    let refusal = target.err().map(|error| error.to_string());
    let target = target.ok();
    Fields::default()
        .with_text("hash", &hash)
        .with("version", header.version)
        .with_text("previous", &header.previous)
        .with_text("commitment", &header.commitment)
        .with("time", header.time.0)
        .with("time_utc", words::moment(header.time))
        .with("bits", format!("0x{}", header.bits))
        .with("nonce", header.nonce)
        .with("target", target.map(|target| target.to_string()))
        .with("target_problem", refusal)
        .with("work", target.map(|target| target.work().to_string()))
        .with("difficulty", target.map(|target: Target| target.difficulty(params.limit_target())))
        .with("hash_meets_target", target.is_some_and(|target| target.is_met_by(&hash)))
}

/// A coinbase, and the commitment to it.
pub(super) fn coinbase(coinbase: &Coinbase, params: &Params) -> Fields {
    Fields::default()
        .with_text("commitment", &coinbase.commitment())
        .with("version", coinbase.version)
        .with("height", coinbase.height.0)
        .with_text("transaction_root", &coinbase.transaction_root)
        .with_text("state_root", &coinbase.state_root)
        .with("miner", address(coinbase.miner, params))
        .with("miner_bytes", hex::encode(coinbase.miner.0))
        .with("extra_nonce", hex::encode(coinbase.extra_nonce))
        .with("tag", hex::encode(&coinbase.tag.0))
        .with("tag_text", printable(&coinbase.tag))
        .with("subsidy", subsidy(coinbase.height).0)
        .with("size", encoded_len(coinbase))
}

/// A transaction, its hashes on this network, and whether it is valid by itself.
pub(super) fn transaction(transaction: &Transaction, params: &Params) -> Fields {
    let genesis = params.genesis_hash();
    let hashes = TransactionHashes::of(transaction, &genesis);
    let signature_holds = keys::verify(&signature_checks([(transaction, &hashes)], &genesis)).is_ok();
    let broken = check_transaction_in_isolation(transaction).err();
    let broken = broken.or_else(|| (!signature_holds).then_some(Violation::BadSignature));
    let fields = Fields::default()
        .with_text("id", &hashes.id)
        .with_text("signing_hash", &transaction.signing_hash(&genesis))
        .with_text("leaf_hash", &hashes.leaf)
        .with_text("genesis", &genesis)
        .with("version", transaction.version)
        .with_text("sender", &transaction.sender)
        .with("from", address(transaction.sender_address(), params))
        .with("nonce", transaction.nonce)
        .with("fee", transaction.fee.0)
        .with("expires_at", transaction.expires_at.0);
    with_action(fields, transaction, params)
        .with_text("signature", &transaction.signature)
        .with("signature_valid", signature_holds)
        .with("violation", broken.map(Violation::name))
        .with("size", hashes.size)
}

/// A block with everything in it, and the first rule it breaks by itself.
pub(super) fn block(block: Block, params: &Params) -> Fields {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    let fees = Amount::checked_sum(block.transactions.iter().map(|transaction| transaction.fee));
    let fields = Fields::default()
        .with_text("hash", &block.hash())
        .with("size", encoded_len(&block))
        .with("transaction_count", block.transactions.len())
        .with_text("computed_commitment", &block.coinbase.commitment())
        .with_text("computed_transaction_root", &transaction_root(&leaves))
        .with("fees", fees.map(|fees| fees.0))
        .with_part("header", header(&block.header, params))
        .with_part("coinbase", coinbase(&block.coinbase, params))
        .with_parts("transactions", block.transactions.iter().map(|each| transaction(each, params)));
    let broken = check_block_in_isolation(Arc::new(block), params).err();
    fields.with("violation", broken.map(Violation::name))
}

/// A block as it is gossiped.
pub(super) fn compact_block(block: &CompactBlock, params: &Params) -> Fields {
    let prefilled = block.prefilled.iter().map(|each| {
        let fields = Fields::default().with("index", each.index);
        fields.with_part("transaction", transaction(&each.transaction, params))
    });
    Fields::default()
        .with_text("hash", &block.header.hash())
        .with("size", encoded_len(block))
        .with("transaction_count", block.short_ids.len() + block.prefilled.len())
        .with_text("computed_commitment", &block.coinbase.commitment())
        .with_part("header", header(&block.header, params))
        .with_part("coinbase", coinbase(&block.coinbase, params))
        .with("key", block.key)
        .with("short_ids", block.short_ids.iter().map(hex::encode).collect::<Vec<_>>())
        .with_parts("prefilled", prefilled)
}

fn with_action(fields: Fields, transaction: &Transaction, params: &Params) -> Fields {
    match &transaction.action {
        Action::Transfer(transfer) => fields
            .with("action", "transfer")
            .with_parts("outputs", transfer.outputs.iter().map(|each| output(each, params)))
            .with("total_output", transaction.total_output().map(|total| total.0))
            .with("memo", &*transfer.memo),
        Action::Anchor(anchor) => fields
            .with("action", "anchor")
            .with("digest", hex::encode(anchor.digest))
            .with("label", &*anchor.label),
    }
}

fn output(output: &Output, params: &Params) -> Fields {
    Fields::default()
        .with("to", address(output.to, params))
        .with("to_bytes", hex::encode(output.to.0))
        .with("amount", output.amount.0)
}

fn address(address: Address, params: &Params) -> String {
    address.to_text(params.address_kind())
}

/// What the bytes say, if that is fit to be shown.
fn printable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.chars().all(|letter| !letter.is_control()).then(|| text.to_owned())
}
