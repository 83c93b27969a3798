//! The rules against numbers that others published: difficulty, compact targets, signatures, bech32m.

use cairn::consensus::aserti3_2d;
use cairn::primitives::keys::{SignatureCheck, verify};
use cairn::primitives::{
    Address, AddressKind, CompactTarget, ParseAddressError, PublicKey, SecretKey, Signature,
};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;

const ASERT_RUNS: [&str; 6] = [
    include_str!("vectors/asert/run01"),
    include_str!("vectors/asert/run02"),
    include_str!("vectors/asert/run03"),
    include_str!("vectors/asert/run04"),
    include_str!("vectors/asert/run05"),
    include_str!("vectors/asert/run06"),
];

const ASERT_INTERVAL_SECONDS: u32 = 600;
const ASERT_HALF_LIFE_SECONDS: u32 = 172_800;
const ASERT_LIMIT: CompactTarget = CompactTarget(0x1d00_ffff);

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn hexadecimal(text: &str) -> u32 {
    u32::from_str_radix(text.trim_start_matches("0x"), 16).expect("the vectors hold hexadecimal numbers")
}

/// The value of a line such as `##   anchor height: 1`.
fn header<'a>(run: &'a str, name: &str) -> &'a str {
    let lines = run.lines().filter_map(|line| line.strip_prefix("##")?.trim().strip_prefix(name));
    lines.map(|value| value.trim_start_matches(':').trim()).next().expect("each run states its anchor")
}

#[test]
fn aserti3_2d_agrees_bit_for_bit_with_bitcoin_cash() {
    let limit = ASERT_LIMIT.target().unwrap();
    let mut checked = 0;
    for run in ASERT_RUNS {
        let anchor = CompactTarget(hexadecimal(header(run, "anchor nBits"))).target().unwrap();
        let anchor_height: u32 = header(run, "anchor height").parse().unwrap();
        let parent_time: i64 = header(run, "anchor ancestor time").parse().unwrap();
        for line in run.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let (height, time): (u32, i64) = (fields[1].parse().unwrap(), fields[2].parse().unwrap());
            let bits = aserti3_2d(
                anchor,
                time - parent_time,
                height - anchor_height,
                ASERT_INTERVAL_SECONDS,
                ASERT_HALF_LIFE_SECONDS,
                limit,
            );
            assert_eq!(bits, CompactTarget(hexadecimal(fields[3])), "{line}");
            checked += 1;
        }
    }
    assert_eq!(checked, 1_480);
}

#[test]
fn compact_targets_mean_what_bitcoin_says() {
    for case in json(include_str!("vectors/set_compact.json")).as_array().unwrap() {
        let bits = CompactTarget(hexadecimal(case["bits"].as_str().unwrap()));
        let refused = case["negative"] == true || case["overflow"] == true || case["reencoded"] == "0";
        let Ok(target) = bits.target() else {
            assert!(refused, "{bits}");
            continue;
        };
        assert!(!refused, "{bits}");
        assert_eq!(target.to_string(), case["target_hex"].as_str().unwrap());
        assert_eq!(target.compact(), CompactTarget(hexadecimal(case["reencoded"].as_str().unwrap())));
    }
}

/// The 196 signatures of edge-case points, each valid under ZIP-215.
fn zip_215_checks(message: &[u8]) -> Vec<SignatureCheck> {
    let cases = json(include_str!("vectors/zip-215.json"));
    let cases = cases.as_array().expect("the file is a list");
    let check = |case: &Value| {
        let mut key = PublicKey::default();
        let mut signature = Signature([0; 64]);
        let bytes = |name: &str| case[name].as_str().expect("each case has a key and a signature");
        hex::decode_to_slice(bytes("vk"), &mut key.0).expect("keys have 32 bytes");
        hex::decode_to_slice(bytes("sig"), &mut signature.0).expect("signatures have 64 bytes");
        SignatureCheck::new(key, &signature, message)
    };
    cases.iter().map(check).collect()
}

fn honest_checks() -> impl Iterator<Item = SignatureCheck> {
    (0..).map(|number: u8| {
        let alice = SecretKey::from_seed(&[number; 32]);
        SignatureCheck::new(alice.public_key(), &alice.sign(&[number; 32]), &[number; 32])
    })
}

#[test]
fn every_edge_case_of_zip_215_is_valid_alone_and_in_every_batch() {
    let edge_cases = zip_215_checks(b"Zcash");
    assert_eq!(edge_cases.len(), 196);
    for (check, honest) in edge_cases.iter().zip(honest_checks()) {
        assert_eq!(verify(std::slice::from_ref(check)), Ok(()));
        assert_eq!(verify(&[honest, check.clone()]), Ok(()));
    }
    assert_eq!(verify(&edge_cases), Ok(()));
    let among_honest: Vec<_> = honest_checks().zip(edge_cases).flat_map(|(a, b)| [a, b]).collect();
    assert_eq!(verify(&among_honest), Ok(()));
}

#[test]
fn edge_cases_of_zip_215_hold_at_random_places_among_honest_signatures() {
    let edge_cases = zip_215_checks(b"Zcash");
    let honest: Vec<_> = honest_checks().take(64).collect();
    let mut chance = ChaCha12Rng::from_seed([42; 32]);
    let mut below = |limit: usize| chance.next_u64() as usize % limit;
    for round in 0..60 {
        let mut batch: Vec<_> = honest[..=below(honest.len())].to_vec();
        for _ in 0..=below(12) {
            let at = below(batch.len() + 1);
            batch.insert(at, edge_cases[below(edge_cases.len())].clone());
        }
        assert_eq!(verify(&batch), Ok(()), "round {round}");
        // A bad one among them is named, and takes nobody with it.
        let at = below(batch.len() + 1);
        let alice = SecretKey::from_seed(&[7; 32]);
        batch.insert(at, SignatureCheck::new(alice.public_key(), &alice.sign(&[1; 32]), &[2; 32]));
        assert_eq!(verify(&batch), Err(vec![at]), "round {round}");
    }
}

#[test]
fn an_edge_case_gets_the_same_answer_alone_and_in_a_batch_whatever_the_message() {
    let edge_cases = zip_215_checks(b"not Zcash");
    let bad_alone: Vec<_> = (0..edge_cases.len())
        .filter(|index| verify(std::slice::from_ref(&edge_cases[*index])).is_err())
        .collect();
    let bad_in_a_batch = verify(&edge_cases).err().unwrap_or_default();
    assert_eq!(bad_alone, bad_in_a_batch);
}

#[test]
fn bech32m_of_something_else_is_told_apart_from_a_mistyped_address() {
    let vectors = json(include_str!("vectors/bip350.json"));
    let parse = |text: &Value| Address::parse(text.as_str().unwrap(), AddressKind::Standard).unwrap_err();
    for text in vectors["valid"].as_array().unwrap() {
        assert!(matches!(parse(text), ParseAddressError::WrongHumanPart(..)), "{text}");
    }
    for text in vectors["invalid"].as_array().unwrap() {
        assert!(matches!(parse(text), ParseAddressError::NotBech32m(_)), "{text}");
    }
}
