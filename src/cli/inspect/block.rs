//! `cairn block`: one block, by height, hash or `tip`.

use serde_json::{Value, json};

use crate::cli::args::BlockArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output};
use crate::cli::session::Session;
use crate::cli::words;
use crate::primitives::{Amount, BlockHash, Height};
use crate::rpc::types::{BlockInfo, BlockTransaction};

pub(in crate::cli) async fn block(session: &Session, args: &BlockArgs) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let which = match args.block.as_str() {
        "tip" => json!(node.call::<BlockHash>("getbestblockhash", json!([])).await?),
        other => selector(other)?,
    };
    let block: BlockInfo = node.call("getblock", json!([which, 1])).await?;
    session.output.show(&block, |output| for_people(&block, output));
    Ok(())
}

/// A height or a hash, as the node takes it.
fn selector(text: &str) -> Outcome<Value> {
    if let Ok(height) = text.parse::<u32>() {
        return Ok(json!(Height(height)));
    }
    match text.parse::<BlockHash>() {
        Ok(hash) => Ok(json!(hash)),
        Err(_) => Err(Failure::usage(
            format!("`{text}` names no block"),
            "give a height, a hash of 64 digits, or `tip`",
        )),
    }
}

fn for_people(block: &BlockInfo, output: Output) -> String {
    let header = &block.header;
    let reward = block.subsidy.checked_add(block.fees).unwrap_or(Amount::MAX);
    let facts = output::pairs(
        output,
        &[
            ("block", format!("#{} {}", header.height, header.hash)),
            ("after", header.previousblockhash.to_string()),
            ("time", words::moment(header.time)),
            ("confirmations", header.confirmations.to_string()),
            ("miner", block.coinbase.miner.clone()),
            ("reward", format!("{reward} cairns, of which {} are fees", block.fees)),
            ("difficulty", format!("{:.2} (bits {})", header.difficulty, header.bits)),
            ("size", format!("{} bytes", words::grouped(block.size as u64))),
            ("transactions", block.transaction_count.to_string()),
        ],
    );
    let ids = block.tx.iter().map(|transaction| match transaction {
        BlockTransaction::Id(id) => format!("               {id}"),
        BlockTransaction::Decoded(decoded) => format!("               {}", decoded.txid),
    });
    std::iter::once(facts).chain(ids).collect::<Vec<_>>().join("\n")
}
