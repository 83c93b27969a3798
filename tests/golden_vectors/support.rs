//! How values are written in the files, and the few inputs that several files share.

use std::fmt::Debug;

use cairn::consensus::Params;
use cairn::primitives::codec::{self, Decode, Encode};
use cairn::primitives::transaction::TransactionHashes;
use cairn::primitives::{
    Action, Address, Amount, Anchor, BlockHash, Coinbase, CompactTarget, Header, List, Output, Text,
    Transaction, Transfer,
};

use crate::json::{Json, object};

/// The encoding in hexadecimal digits, once it was read back to the same value.
pub(crate) fn encoded<T: Encode + Decode<()> + PartialEq + Debug>(value: &T) -> String {
    let bytes = codec::encode(value);
    assert_eq!(codec::decode::<T>(&bytes, bytes.len()).as_ref(), Ok(value));
    hex::encode(bytes)
}

/// A compact target as the protocol writes it.
pub(crate) fn bits(bits: CompactTarget) -> String {
    format!("0x{bits}")
}

/// The bytes of a block hash as they stand in encodings, not reversed.
pub(crate) fn internal(hash: BlockHash) -> String {
    hex::encode(hash.0)
}

pub(crate) fn dev() -> Params {
    Params::named("dev").expect("it is a name")
}

pub(crate) fn pays(to: Address, amount: u64) -> Output {
    Output { to, amount: Amount(amount) }
}

pub(crate) fn transfer(outputs: Vec<Output>, memo: &str) -> Action {
    Action::Transfer(Transfer { outputs: List(outputs), memo: Text::from(memo) })
}

pub(crate) fn anchor(digest: [u8; 32], label: &str) -> Action {
    Action::Anchor(Anchor { digest, label: Text::from(label) })
}

pub(crate) fn header(header: &Header) -> Json {
    object! {
        "version": header.version,
        "previous": internal(header.previous),
        "commitment": header.commitment.to_string(),
        "time": header.time.0,
        "bits": bits(header.bits),
        "nonce": header.nonce,
        "encoding": encoded(header),
        "hash_internal": internal(header.hash()),
        "hash_shown": header.hash().to_string(),
    }
}

pub(crate) fn coinbase(coinbase: &Coinbase) -> Json {
    object! {
        "version": coinbase.version,
        "height": coinbase.height.0,
        "transaction_root": coinbase.transaction_root.to_string(),
        "state_root": coinbase.state_root.to_string(),
        "miner": hex::encode(coinbase.miner.0),
        "extra_nonce": hex::encode(coinbase.extra_nonce),
        "tag": hex::encode(&coinbase.tag.0),
        "encoding": encoded(coinbase),
        "commitment": coinbase.commitment().to_string(),
    }
}

pub(crate) fn transaction(transaction: &Transaction, genesis: &BlockHash) -> Json {
    let hashes = TransactionHashes::of(transaction, genesis);
    object! {
        "version": transaction.version,
        "sender": transaction.sender.to_string(),
        "nonce": transaction.nonce,
        "fee": transaction.fee.0,
        "expires_at": transaction.expires_at.0,
        "action": action(&transaction.action),
        "signature": transaction.signature.to_string(),
        "encoding": encoded(transaction),
        "length": hashes.size,
        "id": hashes.id.to_string(),
        "signing_hash": transaction.signing_hash(genesis).to_string(),
        "leaf_hash": hashes.leaf.to_string(),
    }
}

fn action(action: &Action) -> Json {
    match action {
        Action::Transfer(Transfer { outputs, memo }) => object! {
            "kind": "transfer",
            "outputs": Json::list(outputs, |output| object! {
                "to": hex::encode(output.to.0), "amount": output.amount.0,
            }),
            "memo": &**memo,
        },
        Action::Anchor(Anchor { digest, label }) => object! {
            "kind": "anchor", "digest": hex::encode(digest), "label": &**label,
        },
    }
}
