//! Finding wallets and opening them.

use zeroize::Zeroizing;

use crate::cli::args::WalletPlace;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::terminal;
use crate::runtime::clock;
use crate::wallet::{
    DirectoryError, Keystore, SEAL_RANDOM_BYTES, UnlockedWallet, WalletDirectory, WalletName,
};

/// The folder of wallets, as given or the user's own.
pub(in crate::cli) fn directory(place: &WalletPlace) -> Outcome<WalletDirectory> {
    match &place.wallet_dir {
        Some(folder) => Ok(WalletDirectory::at(folder)),
        None => Ok(WalletDirectory::of_user()?),
    }
}

/// Reads the name of a wallet.
pub(super) fn name(text: &str) -> Outcome<WalletName> {
    text.parse().map_err(|error| Failure::usage(error, "such as: cairn wallet new alice"))
}

/// The password of a wallet, empty if it has none.
pub(super) fn password_of(
    name: &WalletName,
    keystore: &Keystore,
    place: &WalletPlace,
) -> Outcome<Zeroizing<String>> {
    if keystore.is_protected() {
        terminal::password(&format!("Password of the wallet {name}"), place.password_file.as_deref())
    } else {
        Ok(Zeroizing::new(String::new()))
    }
}

/// A wallet with its keys.
pub(super) fn unlock(
    directory: &WalletDirectory,
    name: &WalletName,
    place: &WalletPlace,
) -> Outcome<UnlockedWallet> {
    let password = password_of(name, &directory.open(name)?, place)?;
    Ok(directory.unlock(name, &password)?)
}

/// Fresh bytes to seal a wallet with.
pub(super) fn seal_random() -> [u8; SEAL_RANDOM_BYTES] {
    clock::random_bytes()
}

impl From<DirectoryError> for Failure {
    fn from(error: DirectoryError) -> Self {
        // These errors say themselves what to do.
        Self::new(error, "")
    }
}
