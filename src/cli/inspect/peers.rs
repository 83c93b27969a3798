//! `cairn peers`: who is connected, and how they were found.

use serde_json::json;

use crate::cli::args::PeersArgs;
use crate::cli::failure::Outcome;
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output};
use crate::cli::session::Session;
use crate::cli::words;
use crate::primitives::Height;
use crate::rpc::types::{DiscoveryEntry, PeerInfo};

pub(in crate::cli) async fn peers(session: &Session, args: &PeersArgs) -> Outcome {
    let node = NodeAccess::find(session).await?;
    if args.timeline {
        let timeline: Vec<DiscoveryEntry> = node.call("getdiscoverylog", json!([])).await?;
        session.output.show(&timeline, |_| timeline_for_people(&timeline));
    } else {
        let peers: Vec<PeerInfo> = node.call("getpeerinfo", json!([])).await?;
        let height: Height = node.call("getblockcount", json!([])).await?;
        session.output.show(&peers, |output| peers_for_people(&peers, height, output));
    }
    Ok(())
}

fn peers_for_people(peers: &[PeerInfo], height: Height, output: Output) -> String {
    if peers.is_empty() {
        let hint = output.paint("`cairn peers --timeline` shows what was tried", output::Paint::Dim);
        return format!("No peers yet.\n{hint}");
    }
    let rows = peers.iter().map(|peer| {
        vec![
            peer.alias.clone(),
            if peer.inbound { "in" } else { "out" }.to_owned(),
            peer.found.clone(),
            peer.pingtime.map_or("-".to_owned(), |seconds| format!("{:.1} ms", seconds * 1_000.0)),
            peer.height.map_or("-".to_owned(), |height| height.to_string()),
            peer.height.map_or("-".to_owned(), |theirs| behind(height, theirs)),
            words::duration(peer.conntime),
            format!("{:.0}", peer.score),
            peer.addr.clone(),
        ]
    });
    output::table(&["peer", "dir", "found", "ping", "height", "lag", "since", "score", "address"], rows)
}

fn behind(ours: Height, theirs: Height) -> String {
    (i64::from(ours.0) - i64::from(theirs.0)).to_string()
}

fn timeline_for_people(timeline: &[DiscoveryEntry]) -> String {
    if timeline.is_empty() {
        return "Nothing happened yet.".to_owned();
    }
    let line = |entry: &DiscoveryEntry| {
        let alias = entry.alias.as_deref().unwrap_or("");
        format!("{:>10} ms  {alias:<20}  {}", words::grouped(entry.at_ms), entry.what)
    };
    timeline.iter().map(line).collect::<Vec<_>>().join("\n")
}
