//! Inputs that try to make a decoder allocate: values of every type near 64 KiB, and what chance and malice make of them.

use std::sync::Arc;

use cairn::consensus::testing::TestChain;
use cairn::consensus::{HeaderFacts, Params};
use cairn::node::compact::compact_block;
use cairn::node::message::{SyncRequest, SyncResponse};
use cairn::primitives::codec::{self, Encode};
use cairn::primitives::{
    Action, Address, Amount, BlockHash, Height, List, Output, PublicKey, Signature, Text, Transaction,
    Transfer,
};
use cairn::storage::chain_file::ChainFileWriter;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Length of the long inputs.
pub(crate) const INPUT_BYTES: usize = 64 << 10;

/// A wallet as a file keeps it.
const KEYSTORE: &str = include_str!("../vectors/keystore-v1.json");

/// Random changes of each value for each decoder.
const MUTATIONS: u64 = 24;

/// A value's encoding, and where in it lengths stand, outermost first.
pub(crate) struct Seed {
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lengths: Vec<usize>,
    /// Whether it is no value of a type but may begin one of any.
    pub(crate) is_of_bytes: bool,
}

/// Values of every type, most of them near [`INPUT_BYTES`] long and made of as many and as small items as fit.
pub(crate) fn seeds() -> Vec<Seed> {
    let mut seeds = of_transactions();
    seeds.extend(of_blocks());
    seeds.extend(of_messages());
    seeds.extend(of_records());
    seeds.extend(of_files());
    seeds.extend(of_bytes());
    seeds
}

/// The whole seed, filled up with zeros, and its first so many bytes.
pub(crate) fn cut(seed: &Seed, take: &mut dyn FnMut(&[u8], &str)) {
    let length = seed.bytes.len();
    take(&seed.bytes, "whole");
    take(&filled_up(&seed.bytes), "filled up");
    let early = (0..200).filter(|early| *early < length);
    for shorter in early.chain((1..40).map(|part| length * part / 40)) {
        take(&seed.bytes[..shorter], &format!("its first {shorter} bytes"));
    }
}

/// Each combination of lengths where the seed has some, from as many items as bytes to more than any memory holds.
pub(crate) fn with_other_lengths(seed: &Seed, take: &mut dyn FnMut(&[u8], &str)) {
    let lengths =
        [0, 1, 250, 1_200, 1_300, 1_600, 3_200, 6_400, 8_100, 32_700, 65_000, 1 << 20, 1 << 40, u64::MAX];
    let combinations = lengths.len().pow(seed.lengths.len() as u32);
    let filled_up = filled_up(&seed.bytes);
    for combination in (0..combinations).skip(1) {
        let mut bytes = filled_up.clone();
        let mut rest = combination;
        for place in &seed.lengths {
            bytes[*place..place + 8].copy_from_slice(&lengths[rest % lengths.len()].to_le_bytes());
            rest /= lengths.len();
        }
        take(&bytes, &format!("combination {combination} of lengths"));
    }
}

/// A count at each of the first places, and as many bytes of the seed behind it.
pub(crate) fn short_lists(seed: &Seed, take: &mut dyn FnMut(&[u8], &str)) {
    for place in [0, 4, 8, 13, 36, 58, 198] {
        for count in 0..40_u64 {
            let mut bytes = vec![0; place];
            bytes.extend(count.to_le_bytes());
            bytes.extend(seed.bytes.iter().take(count as usize));
            for tag in 0..5 {
                bytes.iter_mut().take(place.min(1)).for_each(|byte| *byte = tag);
                take(&bytes, &format!("{count} items at {place} behind the tag {tag}"));
            }
        }
    }
}

/// Some bytes replaced, a length or a tag written anywhere, a piece doubled or taken out.
pub(crate) fn mutated(seed: &Seed, take: &mut dyn FnMut(&[u8], &str)) {
    for number in 0..MUTATIONS {
        let mut random = ChaCha8Rng::seed_from_u64(number);
        let mut bytes = seed.bytes.clone();
        for _ in 0..=number % 4 {
            mutate(&mut bytes, &mut random);
        }
        bytes.truncate(INPUT_BYTES);
        take(&bytes, &format!("mutation {number}"));
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    let mut below = |end: usize| random.next_u64() as usize % end.max(1);
    let place = if below(2) == 0 { below(bytes.len()) } else { below(bytes.len().min(300)) };
    let rest = bytes.len() - place;
    match below(5) {
        0 => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << below(8)),
        1 => {
            let length = (below(1 << 17) as u64).to_le_bytes();
            bytes.iter_mut().skip(place).zip(length).for_each(|(byte, new)| *byte = new);
        }
        2 => bytes.iter_mut().skip(place).take(4).for_each(|byte| *byte = 0xff),
        3 => drop(bytes.drain(place..place + below(rest.min(200)))),
        _ => {
            let piece = bytes[place..place + below(rest.min(2_000))].to_vec();
            bytes.splice(place..place, piece);
        }
    }
}

