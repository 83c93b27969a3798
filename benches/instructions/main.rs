//! How many instructions a full block takes at some height: `benches/instructions/run`, under callgrind.
//!
//! A chain of empty blocks is prepared first, at full speed, and its headers, its state and some full blocks to follow
//! are written to a file. Then a node opens with all those headers and connects the full blocks, and only that is
//! counted: by the core, and by the checks that it orders, signatures among them.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;

use cairn::consensus::facts::HeaderFacts;
use cairn::consensus::params::{Params, ParamsOverride, PrefundOverride};
use cairn::consensus::testing::{TestChain, payment, test_key};
use cairn::consensus::undo::Undo;
use cairn::consensus::{Account, MaturingReward};
use cairn::node::verify::execute;
use cairn::node::{Effect, Input, Node, Now, Verified, VerifyJob};
use cairn::primitives::block::HEADER_BYTES;
use cairn::primitives::codec::{self, Decode, Encode};
use cairn::primitives::{Address, AddressKind, Amount, Block, BlockId, Header, SecretKey, StateRoot};
use cairn::storage::{ChainReader, Checkpoint, StorageError, StoredChain, StoredHeader};

/// Accounts that pay, each once in every full block.
const SIGNERS: u64 = 2_000;
/// Full blocks that are counted.
const BLOCKS: u64 = 4;
/// What each account has at genesis, in pebbles.
const PREFUND: Amount = Amount(100_000_000);

/// What is prepared, behind the headers.
#[derive(Encode, Decode)]
struct Prepared {
    /// The state after the headers.
    accounts: Vec<(Address, Account)>,
    maturing: Vec<MaturingReward>,
    root: StateRoot,
    /// Full blocks to follow.
    blocks: Vec<Block>,
}

/// The node needs nothing of what lies below.
#[derive(Debug, Clone)]
struct NothingBelow;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", file, height] => prepare(file, height.parse().expect("a height is a number")),
        ["connect", file, height] => connect(file, height.parse().expect("a height is a number")),
        // As `cargo bench` and `cargo test --benches` call it.
        _ => println!("benches/instructions/run counts instructions with this program"),
    }
}

fn prepare(file: &str, height: u32) {
    let keys: Vec<_> = (0..SIGNERS).map(test_key).collect();
    let mut chain = TestChain::new(params(&keys));
    let empty = |_| {
        let block = chain.grow(Address::default(), Vec::new()).expect("an empty block is valid");
        // What it would take to shrink again is not needed.
        chain.blocks.clear();
        codec::encode(block.header())
    };
    let headers: Vec<_> = (0..height).map(empty).collect();
    let (accounts, root) = (chain.state.accounts().sorted(), chain.root());
    let maturing = chain.state.maturing().iter().copied().collect();
    let full = |nonce| {
        let pay = |key| payment(key, &chain.params, nonce, Address([nonce as u8; 32]), Amount(1_000));
        let block = chain.grow(Address::default(), keys.iter().map(pay).collect());
        Block::clone(block.expect("the payments are valid").block())
    };
    let blocks = (0..BLOCKS).map(full).collect();
    let prepared = codec::encode(&Prepared { accounts, maturing, root, blocks });
    // The headers stand first, one after the other: they are more than one value of the protocol may be.
    std::fs::write(file, [headers.concat(), prepared].concat()).expect("the file can be written");
}

fn connect(file: &str, height: usize) {
    let bytes = std::fs::read(file).expect("the file was prepared");
    let (headers, prepared) = bytes.split_at(height * HEADER_BYTES);
    let prepared: Prepared =
        codec::decode(prepared, prepared.len()).expect("the file was written by this program");
    let keys: Vec<_> = (0..SIGNERS).map(test_key).collect();
    let params = Arc::new(params(&keys));
    let last = prepared.blocks.last().expect("there are full blocks").header.time;
    let now = Now { monotonic_ms: 1, wall_ms: u64::from(last.0) * 1_000 };
    let headers = stored_headers(&params, headers);
    let tip = headers.last().map(|header| header.id);
    let stored = StoredChain {
        bodies: headers.iter().map(|header| header.id).collect(),
        headers,
        invalid: Vec::new(),
        tip,
        checkpoint: Some(Checkpoint {
            at: tip,
            root: Some(prepared.root),
            accounts: prepared.accounts,
            maturing: prepared.maturing,
        }),
    };
    let opened =
        Node::open(Arc::clone(&params), NothingBelow, stored, BTreeMap::new(), [0; 32], now, &mut |_, _| {});
    let (mut node, _) = opened.expect("nothing is read from a disk");
    assert_eq!(Some(node.tip()), tip, "the node stands where the headers end");
    for (block, ticket) in prepared.blocks.into_iter().zip(0..) {
        counted(&mut node, &params, now, Input::SubmitBlock { ticket, block: Arc::new(block) });
    }
    assert_eq!(node.tip().height.0 as usize, height + BLOCKS as usize, "all blocks are connected");
}

fn stored_headers(params: &Params, headers: &[u8]) -> Vec<StoredHeader> {
    let mut facts = HeaderFacts::genesis(params);
    let stored = |bytes: &[u8]| {
        let header: Header = codec::decode(bytes, HEADER_BYTES).expect("the header was encoded here");
        facts = facts.child(&header, header.hash());
        let id = BlockId { height: facts.height, hash: facts.hash };
        StoredHeader { id, header, work: facts.work }
    };
    headers.chunks(HEADER_BYTES).map(stored).collect()
}

/// What callgrind counts.
#[inline(never)]
fn counted(node: &mut Node<NothingBelow>, params: &Params, now: Now, input: Input) {
    let mut inputs = VecDeque::from([input]);
    while let Some(input) = inputs.pop_front() {
        let effects = node.handle(now, input).expect("nothing is read from a disk");
        for effect in effects {
            if let Effect::Verify { ticket, job } = effect {
                inputs.push_back(Input::Verified { ticket, result: checked(&job, params) });
            } else if let Effect::Commit(commit) = effect {
                inputs.push_back(Input::Durable { sequence: commit.sequence });
            }
        }
    }
}

/// What callgrind counts apart.
#[inline(never)]
fn checked(job: &VerifyJob, params: &Params) -> Verified {
    black_box(execute(job, params))
}

fn params(keys: &[SecretKey]) -> Params {
    let prefund = |key: &SecretKey| PrefundOverride {
        address: Address::of(&key.public_key()).to_text(AddressKind::Development),
        amount: PREFUND,
    };
    let prefund = Some(keys.iter().map(prefund).collect());
    let numbers = ParamsOverride { prefund, ..ParamsOverride::default() };
    Params::with_overrides("dev-instructions", &numbers).expect("the numbers are good")
}

impl ChainReader for NothingBelow {
    fn header(&self, _: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        Ok(None)
    }

    fn block(&self, _: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        Ok(None)
    }

    fn undo(&self, _: BlockId) -> Result<Option<Undo>, StorageError> {
        Ok(None)
    }
}
