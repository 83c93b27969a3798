//! Numbers that others published, through the commands of the built program: one process for each.
#![cfg(feature = "cli")]

mod support;

use std::process::Output;

use serde_json::Value;
use support::Sandbox;

const ASERT_RUNS: [&str; 6] = [
    include_str!("vectors/asert/run01"),
    include_str!("vectors/asert/run02"),
    include_str!("vectors/asert/run03"),
    include_str!("vectors/asert/run04"),
    include_str!("vectors/asert/run05"),
    include_str!("vectors/asert/run06"),
];

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the vectors are a list")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("the vectors hold text")
}

/// The value of a line such as `##   anchor height: 1`.
fn header<'a>(run: &'a str, name: &str) -> &'a str {
    let lines = run.lines().filter_map(|line| line.strip_prefix("##")?.trim().strip_prefix(name));
    lines.map(|value| value.trim_start_matches(':').trim()).next().expect("each run states its anchor")
}

#[test]
fn the_next_bits_are_those_of_bitcoin_cash() {
    let sandbox = Sandbox::new("lan");
    let mut checked = 0;
    for run in ASERT_RUNS {
        for line in run.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let [_, height, time, expected] = fields[..] else { panic!("a line has four fields: {line}") };
            let output = sandbox.run(&[
                "tools",
                "difficulty",
                "next",
                "--anchor-height",
                header(run, "anchor height"),
                "--anchor-parent-time",
                header(run, "anchor ancestor time"),
                "--anchor-bits",
                header(run, "anchor nBits"),
                "--height",
                height,
                "--time",
                time,
                "--interval",
                "600",
                "--half-life",
                "172800",
                "--limit-bits",
                "0x1d00ffff",
            ]);
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected, "{line}: {output:?}");
            checked += 1;
        }
    }
    assert_eq!(checked, 1_480);
}

#[test]
fn what_makes_no_difficulty_is_refused_with_the_flag_at_fault() {
    let sandbox = Sandbox::new("lan");
    let good = [
        ("--anchor-height", "1"),
        ("--anchor-parent-time", "0"),
        ("--anchor-bits", "0x1d00ffff"),
        ("--height", "2"),
        ("--time", "1200"),
        ("--interval", "600"),
        ("--half-life", "172800"),
        ("--limit-bits", "0x1d00ffff"),
    ];
    let with = |flag: &str, value: Option<&str>| {
        let mut arguments = vec!["tools", "difficulty", "next", "--json"];
        for (name, usual) in good {
            if let Some(value) = if name == flag { value } else { Some(usual) } {
                arguments.extend([name, value]);
            }
        }
        sandbox.run(&arguments)
    };
    assert_eq!(String::from_utf8_lossy(&with("", None).stdout).trim(), "\"0x1d00ffff\"");
    for (flag, _) in good {
        for value in [None, Some("x"), Some("")] {
            let output = with(flag, value);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && said.contains(flag), "{flag} {value:?}: {said}");
        }
    }
    for (flag, value, expected) in [
        ("--anchor-bits", "0x1d80ffff", "negative"),
        ("--anchor-bits", "0x01000000", "zero"),
        ("--limit-bits", "0xff00ffff", "overflows"),
        ("--limit-bits", "486604799", "0x"),
        ("--height", "0", "--anchor-height"),
        ("--half-life", "0", "--half-life"),
    ] {
        let output = with(flag, Some(value));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(expected), "{flag} {value}: {said}");
    }
}

fn verify(sandbox: &Sandbox, key: &str, message: &str, signature: &str) -> Output {
    let arguments = ["--public-key", key, "--message", message, "--signature", signature];
    sandbox.run(&[&["tools", "verify-signature"][..], &arguments].concat())
}

#[test]
fn every_signature_of_zip_215_is_valid() {
    let sandbox = Sandbox::new("lan");
    let cases = json(include_str!("vectors/zip-215.json"));
    assert_eq!(cases.len(), 196);
    for case in &cases {
        let output = verify(&sandbox, text(case, "vk"), &hex::encode("Zcash"), text(case, "sig"));
        assert!(output.status.success(), "{case}: {output:?}");
    }
}

