//! `wallet address`: where to send money to. Needs no password, except to derive another one.

use serde::Serialize;

use super::opening;
use crate::cli::args::WalletPlace;
use crate::cli::failure::Outcome;
use crate::cli::session::Session;

#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    /// The one to give away.
    address: String,
    /// All of them, the oldest first.
    addresses: Vec<String>,
}

pub(super) fn address(session: &Session, name: &str, new: bool, place: &WalletPlace) -> Outcome {
    let name = opening::name(name)?;
    let directory = opening::directory(place)?;
    let mut address = directory.open(&name)?.main_address();
    if new {
        let password = opening::password_of(&name, &directory.open(&name)?, place)?;
        address = directory.add_address(&name, &password, opening::seal_random())?;
    }
    let all = directory.open(&name)?;
    let shown = Shown {
        name: name.to_string(),
        address: session.address_text(address),
        addresses: all.addresses().iter().map(|address| session.address_text(*address)).collect(),
    };
    session.output.show(&shown, |_| shown.address.clone());
    Ok(())
}
