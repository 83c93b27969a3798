//! Bytes that a decoder must refuse, and bytes that it must take although they break a rule.

use cairn::consensus::check_transaction_in_isolation;
use cairn::consensus::testing::{TestChain, dev_key};
use cairn::node::compact::compact_block;
use cairn::node::message::{CompactBlock, SyncRequest, SyncResponse};
use cairn::primitives::codec::{self, Decode};
use cairn::primitives::{Action, Address, Amount, Block, Coinbase, Header, Height, List, Transaction};

use crate::json::{Json, object};
use crate::support::{anchor, dev, encoded, pays, transfer};

/// Where a transfer has its tag, its count of outputs, and the length of its memo behind one output.
const TAG: usize = 54;
const OUTPUTS: usize = 58;
const MEMO: usize = 106;

pub(crate) fn vectors() -> Json {
    let payment = codec::encode(&signed(transfer(vec![pays(Address([1; 32]), 1)], "ab")));
    let block = TestChain::new(dev()).mine(Address([1; 32]), Vec::new());
    let header = codec::encode(&block.header);
    let coinbase = codec::encode(&block.coinbase);
    let compact = codec::encode(&compact_block(&block, &[], 0, |_, _| false));
    let end = |bytes: &[u8]| bytes.len();
    Json::Object(vec![
        (
            "not_decodable",
            Json::List(vec![
                refused::<Header>("header", "a byte is missing", header[..79].to_vec()),
                refused::<Header>("header", "a byte follows", [header.as_slice(), &[0]].concat()),
                refused::<Coinbase>("coinbase", "a byte is missing", coinbase[..end(&coinbase) - 1].to_vec()),
                refused::<Coinbase>("coinbase", "the tag is longer than the input", with(&coinbase, 118, 1)),
                refused::<Coinbase>("coinbase", "a byte follows", [coinbase.as_slice(), &[0]].concat()),
                refused::<Transaction>(
                    "transaction",
                    "a byte is missing",
                    payment[..end(&payment) - 1].to_vec(),
                ),
                refused::<Transaction>("transaction", "a byte follows", [payment.as_slice(), &[0]].concat()),
                refused::<Transaction>("transaction", "an unknown tag", with_u32(&payment, TAG, 2)),
                refused::<Transaction>("transaction", "the largest tag", with_u32(&payment, TAG, u32::MAX)),
                refused::<Transaction>(
                    "transaction",
                    "more outputs than bytes",
                    with(&payment, OUTPUTS, 1 << 40),
                ),
                refused::<Transaction>("transaction", "the largest count", with(&payment, OUTPUTS, u64::MAX)),
                refused::<Transaction>("transaction", "the largest length", with(&payment, MEMO, u64::MAX)),
                refused::<Transaction>(
                    "transaction",
                    "a memo of half a character",
                    with_memo(&payment, [0x61, 0xc3]),
                ),
                refused::<Transaction>(
                    "transaction",
                    "a memo with an overlong form",
                    with_memo(&payment, [0xc0, 0x80]),
                ),
                refused::<Transaction>("transaction", "nothing", Vec::new()),
                refused::<Block>(
                    "block",
                    "a transaction is missing",
                    with(&codec::encode(&*block), header.len() + coinbase.len(), 1),
                ),
                refused::<CompactBlock>(
                    "compact block",
                    "a byte follows",
                    [compact.as_slice(), &[0]].concat(),
                ),
                refused::<SyncRequest>("request", "an unknown tag", 5_u32.to_le_bytes().to_vec()),
                refused::<SyncRequest>("request", "a byte follows", [4, 0, 0, 0, 0].to_vec()),
                refused::<SyncResponse>("response", "an unknown tag", 5_u32.to_le_bytes().to_vec()),
                refused::<List<Transaction>>(
                    "gossiped transactions",
                    "one is missing",
                    1_u64.to_le_bytes().to_vec(),
                ),
            ]),
        ),
        (
            "decodable_but_against_a_rule",
            Json::list(against_a_rule(), |(what, action)| {
                let transaction = signed(action);
                let violation = check_transaction_in_isolation(&transaction).expect_err(what);
                object! { "what": what, "violation": violation.name(), "transaction": encoded(&transaction) }
            }),
        ),
    ])
}

fn against_a_rule() -> Vec<(&'static str, Action)> {
    vec![
        ("a transfer to nobody", transfer(Vec::new(), "")),
        ("257 outputs", transfer(vec![pays(Address([1; 32]), 1); 257], "")),
        ("an output of nothing", transfer(vec![pays(Address([1; 32]), 0)], "")),
        ("an output of 2^53", transfer(vec![pays(Address([1; 32]), 1 << 53)], "")),
        ("an output of 2^64 - 1", transfer(vec![pays(Address([1; 32]), u64::MAX)], "")),
        ("a memo of 257 bytes", transfer(vec![pays(Address([1; 32]), 1)], &"m".repeat(257))),
        ("a label of 65 bytes", anchor([1; 32], &"l".repeat(65))),
    ]
}

fn refused<T: Decode<()>>(kind: &str, why: &str, bytes: Vec<u8>) -> Json {
    assert!(codec::decode::<T>(&bytes, bytes.len()).is_err(), "{kind}: {why}");
    object! { "type": kind, "why": why, "bytes": hex::encode(bytes) }
}

fn with(bytes: &[u8], place: usize, value: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn with_u32(bytes: &[u8], place: usize, value: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn with_memo(bytes: &[u8], memo: [u8; 2]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[MEMO + 8..MEMO + 10].copy_from_slice(&memo);
    bytes
}

fn signed(action: Action) -> Transaction {
    Transaction::signed(&dev_key(0), &dev().genesis_hash(), 0, Amount(1), Height(0), action)
}
