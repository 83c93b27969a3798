//! What clients and wallets give a node to read.

use cairn::consensus::Params;
use cairn::primitives::codec::encode;
use cairn::primitives::{AddressKind, Timestamp, Transaction};
use cairn::wallet::{ChildIndex, Keystore, PasswordCost, SEAL_RANDOM_BYTES, UnlockedWallet, Words};
use serde_json::{Value, json};

use super::made::{Seeds, of};

/// All of them by the name of their target.
pub(crate) fn seeds(payment: &Transaction) -> Vec<(&'static str, Seeds)> {
    let bodies = bodies(payment);
    vec![
        ("keystore", keystores()),
        ("rpc_body", bodies.clone()),
        ("rpc_parameters", bodies),
        ("words", words()),
    ]
}

/// Unprotected, protected as the commands do it, and protected so cheaply that a target may guess.
fn keystores() -> Seeds {
    let words = Words::from_entropy(&[7; 16]).expect("16 bytes are entropy");
    let mut alice = UnlockedWallet::new(words, "trowel", ChildIndex::default(), Timestamp(1_767_225_600));
    alice.add_address().expect("there is room for a second address");
    let sealed = |password: &str| {
        let cost = PasswordCost::STANDARD;
        Keystore::seal(&alice, password, cost, [5; SEAL_RANDOM_BYTES]).expect("it can be sealed").to_json()
    };
    let protected = sealed("stone");
    let cheap = String::from_utf8(protected.clone()).expect("JSON is UTF-8");
    let cheap =
        cheap.replace("\"memory_kib\": 65536", "\"memory_kib\": 8").replace("\"passes\": 3", "\"passes\": 1");
    vec![of("open", sealed("")), of("protected", protected), of("cheap", cheap)]
}

fn words() -> Seeds {
    let text = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    let phrase = |entropy: &[u8]| {
        let words = Words::from_entropy(entropy).expect("16 or 32 bytes are entropy");
        text(0, &words.phrase())
    };
    vec![
        of("twelve", phrase(&[7; 16])),
        of("twenty-four", phrase(&[1; 32])),
        of("path", text(1, "m/44'/7331'/0'/0'/0'")),
        of("root", text(1, "m")),
    ]
}

/// Each method once or so, by position and by name; batches; what old miners send.
fn bodies(payment: &Transaction) -> Seeds {
    let params = Params::named("dev").expect("dev is a name");
    let address = payment.sender_address().to_text(AddressKind::Development);
    let (genesis, id) = (params.genesis_hash(), payment.id(&params.genesis_hash()));
    let (raw, block) = (hex::encode(encode(payment)), hex::encode(encode(params.genesis())));
    let call = |method: &str, arguments: Value| {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": arguments });
        of(method.replace('.', "-"), request.to_string())
    };
    let notification = json!({ "jsonrpc": "2.0", "method": "uptime" });
    let request = json!({ "jsonrpc": "2.0", "id": "a", "method": "getblockcount" });
    vec![
        call("help", json!(["getblock"])),
        call("rpc.discover", json!([])),
        call("getblock", json!({ "block": genesis.to_string(), "verbosity": 3 })),
        call("getblockhash", json!([0])),
        call("getblockrange", json!([0, 10])),
        call("gettransaction", json!([id.to_string()])),
        call("sendrawtransaction", json!([raw])),
        call("testmempoolaccept", json!([[raw]])),
        call("waitfortransaction", json!([id.to_string(), 1, 1])),
        call("getbalance", json!([address, 1])),
        call("validateaddress", json!([address])),
        call("getblocktemplate", json!([{ "rules": [], "capabilities": ["coinbasetxn", "workid"] }])),
        call("submitblock", json!([block])),
        call("generatetoaddress", json!([1, address])),
        call("dev_fund", json!([address, 5])),
        call("addpeer", json!(["/ip4/192.0.2.1/tcp/7331"])),
        call("setmining", json!([2, address])),
        call("stop", json!([])),
        of("batch", json!([request, 7, notification]).to_string()),
        of("notification", notification.to_string()),
        of("old-miner", json!({ "method": "getblocktemplate", "params": [{}], "id": 0 }).to_string()),
    ]
}
