//! What is said when the best chain changes.

use super::logging::story;
use crate::cli::words;
use crate::node::event::{ConnectedSummary, TipChange};
use crate::primitives::{Address, AddressKind};
use crate::runtime::clock;

/// A reorganisation deeper than this is said loudly: payments that looked settled are gone.
const LOUD_DEPTH: usize = 100;

/// More blocks than this at once are summed up instead of told one by one.
const TOLD_SINGLY_MAX: usize = 6;

/// Tells of a new tip.
pub(super) fn tell(change: &TipChange, miner: Option<Address>, kind: AddressKind, catching_up: bool) {
    if !change.disconnected.is_empty() {
        tell_switch(change);
    }
    let many = change.connected.len() > TOLD_SINGLY_MAX;
    if catching_up || many {
        tell_many(&change.connected);
    } else {
        change.connected.iter().for_each(|block| tell_block(block, miner, kind));
    }
}

fn tell_block(block: &ConnectedSummary, miner: Option<Address>, kind: AddressKind) {
    let (height, hash, transactions) = (block.id.height, block.id.hash, block.transactions.len());
    let short = words::short(&hash);
    let count = words::count(transactions as u64, "transaction");
    let age = age_words(block);
    let from = match block.from {
        Some(peer) => format!("from {}", peer.alias()),
        None if Some(block.miner) == miner => "found here".to_owned(),
        None => format!("paid to {}", words::short(&block.miner.to_text(kind))),
    };
    story!(%height, %hash, transactions, from, "⛓ block #{height} {short} {from} · {count} · {age}");
}

/// The stamp has whole seconds, so less than two of them say nothing.
fn age_words(block: &ConnectedSummary) -> String {
    match clock::now().timestamp().since(block.time) {
        seconds if seconds < 0 => {
            format!("stamped {} ahead of our clock", words::duration(seconds.unsigned_abs()))
        }
        0 | 1 => "fresh".to_owned(),
        seconds => format!("stamped {} ago", words::duration(seconds.unsigned_abs())),
    }
}

fn tell_many(blocks: &[ConnectedSummary]) {
    let Some(last) = blocks.last() else { return };
    let (height, count) = (last.id.height, blocks.len());
    story!(%height, count, "⛓ {} more, up to #{height} {}", words::count(count as u64, "block"), words::short(&last.id.hash));
}

fn tell_switch(change: &TipChange) {
    let (dropped, adopted) = (change.disconnected.len(), change.connected.len());
    let waiting = change.returned_transactions;
    let pending = match waiting {
        0 => String::new(),
        1 => "; 1 transaction is pending again".to_owned(),
        many => format!("; {many} transactions are pending again"),
    };
    let dropped_words = words::count(dropped as u64, "block");
    story!(
        dropped,
        adopted,
        waiting,
        "switched branch: dropped {dropped_words}, adopted {adopted} (more work){pending}"
    );
    if dropped > LOUD_DEPTH {
        tracing::warn!(
            target: super::logging::STORY,
            dropped,
            "!!! {dropped_words} were undone. Payments in them may be gone. Two networks of one name may have met: \
             give yours a name of its own with --network"
        );
    }
}
