//! Small helpers for scripts; none of them needs a node.

use serde::Serialize;

use super::args::{AddressTool, ToolsCommand};
use super::failure::Outcome;
use super::output;
use super::session::Session;

pub(super) fn run(session: &Session, command: &ToolsCommand) -> Outcome {
    match command {
        ToolsCommand::Address(AddressTool::Decode { address }) => decode_address(session, address),
    }
}

/// What an address stands for.
#[derive(Debug, Serialize)]
struct DecodedAddress {
    address: String,
    bytes: String,
}

fn decode_address(session: &Session, text: &str) -> Outcome {
    let address = session.address(text)?;
    let decoded = DecodedAddress { address: session.address_text(address), bytes: hex::encode(address.0) };
    session.output.show(&decoded, |output| {
        output::pairs(output, &[("address", decoded.address.clone()), ("bytes", decoded.bytes.clone())])
    });
    Ok(())
}
