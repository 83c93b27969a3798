//! The nonce search: SHA-256d over a header whose first 64 bytes are hashed once.
//!
//! A header takes two blocks of SHA-256, and only the second holds the nonce. So one try costs two compressions:
//! the second block from the kept state, and the outer hash of the result.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::block_api::compress256;

use crate::primitives::block::HEADER_BYTES;
use crate::primitives::{BlockHash, Header, Target};

/// Tries between two looks at the stop flag: some 25 µs, so that a new tip is never mined past.
const TRIES_PER_LOOK: u32 = 256;
/// Bytes of a block of SHA-256.
const SHA_BLOCK_BYTES: usize = 64;
/// Where the nonce stands in the second block.
const NONCE_OFFSET: usize = HEADER_BYTES - 4 - SHA_BLOCK_BYTES;

/// The state of SHA-256 before any input (FIPS 180-4, 5.3.3).
const INITIAL_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The first nonce of the range with which the header's hash meets the target; `None` when there is none, or when
/// `stop` was set before it was found.
pub fn search(
    header: &Header,
    nonces: RangeInclusive<u32>,
    target: Target,
    stop: &AtomicBool,
) -> Option<u32> {
    let mut prepared = Prepared::new(header);
    let leading_max = target.0.as_limbs()[3];
    for nonce in nonces {
        if nonce % TRIES_PER_LOOK == 0 && stop.load(Ordering::Relaxed) {
            return None;
        }
        let state = prepared.try_nonce(nonce);
        // Nearly every try ends here, after comparing the leading 64 bits alone.
        if leading_bits(&state) <= leading_max && target.is_met_by(&block_hash(&state)) {
            return Some(nonce);
        }
    }
    None
}

/// A header taken apart into what stays and what changes with the nonce.
struct Prepared {
    /// The state after the header's first 64 bytes.
    midstate: [u32; 8],
    /// The header's last 16 bytes, padded.
    tail: [u8; SHA_BLOCK_BYTES],
    /// The inner hash, padded.
    outer: [u8; SHA_BLOCK_BYTES],
}

impl Prepared {
    fn new(header: &Header) -> Self {
        let bytes = header.to_bytes();
        let (first, rest) = bytes.split_first_chunk().expect("a header is longer than one block");
        let mut midstate = INITIAL_STATE;
        compress256(&mut midstate, &[*first]);
        Self { midstate, tail: padded(rest, HEADER_BYTES), outer: padded(&[0; 32], 32) }
    }

    /// The words of SHA-256d of the header with this nonce.
    fn try_nonce(&mut self, nonce: u32) -> [u32; 8] {
        self.tail[NONCE_OFFSET..NONCE_OFFSET + 4].copy_from_slice(&nonce.to_le_bytes());
        let mut inner = self.midstate;
        compress256(&mut inner, &[self.tail]);
        for (bytes, word) in self.outer.chunks_exact_mut(4).zip(inner) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        let mut state = INITIAL_STATE;
        compress256(&mut state, &[self.outer]);
        state
    }
}

/// The last block of a message of `message_bytes`, which ends with `rest`.
fn padded(rest: &[u8], message_bytes: usize) -> [u8; SHA_BLOCK_BYTES] {
    let mut block = [0; SHA_BLOCK_BYTES];
    block[..rest.len()].copy_from_slice(rest);
    block[rest.len()] = 0x80;
    block[SHA_BLOCK_BYTES - 8..].copy_from_slice(&(message_bytes as u64 * 8).to_be_bytes());
    block
}

/// The most significant 64 bits of the hash read as a little-endian number.
fn leading_bits(state: &[u32; 8]) -> u64 {
    u64::from(state[7].swap_bytes()) << 32 | u64::from(state[6].swap_bytes())
}

fn block_hash(state: &[u32; 8]) -> BlockHash {
    let mut hash = [0; 32];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    BlockHash(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::primitives::{Commitment, CompactTarget, Timestamp};

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn header(seed: u8) -> Header {
        Header {
            version: 1,
            previous: BlockHash([seed; 32]),
            commitment: Commitment([seed ^ 0x5a; 32]),
            time: Timestamp(1_767_225_600 + u32::from(seed)),
            bits: CompactTarget(0x1f7f_ffff),
            nonce: 0,
        }
    }

    fn first_by_hashing(header: Header, nonces: RangeInclusive<u32>, target: Target) -> Option<u32> {
        nonces.into_iter().find(|nonce| target.is_met_by(&Header { nonce: *nonce, ..header }.hash()))
    }

    proptest! {
        #[test]
        fn the_search_finds_what_hashing_finds(
            seed: u8, start in 0..u32::MAX - 2_000, bits in prop::sample::select(vec![0x207f_ffff, 0x2000_ffff, 0x1f7f_ffff, 0x1f10_0000]),
        ) {
            let target = CompactTarget(bits).target().unwrap();
            let nonces = start..=start + 2_000;
            let found = search(&header(seed), nonces.clone(), target, &NEVER);
            prop_assert_eq!(found, first_by_hashing(header(seed), nonces, target));
        }
    }

    #[test]
    fn the_words_of_a_try_are_the_headers_hash() {
        let mut prepared = Prepared::new(&header(1));
        for nonce in [0, 1, 77, u32::MAX] {
            let hash = Header { nonce, ..header(1) }.hash();
            assert_eq!(block_hash(&prepared.try_nonce(nonce)), hash);
        }
    }

    #[test]
    fn the_last_nonce_is_tried_and_the_search_ends() {
        let impossible = CompactTarget(0x0101_0000).target().unwrap();
        assert_eq!(search(&header(2), u32::MAX - 10..=u32::MAX, impossible, &NEVER), None);
    }

    #[test]
    fn a_search_told_to_stop_finds_nothing() {
        let impossible = CompactTarget(0x0101_0000).target().unwrap();
        let stop = AtomicBool::new(true);
        assert_eq!(search(&header(3), 0..=u32::MAX, impossible, &stop), None);
    }
}
