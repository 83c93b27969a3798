//! Who signs: honest holders of keys, and signatures that only the rules of ZIP-215 accept.

use std::sync::LazyLock;

use cairn::consensus::testing::{dev_key, test_key};
use cairn::primitives::{Address, PublicKey, SecretKey, Signature};
use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use serde_json::Value;
use sha2::{Digest, Sha512};

use crate::dice::Dice;

/// Everybody, the honest ones first.
pub(crate) static PEOPLE: LazyLock<Vec<Signer>> = LazyLock::new(|| {
    let honest = (0..10).map(dev_key).chain((0..24).map(test_key)).map(Signer::Honest);
    let mixed = (1..8).map(|index| Signer::Mixed(MixedKey::new(index)));
    honest.chain(mixed).chain(SMALL_POINTS.iter().copied().map(Signer::Small)).collect()
});

/// Every encoding of a point of small order, canonical or not.
static SMALL_POINTS: LazyLock<Vec<[u8; 32]>> = LazyLock::new(|| {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../vectors/zip-215.json")).expect("the vectors are JSON");
    let key = |vector: &Value| -> [u8; 32] {
        let bytes = hex::decode(vector["vk"].as_str().expect("a vector has a key")).expect("keys are in hex");
        bytes.try_into().expect("keys have 32 bytes")
    };
    let mut keys: Vec<_> = vectors.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
});

/// Somebody whose money can be spent.
#[derive(Debug, Clone)]
pub(crate) enum Signer {
    /// Holds a key.
    Honest(SecretKey),
    /// Holds a key to whose point one of small order was added.
    Mixed(MixedKey),
    /// Anybody: the key is a point of small order, for which everybody can sign.
    Small([u8; 32]),
}

/// A key of mixed order.
#[derive(Debug, Clone)]
pub(crate) struct MixedKey {
    secret: Scalar,
    public: CompressedEdwardsY,
}

impl Signer {
    /// The key that transactions name.
    pub(crate) fn public_key(&self) -> PublicKey {
        match self {
            Self::Honest(key) => key.public_key(),
            Self::Mixed(key) => PublicKey(key.public.to_bytes()),
            Self::Small(point) => PublicKey(*point),
        }
    }

    /// Where the money is.
    pub(crate) fn address(&self) -> Address {
        Address::of(&self.public_key())
    }

    /// A signature that holds; of those that are not an honest holder's, one of many.
    pub(crate) fn sign(&self, message: &[u8; 32], dice: &mut Dice) -> Signature {
        match self {
            Self::Honest(key) => key.sign(message),
            Self::Mixed(key) => key.sign(message, dice),
            Self::Small(_) => {
                let mut signature = [0; 64];
                let r: &[u8; 32] = dice.pick(&SMALL_POINTS);
                signature[..32].copy_from_slice(r);
                Signature(signature)
            }
        }
    }
}

impl MixedKey {
    fn new(torsion: usize) -> Self {
        let secret = Scalar::from(0x00c0_ffee_u64 + torsion as u64);
        Self { secret, public: shifted(&secret, torsion) }
    }

    /// [8][s]B = [8]R + [8][k]A holds although the equation without its factors of 8 may not.
    fn sign(&self, message: &[u8; 32], dice: &mut Dice) -> Signature {
        let nonce = Scalar::from_bytes_mod_order(dice.bytes());
        let r = shifted(&nonce, dice.below(8) as usize).to_bytes();
        let hash = Sha512::new().chain_update(r).chain_update(self.public.0).chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = nonce + k * self.secret;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(&s.to_bytes());
        Signature(signature)
    }
}

/// A multiple of the base point and one of the eight points of small order together.
fn shifted(multiple: &Scalar, torsion: usize) -> CompressedEdwardsY {
    let point: EdwardsPoint = ED25519_BASEPOINT_POINT * multiple + EIGHT_TORSION[torsion];
    point.compress()
}

/// The same signature with the group's order added to s, where that fits: a second encoding, which must not hold.
pub(crate) fn with_s_beyond_the_order(signature: &Signature) -> Signature {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut changed = *signature;
    let mut carry = 0_u16;
    for (byte, added) in changed.0[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(added) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    changed
}
