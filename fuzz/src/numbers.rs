//! Arithmetic on which all nodes must agree to the bit.

use std::sync::LazyLock;

use cairn::consensus::{HeaderFacts, Params, aserti3_2d, next_bits};
use cairn::primitives::keys::{SignatureCheck, verify};
use cairn::primitives::{
    BlockHash, CompactTarget, Height, PublicKey, SecretKey, Signature, Target, Timestamp, Work,
};

use super::text::Bytes;

static LAN: LazyLock<Params> = LazyLock::new(|| Params::named("lan").expect("lan is a name"));

/// Signatures of one input at most, so that each run stays short.
const SIGNATURES_MAX: usize = 8;

/// Compact targets, and the step from one block's to the next.
pub fn difficulty(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let bits = CompactTarget(bytes.u32());
    if let Ok(target) = bits.target() {
        let compact = target.compact();
        assert!(compact.is_canonical());
        let rounded = compact.target().expect("the compact form of a target is one");
        assert!(rounded <= target && target.work() <= rounded.work());
        assert_eq!(rounded, target, "what had 23 bits of mantissa loses none");
        assert!(target.work() > Work::ZERO);
    }
    let facts = |height, time, bits| HeaderFacts {
        height: Height(height),
        hash: BlockHash::ZERO,
        time: Timestamp(time),
        bits,
        work: Work::ZERO,
    };
    let (height, early, seconds) = (bytes.u32().max(2), bytes.u32(), bytes.u32());
    let late = early.saturating_add(seconds);
    let grandparent = facts(height - 1, early, bits);
    let after = |time| next_bits(&LAN, &facts(height, time, bits), Some(&grandparent));
    let (next, later) = (target_of(after(late)), target_of(after(late.saturating_add(1))));
    assert!(next <= later && later <= LAN.limit_target(), "a slower block never makes the next one harder");

    let (delta, heights) = (i64::from_le_bytes(bytes.array()), bytes.u32());
    let (interval, half_life, limit) = (bytes.u32(), bytes.u32(), LAN.limit_target());
    let anchor = bits.target().unwrap_or(limit);
    let general = aserti3_2d(anchor, delta, heights, interval, half_life, limit);
    assert!(target_of(general) <= limit);
}

fn target_of(bits: CompactTarget) -> Target {
    assert!(bits.is_canonical());
    bits.target().expect("a computed target is one")
}

/// Signatures that nobody made beside some that somebody did, in any order: a batch finds what each check finds.
pub fn signatures(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut checks = Vec::new();
    while checks.len() < SIGNATURES_MAX && !bytes.is_empty() {
        let (kind, message) = (bytes.u8(), bytes.array::<32>());
        let honest = SecretKey::from_seed(&[kind; 32]);
        let (key, signature) = match kind % 4 {
            0 => (honest.public_key(), honest.sign(&message)),
            1 => (honest.public_key(), Signature(bytes.array())),
            2 => (PublicKey(bytes.array()), honest.sign(&message)),
            _ => (PublicKey(bytes.array()), Signature(bytes.array())),
        };
        checks.push((SignatureCheck::new(key, &signature, &message), kind % 4 == 0));
    }
    let alone: Vec<usize> =
        (0..checks.len()).filter(|at| verify(std::slice::from_ref(&checks[*at].0)).is_err()).collect();
    assert!(alone.iter().all(|at| !checks[*at].1), "what the key's holder signed holds");
    let all: Vec<_> = checks.into_iter().map(|(check, _)| check).collect();
    assert_eq!(verify(&all).err().unwrap_or_default(), alone);
}
