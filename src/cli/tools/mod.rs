//! Small helpers for scripts, and for whoever writes another node: the parts of this one, each by itself. None of them
//! needs a node.

mod address;
mod decode;
mod difficulty;
mod digest;
mod signature;

use super::args::{AddressTool, DifficultyTool, ToolsCommand};
use super::failure::{Failure, Outcome};
use super::session::Session;

pub(super) fn run(session: &Session, command: &ToolsCommand) -> Outcome {
    match command {
        ToolsCommand::Address(AddressTool::Decode { address }) => address::decode(session, address),
        ToolsCommand::Difficulty(DifficultyTool::Next(args)) => difficulty::next(session, args),
        ToolsCommand::VerifySignature(args) => signature::verify(session, args),
        ToolsCommand::Decode(args) => decode::decode(session, args),
        ToolsCommand::Hash { file } => digest::digest(session, file),
    }
}

/// Bytes given as a flag.
fn hex_bytes(flag: &str, text: &str) -> Outcome<Vec<u8>> {
    hex::decode(text).map_err(|error| {
        let cause = match error {
            hex::FromHexError::InvalidHexCharacter { c, index } => {
                format!("`{c}` at place {index} is no hexadecimal digit")
            }
            hex::FromHexError::OddLength | hex::FromHexError::InvalidStringLength => {
                format!("{} digits are no whole number of bytes", text.len())
            }
        };
        Failure::usage(format!("{flag}: {cause}"), "give two hexadecimal digits for each byte, without 0x")
    })
}

/// So many bytes given as a flag.
fn hex_array<const N: usize>(flag: &str, text: &str) -> Outcome<[u8; N]> {
    hex_bytes(flag, text)?.try_into().map_err(|bytes: Vec<u8>| {
        Failure::usage(
            format!("{flag}: {} bytes, and {N} are wanted", bytes.len()),
            format!("give {} hexadecimal digits", 2 * N),
        )
    })
}
