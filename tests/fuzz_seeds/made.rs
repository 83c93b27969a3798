//! Valid values of every kind that a target reads.

use std::sync::Arc;

use cairn::consensus::params::DEV_BITS;
use cairn::consensus::testing::{TestChain, dev_key, payment};
use cairn::consensus::{Params, Violation};
use cairn::node::compact::compact_block;
use cairn::node::message::{CompactBlock, Status, SyncRequest, SyncResponse};
use cairn::primitives::codec::encode;
use cairn::primitives::{
    Action, Address, AddressKind, Amount, Anchor, Block, BlockHash, Height, List, Output, PeerId,
    Transaction, Transfer,
};
use cairn::storage::chain_file::ChainFileWriter;

/// Named bytes.
pub(crate) type Seeds = Vec<(String, Vec<u8>)>;

/// All of them by the name of their target.
pub(crate) fn seeds() -> Vec<(&'static str, Seeds)> {
    let chain = chain();
    let (header, coinbase) = (&chain.blocks[0].0.block().header, &chain.blocks[0].0.block().coinbase);
    #[cfg(feature = "wallet")]
    let edge = super::edge::seeds(&transactions()[0].1);
    #[cfg(not(feature = "wallet"))]
    let edge = Vec::new();
    let core = vec![
        ("address", addresses()),
        ("block", blocks(&chain).iter().map(|(name, block)| (name.clone(), encode(block))).collect()),
        ("chain", super::lives::chains()),
        ("chain_file", chain_files(&chain)),
        ("chain_spec", chain_specs()),
        (
            "coinbase",
            vec![of("first", encode(coinbase)), of("genesis", encode(&chain.params.genesis().coinbase))],
        ),
        ("compact_block", compact_blocks(&chain)),
        ("difficulty", difficulties()),
        ("gossip_transactions", gossiped()),
        ("header", vec![of("first", encode(header)), of("genesis", encode(&chain.params.genesis().header))]),
        ("messages", super::lives::messages()),
        ("signatures", signatures()),
        ("sync_answer", answers(&chain)),
        ("sync_request", requests(&chain)),
        ("text", texts()),
        ("transaction", transactions().iter().map(|(name, each)| of(*name, encode(each))).collect()),
    ];
    [core, edge].concat()
}

pub(crate) fn of(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (name.into(), bytes.into())
}

fn dev() -> Params {
    Params::named("dev").expect("dev is a name")
}

/// Three blocks of a development network: empty, with a payment, with every kind of transaction.
fn chain() -> TestChain {
    let params = dev();
    let mut chain = TestChain::new(params.clone());
    let miner = Address([7; 32]);
    chain.grow(miner, Vec::new()).expect("an empty block is valid");
    chain.grow(miner, vec![payment(&dev_key(1), &params, 0, miner, Amount(5))]).expect("bob has money");
    let all = transactions().into_iter().map(|(_, each)| each).collect();
    chain.grow(miner, all).expect("alice has money");
    chain
}

/// One of each kind, in the order of their nonces.
fn transactions() -> Vec<(&'static str, Transaction)> {
    let (alice, genesis) = (dev_key(0), dev().genesis_hash());
    let pay = |outputs: Vec<(Address, u64)>, memo: &str| {
        let outputs = outputs.into_iter().map(|(to, amount)| Output { to, amount: Amount(amount) }).collect();
        Action::Transfer(Transfer { outputs, memo: memo.into() })
    };
    let to_herself = Address::of(&alice.public_key());
    let anchor = Action::Anchor(Anchor { digest: [3; 32], label: "plan.pdf".into() });
    [
        ("payment", 0, pay(vec![(Address([9; 32]), 250_000_000)], "lunch")),
        ("many-outputs", 8_640, pay((1..=6).map(|to| (Address([to; 32]), u64::from(to))).collect(), "")),
        ("anchor", 0, anchor),
        ("to-herself", 1_000, pay(vec![(to_herself, 1), (to_herself, 2)], "zurück")),
    ]
    .into_iter()
    .zip(0..)
    .map(|((name, expires_at, action), nonce)| {
        (name, Transaction::signed(&alice, &genesis, nonce, Amount(10_000), Height(expires_at), action))
    })
    .collect()
}

fn blocks(chain: &TestChain) -> Vec<(String, Block)> {
    let blocks = chain.blocks.iter().map(|(block, _)| Block::clone(block.block()));
    ["empty", "one-payment", "every-action"].into_iter().map(str::to_owned).zip(blocks).collect()
}

fn chain_files(chain: &TestChain) -> Seeds {
    let file = |count: usize| {
        let mut writer = ChainFileWriter::new(Vec::new(), &chain.params).expect("memory takes every byte");
        for (block, _) in &chain.blocks[..count] {
            writer.write(block.block()).expect("a valid block is written");
        }
        writer.finish().expect("memory takes every byte").0
    };
    vec![of("no-block", file(0)), of("two-blocks", file(2)), of("three-blocks", file(3))]
}

