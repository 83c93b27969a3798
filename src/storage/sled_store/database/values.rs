//! Values of any length: sealed with their length and a check, and split where they exceed what one key may hold.
//!
//! A sealed value is `length u32 ‖ check ‖ bytes`. The check is the first 8 bytes of BLAKE3 over the key and the bytes,
//! so that neither a lost part nor another block's part can pass for what was written.

use super::table::{Batch, Database};
use crate::storage::chain_store::StorageError;

/// Bytes before the value itself.
pub(in crate::storage::sled_store) const HEAD_BYTES: usize = 12;
/// Longest value that is believed when reading: far above a block, its undo record, or a saved mempool.
pub(super) const LENGTH_MAX: usize = 256 << 20;

/// Appends a sealed value, which `write` appends, to `bytes`.
pub(in crate::storage::sled_store) fn seal(
    key: &[u8],
    bytes: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD_BYTES]);
    write(bytes);
    let head = head_of(key, &bytes[start + HEAD_BYTES..]);
    bytes[start..start + HEAD_BYTES].copy_from_slice(&head);
}

/// Puts a sealed value under `key ‖ part u16, big-endian`, in as many parts as it takes.
pub(in crate::storage::sled_store) fn put_sealed(
    database: &Database,
    batch: &mut Batch,
    key: &[u8],
    sealed: &[u8],
) -> Result<(), StorageError> {
    for (part, bytes) in (0..).zip(sealed.chunks(database.value_bytes_max())) {
        batch.put(&part_key(key, part), bytes);
        database.apply_if_full(batch)?;
    }
    Ok(())
}

/// Reads a value; `what` names it should it be damaged.
pub(in crate::storage::sled_store) fn get(
    database: &Database,
    key: &[u8],
    what: impl Fn() -> String,
) -> Result<Option<Vec<u8>>, StorageError> {
    let Some(first) = database.get(&part_key(key, 0))? else { return Ok(None) };
    let length = sealed_length(&first).ok_or_else(|| damaged(database, &what()))?;
    let mut sealed = Vec::with_capacity(length);
    sealed.extend_from_slice(&first);
    for part in 1..parts(database, length) {
        let bytes = database.get(&part_key(key, part))?.ok_or_else(|| damaged(database, &what()))?;
        sealed.extend_from_slice(&bytes);
    }
    if unseal(key, &sealed).is_none() {
        return Err(damaged(database, &what()));
    }
    sealed.drain(..HEAD_BYTES);
    Ok(Some(sealed))
}

/// The value inside a sealed one; `None` unless it is the very value that was sealed for this key.
pub(in crate::storage::sled_store) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Option<&'a [u8]> {
    let (head, bytes) = sealed.split_first_chunk::<HEAD_BYTES>()?;
    (*head == head_of(key, bytes)).then_some(bytes)
}

/// Removes a value and all its parts.
pub(in crate::storage::sled_store) fn remove(
    database: &Database,
    batch: &mut Batch,
    key: &[u8],
) -> Result<(), StorageError> {
    let Some(first) = database.get(&part_key(key, 0))? else { return Ok(()) };
    for part in 0..sealed_length(&first).map_or(1, |length| parts(database, length)) {
        batch.remove(&part_key(key, part));
    }
    database.apply_if_full(batch)
}

/// The key of a part.
pub(in crate::storage::sled_store) fn part_key(key: &[u8], part: u16) -> Vec<u8> {
    [key, &part.to_be_bytes()].concat()
}

/// Length of a sealed value, from its first part.
fn sealed_length(first: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(*first.first_chunk()?) as usize;
    (length <= LENGTH_MAX).then_some(length + HEAD_BYTES)
}

fn parts(database: &Database, sealed_length: usize) -> u16 {
    u16::try_from(sealed_length.div_ceil(database.value_bytes_max()))
        .expect("256 MiB are fewer than 65,536 parts")
}

fn damaged(database: &Database, what: &str) -> StorageError {
    database.damaged(format!("{what} is not what was written"))
}

fn head_of(key: &[u8], bytes: &[u8]) -> [u8; HEAD_BYTES] {
    let length = u32::try_from(bytes.len()).expect("no value is as long as 4 GiB");
    let check = blake3::Hasher::new().update(key).update(bytes).finalize();
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&check.as_bytes()[..HEAD_BYTES - 4]);
    head
}
