//! SLIP-0010: Ed25519 keys from a seed, along a path in which every step is hardened.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::primitives::SecretKey;

/// The number BIP 44 gives a coin; ours is the P2P port, and not registered.
pub const COIN: ChildIndex = ChildIndex(7_331);

/// Bytes of a seed, fewest and most (SLIP-0010).
const SEED_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Steps of a path. BIP 44 has five; more than this is a mistake.
const PATH_STEPS_MAX: usize = 16;

/// Added to each index: the mark of a hardened step.
const HARDENED: u32 = 1 << 31;

/// What SLIP-0010 keys the first step with, for this curve.
const CURVE: &[u8] = b"ed25519 seed";

/// What all keys of a wallet come from, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Zeroizing<Vec<u8>>);

/// The number of a step, without the mark that hardens it: below 2^31.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChildIndex(u32);

/// A way from the seed to a key, such as `m/44'/7331'/0'/0'/0'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(Vec<ChildIndex>);

/// A key and the chain code its children need; both wiped from memory when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct ExtendedKey {
    key: [u8; 32],
    chain_code: [u8; 32],
}

/// Why a text or a number is no path, no step or no seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    /// The path does not start at the root.
    #[error("a path starts at the root, like m/44'/7331'/0'/0'/0'")]
    NoRoot,
    /// A step without its mark.
    #[error("the step `{0}` lacks its mark: write `{0}'`, every step to an Ed25519 key is hardened")]
    NotHardened(String),
    /// A step that is no number.
    #[error("`{0}` is no step of a path: a step is a number and a mark, like 44'")]
    NotANumber(String),
    /// A step of 2^31 or above.
    #[error("the step `{0}` is too large: a step is at most 2147483647")]
    TooLarge(String),
    /// More steps than any wallet has.
    #[error("the path has {0} steps; at most {PATH_STEPS_MAX} are followed")]
    TooLong(usize),
    /// A seed of another length than SLIP-0010 takes, or not hexadecimal.
    #[error("a seed is 16 to 64 bytes in hexadecimal digits")]
    NotASeed,
}

impl Seed {
    /// From 16 to 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DeriveError> {
        if SEED_BYTES.contains(&bytes.len()) {
            Ok(Self(bytes.to_vec().into()))
        } else {
            Err(DeriveError::NotASeed)
        }
    }

    /// The bytes, for whoever compares them with another wallet's.
    pub fn to_hex(&self) -> Zeroizing<String> {
        hex::encode(&*self.0).into()
    }

    /// From hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, DeriveError> {
        let bytes = Zeroizing::new(hex::decode(text).map_err(|_| DeriveError::NotASeed)?);
        Self::from_bytes(&bytes)
    }
}

/// Hidden: a seed must not reach a log.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

impl ExtendedKey {
    /// The root of all keys of a seed.
    pub fn root(seed: &Seed) -> Self {
        Self::from_hmac(CURVE, &[&seed.0])
    }

    /// The hardened child of this key.
    #[must_use]
    pub fn child(&self, index: ChildIndex) -> Self {
        Self::from_hmac(&self.chain_code, &[&[0], &self.key, &(HARDENED | index.0).to_be_bytes()])
    }

    /// The key at the end of a path from this one.
    #[must_use]
    pub fn descend(&self, path: &KeyPath) -> Self {
        path.0.iter().fold(self.clone(), |key, index| key.child(*index))
    }

    /// The 32 bytes of the key, for whoever compares them with another wallet's.
    pub fn private_hex(&self) -> Zeroizing<String> {
        hex::encode(self.key).into()
    }

    /// What the key's children are derived with, beside the key.
    pub fn chain_code_hex(&self) -> Zeroizing<String> {
        hex::encode(self.chain_code).into()
    }

    /// The Ed25519 key.
    pub fn secret_key(&self) -> SecretKey {
        SecretKey::from_seed(&self.key)
    }

    fn from_hmac(key: &[u8], message: &[&[u8]]) -> Self {
        let mut hmac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes a key of any length");
        for part in message {
            hmac.update(part);
        }
        let digest: Zeroizing<[u8; 64]> = Zeroizing::new(hmac.finalize().into_bytes().into());
        let (mut key, mut chain_code) = ([0; 32], [0; 32]);
        key.copy_from_slice(&digest[..32]);
        chain_code.copy_from_slice(&digest[32..]);
        Self { key, chain_code }
    }
}

/// Hidden: keys must not reach a log.
impl fmt::Debug for ExtendedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedKey(hidden)")
    }
}

impl ChildIndex {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for ChildIndex {
    type Error = DeriveError;

    fn try_from(index: u32) -> Result<Self, DeriveError> {
        if index < HARDENED { Ok(Self(index)) } else { Err(DeriveError::TooLarge(index.to_string())) }
    }
}

impl KeyPath {
    /// Where the addresses of an account hang: `m/44'/7331'/account'/0'`.
    pub fn account(account: ChildIndex) -> Self {
        Self(vec![ChildIndex(44), COIN, account, ChildIndex(0)])
    }

