//! `cairn mempool`: what waits for a block.

use serde_json::json;

use crate::cli::failure::Outcome;
use crate::cli::node_access::NodeAccess;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::words;
use crate::rpc::types::MempoolTransaction;

pub(in crate::cli) async fn mempool(session: &Session) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let waiting: Vec<MempoolTransaction> = node.call("getrawmempool", json!([true])).await?;
    session.output.show(&waiting, |_| {
        if waiting.is_empty() {
            return "Nothing waits.".to_owned();
        }
        let rows = waiting.iter().map(|entry| {
            vec![
                words::short(&entry.txid),
                words::short(&entry.from),
                entry.nonce.to_string(),
                entry.fee.to_string(),
                entry.size.to_string(),
                if entry.ready { "yes" } else { "no, an earlier nonce is missing" }.to_owned(),
            ]
        });
        output::table(&["transaction", "from", "nonce", "fee", "bytes", "ready"], rows)
    });
    Ok(())
}
