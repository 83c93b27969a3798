//! The wallet: keys, and everything that is done with them apart from talking to a node or to a person.
//!
//! [`Words`] make an [`UnlockedWallet`]; sealed under a password it is a [`Keystore`], kept in a [`WalletDirectory`].
//! Its keys sign a [`PaymentPlan`] or a message. A node never sees a key, and nothing here asks one for anything.

mod derive;
mod directory;
mod hex_text;
mod keystore;
mod keystore_error;
mod keystore_file;
mod name;
mod protection;
mod unlocked;
mod words;

pub use derive::{COIN, ChildIndex, DeriveError, ExtendedKey, Path, Seed};
pub use directory::{DirectoryError, WalletDirectory, WalletEntry};
pub use keystore::Keystore;
pub use keystore_error::KeystoreError;
pub use keystore_file::FileError;
pub use name::{WalletName, WalletNameError};
pub use protection::{PasswordCost, SEAL_RANDOM_BYTES};
pub use unlocked::{ADDRESSES_MAX, TooManyAddresses, UnlockedWallet};
pub use words::{WordCount, Words, WordsError};
