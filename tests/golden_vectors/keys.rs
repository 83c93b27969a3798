//! From words to keys, addresses and signatures. The path is walked here anew, so that a second hand agrees.

use cairn::consensus::testing::{DEV_WORDS, dev_key};
use cairn::primitives::keys::{SignatureCheck, verify};
use cairn::primitives::{Address, AddressKind, SecretKey, hash};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

use crate::json::{Json, object};

const MESSAGES: [&str; 3] = ["", "I hold this address.", "Gruß aus Köln 🪨"];

pub(crate) fn vectors() -> Json {
    let seed = seed_of(DEV_WORDS);
    let steps = [44, 7331, 0, 0];
    let master = hmac_sha512(b"ed25519 seed", &[&seed]);
    let parent = steps.into_iter().fold(master, |node, step| child(&node, step));
    object! {
        "words": DEV_WORDS,
        "passphrase": "",
        "seed": hex::encode(seed),
        "master": node("m", &master),
        "parent": node("m/44'/7331'/0'/0'", &parent),
        "keys": Json::list(0..10, |index| key(index, &child(&parent, index))),
        "signed_messages": Json::list(MESSAGES, signed_message),
    }
}

fn node(path: &str, node: &[u8; 64]) -> Json {
    let (key, chain_code) = node.split_at(32);
    object! { "path": path, "key": hex::encode(key), "chain_code": hex::encode(chain_code) }
}

fn key(index: u32, node: &[u8; 64]) -> Json {
    let seed = node.first_chunk().expect("64 bytes begin with 32");
    let public = SecretKey::from_seed(seed).public_key();
    assert_eq!(public, dev_key(index).public_key());
    let address = Address::of(&public);
    object! {
        "path": format!("m/44'/7331'/0'/0'/{index}'"),
        "secret": hex::encode(seed),
        "public": public.to_string(),
        "address": hex::encode(address.0),
        "address_text": address.to_text(AddressKind::Standard),
        "address_text_development": address.to_text(AddressKind::Development),
    }
}

fn signed_message(message: &str) -> Json {
    let key = dev_key(0);
    let hash = hash::MESSAGE.derive(message.as_bytes());
    let signature = key.sign(&hash);
    assert_eq!(verify(&[SignatureCheck::new(key.public_key(), &signature, &hash)]), Ok(()));
    #[cfg(feature = "wallet")]
    assert_eq!(cairn::wallet::sign_message(&key, message.as_bytes()).signature, signature);
    object! {
        "public": key.public_key().to_string(),
        "message": message,
        "hash": hex::encode(hash),
        "signature": signature.to_string(),
        "text": format!("{}{signature}", key.public_key()),
    }
}

/// BIP 39: PBKDF2 with HMAC-SHA512, 2,048 rounds, an empty passphrase, one block of output.
fn seed_of(words: &str) -> [u8; 64] {
    let mut round = hmac_sha512(words.as_bytes(), &[b"mnemonic", &[0, 0, 0, 1]]);
    let mut seed = round;
    for _ in 1..2_048 {
        round = hmac_sha512(words.as_bytes(), &[&round]);
        seed.iter_mut().zip(round).for_each(|(sum, byte)| *sum ^= byte);
    }
    seed
}

/// SLIP-0010 for Ed25519: the hardened child of key ‖ chain code.
fn child(parent: &[u8; 64], index: u32) -> [u8; 64] {
    let (key, chain_code) = parent.split_at(32);
    hmac_sha512(chain_code, &[&[0], key, &(index | 0x8000_0000).to_be_bytes()])
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> [u8; 64] {
    let mut hmac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}