fn filled_up(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(INPUT_BYTES, 0);
    bytes
}

fn seed(what: &'static str, value: &impl Encode, lengths: &[usize]) -> Seed {
    let bytes = codec::encode(value);
    assert!(bytes.len() <= INPUT_BYTES, "{what} takes {} bytes", bytes.len());
    Seed { what, bytes, lengths: lengths.to_vec(), is_of_bytes: false }
}

fn transaction(outputs: usize, memo: usize) -> Transaction {
    let output = Output { to: Address([1; 32]), amount: Amount(1) };
    let outputs = List(vec![output; outputs]);
    Transaction {
        version: 1,
        sender: PublicKey([2; 32]),
        nonce: 0,
        fee: Amount(1),
        expires_at: Height(0),
        action: Action::Transfer(Transfer { outputs, memo: Text::from("m".repeat(memo)) }),
        signature: Signature([3; 64]),
    }
}

/// As many of the shortest transactions, of 138 bytes, as fit beside what surrounds each in a message.
fn shortest() -> Vec<Transaction> {
    vec![transaction(0, 0); (INPUT_BYTES - 1_000) / 142]
}

fn of_transactions() -> Vec<Seed> {
    let one_output = vec![transaction(1, 0); (INPUT_BYTES - 1_000) / 178];
    vec![
        seed("a payment", &transaction(1, 5), &[58, 106]),
        seed("a transaction of many outputs", &transaction(1_600, 0), &[58]),
        seed("a transaction of a long memo", &transaction(0, 65_000), &[58, 66]),
        seed("many short transactions", &List(shortest()), &[0, 8 + 58, 8 + 66]),
        seed("many payments", &List(one_output), &[0, 8 + 58, 8 + 106]),
    ]
}

fn of_blocks() -> Vec<Seed> {
    let chain = TestChain::new(Params::named("dev").expect("it is a name"));
    let empty = chain.mine(Address([1; 32]), Vec::new());
    let mut full = (*empty).clone();
    full.transactions = List(shortest());
    let mut tagged = (*empty).clone();
    tagged.coinbase.tag = List(vec![7; 65_000]);
    let leaves: Vec<_> = full.transactions.iter().map(Transaction::leaf_hash).collect();
    let whole = compact_block(&full, &leaves, 7, |_, _| true);
    let mut by_ids = compact_block(&empty, &[], 7, |_, _| false);
    by_ids.short_ids = List(vec![[9; 6]; 10_800]);
    vec![
        seed("a header", &empty.header, &[]),
        seed("a coinbase", &tagged.coinbase, &[118]),
        seed("an empty block", &*empty, &[198, 206]),
        seed("a block of short transactions", &full, &[198, 206, 214 + 58]),
        seed("a block with a long tag", &tagged, &[198]),
        seed("a compact block of short ids", &by_ids, &[198, 214]),
        seed("a compact block of whole transactions", &whole, &[198, 214, 222]),
        seed(
            "an answer of empty blocks",
            &SyncResponse::Blocks(List(vec![Arc::clone(&empty); 300])),
            &[4, 210, 218],
        ),
        seed(
            "an answer of one full block",
            &SyncResponse::Blocks(List(vec![full.into()])),
            &[4, 218, 226 + 58],
        ),
        seed("an answer of headers", &SyncResponse::Headers(List(vec![empty.header; 800])), &[4]),
    ]
}

fn of_messages() -> Vec<Seed> {
    let hashes = || List(vec![BlockHash([4; 32]); 2_000]);
    let indexes = List((0..16_000).collect());
    let transactions = || shortest().into_iter().map(Arc::new).collect();
    vec![
        seed("a question for headers", &SyncRequest::Headers { locator: hashes(), maximum: 2_000 }, &[4]),
        seed("a question for blocks", &SyncRequest::Blocks { hashes: hashes() }, &[4]),
        seed(
            "a question for transactions",
            &SyncRequest::BlockTransactions { block: BlockHash([4; 32]), indexes },
            &[36],
        ),
        seed("a question for the pool", &SyncRequest::Mempool, &[]),
        seed("an answer of transactions", &SyncResponse::BlockTransactions(transactions()), &[4, 12 + 58]),
        seed("an answer of the pool", &SyncResponse::Mempool(transactions()), &[4, 12 + 58]),
    ]
}