fn compacts(chain: &TestChain) -> [(&'static str, CompactBlock); 4] {
    let told = |at: usize, whole: fn(usize) -> bool| {
        let block = chain.blocks[at].0.block();
        let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
        compact_block(block, &leaves, 9, |index, _| whole(index))
    };
    [
        ("empty", told(0, |_| false)),
        ("all-by-id", told(2, |_| false)),
        ("half-whole", told(2, |index| index % 2 == 0)),
        ("all-whole", told(2, |_| true)),
    ]
}

fn compact_blocks(chain: &TestChain) -> Seeds {
    compacts(chain).iter().map(|(name, compact)| of(*name, encode(compact))).collect()
}

fn gossiped() -> Seeds {
    let all: Vec<_> = transactions().into_iter().map(|(_, each)| each).collect();
    vec![of("one", encode(&List(all[..1].to_vec()))), of("four", encode(&List(all)))]
}

fn status(chain: &TestChain) -> Status {
    let tip = chain.tip();
    Status {
        genesis: chain.params.genesis_hash(),
        block_one: chain.facts[1].hash,
        tip: tip.hash,
        height: tip.height,
        work: tip.work,
        time: 1_767_225_700,
    }
}

fn requests(chain: &TestChain) -> Seeds {
    let hashes: List<BlockHash> = chain.facts.iter().rev().map(|facts| facts.hash).collect();
    let block = chain.tip().hash;
    [
        ("status", SyncRequest::Status(status(chain))),
        ("headers", SyncRequest::Headers { locator: hashes.clone(), maximum: 2_000 }),
        ("blocks", SyncRequest::Blocks { hashes }),
        ("block-transactions", SyncRequest::BlockTransactions { block, indexes: List(vec![0, 1, 3]) }),
        ("mempool", SyncRequest::Mempool),
    ]
    .map(|(name, request)| of(name, encode(&request)))
    .into()
}

fn answers(chain: &TestChain) -> Seeds {
    let blocks: List<_> = chain.blocks[..2].iter().map(|(block, _)| Arc::clone(block.block())).collect();
    let some: List<_> = transactions().into_iter().map(|(_, each)| Arc::new(each)).collect();
    [
        ("status", SyncResponse::Status(status(chain))),
        ("headers", SyncResponse::Headers(chain.blocks.iter().map(|(block, _)| *block.header()).collect())),
        ("blocks", SyncResponse::Blocks(blocks)),
        ("block-transactions", SyncResponse::BlockTransactions(some.clone())),
        ("mempool", SyncResponse::Mempool(some)),
        ("no-headers", SyncResponse::Headers(List::default())),
    ]
    .map(|(name, answer)| of(name, encode(&answer)))
    .into()
}

fn addresses() -> Seeds {
    let address = Address::of(&dev_key(0).public_key());
    let standard = address.to_text(AddressKind::Standard);
    vec![
        of("upper-case", standard.to_ascii_uppercase()),
        of("standard", standard),
        of("development", address.to_text(AddressKind::Development)),
        of("zero", Address::default().to_text(AddressKind::Standard)),
    ]
}

fn texts() -> Seeds {
    let kind = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    vec![
        of("block-hash", kind(0, &dev().genesis_hash().to_string())),
        of("transaction-id", kind(1, &"ab".repeat(32))),
        of("peer", kind(3, &PeerId([1; 32]).to_string())),
        of("amount", kind(4, "12.5")),
        of("largest-amount", kind(4, &Amount::MAX.to_string())),
        of("violation", kind(5, Violation::ALL[0].name())),
        of("alias", kind(5, &PeerId([1; 32]).alias())),
    ]
}

fn chain_specs() -> Seeds {
    let address = Address([1; 32]).to_text(AddressKind::Standard);
    let full = format!(
        "stones\n{{\"interval_seconds\":5,\"retarget\":true,\"first_bits\":{bits},\"limit_bits\":{bits},\
         \"prefund\":[{{\"address\":\"{address}\",\"amount\":1000}}],\"maturity\":3,\"future_limit_seconds\":60}}",
        bits = DEV_BITS.0
    );
    vec![of("full", full), of("empty", "lan\n{}"), of("development", "dev-class\n{\"maturity\":2}")]
}

/// Bits, height, times; then the arguments of the general function.
fn difficulties() -> Seeds {
    let arguments = |bits: u32, height: u32, time: u32, seconds: u32, delta: i64| {
        let mut bytes = [bits, height, time, seconds].map(u32::to_le_bytes).concat();
        bytes.extend(delta.to_le_bytes());
        bytes.extend([100, 10, 600].map(u32::to_le_bytes).concat());
        bytes
    };
    vec![
        of("in-time", arguments(0x1e01_0000, 9, 1_767_225_600, 10, 1_010)),
        of("at-once", arguments(0x1e10_0000, 9, 1_767_225_600, 0, -5)),
        of("after-a-night", arguments(0x1d00_ffff, 90, 1_767_225_600, 43_200, 43_200)),
        of("one-word-of-bits", arguments(0x207f_ffff, 2, 0, u32::MAX, i64::MAX)),
    ]
}

/// See the target: a kind, a message, and what the kind takes.
fn signatures() -> Seeds {
    let honest = dev_key(2);
    let message = [5; 32];
    let foreign = [&[1][..], &message, &honest.sign(&message).0].concat();
    let both = [&[3][..], &message, &honest.public_key().0, &honest.sign(&message).0].concat();
    let small_order = [&[3][..], &message, &[1], &[0; 31], &[1], &[0; 63]].concat();
    vec![
        of("honest", [&[0][..], &message].concat()),
        of("foreign", [&[0][..], &message, &foreign].concat()),
        of("given", [both.as_slice(), &[4], &message, &both].concat()),
        of("small-order", [&[8][..], &message, &small_order, &[12], &message].concat()),
    ]
}
