//! The story of one block or one transaction, told from a trace.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::line::{Line, What};

/// Nodes named one by one at most.
const NODES_NAMED_MAX: usize = 8;

/// Why there is no story.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The trace cannot be read.
    #[error("the trace cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// A line is none that `netsim run --trace` writes.
    #[error("line {number} of the trace: {cause}")]
    Malformed {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// Nothing in the trace begins like this.
    #[error("nothing in the trace has a hash that begins with `{0}`")]
    Unknown(String),
    /// More than one thing begins like this.
    #[error("`{0}` begins the hashes of several: give more of it")]
    Ambiguous(String),
}

/// Tells what happened to the block or transaction whose hash begins like this.
pub fn explain(trace: impl BufRead, prefix: &str) -> Result<String, ExplainError> {
    let lines = read(trace)?;
    let mut hashes: Vec<&str> = lines.iter().flat_map(|line| named_first(&line.what)).collect();
    hashes.retain(|hash| hash.starts_with(prefix));
    hashes.sort_unstable();
    hashes.dedup();
    match hashes[..] {
        [] => Err(ExplainError::Unknown(prefix.to_owned())),
        [hash] => {
            let is_block =
                lines.iter().any(|line| matches!(&line.what, What::Found { block, .. } if block == hash));
            Ok(if is_block { of_block(&lines, hash) } else { of_transaction(&lines, hash) })
        }
        _ => Err(ExplainError::Ambiguous(prefix.to_owned())),
    }
}

fn read(trace: impl BufRead) -> Result<Vec<Line>, ExplainError> {
    let mut lines = Vec::new();
    for (index, text) in trace.lines().enumerate() {
        let line = serde_json::from_str(&text?);
        lines.push(line.map_err(|cause| ExplainError::Malformed { number: index + 1, cause })?);
    }
    Ok(lines)
}

/// The hashes that a line brings into the world.
fn named_first(what: &What) -> Vec<&str> {
    match what {
        What::Found { block, transactions, .. } => {
            std::iter::once(block.as_str()).chain(transactions.iter().map(String::as_str)).collect()
        }
        What::Admitted { transaction, .. } => vec![transaction],
        What::Arrived { .. }
        | What::Tip { .. }
        | What::Invalid { .. }
        | What::Dropped { .. }
        | What::Incident { .. } => Vec::new(),
    }
}

fn of_block(lines: &[Line], hash: &str) -> String {
    let mut story = Vec::new();
    let (mut arrivals, mut joined, mut left) = (Vec::new(), Vec::new(), Vec::new());
    let mut found_us = 0;
    for Line { at_us, what } in lines {
        match what {
            What::Found { node, block, parent, height, transactions } if block == hash => {
                found_us = *at_us;
                story.push(format!("block {hash} at height {height}"));
                story.push(format!("{}  found by node {node} on {}", moment(*at_us), short(parent)));
                story.push(format!("{}  with {} transactions", " ".repeat(12), transactions.len()));
            }
            What::Found { node, block, parent, .. } if parent == hash => {
                story.push(format!("{}  node {node} found {} on it", moment(*at_us), short(block)));
            }
            What::Arrived { node, block, hop, .. } if block == hash => arrivals.push((*at_us, *node, *hop)),
            What::Tip { node, connected, disconnected } => {
                if connected.iter().any(|each| each == hash) {
                    joined.push((*at_us, *node));
                }
                if disconnected.iter().any(|each| each == hash) {
                    left.push((*at_us, *node));
                }
            }
            What::Invalid { node, block, violation } if block == hash => {
                story.push(format!("{}  node {node} found that it breaks {violation}", moment(*at_us)));
            }
            What::Found { .. }
            | What::Arrived { .. }
            | What::Invalid { .. }
            | What::Admitted { .. }
            | What::Dropped { .. }
            | What::Incident { .. } => {}
        }
    }
    if let (Some(first), Some(last)) = (arrivals.first(), arrivals.last()) {
        let hops = arrivals.iter().map(|(_, _, hop)| *hop).max().unwrap_or_default();
        let half = arrivals[(arrivals.len() - 1) / 2];
        story.push(format!(
            "{}  gossip brought it to {} nodes: the first after {}, half after {}, the last after {}; {hops} hops at most",
            moment(first.0),
            arrivals.len(),
            delay(first.0 - found_us),
            delay(half.0 - found_us),
            delay(last.0 - found_us),
        ));
    }
    story.extend(times("joined the chain of", &joined));
    story.extend(times("left the chain of", &left));
    story.push(ending(&joined, &left));
    story.join("\n")
}

