//! Why a file is no exported chain, and where that shows.

use std::io;

use super::RECORD_BYTES_MAX;
use crate::consensus::params::{Params, ParamsError};
use crate::primitives::BlockHash;
use crate::primitives::codec::DecodeError;

/// What is wrong with a file, and where.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", place(*.offset, *.record))]
pub struct ChainFileError {
    /// Bytes before the field that is wrong.
    pub offset: u64,
    /// The record it lies in, counted from 1; none before the first and after the last.
    pub record: Option<u32>,
    /// What is wrong.
    pub problem: ChainFileProblem,
}

/// What can be wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum ChainFileProblem {
    /// It cannot be read.
    #[error("cannot read on: {0}")]
    Io(#[from] io::Error),
    /// It ends in the middle.
    #[error("the file ends in {0}")]
    Cut(&'static str),
    /// It begins with something else.
    #[error("this is no exported chain: it does not begin with `cairn chain v1`")]
    Magic,
    /// The name or the parameters are longer than any can be.
    #[error("{what} of {length} bytes, at most {limit} are read")]
    TooLong {
        /// Which field.
        what: &'static str,
        /// Its length as the file says it.
        length: u64,
        /// What is read at most.
        limit: u64,
    },
    /// The name or the parameters are none.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// The genesis hash is not the one that follows from name and parameters.
    #[error("the file says genesis {found}, and its name and parameters make {computed}")]
    Genesis {
        /// As the file has it.
        found: BlockHash,
        /// As it follows from the fields before it.
        computed: BlockHash,
    },
    /// It is the chain of another network than the one asked for.
    #[error(transparent)]
    OtherNetwork(Box<OtherNetwork>),
    /// A record longer than a block can be.
    #[error("a record of {0} bytes, a block has at most {RECORD_BYTES_MAX}")]
    RecordTooLong(u32),
    /// A record holds no block.
    #[error("this is no block: {0}")]
    Undecodable(DecodeError),
    /// The end counts other records than there are.
    #[error("the end counts {said} records, and {found} are there")]
    WrongCount {
        /// As the file says.
        said: u32,
        /// As they were read.
        found: u32,
    },
    /// Something follows the end.
    #[error("bytes follow the end")]
    TrailingBytes,
}

/// A chain of another network than the one asked for.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is a chain of the network {found} (genesis {found_genesis}), \
     not of {expected} (genesis {expected_genesis})"
)]
pub struct OtherNetwork {
    /// The file's network.
    pub found: String,
    /// The file's genesis.
    pub found_genesis: BlockHash,
    /// The network asked for.
    pub expected: String,
    /// Its genesis.
    pub expected_genesis: BlockHash,
}

impl OtherNetwork {
    pub(super) fn problem(found: &Params, expected: &Params) -> ChainFileProblem {
        ChainFileProblem::OtherNetwork(Box::new(Self {
            found: found.name.clone(),
            found_genesis: found.genesis_hash(),
            expected: expected.name.clone(),
            expected_genesis: expected.genesis_hash(),
        }))
    }
}

fn place(offset: u64, record: Option<u32>) -> String {
    match record {
        Some(record) => format!("record {record}, offset {offset}"),
        None => format!("offset {offset}"),
    }
}
