//! Flags of `tools`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `tools`.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum ToolsCommand {
    /// Look into an address
    #[command(subcommand)]
    Address(AddressTool),
    /// Compute difficulties
    #[command(subcommand)]
    Difficulty(DifficultyTool),
    /// Check an Ed25519 signature by the rules of the chain (ZIP-215): exit code 0 if it holds, 1 if not
    VerifySignature(VerifySignatureArgs),
    /// Show every field of an encoded value, and what follows from it
    ///
    /// Hashes that depend on the network are those of --network and --chain-spec.
    Decode(DecodeArgs),
    /// Show the digest of a file: its SHA-256, which an anchor carries
    Hash {
        /// The file, or - for the standard input
        file: PathBuf,
    },
}

/// `tools address`.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum AddressTool {
    /// Show the bytes an address stands for
    ///
    /// Takes addresses of both kinds, unless --network names one of them.
    Decode {
        /// As people write it
        address: String,
    },
}

/// `tools difficulty`.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum DifficultyTool {
    /// Compute the bits that follow a block, by aserti3-2d with all its parameters given
    Next(DifficultyNextArgs),
}

/// `tools difficulty next`. Times in seconds; bits in hexadecimal, such as 0x1d00ffff.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct DifficultyNextArgs {
    /// Height of the anchor
    #[arg(long, value_name = "HEIGHT")]
    pub(in crate::cli) anchor_height: u32,
    /// Time of the anchor's parent, in seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(in crate::cli) anchor_parent_time: i64,
    /// Compact target of the anchor, such as 0x1d00ffff
    #[arg(long, value_name = "BITS")]
    pub(in crate::cli) anchor_bits: String,
    /// Height of the block before the one whose bits are wanted
    #[arg(long, value_name = "HEIGHT")]
    pub(in crate::cli) height: u32,
    /// Time of that block, in seconds
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(in crate::cli) time: i64,
    /// Seconds between blocks, as they should be
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) interval: u32,
    /// Seconds behind schedule that double the target
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(in crate::cli) half_life: u32,
    /// The easiest compact target, such as 0x1d00ffff
    #[arg(long, value_name = "BITS")]
    pub(in crate::cli) limit_bits: String,
}

/// `tools verify-signature`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct VerifySignatureArgs {
    /// 32 bytes in hexadecimal
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) public_key: String,
    /// What was signed, in hexadecimal; it may be empty
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) message: String,
    /// 64 bytes in hexadecimal
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) signature: String,
}

/// `tools decode`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct DecodeArgs {
    /// What it is
    #[arg(value_enum)]
    pub(in crate::cli) kind: EncodedKind,
    /// The file, or - for the standard input
    ///
    /// Hexadecimal if it holds nothing but such digits and white space (0x may stand before them), otherwise the bytes
    /// themselves.
    pub(in crate::cli) file: PathBuf,
}

/// What can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EncodedKind {
    /// The 80 bytes that are mined
    Header,
    /// What a header commits to
    Coinbase,
    /// A signed transaction
    Transaction,
    /// Header, coinbase and transactions
    Block,
    /// A block as it is gossiped
    CompactBlock,
}
