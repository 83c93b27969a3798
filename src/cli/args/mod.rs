//! The commands and their flags, as clap reads them.
//!
//! A flag goes before its variable (`CAIRN_…`), which goes before the configuration file, which goes before the default:
//! so everything that the file may say is optional here.

mod chain;
mod inspect;
mod node;
mod tools;
mod wallet;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(super) use chain::ChainCommand;
pub(super) use inspect::{BlockArgs, MineArgs, PeersArgs, RpcArgs, TxArgs};
pub(super) use node::{BlockPace, LogFormat, NodeArgs, UpArgs};
pub(super) use tools::{
    AddressTool, DecodeArgs, DifficultyNextArgs, DifficultyTool, EncodedKind, ToolsCommand,
    VerifySignatureArgs,
};
pub(super) use wallet::{DeriveArgs, SendArgs, WalletCommand, WalletPlace};

use super::output::ColorChoice;

/// Machines that find each other and keep one chain together.
#[derive(Debug, Parser)]
#[command(name = "cairn", version, propagate_version = true, max_term_width = 110)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The network: any name is one [default: lan]
    #[arg(
        long,
        global = true,
        env = "CAIRN_NETWORK",
        value_name = "NAME",
        help_heading = "Network and node"
    )]
    pub(super) network: Option<String>,
    /// A file that overrides the network's parameters
    #[arg(
        long,
        global = true,
        env = "CAIRN_CHAIN_SPEC",
        value_name = "FILE",
        help_heading = "Network and node"
    )]
    pub(super) chain_spec: Option<PathBuf>,
    /// The node's folder [default: one per network, in the user's data folder]
    #[arg(
        long,
        global = true,
        env = "CAIRN_DATA_DIR",
        value_name = "DIR",
        help_heading = "Network and node"
    )]
    pub(super) data_dir: Option<PathBuf>,
    /// Where a running node answers [default: as its data folder says]
    #[arg(long, global = true, env = "CAIRN_RPC_URL", value_name = "URL", help_heading = "Network and node")]
    pub(super) rpc_url: Option<String>,
    /// The configuration file [default: cairn/NETWORK.toml in the config folder]
    #[arg(long, global = true, env = "CAIRN_CONFIG", value_name = "FILE", help_heading = "Network and node")]
    pub(super) config: Option<PathBuf>,
    /// Answer with one JSON value, as in a pipe
    #[arg(long, global = true, help_heading = "Output")]
    pub(super) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: ColorChoice,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(super) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start a working chain here: node, miner, wallet; it finds others on the LAN
    Up(UpArgs),
    /// Run a node alone, for services
    Node(NodeArgs),
    /// Keep keys and pay
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Show how the node stands
    Status,
    /// Show the node's peers, or how they were found
    Peers(PeersArgs),
    /// Show a block
    Block(BlockArgs),
    /// Show a transaction
    Tx(TxArgs),
    /// Show what waits for a block
    Mempool,
    /// Call a method of the node
    Rpc(RpcArgs),
    /// Make blocks now, on a development network
    Mine(MineArgs),
    /// Check, export, import or delete the chain kept here
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Small helpers for scripts
    #[command(subcommand)]
    Tools(ToolsCommand),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