#[test]
fn a_forged_signature_is_invalid_and_a_short_one_is_wrong_usage() {
    let sandbox = Sandbox::new("lan");
    let alice = cairn::primitives::SecretKey::from_seed(&[1; 32]);
    let (key, message) = (alice.public_key().to_string(), hex::encode([3; 32]));
    let good = alice.sign(&[3; 32]);
    let mut forged = good;
    forged.0[3] ^= 1;
    let (good, forged) = (good.to_string(), forged.to_string());
    assert!(verify(&sandbox, &key, &message, &good).status.success());
    let no_point = "02".repeat(32);
    for (key, message, signature) in
        [(&key, &message, &forged), (&no_point, &message, &good), (&key, &String::new(), &good)]
    {
        let output = verify(&sandbox, key, message, signature);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let valid: Value = serde_json::from_slice(&output.stdout).expect("programs get JSON");
        assert_eq!(valid["valid"], false);
        assert!(String::from_utf8_lossy(&output.stderr).contains("not valid"), "{output:?}");
    }
    for (key, message, signature) in
        [(&key[..], &message[..], "00"), (&key[1..], &message, &good), (&key, "0x", &good)]
    {
        assert_eq!(verify(&sandbox, key, message, signature).status.code(), Some(2), "{key} {message}");
    }
}

#[test]
fn bech32m_of_others_is_told_apart_from_what_is_none() {
    let sandbox = Sandbox::new("lan");
    let vectors: Value =
        serde_json::from_str(include_str!("vectors/bip350.json")).expect("the vectors are JSON");
    for (name, expected) in [("valid", "not a Cairn address"), ("invalid", "not an address")] {
        for address in vectors[name].as_array().expect("the vectors hold two lists") {
            let address = address.as_str().expect("the vectors hold text");
            let (code, said) = sandbox.fail(&["tools", "address", "decode", "--", address]);
            assert!(code == 2 && said.contains(expected), "{address}: {said}");
        }
    }
}

#[test]
fn words_have_the_published_seed_and_words_and_seed_the_same_keys() {
    let sandbox = Sandbox::new("lan");
    let vectors: Vec<[String; 4]> =
        serde_json::from_str(include_str!("vectors/bip39-english.json")).expect("the vectors are a list");
    assert_eq!(vectors.len(), 24);
    let file = sandbox.path("words").display().to_string();
    for [_, words, seed, _] in &vectors {
        let of_words = ["wallet", "derive", "--mnemonic", words, "--passphrase", "TREZOR", "--json"];
        let of_words = sandbox.json(&of_words);
        assert_eq!(of_words["seed"], **seed, "{words}");
        assert_eq!(of_words["path"], "m/44'/7331'/0'/0'/0'");
        assert_eq!(sandbox.json(&["wallet", "derive", "--seed", seed, "--json"]), of_words);
        sandbox.write("words", &format!("  {}\n", words.replace(' ', "\n")));
        let of_file = ["wallet", "derive", "--mnemonic-file", &file, "--passphrase", "TREZOR"];
        assert_eq!(sandbox.json(&of_file), of_words);
    }
}

#[test]
fn seeds_have_the_published_keys() {
    let sandbox = Sandbox::new("lan");
    let mut checked = 0;
    for vector in json(include_str!("vectors/slip-0010-ed25519.json")) {
        for node in vector["chain"].as_array().expect("each seed has a list of nodes") {
            let path = text(node, "path");
            let seed = text(&vector, "seed");
            let derived = sandbox.json(&["wallet", "derive", "--seed", seed, "--path", path, "--json"]);
            for (ours, theirs) in
                [("private_key", "private"), ("chain_code", "chain code"), ("slip10_public_key", "public")]
            {
                assert_eq!(derived[ours], node[theirs], "{path}");
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 12);
}

#[test]
fn the_first_account_of_development_networks_is_derived_from_its_words() {
    let sandbox = Sandbox::new("dev");
    let words = cairn::consensus::testing::DEV_WORDS;
    let derived = sandbox.json(&["wallet", "derive", "--mnemonic", words]);
    assert_eq!(derived["address"], "cairndev1qh6ymw5wjc3hshdu8fcsmp8yuw0l0xzlh9efj7xwxg57kva084a7slzu06h");
    assert_eq!(derived["public_key"], "20abc05903567931f69c489571bacadca5e7070115399d297c48c4e3307ccfd6");
    for (arguments, expected) in [
        (&["--path", "m/44"][..], "write `44'`"),
        (&["--seed", "00"], "--mnemonic"),
        (&["--passphrase-file", "/nowhere/to/be/found"], "/nowhere"),
    ] {
        let (code, said) = sandbox.fail(&[&["wallet", "derive", "--mnemonic", words], arguments].concat());
        assert!(code == 2 && said.contains(expected), "{arguments:?}: {said}");
    }
    let (code, said) = sandbox.fail(&["wallet", "derive", "--mnemonic", &words.replace("junk", "jnuk")]);
    assert!(code == 2 && said.contains("did you mean `junk`"), "{said}");
    let (code, said) = sandbox.fail(&["wallet", "derive"]);
    assert!(code == 2 && said.contains("--seed"), "{said}");
}
