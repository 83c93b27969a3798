//! Flags of `wallet`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// Where wallets are, and how they are opened without a person.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct WalletPlace {
    /// The folder of wallets [default: in the user's data folder]
    #[arg(long, env = "CAIRN_WALLET_DIR", value_name = "DIR")]
    pub(in crate::cli) wallet_dir: Option<PathBuf>,
    /// A file whose first line is the wallet's password
    #[arg(long, env = "CAIRN_PASSWORD_FILE", value_name = "FILE")]
    pub(in crate::cli) password_file: Option<PathBuf>,
}

/// What to do with wallets.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WalletCommand {
    /// Make a wallet
    New {
        /// Its name
        #[arg(default_value = "main")]
        name: String,
        /// How many words it has: 12 or 24
        #[arg(long, default_value = "12", value_parser = ["12", "24"])]
        words: String,
        #[command(flatten)]
        place: WalletPlace,
    },
    /// List the wallets, with what they hold if a node answers
    List {
        #[command(flatten)]
        place: WalletPlace,
    },
    /// Show a wallet's address
    Address {
        /// Which wallet
        #[arg(default_value = "main")]
        name: String,
        /// Derive another address and show that
        #[arg(long)]
        new: bool,
        #[command(flatten)]
        place: WalletPlace,
    },
    /// Show what a wallet or an address holds
    Balance {
        /// A wallet's name, or an address
        #[arg(default_value = "main")]
        of: String,
        #[command(flatten)]
        place: WalletPlace,
    },
    /// Pay one or more addresses
    Send(SendArgs),
    /// Show the words from which a wallet can be made again
    Words {
        /// Which wallet
        #[arg(default_value = "main")]
        name: String,
        #[command(flatten)]
        place: WalletPlace,
    },
    /// Derive a key from words or a seed by a path, and show it; no wallet is made or read
    ///
    /// What is given on the command line can be read by every program of this machine, and the shell remembers it. For
    /// words that keep money, give a file, or - to hand them in through the standard input.
    Derive(DeriveArgs),
    /// Change a wallet's password
    Password {
        /// Which wallet
        #[arg(default_value = "main")]
        name: String,
        /// A file whose first line is the new password
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
        #[command(flatten)]
        place: WalletPlace,
    },
}

/// `wallet send`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SendArgs {
    /// How much, in cairns; leave it out when each --to says its own
    pub(in crate::cli) amount: Option<String>,
    /// The wallet that pays
    #[arg(long, value_name = "WALLET", default_value = "main")]
    pub(in crate::cli) from: String,
    /// Who receives: an address or a wallet's name; or WHO=AMOUNT, repeated
    #[arg(long, value_name = "WHO[=AMOUNT]", required = true)]
    pub(in crate::cli) to: Vec<String>,
    /// A public note of at most 256 bytes
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(in crate::cli) memo: String,
    /// The fee in cairns [default: what the node asks for]
    #[arg(long, value_name = "AMOUNT")]
    pub(in crate::cli) fee: Option<String>,
    /// Do not ask before sending
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
    /// Wait for this many confirmations
    #[arg(long, value_name = "N")]
    pub(in crate::cli) wait: Option<u32>,
    #[command(flatten)]
    pub(in crate::cli) place: WalletPlace,
}

/// `wallet derive`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("root").required(true).args(["mnemonic", "mnemonic_file", "seed"]))]
pub(in crate::cli) struct DeriveArgs {
    /// The words (BIP 39), or - to read them from the standard input
    #[arg(long, value_name = "WORDS")]
    pub(in crate::cli) mnemonic: Option<String>,
    /// A file with the words, or - for the standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mnemonic_file: Option<PathBuf>,
    /// A seed of 16 to 64 bytes in hexadecimal instead of words, or - to read it from the standard input
    #[arg(long, value_name = "HEX")]
    pub(in crate::cli) seed: Option<String>,
    /// The passphrase that goes with the words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(in crate::cli) passphrase: String,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase")]
    pub(in crate::cli) passphrase_file: Option<PathBuf>,
    /// The way from the seed to the key; every step is hardened
    #[arg(long, value_name = "PATH", default_value = "m/44'/7331'/0'/0'/0'")]
    pub(in crate::cli) path: String,
}
