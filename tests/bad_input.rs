//! What people and programs do wrong is named, with an exit code and a next step.
#![cfg(feature = "cli")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::json;
use support::{Node, Sandbox};

#[test]
fn a_port_that_was_asked_for_and_is_taken_names_its_holder() {
    let sandbox = Sandbox::new("dev-port");
    let holder = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let taken = holder.local_addr().expect("it is bound").to_string();
    for flag in ["--listen", "--rpc-bind"] {
        let data_dir = sandbox.path("data").display().to_string();
        let (code, said) = sandbox.fail(&["node", "--data-dir", &data_dir, flag, &taken]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&taken) && said.contains("in use by") && said.contains(flag), "{said}");
        if cfg!(target_os = "linux") {
            assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
        }
    }
}

#[test]
fn a_folder_in_use_names_its_holder_and_another_network_is_refused() {
    let sandbox = Sandbox::new("dev-folder");
    let node = sandbox.node("one", &[]);
    let second =
        ["node", "--data-dir", node.folder(), "--listen", "127.0.0.1:0", "--rpc-bind", "127.0.0.1:0"];
    let (code, said) = sandbox.fail(&second);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("in use by") && said.contains(&node.process().to_string()), "{said}");

    let elsewhere = Sandbox::new("dev-elsewhere");
    let (code, said) = elsewhere.fail(&["status", "--data-dir", node.folder()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("dev-folder") && said.contains("dev-elsewhere"), "{said}");
    let folder = node.data_dir.clone();
    node.stop();
    let (_, said) = elsewhere.fail(&["chain", "verify", "--data-dir", &folder.display().to_string()]);
    assert!(said.contains("another network"), "{said}");
}

#[test]
fn a_damaged_wallet_and_a_wrong_password_are_named() {
    let sandbox = Sandbox::new("dev-wallet");
    let password = sandbox.write("password", "stone\n").display().to_string();
    let wrong = sandbox.write("wrong", "Stone\n").display().to_string();
    let made = sandbox.json(&["wallet", "new", "alice", "--password-file", &password]);
    assert_eq!(made["protected"], true);
    let (code, said) = sandbox.fail(&["wallet", "words", "alice"]);
    assert!(code == 2 && said.contains("--password-file"), "{said}");
    let (_, said) = sandbox.fail(&["wallet", "words", "alice", "--password-file", &wrong]);
    assert!(said.contains("wrong password"), "{said}");

    let file = made["file"].as_str().expect("the answer names the file");
    let whole = fs::read_to_string(file).expect("the wallet is there");
    fs::write(file, &whole[..whole.len() / 2]).expect("the folder is ours");
    let (code, said) = sandbox.fail(&["wallet", "address", "alice"]);
    assert!(code == 1 && said.contains("alice") && said.contains("cannot be used"), "{said}");
    let listed = sandbox.json(&["wallet", "list"]);
    assert!(listed[0]["problem"].is_string(), "{listed}");
}

#[test]
fn payments_that_cannot_be_are_refused_before_they_are_signed() {
    let sandbox = Sandbox::new("dev-payment");
    let node = sandbox.node("one", &[]);
    let alice = sandbox.wallet("alice");
    sandbox.wallet("bob");
    node.call("dev_fund", json!([alice, 1_000_000_000]));
    let refusal = |arguments: &[&str]| {
        let send = [&["wallet", "send", "--from", "alice", "--yes", "--data-dir", node.folder()], arguments]
            .concat();
        sandbox.fail(&send).1
    };
    let long = "m".repeat(257);
    for (arguments, expected) in [
        (&["1", "--to", "bob", "--memo", &long][..], "at most 256"),
        (&["100", "--to", "bob"], "is missing"),
        (&["1.123456789", "--to", "bob"], "8 digits"),
        (&["1", "--to", "cairn1qqqq"], "cairn1qqqq"),
        (&["1", "--to", "nobody"], "nobody"),
        (&["1", "--to", "bob=2"], "each amount once"),
    ] {
        let said = refusal(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert_eq!(node.call("getnonce", json!([alice]))["next"], 0, "nothing was sent");
    let (code, said) =
        sandbox.fail(&["wallet", "send", "1", "--from", "alice", "--to", "bob", "--data-dir", node.folder()]);
    assert!(code == 2 && said.contains("--yes"), "{said}");
}

#[test]
fn no_node_is_an_exit_code_of_its_own_and_usage_too() {
    let sandbox = Sandbox::new("dev-nobody");
    assert_eq!(sandbox.fail(&["status"]).0, 3);
    assert_eq!(sandbox.fail(&["status", "--rpc-url", "http://127.0.0.1:1/rpc"]).0, 3);
    assert_eq!(sandbox.fail(&["stat"]).0, 2);
    let config = sandbox.write("cairn.toml", "lisen = '0.0.0.0:1'\n").display().to_string();
    let (code, said) = sandbox.fail(&["status", "--config", &config]);
    assert!(code == 2 && said.contains("did you mean `listen`"), "{said}");
    let (_, said) = sandbox.fail(&["status", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&said).expect("programs get JSON");
    assert!(error["error"]["next_step"].is_string(), "{error}");
}

#[test]
fn junk_over_rpc_is_answered_with_an_error_and_the_node_lives() {
    let sandbox = Sandbox::new("dev-junk");
    let node = sandbox.node("one", &[]);
    let (code, said) = sandbox.fail(&["rpc", "getblokcount", "--data-dir", node.folder()]);
    assert!(code == 1 && said.contains("getblockcount"), "{said}");
    for junk in [&b"\xff\xfe\x00"[..], b"{", b"[]", b"[[[[[[[[", br#"{"jsonrpc":"2.0","id":1,"method":7}"#] {
        let answer = post(&node, junk);
        assert!(answer.contains("\"error\""), "{junk:?}: {answer}");
        assert!(answer.contains("\"reason\""), "{junk:?}: {answer}");
    }
    assert_eq!(node.height(), 0);
    node.stop();
}

/// Posts bytes as they are.
fn post(node: &Node, body: &[u8]) -> String {
    let url = fs::read_to_string(node.data_dir.join("rpc.url")).expect("the node runs");
    let host = url.trim().trim_start_matches("http://").trim_end_matches("/rpc");
    let mut stream = TcpStream::connect(host).expect("the node listens");
    let length = body.len();
    let head = format!(
        "POST /rpc HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("the node reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the node answers in UTF-8");
    answer
}
