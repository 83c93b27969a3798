//! Flags of `up` and `node`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::WalletPlace;

/// A node and what stands around it.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct NodeArgs {
    /// Where others reach this node, HOST:PORT [default: 0.0.0.0:7331, or the next free port]
    #[arg(long, env = "CAIRN_LISTEN", value_name = "ADDRESS")]
    pub(in crate::cli) listen: Option<String>,
    /// Where clients reach this node, HOST:PORT [default: 127.0.0.1:7332, or the next free port]
    #[arg(long, env = "CAIRN_RPC_BIND", value_name = "ADDRESS")]
    pub(in crate::cli) rpc_bind: Option<String>,
    /// A node to learn of others from, HOST:PORT or a multiaddress; may be repeated
    #[arg(long, env = "CAIRN_BOOTSTRAP", value_name = "ADDRESS", value_delimiter = ',')]
    pub(in crate::cli) bootstrap: Vec<String>,
    /// A node to stay connected to, HOST:PORT or a multiaddress; may be repeated
    #[arg(long, env = "CAIRN_CONNECT", value_name = "ADDRESS", value_delimiter = ',')]
    pub(in crate::cli) connect: Vec<String>,
    /// Do not look for others by multicast DNS
    #[arg(long, env = "CAIRN_NO_MDNS")]
    pub(in crate::cli) no_mdns: bool,
    /// Do without the index of transactions and addresses, which wallets ask
    #[arg(long, env = "CAIRN_NO_INDEX")]
    pub(in crate::cli) no_index: bool,
    /// Mine with this many threads
    #[arg(long, env = "CAIRN_MINE", value_name = "THREADS")]
    pub(in crate::cli) mine: Option<usize>,
    /// Who earns what is mined: an address
    #[arg(long, env = "CAIRN_MINER_ADDRESS", value_name = "ADDRESS")]
    pub(in crate::cli) miner_address: Option<String>,
    /// When a development network makes blocks: instant, manual, or every so many SECONDS [default: instant]
    #[arg(long, env = "CAIRN_DEV_BLOCKS", value_name = "PACE")]
    pub(in crate::cli) dev_blocks: Option<BlockPace>,
    /// How the log is written [default: text]
    #[arg(long, env = "CAIRN_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub(in crate::cli) log_format: Option<LogFormat>,
    /// For whoever runs several nodes: none of them outlives it
    #[arg(long, hide = true)]
    pub(in crate::cli) stop_when_stdin_closes: bool,
}

/// `up`: a node, a miner and a wallet.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct UpArgs {
    /// Run this many nodes on this machine; only the first one mines, unless --mine says otherwise
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(in crate::cli) nodes: u16,
    #[command(flatten)]
    pub(in crate::cli) node: NodeArgs,
    #[command(flatten)]
    pub(in crate::cli) wallet: WalletPlace,
}

/// How a node writes its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// When a development network makes blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) enum BlockPace {
    /// At once, when a transaction waits.
    #[default]
    Instant,
    /// Only when `cairn mine` asks.
    Manual,
    /// One every so often.
    Every(Duration),
}

impl fmt::Display for BlockPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant => f.write_str("instant"),
            Self::Manual => f.write_str("manual"),
            Self::Every(interval) => write!(f, "{}", interval.as_secs()),
        }
    }
}

impl FromStr for BlockPace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "instant" => Ok(Self::Instant),
            "manual" => Ok(Self::Manual),
            seconds => match seconds.trim_end_matches('s').parse() {
                Ok(seconds) if (1..=86_400).contains(&seconds) => {
                    Ok(Self::Every(Duration::from_secs(seconds)))
                }
                _ => Err("say instant, manual, or a number of seconds from 1 to 86400".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_word_or_seconds() {
        assert_eq!("instant".parse(), Ok(BlockPace::Instant));
        assert_eq!("5s".parse(), Ok(BlockPace::Every(Duration::from_secs(5))));
        assert!("0".parse::<BlockPace>().is_err());
        assert!("often".parse::<BlockPace>().is_err());
    }
}