    /// The path of one address: `m/44'/7331'/account'/0'/index'`.
    pub fn address(account: ChildIndex, index: ChildIndex) -> Self {
        let mut path = Self::account(account);
        path.0.push(index);
        path
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("m")?;
        self.0.iter().try_for_each(|index| write!(f, "/{}'", index.0))
    }
}

/// Reads `m/44'/…`; `h` and `H` are marks too, as in other wallets.
impl FromStr for KeyPath {
    type Err = DeriveError;

    fn from_str(text: &str) -> Result<Self, DeriveError> {
        let mut steps = text.split('/');
        if steps.next() != Some("m") {
            return Err(DeriveError::NoRoot);
        }
        let count = steps.clone().count();
        if count > PATH_STEPS_MAX {
            return Err(DeriveError::TooLong(count));
        }
        steps.map(parse_step).collect::<Result<_, _>>().map(Self)
    }
}

fn parse_step(step: &str) -> Result<ChildIndex, DeriveError> {
    let digits = step.strip_suffix(['\'', 'h', 'H']);
    let number = digits.unwrap_or(step);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DeriveError::NotANumber(step.into()));
    }
    if digits.is_none() {
        return Err(DeriveError::NotHardened(step.into()));
    }
    let index: u32 = number.parse().map_err(|_| DeriveError::TooLarge(step.into()))?;
    ChildIndex::try_from(index).map_err(|_| DeriveError::TooLarge(step.into()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::wallet::Words;

    #[derive(Deserialize)]
    struct Vector {
        seed: String,
        chain: Vec<Node>,
    }

    #[derive(Deserialize)]
    struct Node {
        path: String,
        #[serde(rename = "chain code")]
        chain_code: String,
        private: String,
        public: String,
    }

    #[test]
    fn the_published_nodes_are_derived() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/vectors/slip-0010-ed25519.json")).unwrap();
        assert_eq!(vectors.iter().map(|vector| vector.chain.len()).sum::<usize>(), 12);
        for vector in &vectors {
            let root = ExtendedKey::root(&Seed::from_hex(&vector.seed).unwrap());
            for node in &vector.chain {
                let key = root.descend(&node.path.parse().unwrap());
                assert_eq!(hex::encode(key.chain_code), node.chain_code, "{}", node.path);
                assert_eq!(hex::encode(key.key), node.private, "{}", node.path);
                // The vectors write a public key with a leading zero byte.
                assert_eq!(format!("00{}", key.secret_key().public_key()), node.public, "{}", node.path);
            }
        }
    }

    #[test]
    fn an_address_path_shows_as_it_reads() {
        let path = KeyPath::address(ChildIndex(2), ChildIndex(9));
        assert_eq!(path.to_string(), "m/44'/7331'/2'/0'/9'");
        assert_eq!("m/44'/7331'/2'/0'/9'".parse(), Ok(path.clone()));
        assert_eq!("m/44h/7331H/2'/0'/9'".parse(), Ok(path));
        assert_eq!("m".parse(), Ok(KeyPath(Vec::new())));
    }

    #[test]
    fn the_account_key_and_the_whole_path_meet_at_the_same_key() {
        let words: Words = "test test test test test test test test test test test junk".parse().unwrap();
        let root = ExtendedKey::root(&words.seed(""));
        let by_account = root.descend(&KeyPath::account(ChildIndex(0))).child(ChildIndex(3));
        let by_path = root.descend(&"m/44'/7331'/0'/0'/3'".parse().unwrap());
        assert_eq!(by_account.key, by_path.key);
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_reason() {
        let refusal = |path: &str| path.parse::<KeyPath>().unwrap_err();
        for path in ["", "44'/0'", "M/0'", " m"] {
            assert_eq!(refusal(path), DeriveError::NoRoot, "{path}");
        }
        assert_eq!(refusal("m/44'/0"), DeriveError::NotHardened("0".into()));
        for step in ["", "'", "x'", "-1'", "+1'", "1''"] {
            assert_eq!(refusal(&format!("m/{step}")), DeriveError::NotANumber(step.into()), "{step}");
        }
        for step in ["2147483648'", "99999999999999'"] {
            assert_eq!(refusal(&format!("m/{step}")), DeriveError::TooLarge(step.into()));
        }
        assert_eq!(refusal(&format!("m{}", "/0'".repeat(17))), DeriveError::TooLong(17));
    }

    #[test]
    fn a_seed_has_16_to_64_bytes() {
        for text in ["", "00", "zz", &"00".repeat(15), &"00".repeat(65)] {
            assert_eq!(Seed::from_hex(text), Err(DeriveError::NotASeed), "{text}");
        }
        assert!(Seed::from_hex(&"00".repeat(16)).is_ok());
    }
}
