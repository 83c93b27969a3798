//! Flags of `wallet`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
