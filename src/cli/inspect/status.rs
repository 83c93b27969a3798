//! `cairn status`: how the node stands, on one screen.

use serde::Serialize;
use serde_json::json;

use crate::cli::failure::Outcome;
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output, Paint};
use crate::cli::session::Session;
use crate::cli::words;
use crate::rpc::types::{BlockchainInfo, MempoolInfo, MiningInfo, NodeInfo};

/// Everything that is shown. Programs get the node's answer with the tip, the pool and the miner beside it.
#[derive(Debug, Serialize)]
struct Status {
    #[serde(flatten)]
    node: NodeInfo,
    rpc_url: String,
    tip: crate::primitives::BlockHash,
    headers: crate::primitives::Height,
    difficulty: f64,
    mempool: MempoolInfo,
    mining: MiningInfo,
}

pub(in crate::cli) async fn status(session: &Session) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let chain: BlockchainInfo = node.call("getblockchaininfo", json!([])).await?;
    let status = Status {
        node: node.call("getnodeinfo", json!([])).await?,
        rpc_url: node.url().to_owned(),
        tip: chain.bestblockhash,
        headers: chain.headers,
        difficulty: chain.difficulty,
        mempool: node.call("getmempoolinfo", json!([])).await?,
        mining: node.call("getmininginfo", json!([])).await?,
    };
    session.output.show(&status, |output| for_people(&status, output));
    Ok(())
}

fn for_people(status: &Status, output: Output) -> String {
    let node = &status.node;
    let who = match (&node.alias, &node.peer_id) {
        (Some(alias), Some(id)) => {
            format!("{} {}", output.paint(alias, Paint::Bold), output.paint(id, Paint::Dim))
        }
        _ => "network not up yet".to_owned(),
    };
    let chain = if node.syncing {
        format!("height {} of {}, catching up", node.height, status.headers)
    } else {
        format!("height {} {}", output.paint(&node.height.to_string(), Paint::Bold), status.tip)
    };
    output::pairs(
        output,
        &[
            ("network", format!("{} (genesis {})", node.network, words::short(&node.genesis_hash))),
            ("node", who),
            ("chain", chain),
            ("peers", node.peers.to_string()),
            ("waiting", waiting(&status.mempool)),
            ("mining", mining(&status.mining)),
            ("listening", words::addresses_for_others(&node.listening).join("\n           ")),
            ("rpc", status.rpc_url.clone()),
            ("data", node.data_dir.clone()),
            ("running", format!("{}, version {}", words::duration(node.uptime), node.version)),
        ],
    )
}

fn waiting(mempool: &MempoolInfo) -> String {
    format!(
        "{} ({} bytes)",
        words::count(mempool.size as u64, "transaction"),
        words::grouped(mempool.bytes as u64)
    )
}

fn mining(mining: &MiningInfo) -> String {
    if mining.threads == 0 {
        return "no".to_owned();
    }
    let rate = words::scaled(mining.hashespersec);
    format!(
        "{} at {rate}H/s; the whole network makes {}H/s",
        words::count(mining.threads, "thread"),
        words::scaled(mining.networkhashps)
    )
}
