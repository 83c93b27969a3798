//! What can be wrong with a keystore: each error names its cause and the next step.

use super::keystore::{FORMAT, VERSION};

/// Why a keystore cannot be read or opened, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The JSON stops in the middle, or the file is empty.
    #[error(
        "the file ends early: restore a copy of it, or the wallet from its words (`cairn wallet import`)"
    )]
    Truncated,
    /// Not JSON at all.
    #[error("it is not JSON ({0}): this is another kind of file, or a wallet that was damaged")]
    NotJson(String),
    /// JSON of something else.
    #[error("it is not a wallet of Cairn: a wallet's JSON says `\"format\": \"{FORMAT}\"`")]
    NotAWallet,
    /// Written by a later program.
    #[error("it is a wallet of version {0}, and this program knows version {VERSION}: use a newer `cairn`")]
    UnknownVersion(u64),
    /// A field is missing, unknown, or of the wrong shape.
    #[error(
        "a part of it is damaged ({0}): restore a copy, or the wallet from its words (`cairn wallet import`)"
    )]
    Malformed(String),
    /// The file asks for more work than opening a wallet may cost.
    #[error(
        "it asks for {asked} {what} to check the password, where {min} to {max} are allowed: \
         it was damaged or made to do harm, restore a copy of it"
    )]
    CostOutOfBounds {
        /// Of what.
        what: &'static str,
        /// In the file.
        asked: u32,
        /// Least allowed.
        min: u32,
        /// Most allowed.
        max: u32,
    },
    /// The seal does not open: nobody can tell the two causes apart.
    #[error(
        "wrong password, or the file was damaged: try again, restore a copy of it, \
         or the wallet from its words (`cairn wallet import`)"
    )]
    WrongPassword,
    /// A password for a wallet that has none: perhaps not the file one thinks.
    #[error("it has no password, and one was given: leave it empty, or check that it is the wallet you mean")]
    NotProtected,
    /// The checksum of an unprotected wallet does not match, or what was sealed makes no sense.
    #[error("it was damaged or edited: restore a copy, or the wallet from its words (`cairn wallet import`)")]
    Damaged,
    /// The password cannot be made into a key.
    #[error("the password could not be made into a key: {0}")]
    KeyDerivation(String),
}
