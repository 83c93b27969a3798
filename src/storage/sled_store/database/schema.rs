//! The keys of the database: a kind, then what sorts the values of that kind in the order in which they are written.

use super::table::{Batch, Bytes, Database};
use crate::primitives::codec::{self, Decode, Encode};
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::chain_store::StorageError;

/// The layout that this version writes.
pub(in crate::storage::sled_store) const FORMAT: u16 = 3;

/// Bytes of a key that names a block.
pub(super) const BLOCK_KEY_BYTES: usize = 37;

/// A key that names a block: kind ‖ height, big-endian ‖ hash.
pub(super) type BlockKey = [u8; BLOCK_KEY_BYTES];

/// First byte of every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::storage::sled_store) enum Kind {
    /// One value: the format and the network.
    Network = b'0',
    /// One value: up to where the journal is durable here.
    JournalPosition = b'1',
    /// One value: up to where the files of bodies were made to last.
    BodiesEnd = b'9',
    /// One value: below which height undo records were deleted.
    UndoPruned = b'2',
    /// By block: the tip. Its key in commits names genesis' height and no hash, since there is one.
    Tip = b'3',
    /// One value: the checkpoint that counts.
    CurrentCheckpoint = b'4',
    /// One value: the runs of the wallet index and how far they go. `5` was another layout: an index under it is made
    /// anew.
    IndexManifest = b'8',
    /// One value, present when the wallet index must be rebuilt.
    IndexDamaged = b'6',
    /// One value: the root of the checkpoint that counts. Folders of before may have none.
    CheckpointRoot = b'7',
    /// By block: header and cumulative work.
    Header = b'h',
    /// By block: where its body lies.
    BodyPlace = b'k',
    /// By block: the body. In the journal and in files of its own, not in the database.
    Body = b'b',
    /// By block: where its body lay, if that is known, which was found to be damaged or gone and has not come back.
    LostBody = b'l',
    /// By block: the undo record.
    Undo = b'u',
    /// By block: the name of the rule it breaks.
    Invalid = b'i',
    /// By generation and group: accounts of a checkpoint.
    CheckpointGroup = b'c',
    /// By name: a small record of another layer.
    Record = b'r',
    /// By name and generation: a long record's parts.
    RecordPart = b's',
    /// By height: the block that the wallet index has indexed there.
    IndexedBlock = b'v',
    /// By table, run and first entry: entries of the wallet index.
    IndexRun = b'x',
}

impl Kind {
    /// The key of the one value of this kind.
    pub(in crate::storage::sled_store) const fn key(self) -> [u8; 1] {
        [self as u8]
    }
}

/// The key of a block's value.
pub(in crate::storage::sled_store) fn block_key(kind: Kind, id: BlockId) -> BlockKey {
    let mut key = [0; BLOCK_KEY_BYTES];
    key[0] = kind as u8;
    key[1..5].copy_from_slice(&id.height.0.to_be_bytes());
    key[5..].copy_from_slice(&id.hash.0);
    key
}

/// The block that a key names; `None` when it is too short.
pub(in crate::storage::sled_store) fn block_of(key: &[u8]) -> Option<BlockId> {
    let (height, rest) = key.get(1..)?.split_first_chunk()?;
    let hash = rest.first_chunk()?;
    Some(BlockId { height: Height(u32::from_be_bytes(*height)), hash: BlockHash(*hash) })
}

/// The first key of a kind at or above a height.
pub(in crate::storage::sled_store) fn height_key(kind: Kind, height: Height) -> [u8; 5] {
    let mut key = [kind as u8; 5];
    key[1..].copy_from_slice(&height.0.to_be_bytes());
    key
}

/// Reads the one value of a kind.
pub(in crate::storage::sled_store) fn get_one<T: Decode<()>>(
    database: &Database,
    kind: Kind,
) -> Result<Option<T>, StorageError> {
    let Some(bytes) = database.get(&kind.key())? else { return Ok(None) };
    decode(database, &bytes, || format!("the value {kind:?}")).map(Some)
}

/// Writes the one value of a kind.
pub(in crate::storage::sled_store) fn put_one<T: Encode>(
    database: &Database,
    kind: Kind,
    value: &T,
) -> Result<(), StorageError> {
    let mut batch = Batch::default();
    batch.put(&kind.key(), &codec::encode(value));
    database.apply(batch)
}

/// Decodes a value that was written whole; `what` names it should it be damaged.
pub(in crate::storage::sled_store) fn decode<T: Decode<()>>(
    database: &Database,
    bytes: &Bytes,
    what: impl FnOnce() -> String,
) -> Result<T, StorageError> {
    codec::decode(bytes, bytes.len()).map_err(|error| database.damaged(format!("{}: {error}", what())))
}

/// What the first value says: how the rest is laid out, and whose chain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(in crate::storage::sled_store) struct Network {
    /// [`FORMAT`] when it was written.
    pub(in crate::storage::sled_store) format: u16,
    /// The network's genesis.
    pub(in crate::storage::sled_store) genesis: BlockHash,
}
