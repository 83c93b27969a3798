//! `cairn chain`: checking, exporting, importing, putting in order and deleting what a data folder holds.

mod destination;
mod export;
mod import;
mod reset;
mod served_blocks;
mod stored_blocks;
mod target;
mod upkeep;
mod verify;

use std::path::Path;

use super::args::ChainCommand;
use super::failure::{Exit, Failure, Outcome};
use super::node_access::NodeAccess;
use super::places;
use super::session::Session;
use crate::primitives::BlockId;

/// What makes up a chain in a data folder. Wallets lie elsewhere; the node's key stays.
const CHAIN_FOLDERS: [&str; 3] = ["sled", "journal", "bodies"];

/// The blocks of a chain above genesis, lowest first.
trait Blocks {
    /// The next block, encoded.
    async fn next(&mut self) -> Outcome<Option<Vec<u8>>>;
    /// The last block there is, as far as is known before the end.
    fn tip(&self) -> BlockId;
}

pub(super) fn run(session: &Session, command: &ChainCommand) -> Outcome {
    match command {
        ChainCommand::Verify { from_genesis } => super::wait_for(verify::verify(session, *from_genesis)),
        ChainCommand::Export { file, force } => super::wait_for(export::export(session, file, *force)),
        ChainCommand::Import { file } => super::wait_for(import::import(session, file)),
        ChainCommand::RebuildIndex => super::wait_for(upkeep::rebuild_index(session)),
        ChainCommand::Compact => super::wait_for(upkeep::compact(session)),
        ChainCommand::Reset { yes } => reset::reset(session, *yes),
    }
}

/// The node that has this chain open, if one has: then it must be asked, and the folder left alone.
async fn serving_node(session: &Session, folder: &Path) -> Outcome<Option<NodeAccess>> {
    let is_named = session.common.rpc_url.is_some();
    if !is_named && !places::rpc_url_file(folder).exists() {
        return Ok(None);
    }
    match NodeAccess::find(session).await {
        Ok(node) => Ok(Some(node)),
        // A node that was killed leaves its address behind.
        Err(failure) if failure.exit == Exit::Unreachable && !is_named => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A node on a network whose numbers are not known here cannot be given blocks, nor its chain be named.
fn ensure_numbers_are_known(node: &NodeAccess) -> Outcome {
    if node.session.params.genesis_hash() == node.info.genesis_hash {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "the node's network {} (genesis {}) has numbers of its own",
            node.info.network, node.info.genesis_hash
        ),
        "give the --chain-spec that the node was started with",
    )
    .because("other-network"))
}

/// Refuses a folder in which there is no chain.
fn ensure_chain(folder: &Path) -> Outcome {
    if CHAIN_FOLDERS.iter().any(|name| folder.join(name).exists()) {
        return Ok(());
    }
    Err(Failure::new(format!("{} holds no chain", folder.display()), "give --network or --data-dir"))
}
