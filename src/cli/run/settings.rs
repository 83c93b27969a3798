//! What a node is to do, with everything decided.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::ports::{self, Place};
use crate::cli::args::{BlockPace, LogFormat, NodeArgs};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::consensus::params::{NetworkKind, Params};
use crate::primitives::Address;

/// A node to be run.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) params: Arc<Params>,
    /// Folders to try, in order: more than one only where another may be taken instead.
    pub(super) data_folders: Vec<PathBuf>,
    pub(super) listen: Place,
    /// The same; if no address was named, that port of every interface, IPv6 included.
    pub(super) listen_addresses: Vec<SocketAddr>,
    pub(super) rpc_bind: Place,
    pub(super) bootstrap: Vec<String>,
    pub(super) connect: Vec<String>,
    pub(super) mdns: bool,
    pub(super) index: bool,
    pub(super) mining: Mining,
    pub(super) log_format: LogFormat,
    pub(super) stop_when_stdin_closes: bool,
}

/// Whether and how blocks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mining {
    /// Threads that search; 0 for none.
    pub(super) threads: usize,
    /// Who earns what is found.
    pub(super) address: Option<Address>,
    /// On development networks, when blocks are made.
    pub(super) pace: Option<BlockPace>,
}

impl Settings {
    /// Everything decided, ports included.
    pub(super) fn new(session: &Session, args: &NodeArgs, data_folders: Vec<PathBuf>) -> Outcome<Self> {
        let listen = ports::choose(args.listen.as_deref(), "listen", ports::P2P)?;
        Ok(Self {
            params: Arc::clone(&session.params),
            data_folders,
            listen,
            listen_addresses: match args.listen {
                Some(_) => vec![listen.address],
                None => crate::network::everywhere(listen.address.port()),
            },
            rpc_bind: ports::choose(args.rpc_bind.as_deref(), "rpc-bind", ports::RPC)?,
            bootstrap: args.bootstrap.clone(),
            connect: args.connect.clone(),
            mdns: !args.no_mdns,
            index: !args.no_index,
            mining: mining(session, args)?,
            log_format: args.log_format.unwrap_or_default(),
            stop_when_stdin_closes: args.stop_when_stdin_closes,
        })
    }
}

fn mining(session: &Session, args: &NodeArgs) -> Outcome<Mining> {
    let is_development = session.params.kind == NetworkKind::Development;
    if args.dev_blocks.is_some() && !is_development {
        return Err(Failure::usage(
            format!("--dev-blocks is for development networks, and {} is none", session.params.name),
            "give --network dev, or mine with --mine THREADS",
        ));
    }
    let address = args.miner_address.as_deref().map(|text| session.address(text)).transpose()?;
    let threads = args.mine.unwrap_or(0);
    if threads > 0 && address.is_none() && !is_development {
        return Err(Failure::usage(
            "somebody must earn what is mined",
            "give --miner-address ADDRESS; `cairn wallet new` makes one, and `cairn up` does both",
        ));
    }
    let pace = (is_development && threads == 0).then(|| args.dev_blocks.unwrap_or_default());
    Ok(Mining { threads, address, pace })
}
