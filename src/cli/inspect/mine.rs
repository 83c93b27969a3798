//! `cairn mine`: blocks at once, on a development network.

use serde_json::json;

use crate::cli::args::MineArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::node_access::NodeAccess;
use crate::cli::session::Session;
use crate::cli::words;
use crate::consensus::dev_accounts::DEV_ADDRESSES;
use crate::primitives::BlockHash;
use crate::rpc::types::MiningInfo;

/// Blocks asked for in one call, so that each call is short.
const BLOCKS_PER_CALL: u32 = 100;

pub(in crate::cli) async fn mine(session: &Session, args: &MineArgs) -> Outcome {
    let node = NodeAccess::find(session).await?;
    let address = match &args.to {
        Some(address) => node.session.address(address)?,
        None => match node.call::<MiningInfo>("getmininginfo", json!([])).await?.address {
            Some(address) => node.session.address(&address)?,
            // Somebody must earn it: the first of the accounts everybody has the keys of.
            None => DEV_ADDRESSES[0],
        },
    };
    let address = node.session.address_text(address);
    let mut hashes: Vec<BlockHash> = Vec::new();
    while hashes.len() < args.blocks as usize {
        let wanted = BLOCKS_PER_CALL.min(args.blocks - hashes.len() as u32);
        let made: Vec<BlockHash> = node.call("generatetoaddress", json!([wanted, address])).await?;
        if made.is_empty() {
            return Err(Failure::new("the node made no block", "look into its log"));
        }
        hashes.extend(made);
    }
    session.output.show(&hashes, |_| {
        let last = hashes.last().map(ToString::to_string).unwrap_or_default();
        format!("Made {}; the tip is {last}", words::count(hashes.len() as u64, "block"))
    });
    Ok(())
}
