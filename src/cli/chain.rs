//! `cairn chain`: checking and deleting what a data folder holds.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::args::ChainCommand;
use super::failure::{Failure, Outcome};
use super::node_access::NodeAccess;
use super::run::verify_offline;
use super::session::Session;
use super::{places, terminal, words};
use crate::rpc::types::ChainVerification;
use crate::storage::OpenOptions;

/// What makes up a chain in a data folder. Wallets lie elsewhere; the node's key stays.
const CHAIN_FOLDERS: [&str; 2] = ["sled", "journal"];

pub(super) fn run(session: &Session, command: &ChainCommand) -> Outcome {
    match command {
        ChainCommand::Verify { from_genesis } => super::wait_for(verify(session, *from_genesis)),
        ChainCommand::Reset { yes } => reset(session, *yes),
    }
}

/// Asks the node that runs, or looks into the folder when none does.
async fn verify(session: &Session, from_genesis: bool) -> Outcome {
    let folder = session.data_folder()?;
    let is_served = session.common.rpc_url.is_some() || places::rpc_url_file(&folder).exists();
    let node = if is_served { NodeAccess::find(session).await.ok() } else { None };
    let verified = match node {
        Some(node) if !from_genesis => node.call("verifychain", json!([0])).await?,
        Some(_) => {
            return Err(Failure::new(
                "a node runs on this chain",
                "stop it first, to run every block again from genesis",
            ));
        }
        None => verify_offline(&session.params, &folder, from_genesis).await?,
    };
    report(session, &verified)
}

fn report(session: &Session, verified: &ChainVerification) -> Outcome {
    if let Some(problem) = &verified.problem {
        return Err(Failure::new(
            format!("block #{} {} does not hold: {}", problem.height, problem.hash, problem.reason),
            "`cairn chain reset` deletes this chain; the node then fetches it again from peers",
        )
        .because(problem.reason.clone()));
    }
    session.output.show(verified, |_| {
        let blocks = words::count(verified.blocks, "block");
        format!("All is well: {blocks} and {} hold.", words::count(verified.signatures, "signature"))
    });
    Ok(())
}

fn reset(session: &Session, yes: bool) -> Outcome {
    let folder = session.data_folder()?;
    let there: Vec<_> =
        CHAIN_FOLDERS.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
    if there.is_empty() {
        return Err(Failure::new(
            format!("{} holds no chain", folder.display()),
            "give --network or --data-dir",
        ));
    }
    if !yes {
        let question = format!("Delete the chain of {} in {}?", session.params.name, folder.display());
        terminal::confirm(&question, "give --yes to delete it without being asked")?;
    }
    // Opened and closed, to be sure that no node runs on it.
    drop(OpenOptions::new(&folder, session.params.genesis_hash()).open()?);
    for path in &there {
        fs::remove_dir_all(path).map_err(|error| cannot_delete(path, &error))?;
    }
    session.output.show(&json!({ "deleted": there }), |_| {
        format!("Deleted the chain in {}. Wallets and the node's identity are kept.", folder.display())
    });
    Ok(())
}

fn cannot_delete(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot delete {}: {error}", path.display()), "delete it by hand")
}
