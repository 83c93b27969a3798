//! `wallet new`, and the wallet that `up` makes when there is none.

use serde::Serialize;

use super::opening;
use crate::cli::args::WalletPlace;
use crate::cli::failure::Outcome;
use crate::cli::output::{self, Paint};
use crate::cli::session::Session;
use crate::cli::terminal;
use crate::primitives::Address;
use crate::runtime::clock;
use crate::wallet::{ChildIndex, UnlockedWallet, WalletDirectory, WalletName, WordCount, Words};

/// A wallet that was just made.
#[derive(Debug)]
pub(in crate::cli) struct MadeWallet {
    pub(in crate::cli) address: Address,
    pub(in crate::cli) protected: bool,
    /// To be written down; shown once, to people only.
    words: Words,
}

/// What programs are told of it.
#[derive(Debug, Serialize)]
struct Told {
    name: String,
    address: String,
    protected: bool,
    file: String,
}

pub(super) fn new(session: &Session, name: &str, words: &str, place: &WalletPlace) -> Outcome {
    let name = opening::name(name)?;
    let count = if words == "24" { WordCount::TwentyFour } else { WordCount::Twelve };
    let directory = opening::directory(place)?;
    let made = make(&directory, &name, count, place)?;
    let told = Told {
        name: name.to_string(),
        address: session.address_text(made.address),
        protected: made.protected,
        file: directory.path_of(&name).display().to_string(),
    };
    session.output.show(&told, |output| {
        let protection = if told.protected { "by its password" } else { "NO: whoever reads the file can spend" };
        let facts = output::pairs(
            output,
            &[
                ("wallet", told.name.clone()),
                ("address", output.paint(&told.address, Paint::Bold)),
                ("protected", protection.to_owned()),
                ("file", told.file.clone()),
            ],
        );
        let phrase = made.words.phrase();
        format!("{facts}\n\nWrite these words down; with them the wallet can be made again, by anybody:\n\n  {}\n", *phrase)
    });
    Ok(())
}

/// Makes a wallet. On a terminal it asks for a password; otherwise, without a file of one, it is unprotected.
pub(in crate::cli) fn make(
    directory: &WalletDirectory,
    name: &WalletName,
    count: WordCount,
    place: &WalletPlace,
) -> Outcome<MadeWallet> {
    let prompt = format!("A password for the new wallet {name}");
    let password = terminal::new_password(&prompt, place.password_file.as_deref())?.unwrap_or_default();
    let words = Words::new(count, &clock::random_bytes());
    let account = ChildIndex::try_from(0).expect("0 is an index");
    let wallet = UnlockedWallet::new(words.clone(), "", account, clock::now().timestamp());
    let keystore = directory.create(name, &wallet, &password, opening::seal_random())?;
    Ok(MadeWallet { address: keystore.main_address(), protected: keystore.is_protected(), words })
}