fn of_transaction(lines: &[Line], hash: &str) -> String {
    let mut story = vec![format!("transaction {hash}")];
    let mut admitted = Vec::new();
    let mut blocks: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut confirmed, mut undone) = (Vec::new(), Vec::new());
    for Line { at_us, what } in lines {
        match what {
            What::Admitted { node, transaction, from_client } if transaction == hash => {
                if *from_client {
                    story.push(format!("{}  a client sent it to node {node}", moment(*at_us)));
                }
                admitted.push((*at_us, *node));
            }
            What::Dropped { node, transaction, reason } if transaction == hash => {
                story.push(format!("{}  the pool of node {node} dropped it: {reason}", moment(*at_us)));
            }
            What::Found { node, block, height, transactions, .. }
                if transactions.iter().any(|id| id == hash) =>
            {
                let at = moment(*at_us);
                story.push(format!("{at}  node {node} mined it into {} at height {height}", short(block)));
                blocks.insert(block, *height);
            }
            What::Tip { node, connected, disconnected } => {
                if disconnected.iter().any(|block| blocks.contains_key(block.as_str())) {
                    undone.push((*at_us, *node));
                }
                if connected.iter().any(|block| blocks.contains_key(block.as_str())) {
                    confirmed.push((*at_us, *node));
                }
            }
            What::Admitted { .. }
            | What::Dropped { .. }
            | What::Found { .. }
            | What::Arrived { .. }
            | What::Invalid { .. }
            | What::Incident { .. } => {}
        }
    }
    story.extend(times("entered the pool of", &admitted));
    story.extend(times("was confirmed at", &confirmed));
    story.extend(times("was taken back at", &undone));
    story.push(ending(&confirmed, &undone));
    story.join("\n")
}

/// One line for what happened at several nodes.
fn times(what: &str, at: &[(u64, usize)]) -> Option<String> {
    let ((first, _), (last, _)) = (at.first()?, at.last()?);
    let nodes: Vec<_> = at.iter().take(NODES_NAMED_MAX).map(|(_, node)| node.to_string()).collect();
    let more = if at.len() > NODES_NAMED_MAX { ", …" } else { "" };
    let until = if first == last { String::new() } else { format!(", until {}", moment(*last).trim_start()) };
    let many = if at.len() == 1 { "node" } else { "nodes" };
    Some(format!("{}  {what} {many} {}{more} ({} in all{until})", moment(*first), nodes.join(", "), at.len()))
}

fn ending(joined: &[(u64, usize)], left: &[(u64, usize)]) -> String {
    let kept = joined.len().saturating_sub(left.len());
    let end = match (joined.len(), kept) {
        (0, _) => "it was never on the chain of any node".to_owned(),
        (_, 0) => "in the end it is on the chain of no node".to_owned(),
        _ => format!("in the end it is on the chain of {kept} nodes"),
    };
    format!("{}  {end}", " ".repeat(12))
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

fn moment(at_us: u64) -> String {
    let (seconds, ms) = (at_us / 1_000_000, at_us / 1_000 % 1_000);
    format!("{:>12}", format!("{}:{:02}:{:02}.{ms:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60))
}

fn delay(us: u64) -> String {
    if us < 1_000_000 { format!("{:.1} ms", us as f64 / 1e3) } else { format!("{:.2} s", us as f64 / 1e6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace() -> String {
        let found = |block: &str, parent: &str, at_us| Line {
            at_us,
            what: What::Found {
                node: 0,
                block: block.into(),
                parent: parent.into(),
                height: 1,
                transactions: vec!["ff01".into()],
            },
        };
        let tip = |at_us, connected: &[&str], disconnected: &[&str]| Line {
            at_us,
            what: What::Tip {
                node: 1,
                connected: connected.iter().map(|&each| each.into()).collect(),
                disconnected: disconnected.iter().map(|&each| each.into()).collect(),
            },
        };
        let sent = What::Admitted { node: 2, transaction: "ff01".into(), from_client: true };
        let arrived = What::Arrived { node: 1, from: 0, block: "aa11".into(), hop: 1 };
        let lines = [
            Line { at_us: 5, what: sent },
            found("aa11", "0000", 1_000_000),
            Line { at_us: 1_250_000, what: arrived },
            tip(1_300_000, &["aa11"], &[]),
            found("ab22", "0000", 2_000_000),
            tip(2_500_000, &["ab22"], &["aa11"]),
        ];
        lines.map(|line| serde_json::to_string(&line).unwrap() + "\n").concat()
    }

    #[test]
    fn a_block_that_lost_is_told_from_its_finding_to_its_end() {
        let story = explain(trace().as_bytes(), "aa").unwrap();
        for part in ["found by node 0", "the first after 250.0 ms", "left the chain of node 1", "of no node"]
        {
            assert!(story.contains(part), "{part}\n{story}");
        }
    }

    #[test]
    fn a_transaction_is_told_with_the_blocks_that_held_it() {
        let story = explain(trace().as_bytes(), "ff").unwrap();
        for part in ["a client sent it to node 2", "mined it into aa11", "mined it into ab22", "of 1 nodes"] {
            assert!(story.contains(part), "{part}\n{story}");
        }
    }

    #[test]
    fn what_nothing_or_several_begin_with_is_refused() {
        assert!(matches!(explain(trace().as_bytes(), "77"), Err(ExplainError::Unknown(_))));
        assert!(matches!(explain(trace().as_bytes(), "a"), Err(ExplainError::Ambiguous(_))));
        assert!(matches!(explain("{}\n".as_bytes(), "a"), Err(ExplainError::Malformed { number: 1, .. })));
    }
}
