//! Whether a folder, whatever a crash has made of it, gives back everything that anybody was told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use cairn::primitives::{Action, Address, Block, BlockId};
use cairn::storage::{ChainReader, ChainStore, Direction, HistoryEntry, StorageError, TransactionPlace};

use crate::node::SmallNode;
use crate::story::{DIGESTS, Scene, Story};

/// Blocks of the story that the node gets after it was found whole.
const BLOCKS_AFTER: usize = 2;

/// How much is looked at besides what is always looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The node also takes the next blocks.
    Usual,
    /// It takes the rest of the story, stops, and starts again.
    ToTheEnd,
}

/// Opens the folder as a node does and looks at everything. An error says what is wrong.
pub(crate) fn check(
    folder: &Path,
    story: &Story,
    acknowledged: Option<BlockId>,
    depth: Depth,
) -> Result<(), String> {
    let checked = catch_unwind(AssertUnwindSafe(|| check_all(folder, story, acknowledged, depth)));
    checked.unwrap_or_else(|_| Err("it panicked".to_owned()))
}

fn check_all(
    folder: &Path,
    story: &Story,
    acknowledged: Option<BlockId>,
    depth: Depth,
) -> Result<(), String> {
    let mut node = open(folder, story)?;
    tip_is_acknowledged(&node, story, acknowledged)?;
    state_is_recomputed(&node, story)?;
    blocks_are_whole(&node, story)?;
    index_equals_a_rebuild(&node, story)?;
    let blocks_after = if depth == Depth::ToTheEnd { usize::MAX } else { BLOCKS_AFTER };
    let unknown: Vec<_> = story.order.iter().filter(|block| !is_kept(&node, block)).collect();
    for block in unknown.into_iter().take(blocks_after) {
        let outcome = node.submit(block).map_err(|error| format!("it takes no block: {error}"))?;
        if outcome.is_none() {
            return Err("it does not say what became of a block".to_owned());
        }
    }
    state_is_recomputed(&node, story)?;
    let tip = node.tip;
    node.close().map_err(|error| format!("it does not close: {error}"))?;
    if depth == Depth::Usual {
        return Ok(());
    }
    if tip != story.last().id {
        return Err(format!("with all blocks its tip is {}", show(tip)));
    }
    let node = open(folder, story)?;
    if node.tip != tip {
        return Err(format!("started again it is at {}", show(node.tip)));
    }
    state_is_recomputed(&node, story)?;
    blocks_are_whole(&node, story)?;
    index_equals_a_rebuild(&node, story)
}

fn open(folder: &Path, story: &Story) -> Result<SmallNode, String> {
    SmallNode::open(folder, &story.params).map_err(|error| format!("it does not open: {error}"))
}

fn tip_is_acknowledged(node: &SmallNode, story: &Story, acknowledged: Option<BlockId>) -> Result<(), String> {
    let Some((_, work)) = story.facts(node.tip) else {
        return Err(format!("its tip {} is of another story", show(node.tip)));
    };
    let Some(told) = acknowledged else { return Ok(()) };
    let (_, told_work) = story.facts(told).ok_or("the mark is of another story")?;
    let is_kept = node.stored.bodies.contains(&told);
    if work < told_work || !is_kept {
        let report = node.report.lines().join("; ");
        return Err(format!(
            "it is at {}, and had told of {} (kept: {is_kept}); it says: {report}",
            show(node.tip),
            show(told)
        ));
    }
    Ok(())
}

fn state_is_recomputed(node: &SmallNode, story: &Story) -> Result<(), String> {
    let (root, _) = story.facts(node.tip).ok_or("its tip is of another story")?;
    if node.core.recomputed_state_root() == root {
        Ok(())
    } else {
        Err(format!("its state at {} is another", show(node.tip)))
    }
}

fn blocks_are_whole(node: &SmallNode, story: &Story) -> Result<(), String> {
    let reader = node.store.reader();
    let failed = |error: StorageError| error.to_string();
    for id in &node.stored.bodies {
        let scene = story.scene(&id.hash).ok_or("it has a block of another story")?;
        if reader.block(*id).map_err(failed)?.as_ref() != Some(scene.block.block()) {
            return Err(format!("the body of {} is another", show(*id)));
        }
    }
    for scene in story.path(node.tip) {
        let header = reader.header(scene.id).map_err(failed)?;
        let is_header =
            header.is_some_and(|header| header.header == *scene.block.header() && header.work == scene.work);
        let body = reader.block(scene.id).map_err(failed)?;
        let undo = reader.undo(scene.id).map_err(failed)?;
        if !is_header || body.as_ref() != Some(scene.block.block()) || undo.as_deref() != Some(&scene.undo) {
            return Err(format!(
                "{} is half there: header {is_header}, body {}, undo {}",
                show(scene.id),
                body.is_some(),
                undo.is_some()
            ));
        }
    }
    Ok(())
}

fn index_equals_a_rebuild(node: &SmallNode, story: &Story) -> Result<(), String> {
    if node.tip.height.0 > 0 && !node.index.wait_for(node.tip) {
        return Err(format!("the index has ended: {:?}", node.index.position().failure));
    }
    let path = story.path(node.tip);
    let failed = |error: StorageError| format!("the index: {error}");
    for address in Story::addresses() {
        let found = node.index.history(&address, None, 1_000).map_err(failed)?.entries;
        if found != history(&path, &address) {
            return Err(format!("the history of {address:?} is another at {}", show(node.tip)));
        }
    }
    for digest in (0..DIGESTS).map(|byte| [byte; 32]) {
        if node.index.anchor(&digest).map_err(failed)? != anchor(&path, &digest) {
            return Err(format!("the anchor of {digest:?} is elsewhere"));
        }
    }
    let genesis = story.params.genesis_hash();
    for scene in path {
        for (position, transaction) in (0..).zip(scene.block.transactions()) {
            let place = TransactionPlace { block: scene.id, position };
            if node.index.transaction(transaction.id(&genesis)).map_err(failed)? != Some(place) {
                return Err(format!("transaction {position} of {} is not found", show(scene.id)));
            }
        }
    }
    Ok(())
}

fn history(path: &[&Scene], address: &Address) -> Vec<HistoryEntry> {
    let mut entries = Vec::new();
    for scene in path {
        let mut add = |position, direction| {
            let entry = HistoryEntry { block: scene.id, position, direction };
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        };
        if scene.block.coinbase().miner == *address {
            add(0, Direction::Earned);
        }
        for (position, transaction) in (0..).zip(scene.block.transactions()) {
            if transaction.outputs().iter().any(|output| output.to == *address) {
                add(position, Direction::Received);
            }
            if transaction.sender_address() == *address {
                add(position, Direction::Sent);
            }
        }
    }
    entries.reverse();
    entries
}

fn anchor(path: &[&Scene], digest: &[u8; 32]) -> Option<TransactionPlace> {
    path.iter().find_map(|scene| {
        let is_it = |action: &Action| matches!(action, Action::Anchor(anchor) if anchor.digest == *digest);
        let position = scene.block.transactions().iter().position(|each| is_it(&each.action))?;
        Some(TransactionPlace { block: scene.id, position: position as u32 })
    })
}

fn is_kept(node: &SmallNode, block: &Arc<Block>) -> bool {
    let hash = block.header.hash();
    node.stored.bodies.iter().any(|id| id.hash == hash)
}

fn show(id: BlockId) -> String {
    format!("#{} {}", id.height, id.hash)
}
