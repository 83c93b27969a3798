//! The worked examples of docs/protocol.md are what this implementation computes.
#![cfg(feature = "cli")]

use cairn::consensus::difficulty::next_bits;
use cairn::consensus::{HeaderFacts, Params};
use cairn::primitives::transaction::TransactionHashes;
use cairn::primitives::{
    Action, Address, AddressKind, Amount, BlockHash, CompactTarget, Height, List, Output, SecretKey,
    Timestamp, Transaction, Transfer, Work, codec, merkle,
};
use cairn::wallet::{ChildIndex, UnlockedWallet, Words};

const DOCUMENT: &str = include_str!("../docs/protocol.md");
const DEV_WORDS: &str = "test test test test test test test test test test test junk";

#[test]
fn the_document_shows_both_genesis_blocks() {
    for name in ["lan", "dev"] {
        let params = Params::named(name).expect("it is a name");
        let genesis = params.genesis();
        shows(name, "the header", &hex::encode(genesis.header.to_bytes()));
        shows(name, "the coinbase", &hex::encode(codec::encode(&genesis.coinbase)));
        shows(name, "the hash", &params.genesis_hash().to_string());
        shows(name, "<g>", &params.genesis_hash().network_tag());
    }
}

#[test]
fn the_document_shows_a_key_and_its_address() {
    let key = dev_key(0);
    let address = Address::of(&key.public_key());
    shows("key 0", "the public key", &key.public_key().to_string());
    shows("key 0", "the address", &hex::encode(address.0));
    shows("key 0", "its text on dev", &address.to_text(AddressKind::Development));
    shows("key 0", "its text elsewhere", &address.to_text(AddressKind::Standard));
}

#[test]
fn the_document_shows_a_payment() {
    let genesis = Params::named("dev").expect("it is a name").genesis_hash();
    let outputs =
        List(vec![Output { to: Address::of(&dev_key(1).public_key()), amount: Amount(250_000_000) }]);
    let action = Action::Transfer(Transfer { outputs, memo: "lunch".into() });
    let payment = Transaction::signed(&dev_key(0), &genesis, 0, Amount(183), Height(8_640), action);
    let hashes = TransactionHashes::of(&payment, &genesis);
    shows("payment", "the encoding", &hex::encode(codec::encode(&payment)));
    shows("payment", "the id", &hashes.id.to_string());
    shows("payment", "the signing hash", &payment.signing_hash(&genesis).to_string());
    shows("payment", "the leaf hash", &hashes.leaf.to_string());
    shows("payment", "the transaction root", &merkle::transaction_root(&[hashes.leaf]).to_string());
}

#[test]
fn the_document_shows_steps_of_difficulty() {
    let params = Params::named("lan").expect("it is a name");
    for seconds in [0, 5, 10, 20, 600, 100_000] {
        let bits = next_bits(&params, &facts(3, seconds), Some(&facts(2, 0)));
        shows("difficulty", &format!("after {seconds} s"), &format!("| {seconds} | `0x{bits}` |"));
    }
}

/// A block with the first bits at so many seconds after genesis.
fn facts(height: u32, seconds: u32) -> HeaderFacts {
    HeaderFacts {
        height: Height(height),
        hash: BlockHash::ZERO,
        time: Timestamp(1_767_225_600 + seconds),
        bits: CompactTarget(0x1e01_0000),
        work: Work::ZERO,
    }
}

fn dev_key(index: usize) -> SecretKey {
    let words: Words = DEV_WORDS.parse().expect("the words have a good checksum");
    let account = ChildIndex::try_from(0).expect("0 is an index");
    let mut wallet = UnlockedWallet::new(words, "", account, Timestamp(0));
    while wallet.addresses().len() <= index {
        wallet.add_address().expect("there is room for a few");
    }
    wallet.secret_key(index).expect("it was just added")
}

fn shows(what: &str, part: &str, value: &str) {
    assert!(DOCUMENT.contains(value), "docs/protocol.md, \"Worked examples\", {what}: {part} is {value}");
    println!("{what}, {part}: {value}");
}
