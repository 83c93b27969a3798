//! A chain in a file: what it takes to bring a chain elsewhere, or to check it with another program.
//!
//! The layout is that of `docs/protocol.md`, "Exported chains": the network's name, parameters and genesis, then
//! blocks, every parent before its children. Both ends stream; no rule is checked here, so a reader of such a file trusts
//! nothing in it but that it is one.

mod error;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use error::{ChainFileError, ChainFileProblem, OtherNetwork};
pub use reader::{BlockRecord, ChainFileReader};
pub use writer::{ChainFileWriter, Written};

use crate::consensus::check_block::BLOCK_BYTES_MAX;

/// The first bytes of every exported chain. The line end shows when a transfer mangled it.
pub const MAGIC: [u8; 16] = *b"cairn chain v1\r\n";

/// Bytes of the block in a record: at least 1, and at most this.
pub const RECORD_BYTES_MAX: u32 = BLOCK_BYTES_MAX as u32;

/// The length that stands where no record follows.
const END: u32 = 0;
