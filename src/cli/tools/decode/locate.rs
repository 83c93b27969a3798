//! Which field of a value cannot be read: the same layout once more, field by field.

use crate::node::compact::ShortId;
use crate::primitives::codec::{self, Decode, DecodeError};
use crate::primitives::{
    Address, Amount, BlockHash, Commitment, CompactTarget, Height, List, PublicKey, Signature, StateRoot,
    Text, Timestamp, TransactionRoot,
};

/// A field that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{field}` at offset {offset}: {problem}")]
pub(super) struct Located {
    field: String,
    offset: usize,
    problem: String,
}

/// Bytes that are read field by field.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    rest: &'a [u8],
    length: usize,
    /// Where the fields that are read lie, such as `coinbase.`.
    within: String,
}

impl<'a> Walk<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, length: bytes.len(), within: String::new() }
    }

    /// Bytes read.
    pub(super) fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    fn field<T: Decode<()>>(&mut self, name: &str) -> Result<T, Located> {
        let (value, rest) = codec::decode_prefix(self.rest, usize::MAX)
            .map_err(|error: DecodeError| self.located(name, error.to_string()))?;
        self.rest = rest;
        Ok(value)
    }

    /// Reads the fields of a part, whose names begin with the part's.
    fn part(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<(), Located>,
    ) -> Result<(), Located> {
        let outside = self.within.len();
        self.within.push_str(name);
        self.within.push('.');
        let outcome = read(self);
        self.within.truncate(outside);
        outcome
    }

    /// Reads a count and so many parts.
    fn parts(&mut self, name: &str, read: impl Fn(&mut Self) -> Result<(), Located>) -> Result<(), Located> {
        let rest = self.rest;
        let count: u64 = self.field(name)?;
        let left = self.rest.len();
        if count > left as u64 {
            self.rest = rest;
            return Err(self.located(name, format!("it counts {count}, and only {left} bytes follow")));
        }
        (0..count).try_for_each(|index| self.part(&format!("{name}[{index}]"), &read))
    }

    fn located(&self, name: &str, problem: String) -> Located {
        Located { field: format!("{}{name}", self.within), offset: self.offset(), problem }
    }
}

pub(super) fn header(walk: &mut Walk<'_>) -> Result<(), Located> {
    walk.field::<u32>("version")?;
    walk.field::<BlockHash>("previous")?;
    walk.field::<Commitment>("commitment")?;
    walk.field::<Timestamp>("time")?;
    walk.field::<CompactTarget>("bits")?;
    walk.field::<u32>("nonce").map(drop)
}

pub(super) fn coinbase(walk: &mut Walk<'_>) -> Result<(), Located> {
    walk.field::<u16>("version")?;
    walk.field::<Height>("height")?;
    walk.field::<TransactionRoot>("transaction_root")?;
    walk.field::<StateRoot>("state_root")?;
    walk.field::<Address>("miner")?;
    walk.field::<[u8; 16]>("extra_nonce")?;
    walk.field::<List<u8>>("tag").map(drop)
}

pub(super) fn transaction(walk: &mut Walk<'_>) -> Result<(), Located> {
    walk.field::<u16>("version")?;
    walk.field::<PublicKey>("sender")?;
    walk.field::<u64>("nonce")?;
    walk.field::<Amount>("fee")?;
    walk.field::<Height>("expires_at")?;
    let before = walk.rest;
    match walk.field::<u32>("action")? {
        0 => {
            walk.parts("outputs", |walk| {
                walk.field::<Address>("to")?;
                walk.field::<Amount>("amount").map(drop)
            })?;
            walk.field::<Text>("memo")?;
        }
        1 => {
            walk.field::<[u8; 32]>("digest")?;
            walk.field::<Text>("label")?;
        }
        tag => {
            walk.rest = before;
            return Err(walk.located("action", format!("no action has the tag {tag}")));
        }
    }
    walk.field::<Signature>("signature").map(drop)
}

pub(super) fn block(walk: &mut Walk<'_>) -> Result<(), Located> {
    walk.part("header", header)?;
    walk.part("coinbase", coinbase)?;
    walk.parts("transactions", transaction)
}

pub(super) fn compact_block(walk: &mut Walk<'_>) -> Result<(), Located> {
    walk.part("header", header)?;
    walk.part("coinbase", coinbase)?;
    walk.field::<u64>("key")?;
    walk.parts("short_ids", |walk| walk.field::<ShortId>("id").map(drop))?;
    walk.parts("prefilled", |walk| {
        walk.field::<u32>("index")?;
        walk.part("transaction", transaction)
    })
}
