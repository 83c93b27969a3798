//! `tools address decode`: what an address stands for.

use serde::Serialize;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::output;
use crate::cli::session::Session;
use crate::primitives::{Address, AddressKind, ParseAddressError};

/// What an address stands for.
#[derive(Debug, Serialize)]
struct DecodedAddress {
    /// As it is usually written.
    address: String,
    human_part: &'static str,
    /// The networks it is for.
    networks: &'static str,
    /// What is credited.
    bytes: String,
}

pub(super) fn decode(session: &Session, text: &str) -> Outcome {
    let (kind, address) = read(session, text)?;
    let networks = match kind {
        AddressKind::Standard => "all but development networks",
        AddressKind::Development => "development networks",
    };
    let decoded = DecodedAddress {
        address: address.to_text(kind),
        human_part: kind.human_part(),
        networks,
        bytes: hex::encode(address.0),
    };
    session.output.show(&decoded, |output| {
        let rows = [
            ("address", decoded.address.clone()),
            ("for", decoded.networks.to_owned()),
            ("bytes", decoded.bytes.clone()),
        ];
        output::pairs(output, &rows)
    });
    Ok(())
}

/// Who named a network wants an address of that; without one, both kinds are read.
fn read(session: &Session, text: &str) -> Outcome<(AddressKind, Address)> {
    let of_network = session.params.address_kind();
    if session.network_is_named {
        return Ok((of_network, session.address(text)?));
    }
    let mut problem = None;
    for kind in [AddressKind::Standard, AddressKind::Development] {
        match Address::parse(text, kind) {
            Ok(address) => return Ok((kind, address)),
            // The other kind may fit; whatever else is wrong is wrong with both.
            Err(error @ ParseAddressError::WrongHumanPart(..)) => problem = problem.or(Some(error)),
            Err(error) => problem = Some(error),
        }
    }
    let problem = problem.map(|problem| problem.to_string()).unwrap_or_default();
    Err(Failure::usage(
        format!("`{text}`: {problem}"),
        "an address starts with cairn1, or with cairndev1 on development networks",
    ))
}
