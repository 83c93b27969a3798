//! A commit as bytes: the puts it makes, once encoded for the journal, for the database, and for the files of bodies.
//!
//! An entry is a key that names a block ‖ length u32 of what follows ‖ sealed value. A checkpoint is no entry: it can
//! always be made again from the blocks, so it need not pass through the journal.

use super::schema::{BLOCK_KEY_BYTES, BlockKey, Kind, block_key, block_of};
use super::values;
use crate::primitives::codec::{self, Encode};
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::commit::{Commit, StoredHeader};

/// Bytes before the sealed value.
pub(in crate::storage::sled_store) const HEAD_BYTES: usize = BLOCK_KEY_BYTES + 4;
/// Longest entry that is believed when reading.
pub(in crate::storage::sled_store) const BYTES_MAX: usize =
    HEAD_BYTES + values::HEAD_BYTES + values::LENGTH_MAX;

/// One put of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::storage::sled_store) struct Entry<'a> {
    /// All of it.
    pub(in crate::storage::sled_store) bytes: &'a [u8],
    /// Kind and block.
    pub(in crate::storage::sled_store) key: &'a BlockKey,
    /// The sealed value.
    pub(in crate::storage::sled_store) sealed: &'a [u8],
}

/// The key of the tip, which is one value whatever block it names.
pub(in crate::storage::sled_store) fn tip_key() -> BlockKey {
    block_key(Kind::Tip, BlockId { height: Height::GENESIS, hash: BlockHash::ZERO })
}

/// Whether a commit makes any put.
pub(in crate::storage::sled_store) fn has_entries(commit: &Commit) -> bool {
    !(commit.headers.is_empty()
        && commit.bodies.is_empty()
        && commit.undo.is_empty()
        && commit.invalid.is_empty()
        && commit.tip.is_none())
}

/// Appends the entries of a commit.
pub(in crate::storage::sled_store) fn encode(commit: &Commit, payload: &mut Vec<u8>) {
    for header in &commit.headers {
        encode_header(header, payload);
    }
    for (id, block) in &commit.bodies {
        put(payload, block_key(Kind::Body, *id), |value| encode_into(&**block, value));
    }
    for (id, undo) in &commit.undo {
        put(payload, block_key(Kind::Undo, *id), |value| encode_into(undo, value));
    }
    for (id, violation) in &commit.invalid {
        put(payload, block_key(Kind::Invalid, *id), |value| value.extend(violation.name().bytes()));
    }
    if let Some(tip) = &commit.tip {
        put(payload, tip_key(), |value| encode_into(tip, value));
    }
}

/// Appends the entry of a header.
pub(in crate::storage::sled_store) fn encode_header(header: &StoredHeader, payload: &mut Vec<u8>) {
    put(payload, block_key(Kind::Header, header.id), |value| {
        encode_into(&header.header, value);
        encode_into(&header.work, value);
    });
}

/// The entries of a payload, in order; `None` in place of what is no entry, and nothing after it.
pub(in crate::storage::sled_store) fn entries(payload: &[u8]) -> impl Iterator<Item = Option<Entry<'_>>> {
    let mut rest = Some(payload);
    std::iter::from_fn(move || {
        let bytes = rest.take().filter(|bytes| !bytes.is_empty())?;
        let Some((entry, after)) = split_entry(bytes) else { return Some(None) };
        rest = Some(after);
        Some(Some(entry))
    })
}

/// The block whose body an entry is, if it is one.
pub(in crate::storage::sled_store) fn body_named(entry: &Entry<'_>) -> Option<BlockId> {
    block_of(entry.key).filter(|_| entry.key[0] == Kind::Body as u8)
}

/// The tip that a payload sets, if it sets one.
pub(in crate::storage::sled_store) fn tip_in(payload: &[u8]) -> Option<BlockId> {
    let tips = entries(payload).flatten().filter(|entry| entry.key[0] == Kind::Tip as u8);
    let value = tips.last().and_then(|entry| values::unseal(entry.key, entry.sealed))?;
    codec::decode(value, value.len()).ok()
}

/// The first entry, and what follows it.
pub(in crate::storage::sled_store) fn split_entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (entry, after) = bytes.split_at_checked(length_of(bytes)?)?;
    let (key, rest) = entry.split_first_chunk()?;
    Some((Entry { bytes: entry, key, sealed: rest.get(4..)? }, after))
}

/// Bytes of the entry that begins here; `None` when this is too short to say.
pub(in crate::storage::sled_store) fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*bytes.get(BLOCK_KEY_BYTES..)?.first_chunk()?);
    Some(HEAD_BYTES + length as usize)
}

/// A header's value, read back; `None` when it is none.
pub(super) fn decode_header(id: BlockId, bytes: &[u8]) -> Option<StoredHeader> {
    let (header, work) = codec::decode_prefix(bytes, bytes.len()).ok()?;
    let work = codec::decode(work, work.len()).ok()?;
    Some(StoredHeader { id, header, work })
}

fn put(payload: &mut Vec<u8>, key: BlockKey, write: impl FnOnce(&mut Vec<u8>)) {
    payload.extend_from_slice(&key);
    let length_at = payload.len();
    payload.extend_from_slice(&[0; 4]);
    values::seal(&key, payload, write);
    let length = u32::try_from(payload.len() - length_at - 4).expect("no value is as long as 4 GiB");
    payload[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

fn encode_into<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    codec::encode_into(value, |part| bytes.extend_from_slice(part));
}