fn of_records() -> Vec<Seed> {
    let account = (Address([5; 32]), (7_u64, 8_u64));
    let reward = (9_u32, Address([6; 32]), 10_u64);
    let lan = Params::named("lan").expect("it is a name");
    vec![
        seed("an undo record", &Some(reward), &[]),
        seed("an account group", &List(vec![account; 1_300]), &[0]),
        seed("maturing rewards", &List(vec![reward; 1_400]), &[0]),
        seed("bans", &List(vec![([7_u8; 32], 1_u64); 1_600]), &[0]),
        seed("facts about a header", &HeaderFacts::genesis(&lan), &[]),
        seed("short texts", &List(vec![Text::from("t"); 7_000]), &[0, 8]),
        seed("empty texts", &List(vec![Text::default(); 8_000]), &[0, 8]),
        seed("empty lists", &List(vec![List::<u8>::default(); 8_000]), &[0, 8, 16]),
    ]
}

/// Parameters with as many prefunded accounts as fit, in both forms, and an exported chain.
fn of_files() -> Vec<Seed> {
    let lan = Params::named("lan").expect("it is a name").encoded();
    let (before, after) = lan.split_at(13);
    let account = |number: u16| [number.to_be_bytes().as_slice(), &[0; 30], &1_u64.to_le_bytes()].concat();
    let accounts: Vec<u8> = (0..1_600).flat_map(account).collect();
    let prefunded = [before, &1_600_u64.to_le_bytes(), &accounts, &after[8..]].concat();
    assert!(Params::from_encoded("lan", &prefunded).is_ok());
    let json = |item: &str| {
        let items = vec![item; INPUT_BYTES / (item.len() + 1) - 2];
        format!(r#"{{"prefund": [{}]}}"#, items.join(",")).into_bytes()
    };
    let plain = |what, bytes| Seed { what, bytes, lengths: Vec::new(), is_of_bytes: false };
    let deep = format!(r#"{{"prefund": {}"#, "[".repeat(65_000)).into_bytes();
    let long_text = format!(r#"{{"{}": 1}}"#, r"\u0041".repeat(10_000)).into_bytes();
    vec![
        Seed { lengths: vec![13], ..plain("parameters with much prefund", prefunded) },
        plain("parameters in JSON", json(r#"{"address":"","amount":1}"#)),
        plain("JSON of empty lists", json("[]")),
        plain("JSON of deep lists", deep),
        plain("JSON of a long name", long_text),
        plain("a keystore", KEYSTORE.into()),
        plain("a keystore of many addresses", with_many_addresses(KEYSTORE)),
        plain("an exported chain of a long block", exported(1, &shortest())),
        plain("an exported chain of short blocks", exported(250, &[])),
    ]
}

/// The list of addresses is repeated in itself as often as fits.
fn with_many_addresses(keystore: &str) -> Vec<u8> {
    let (before, rest) = keystore.split_once("\"addresses\": [").expect("a keystore lists its addresses");
    let (addresses, after) = rest.split_once(']').expect("the list ends");
    let count = (INPUT_BYTES - keystore.len()) / (addresses.len() + 1);
    format!("{before}\"addresses\": [{}]{after}", vec![addresses; count].join(",")).into_bytes()
}

fn exported(blocks: u32, transactions: &[Transaction]) -> Vec<u8> {
    let chain = TestChain::new(Params::named("dev").expect("it is a name"));
    let mut block = (*chain.mine(Address([1; 32]), Vec::new())).clone();
    block.transactions = List(transactions.to_vec());
    let mut writer = ChainFileWriter::new(Vec::new(), &chain.params).expect("memory takes everything");
    for _ in 0..blocks {
        writer.write(&block).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything").0
}

fn of_bytes() -> Vec<Seed> {
    let mut chance = vec![0; INPUT_BYTES];
    ChaCha8Rng::seed_from_u64(1).fill_bytes(&mut chance);
    let plain = |what, bytes| Seed { what, bytes, lengths: Vec::new(), is_of_bytes: true };
    vec![
        plain("nothing", Vec::new()),
        Seed { lengths: vec![0, 8], ..plain("zeros", vec![0; INPUT_BYTES]) },
        plain("ones", vec![0xff; INPUT_BYTES]),
        plain("chance", chance),
    ]
}
