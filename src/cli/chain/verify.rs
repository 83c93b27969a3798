//! `chain verify`: checks everything again, by the node that runs or in the folder.

use serde_json::json;

use super::serving_node;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::run::verify_offline;
use crate::cli::session::Session;
use crate::cli::words;
use crate::rpc::types::ChainVerification;

/// Asks the node that runs, or looks into the folder when none does.
pub(super) async fn verify(session: &Session, from_genesis: bool) -> Outcome {
    let folder = session.data_folder()?;
    let verified = match serving_node(session, &folder).await? {
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
