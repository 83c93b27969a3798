//! A mining node with transactions flowing in is killed again and again, and never loses what it has shown.
#![cfg(feature = "cli")]

mod support;

use cairn::consensus::testing::dev_key;
use cairn::primitives::{
    Action, Address, AddressKind, Amount, BlockHash, Height, List, Output, SecretKey, Text, Transaction,
    Transfer, codec,
};
use serde_json::{Value, json};
use support::{Node, Sandbox};

/// How often, unless `CAIRN_KILLS` says otherwise.
const KILLS: u32 = 3;

/// Blocks between two kills.
const BLOCKS: u64 = 4;

/// Payers, and payments that each hands in at once.
const PAYERS: u32 = 8;
const BATCH: u64 = 5;

/// Payments of one payer that wait at most: a node takes a few more.
const WAITING_MAX: u64 = 60;

/// Every 65,536th hash meets this target: many blocks a second, and enough time between them to be killed in.
const EASY: &str = "retarget = false\nfirst_bits = 0x1f00ffff\nlimit_bits = 0x1f00ffff\n";

/// Somebody who pays all the time.
#[derive(Debug)]
struct Payer {
    key: SecretKey,
    address: String,
    sent: u64,
}

/// What a node has shown: it must never be less.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    height: u64,
    /// Payments that are confirmed.
    confirmed: u64,
}

impl Payer {
    fn new(index: u32) -> Self {
        let key = dev_key(index);
        let address = Address::of(&key.public_key()).to_text(AddressKind::Development);
        Self { key, address, sent: 0 }
    }

    /// Hands in payments with the nonces that come next.
    fn pay(&mut self, node: &Node, genesis: &BlockHash, count: u64) {
        let nonces = &node.call("getnonce", json!([self.address]));
        let (confirmed, next) = (number(&nonces["confirmed"]), number(&nonces["next"]));
        for nonce in next..(next + count).min(confirmed + WAITING_MAX) {
            let outputs = List(vec![Output { to: Address([nonce as u8; 32]), amount: Amount(1_000) }]);
            let action = Action::Transfer(Transfer { outputs, memo: Text::default() });
            let payment =
                Transaction::signed(&self.key, genesis, nonce, Amount(10_000), Height::GENESIS, action);
            node.call("sendrawtransaction", json!([hex::encode(codec::encode(&payment))]));
            self.sent += 1;
        }
    }

    fn confirmed(&self, node: &Node) -> u64 {
        number(&node.call("getnonce", json!([self.address]))["confirmed"])
    }
}

fn look(payers: &[Payer], node: &Node) -> Shown {
    // The payments first: the height may only be higher than the one they were confirmed at.
    let confirmed = payers.iter().map(|payer| payer.confirmed(node)).sum();
    Shown { confirmed, height: node.height() }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("it is a number")
}

fn genesis(node: &Node) -> BlockHash {
    let info = node.call("getblockchaininfo", json!([]));
    serde_json::from_value(info["genesis_hash"].clone()).expect("a node names its genesis")
}

#[test]
fn a_node_killed_under_load_is_back_at_or_above_what_it_showed() {
    let kills =
        std::env::var("CAIRN_KILLS").map_or(KILLS, |text| text.parse().expect("CAIRN_KILLS is a number"));
    let sandbox = Sandbox::with_spec("dev-kill", EASY);
    let miner = sandbox.wallet("miner");
    let flags = ["--mine", "1", "--miner-address", &miner];
    let mut payers: Vec<Payer> = (0..PAYERS).map(Payer::new).collect();
    let mut shown = Shown::default();
    for kill in 1..=kills {
        let node = sandbox.node("miner", &flags);
        let genesis = genesis(&node);
        let back = look(&payers, &node);
        assert!(
            back.height >= shown.height && back.confirmed >= shown.confirmed,
            "after kill {kill} it is back at {back:?}, and had shown {shown:?}"
        );
        while node.height() < back.height + BLOCKS {
            for payer in &mut payers {
                payer.pay(&node, &genesis, BATCH);
            }
        }
        shown = look(&payers, &node);
        // Killed while it works on these.
        payers[0].pay(&node, &genesis, u64::from(kill) % BATCH);
        node.kill();
        println!("kill {kill}: back at {back:?}, then {shown:?}");
    }
    let sent: u64 = payers.iter().map(|payer| payer.sent).sum();
    println!("{kills} kills, {sent} payments handed in: nothing that was shown is lost");
    assert!(shown.confirmed > 0, "the load went into blocks");
    verify(&sandbox, shown);
}

fn verify(sandbox: &Sandbox, shown: Shown) {
    let folder = sandbox.path("miner").display().to_string();
    std::fs::remove_file(sandbox.path("miner").join("rpc.url"))
        .expect("a killed node leaves its address behind");
    for depth in [&[][..], &["--from-genesis"][..]] {
        let verified = sandbox.json(&[&["chain", "verify", "--data-dir", &folder], depth].concat());
        assert_eq!(verified["ok"], true);
        assert!(verified["blocks"].as_u64() >= Some(shown.height), "{verified}, and {shown:?} was shown");
        assert!(verified["signatures"].as_u64() >= Some(shown.confirmed), "{verified}: {shown:?} was shown");
    }
}
