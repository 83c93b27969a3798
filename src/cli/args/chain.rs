//! Flags of `chain`.

use std::path::PathBuf;

use clap::Subcommand;

/// `chain`.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum ChainCommand {
    /// Check everything that is kept, with or without a running node
    ///
    /// A running node checks its best chain. Without one, the journal and the blocks beside the best chain are read as
    /// well: what is damaged there is named, with what becomes of it.
    Verify {
        /// Run every block again from the first one
        #[arg(long)]
        from_genesis: bool,
    },
    /// Write the best chain into a file, with or without a running node
    Export {
        /// The file to write, or - for the standard output
        file: PathBuf,
        /// Replace the file if it exists
        #[arg(long)]
        force: bool,
    },
    /// Read blocks from a file, and check each as if a peer had sent it, with or without a running node
    ///
    /// What is already here is skipped. It stops at the first block that breaks a rule; what came before it stays.
    Import {
        /// A file that `chain export` wrote, or - for the standard input
        file: PathBuf,
    },
    /// Make the index of wallets anew from the blocks, while no node runs
    RebuildIndex,
    /// Free what the database and the bodies of blocks no longer need, while no node runs
    ///
    /// Writes the database anew, and those files of bodies that hold what nothing points to: bodies that were damaged and
    /// came back, and what a loss of power left half written. Meanwhile it needs as much free room as the database takes.
    Compact,
    /// Delete the chain; wallets and the node's identity stay
    Reset {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}
