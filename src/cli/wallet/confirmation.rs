//! Waiting for a payment to be confirmed, with something to look at meanwhile.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::failure::Outcome;
use crate::cli::node_access::NodeAccess;
use crate::cli::words;
use crate::primitives::TransactionId;
use crate::rpc::types::LocatedTransaction;

/// One call waits this long; then the next one does, until the person has enough.
const CALL_SECONDS: u32 = 60;

/// How often the sign of life moves.
const TICK: Duration = Duration::from_millis(120);

/// Waits until a transaction has so many confirmations, or has left the pool without.
pub(super) async fn wait(node: &NodeAccess, id: TransactionId, wanted: u32) -> Outcome<LocatedTransaction> {
    let progress = progress(node, id, wanted);
    loop {
        match node.client.wait_for_transaction(id, wanted, CALL_SECONDS).await {
            Err(error) if error.reason() == Some("timeout") => {}
            other => {
                progress.finish_and_clear();
                return Ok(other?);
            }
        }
    }
}

fn progress(node: &NodeAccess, id: TransactionId, wanted: u32) -> ProgressBar {
    if node.session.output.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})").expect("the template is right");
    let progress = ProgressBar::new_spinner().with_style(style);
    progress.set_message(format!(
        "Sent {}; waiting for {}",
        words::short(&id),
        words::count(wanted, "confirmation")
    ));
    progress.enable_steady_tick(TICK);
    progress
}
