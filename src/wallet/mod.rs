//! The wallet: keys, and everything that is done with them apart from talking to a node or to a person.
//!
//! | to … | use |
//! | --- | --- |
//! | make words, read typed ones | [`Words`] |
//! | make a wallet of words, get its keys | [`UnlockedWallet`] |
//! | keep wallets, find them, change a password, add an address | [`WalletDirectory`] |
//! | look at a wallet without its password, open one that lies elsewhere | [`Keystore`] |
//! | read `--to`, make outputs of it | [`Payee`], [`outputs`] |
//! | plan, preview and sign a payment or an anchor | [`PaymentPlan`] |
//! | sign and verify messages | [`sign_message`], [`verify_message`] |
//! | follow a path by hand | [`seed_of_phrase`], [`ExtendedKey`], [`KeyPath`], [`Seed`] |
//!
//! A node never sees a key, and nothing here asks one for anything. There is no clock and no randomness: the time a
//! wallet was made, the bytes of its words and those that seal its file are arguments.

mod derive;
mod directory;
mod hex_text;
mod keystore;
mod keystore_error;
mod keystore_file;
mod message;
mod name;
mod payment;
mod payment_error;
mod protection;
mod recipient;
mod unlocked;
mod words;

pub use derive::{COIN, ChildIndex, DeriveError, ExtendedKey, KeyPath, Seed};
pub use directory::{DirectoryError, WalletDirectory, WalletEntry};
pub use keystore::Keystore;
pub use keystore_error::KeystoreError;
pub use keystore_file::FileError;
pub use message::{MessageError, MessageSignature, sign_message, verify_message};
pub use name::{WalletName, WalletNameError};
pub use payment::{
    EXPIRY_BLOCKS, FEE_PER_BYTE, FEE_PER_NEW_ACCOUNT, PaymentPlan, SenderState, Terms, minimum_fee,
};
pub use payment_error::PaymentError;
pub use protection::{PasswordCost, SEAL_RANDOM_BYTES};
pub use recipient::{Payee, Recipient, RecipientError, outputs};
pub use unlocked::{ADDRESSES_MAX, TooManyAddresses, UnlockedWallet};
pub use words::{WordCount, Words, WordsError, seed_of_phrase};
