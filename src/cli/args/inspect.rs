//! Flags of the commands that ask a node.

use clap::Args;

/// `peers`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PeersArgs {
    /// Show each step of finding them, with its milliseconds
    #[arg(long)]
    pub(in crate::cli) timeline: bool,
}

/// `block`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct BlockArgs {
    /// A height, a hash, or `tip`
    #[arg(default_value = "tip")]
    pub(in crate::cli) block: String,
}

/// `tx`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct TxArgs {
    /// Its id
    pub(in crate::cli) id: String,
}

/// `rpc`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct RpcArgs {
    /// The method; `help` lists them
    pub(in crate::cli) method: String,
    /// Its parameters in order: JSON, or plain words for text
    pub(in crate::cli) parameters: Vec<String>,
}

/// `mine`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct MineArgs {
    /// How many blocks
    #[arg(default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) blocks: u32,
    /// Who earns them: an address [default: as the node was told]
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) to: Option<String>,
}
