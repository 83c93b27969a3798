//! `cairn tx`: one transaction, wherever it is.

use serde_json::json;

use crate::cli::args::TxArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output};
use crate::cli::session::Session;
use crate::cli::words;
use crate::primitives::TransactionId;
use crate::rpc::types::{ActionInfo, LocatedTransaction};

pub(in crate::cli) async fn transaction(session: &Session, args: &TxArgs) -> Outcome {
    let id: TransactionId = args.id.parse().map_err(|error| {
        Failure::usage(format!("`{}`: {error}", args.id), "give the id that `wallet send` printed")
    })?;
    let node = NodeAccess::find(session).await?;
    let located: LocatedTransaction = node.call("gettransaction", json!([id])).await?;
    session.output.show(&located, |output| for_people(&located, output));
    Ok(())
}

fn for_people(located: &LocatedTransaction, output: Output) -> String {
    let transaction = &located.transaction;
    let place = match (located.height, located.blockhash) {
        (Some(height), Some(hash)) => {
            format!("{} in block #{height} {hash}", words::count(located.confirmations, "confirmation"))
        }
        _ => "waits for a block".to_owned(),
    };
    let mut lines = vec![
        ("transaction", transaction.txid.to_string()),
        ("state", place),
        ("from", transaction.from.clone()),
        ("nonce", transaction.nonce.to_string()),
        ("fee", format!("{} cairns", transaction.fee)),
    ];
    match &transaction.action {
        ActionInfo::Transfer { outputs, memo } => {
            lines.extend(outputs.iter().map(|output| ("to", format!("{} {}", output.to, output.amount))));
            if !memo.is_empty() {
                // Escaped: a memo comes from a stranger and must not drive the terminal.
                lines.push(("memo", memo.escape_debug().to_string()));
            }
        }
        ActionInfo::Anchor { digest, label } => {
            lines.push(("anchor", digest.clone()));
            lines.push(("label", label.escape_debug().to_string()));
        }
    }
    output::pairs(output, &lines)
}
