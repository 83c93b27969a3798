//! The commands that take values apart, on the worked examples of `docs/protocol.md`.
#![cfg(feature = "cli")]

mod support;

use std::fs;
use std::io::Write;
use std::process::Stdio;

use cairn::consensus::Params;
use cairn::primitives::codec;
use serde_json::{Value, json};
use support::Sandbox;

const PROTOCOL: &str = include_str!("../docs/protocol.md");

/// The code in the table row of that name, in the section of that title.
fn example<'a>(section: &str, row: &str) -> &'a str {
    let section = PROTOCOL.split(section).nth(1).expect("the protocol has this section");
    let line = section.lines().find(|line| line.starts_with(&format!("| {row}"))).expect("it has this row");
    line.split('`').nth(1).expect("a value stands in backticks")
}

#[test]
fn the_worked_payment_is_shown_with_its_hashes_whatever_form_it_has() {
    let sandbox = Sandbox::new("dev");
    let section = "### 16.3 A payment";
    let encoding = example(section, "encoding");
    let text = sandbox.write("payment.hex", &format!("0x{}\n{}\n", &encoding[..60], &encoding[60..]));
    let binary = sandbox.path("payment");
    fs::write(&binary, hex::decode(encoding).expect("it is hexadecimal")).expect("the folder is ours");
    let decode = |file: &str| sandbox.json(&["tools", "decode", "transaction", file, "--json"]);
    let decoded = decode(&text.display().to_string());
    assert_eq!(decoded, decode(&binary.display().to_string()));

    for (field, row) in [("id", "id"), ("signing_hash", "signing hash"), ("leaf_hash", "leaf hash")] {
        assert_eq!(decoded[field], example(section, row), "{field}");
    }
    assert_eq!(
        (&decoded["nonce"], &decoded["fee"], &decoded["expires_at"]),
        (&json!(0), &json!(183), &json!(8640))
    );
    assert_eq!((&decoded["action"], &decoded["memo"]), (&json!("transfer"), &json!("lunch")));
    assert_eq!(decoded["outputs"][0]["amount"], 250_000_000);
    assert_eq!((&decoded["signature_valid"], &decoded["violation"]), (&json!(true), &Value::Null));
    assert_eq!(decoded["from"], example("### 16.2", "on development networks"));

    // On another network its signature is over something else.
    let elsewhere = Sandbox::new("lan");
    let decoded = elsewhere.json(&["tools", "decode", "transaction", &binary.display().to_string()]);
    assert_eq!(
        (&decoded["signature_valid"], &decoded["violation"]),
        (&json!(false), &json!("bad-signature"))
    );
}

#[test]
fn genesis_is_shown_whole_and_in_its_parts() {
    for network in ["lan", "dev"] {
        let sandbox = Sandbox::new(network);
        let params = Params::named(network).expect("it is a good name");
        let decode = |kind: &str, hex: String| {
            let file = sandbox.write(kind, &hex).display().to_string();
            sandbox.json(&["tools", "decode", kind, &file])
        };
        let genesis = params.genesis();
        let header = decode("header", hex::encode(codec::encode(&genesis.header)));
        assert_eq!(header["hash"], params.genesis_hash().to_string());
        assert_eq!(header["bits"], format!("0x{}", genesis.header.bits));
        assert_eq!(header["time_utc"], "2026-01-01 00:00:00 UTC");
        let coinbase = decode("coinbase", hex::encode(codec::encode(&genesis.coinbase)));
        assert_eq!(coinbase["commitment"], header["commitment"]);
        assert_eq!((&coinbase["tag_text"], &coinbase["height"]), (&json!(network), &json!(0)));
        let block = decode("block", hex::encode(codec::encode(genesis)));
        assert_eq!((&block["header"], &block["coinbase"]), (&header, &coinbase));
        assert_eq!(block["computed_transaction_root"], coinbase["transaction_root"]);
        assert_eq!((&block["transaction_count"], &block["violation"]), (&json!(0), &Value::Null));
    }
}

#[test]
fn what_is_no_value_is_refused_with_the_field_and_its_offset() {
    let sandbox = Sandbox::new("dev");
    let encoding = example("### 16.3 A payment", "encoding");
    let refusal = |kind: &str, content: &str| {
        let file = sandbox.write("value", content).display().to_string();
        let (code, said) = sandbox.fail(&["tools", "decode", kind, &file]);
        (code, said)
    };
    let (code, said) = refusal("transaction", &encoding[..120]);
    assert!(code == 1 && said.contains("`outputs` at offset 58"), "{said}");
    let (_, said) = refusal("transaction", &format!("{encoding}00"));
    assert!(said.contains("1 bytes follow"), "{said}");
    let (_, said) = refusal("header", &encoding[..100]);
    assert!(said.contains("`commitment` at offset 36"), "{said}");
    let (_, said) =
        refusal("transaction", &encoding.replacen("00000000010000000000", "09000000010000000000", 1));
    assert!(said.contains("`action` at offset 54") && said.contains('9'), "{said}");
    let (code, said) = refusal("block", "abc");
    assert!(code == 2 && said.contains("3 hexadecimal digits"), "{said}");
    let (code, said) = sandbox.fail(&["tools", "decode", "block", "/nowhere/at/all"]);
    assert!(code == 2 && said.contains("/nowhere/at/all"), "{said}");
}

#[test]
fn an_address_of_either_kind_is_decoded_unless_a_network_says_which() {
    let sandbox = Sandbox::new("dev");
    let decode = |network: &[&str], address: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.env("HOME", sandbox.path("")).env_remove("CAIRN_NETWORK");
        command.args(network).args(["tools", "address", "decode", address]);
        command.output().expect("the program can be started")
    };
    for row in ["on development networks", "on other networks"] {
        let address = example("### 16.2", row);
        for written in [address.to_owned(), address.to_uppercase()] {
            let output = decode(&[], &written);
            let decoded: Value = serde_json::from_slice(&output.stdout).expect("programs get JSON");
            assert_eq!(decoded["bytes"], example("### 16.2", "address"));
            assert_eq!(decoded["address"], address);
        }
        let named = decode(&["--network", "dev"], address);
        assert_eq!(named.status.success(), row == "on development networks", "{named:?}");
    }
}

#[test]
fn a_file_has_the_digest_that_everybody_computes() {
    let sandbox = Sandbox::new("lan");
    let file = sandbox.write("abc", "abc").display().to_string();
    let hashed = sandbox.json(&["tools", "hash", &file]);
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((&hashed["sha256"], &hashed["bytes"]), (&json!(expected), &json!(3)));
    let mut child = sandbox.command(&["tools", "hash", "-"]);
    let mut child =
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program can be started");
    child.stdin.take().expect("it is piped").write_all(b"abc").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains(expected), "{output:?}");
}
