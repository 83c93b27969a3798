//! BLAKE3 of many short byte strings at once.
//!
//! The rounds of a compression wait for each other; a processor computes eight or sixteen compressions side by side in
//! little more time than one. The `blake3` crate does so for the parts of one long input. For many short inputs it has
//! the same function in [`blake3::platform`], which its makers call unstable. Hence its version is pinned, no other file
//! uses that module, and the tests hold every length up to a chunk, and beyond, to the documented functions.

use blake3::hazmat::{ContextKey, HasherExt};
use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};
use blake3::{BLOCK_LEN, IncrementCounter};

/// What distinguishes a compression from others: table 3 of the paper on BLAKE3.
mod flag {
    pub(super) const CHUNK_START: u8 = 1;
    pub(super) const CHUNK_END: u8 = 1 << 1;
    pub(super) const ROOT: u8 = 1 << 3;
    pub(super) const KEYED_HASH: u8 = 1 << 4;
    pub(super) const DERIVE_KEY_MATERIAL: u8 = 1 << 6;
}

/// One of the two modes in which Cairn uses BLAKE3, with its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// Keyed mode.
    Keyed([u8; 32]),
    /// Derive-key mode; the key is the hash of the context.
    Derive(ContextKey),
}

impl Mode {
    /// The hash of an input.
    pub(super) fn hash(&self, input: &[u8]) -> [u8; 32] {
        match self {
            Self::Keyed(key) => *blake3::keyed_hash(key, input).as_bytes(),
            Self::Derive(context_key) => {
                let mut hasher = blake3::Hasher::new_from_context_key(context_key);
                *hasher.update(input).finalize().as_bytes()
            }
        }
    }

    /// The hash of each input, in their order. Those with the same number of whole blocks are hashed side by side, if
    /// they are no longer than a chunk: a hundred inputs at a time keep the processor busy.
    pub(super) fn hash_each(&self, inputs: &[&[u8]]) -> Vec<[u8; 32]> {
        let mut hashes = vec![[0; 32]; inputs.len()];
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by_key(|place| shape(inputs[*place]));
        for places in order.chunk_by(|one, other| shape(inputs[*one]) == shape(inputs[*other])) {
            let alike: Vec<&[u8]> = places.iter().map(|place| inputs[*place]).collect();
            for (place, hash) in places.iter().zip(self.hash_alike(&alike)) {
                hashes[*place] = hash;
            }
        }
        hashes
    }

    /// The hashes of inputs of one shape.
    fn hash_alike(&self, inputs: &[&[u8]]) -> Vec<[u8; 32]> {
        macro_rules! by_whole_blocks {
            ($whole_blocks:ident, $rest:ident: $($count:literal)*) => {
                match $whole_blocks {
                    0 => vec![*self.key(); inputs.len()],
                    $($count => self.hash_whole_blocks::<{ $count * BLOCK_LEN }>(inputs, $rest),)*
                    _ => return inputs.iter().map(|input| self.hash(input)).collect(),
                }
            };
        }
        let Some((whole_blocks, rest)) = inputs.first().map(|input| shape(input)) else { return Vec::new() };
        let mut hashes = by_whole_blocks!(whole_blocks, rest: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        if rest {
            let start = if whole_blocks == 0 { flag::CHUNK_START } else { 0 };
            for (hash, input) in hashes.iter_mut().zip(inputs) {
                *hash = hash_rest(hash, &input[whole_blocks * BLOCK_LEN..], self.flag() | start);
            }
        }
        hashes
    }

    /// The hashes of the first `N` bytes, a number of blocks; unfinished if more is to come.
    fn hash_whole_blocks<const N: usize>(&self, inputs: &[&[u8]], more: bool) -> Vec<[u8; 32]> {
        let heads: Vec<&[u8; N]> =
            inputs.iter().map(|input| input.first_chunk().expect("its shape says so")).collect();
        let mut hashes = vec![[0; 32]; inputs.len()];
        Platform::detect().hash_many(
            &heads,
            &words_from_le_bytes_32(self.key()),
            0,
            IncrementCounter::No,
            self.flag(),
            flag::CHUNK_START,
            if more { 0 } else { flag::CHUNK_END | flag::ROOT },
            hashes.as_flattened_mut(),
        );
        hashes
    }

    const fn key(&self) -> &[u8; 32] {
        match self {
            Self::Keyed(key) | Self::Derive(key) => key,
        }
    }

    const fn flag(&self) -> u8 {
        match self {
            Self::Keyed(_) => flag::KEYED_HASH,
            Self::Derive(_) => flag::DERIVE_KEY_MATERIAL,
        }
    }
}

/// Whole blocks of an input, and whether bytes follow them, or it is empty: then there is a last block besides.
fn shape(input: &[u8]) -> (usize, bool) {
    (input.len() / BLOCK_LEN, input.is_empty() || !input.len().is_multiple_of(BLOCK_LEN))
}

/// The hash after the last block, which is not full.
fn hash_rest(before: &[u8; 32], rest: &[u8], flags: u8) -> [u8; 32] {
    let mut block = [0; BLOCK_LEN];
    block[..rest.len()].copy_from_slice(rest);
    let mut words = words_from_le_bytes_32(before);
    let flags = flags | flag::CHUNK_END | flag::ROOT;
    Platform::detect().compress_in_place(&mut words, &block, rest.len() as u8, 0, flags);
    le_bytes_from_words_32(&words)
}

#[cfg(test)]
mod tests {
    use blake3::CHUNK_LEN;
    use blake3::hazmat::hash_derive_key_context;

    use super::*;

    const CONTEXT: &str = "cairn v1 address";

    /// Longer than a chunk, and no block like another.
    fn bytes() -> Vec<u8> {
        (0..3 * CHUNK_LEN).map(|place| (place % 251) as u8).collect()
    }

    fn agrees(inputs: &[&[u8]]) {
        let (key, context_key) = ([7; 32], hash_derive_key_context(CONTEXT));
        let keyed: Vec<_> = inputs.iter().map(|input| *blake3::keyed_hash(&key, input).as_bytes()).collect();
        assert_eq!(Mode::Keyed(key).hash_each(inputs), keyed);
        let derived: Vec<_> = inputs.iter().map(|input| blake3::derive_key(CONTEXT, input)).collect();
        assert_eq!(Mode::Derive(context_key).hash_each(inputs), derived);
    }

    #[test]
    fn inputs_of_every_length_have_the_hashes_of_the_library() {
        let bytes = bytes();
        let inputs: Vec<_> = (0..=CHUNK_LEN + BLOCK_LEN).map(|length| &bytes[length..2 * length]).collect();
        agrees(&inputs);
        let longest_first: Vec<_> = inputs.into_iter().rev().collect();
        agrees(&longest_first);
    }

    #[test]
    fn any_number_of_inputs_have_the_hashes_of_the_library() {
        let bytes = bytes();
        for count in 0..=40 {
            for length in [0, 32, 64, 130, 171, 768, CHUNK_LEN] {
                let inputs: Vec<_> = (0..count).map(|place| &bytes[place..place + length]).collect();
                agrees(&inputs);
            }
        }
    }
}
