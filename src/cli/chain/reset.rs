//! `chain reset`: deletes the chain, after asking.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{CHAIN_FOLDERS, ensure_chain};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::terminal;
use crate::storage::OpenOptions;

pub(super) fn reset(session: &Session, yes: bool) -> Outcome {
    let folder = session.data_folder()?;
    ensure_chain(&folder)?;
    if !yes {
        let question = format!("Delete the chain of {} in {}?", session.params.name, folder.display());
        terminal::confirm(&question, "give --yes to delete it without being asked")?;
    }
    // Opened and closed, to be sure that no node runs on it.
    drop(OpenOptions::new(&folder, session.params.genesis_hash()).open()?);
    let there: Vec<_> =
        CHAIN_FOLDERS.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
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
