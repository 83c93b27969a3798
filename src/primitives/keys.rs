//! Ed25519 keys and signatures. Signing is ed25519-dalek's; verification is ZIP-215 through [`verify`] alone.
//!
//! Nodes must agree on every signature, one at a time or in batches. Under the ZIP-215 rules both always agree;
//! under the other rules in use they do not, and a crafted signature would split the network.

use std::fmt;

use ed25519_dalek::Signer;
use ed25519_zebra::batch::{Item, Verifier};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use zeroize::ZeroizeOnDrop;

use super::codec::{Decode, Encode};

/// Signatures checked in one batch. Larger batches gain little; smaller ones name a culprit sooner.
pub const BATCH_SIGNATURES_MAX: usize = 2_048;

/// 32 opaque bytes. Bytes that are no point of the curve make every signature under them bad.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PublicKey(pub [u8; 32]);

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// 64 bytes that may or may not be a valid signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Signature(pub [u8; SIGNATURE_BYTES]);

/// A secret key, wiped from memory when dropped. Only wallets and tests hold one.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs 32 bytes; never anything longer, so that what is signed is always a hash with a domain.
    pub fn sign(&self, message: &[u8; 32]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

/// A signature to be checked, independent of where its message lives.
#[derive(Debug, Clone)]
pub struct SignatureCheck {
    item: Item,
    /// What the coefficients of its batch depend on.
    name: [u8; 32],
}

impl SignatureCheck {
    /// Prepares the check of one signature over `message` (its SHA-512 is computed here).
    pub fn new(key: PublicKey, signature: &Signature, message: &[u8]) -> Self {
        let all = blake3::hash(&[&key.0[..], &signature.0, message].concat());
        Self::named(key, signature, message, *all.as_bytes())
    }

    /// The same, where a hash is known already over all that makes this check differ from others: nobody can change
    /// anything about it and keep that `name`.
    pub(super) fn named(key: PublicKey, signature: &Signature, message: &[u8], name: [u8; 32]) -> Self {
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        let item = Item::from((ed25519_zebra::VerificationKeyBytes::from(key.0), signature, message));
        Self { item, name }
    }
}

/// Checks signatures under the ZIP-215 rules; the error lists the positions of the bad ones.
///
/// Batches first; a batch that fails is halved until the culprits stand alone, where the single check decides.
/// The batch's coefficients come from a hash of everything in it, so the function is pure and nobody can choose them.
pub fn verify(checks: &[SignatureCheck]) -> Result<(), Vec<usize>> {
    let mut bad = Vec::new();
    for (chunk, start) in checks.chunks(BATCH_SIGNATURES_MAX).zip((0..).step_by(BATCH_SIGNATURES_MAX)) {
        collect_bad(chunk, start, &mut bad);
    }
    if bad.is_empty() { Ok(()) } else { Err(bad) }
}

fn collect_bad(checks: &[SignatureCheck], start: usize, bad: &mut Vec<usize>) {
    match checks {
        [] => {}
        [only] => {
            if only.item.clone().verify_single().is_err() {
                bad.push(start);
            }
        }
        many => {
            if !batch_holds(many) {
                let (left, right) = many.split_at(many.len() / 2);
                collect_bad(left, start, bad);
                collect_bad(right, start + left.len(), bad);
            }
        }
    }
}

fn batch_holds(checks: &[SignatureCheck]) -> bool {
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    let seed = blake3::hash(names.as_flattened());
    let mut batch = Verifier::new();
    for check in checks {
        batch.queue(check.item.clone());
    }
    batch.verify(ChaCha12Rng::from_seed(*seed.as_bytes())).is_ok()
}

macro_rules! hexadecimal {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

hexadecimal!(PublicKey);
hexadecimal!(Signature);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seed: u8, message: &[u8; 32], tamper: bool) -> SignatureCheck {
        let alice = SecretKey::from_seed(&[seed; 32]);
        let mut signature = alice.sign(message);
        if tamper {
            signature.0[7] ^= 1;
        }
        SignatureCheck::new(alice.public_key(), &signature, message)
    }

    #[test]
    fn a_batch_names_each_bad_signature_and_only_those() {
        let checks: Vec<_> = (0..40_u8).map(|i| check(i, &[i; 32], i == 3 || i == 31)).collect();
        assert_eq!(verify(&checks), Err(vec![3, 31]));
        assert_eq!(verify(&checks[4..31]), Ok(()));
        assert_eq!(verify(&[]), Ok(()));
    }

    #[test]
    fn a_sender_that_is_no_point_is_a_bad_signature() {
        let no_point = PublicKey([2; 32]);
        let honest = check(1, &[0; 32], false);
        let forged = SignatureCheck::new(no_point, &Signature([0; 64]), &[0; 32]);
        assert_eq!(verify(&[honest, forged]), Err(vec![1]));
    }

    #[test]
    fn a_bad_signature_is_named_by_its_place_among_all_whatever_its_batch() {
        let (good, bad) = (check(1, &[1; 32], false), check(1, &[1; 32], true));
        let mut checks = vec![good; BATCH_SIGNATURES_MAX + 3];
        let places = [5, BATCH_SIGNATURES_MAX, BATCH_SIGNATURES_MAX + 2];
        for place in places {
            checks[place] = bad.clone();
        }
        assert_eq!(verify(&checks), Err(places.to_vec()));
    }

    #[test]
    fn a_secret_key_shows_nothing_of_itself() {
        let alice = SecretKey::from_seed(&[0xab; 32]);
        assert_eq!(format!("{alice:?}"), "SecretKey(hidden)");
    }

    #[test]
    fn keys_and_signatures_show_as_hexadecimal_digits() {
        let (key, signature) = (PublicKey([0xab; 32]), Signature([0xcd; 64]));
        assert_eq!((key.to_string(), signature.to_string()), ("ab".repeat(32), "cd".repeat(64)));
        assert_eq!(format!("{key:?}"), format!("PublicKey({key})"));
    }
}
