//! Whether a folder, whatever a crash has made of it, gives back everything that anybody was told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use cairn::primitives::{Action, Address, Block, BlockId};
use cairn::storage::{
    ChainReader, ChainStore, Direction, HistoryEntry, StorageError, StoredHeader, TransactionPlace,
};

use crate::node::SmallNode;
use crate::story::{DIGESTS, Scene, Story};

/// Starts after which a damaged folder must be well: the first may find the damage while it runs.
pub(crate) const STARTS_MAX: usize = 4;
/// Blocks of the story that the node gets after it was found whole.
const BLOCKS_AFTER: usize = 2;

/// How much is looked at besides what is always looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The node also takes the next blocks.
    Usual,
    /// The same, but undo records may be missing: a node without them goes back by way of genesis.
    WithoutUndo,
    /// It takes the rest of the story, stops, and starts again.
    ToTheEnd,
}

/// What somebody was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// The tip.
    pub(crate) tip: BlockId,
    /// Whether the folder was damaged before: then it says what it repaired.
    pub(crate) is_damaged: bool,
}

/// What is wrong with a folder.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The store says so itself.
    Refused(StorageError),
    /// It says something else than what is so.
    Wrong(String),
}

/// What was found in a folder that is whole.
#[derive(Debug)]
pub(crate) struct Found {
    /// The tip with which it opened.
    pub(crate) tip: BlockId,
    /// Whether the database was damaged: it had gone back, or was built anew.
    pub(crate) has_mended_database: bool,
    /// What was repaired, for a person to read.
    pub(crate) repaired: Vec<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        Self::Refused(error)
    }
}

/// Opens the folder as a node does and looks at everything.
pub(crate) fn check(
    folder: &Path,
    story: &Story,
    told: Option<Told>,
    depth: Depth,
) -> Result<Found, Problem> {
    let checked = catch_unwind(AssertUnwindSafe(|| check_all(folder, story, told, depth)));
    checked.unwrap_or_else(|_| wrong("it panicked"))
}

fn wrong<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Wrong(what.into()))
}

fn check_all(folder: &Path, story: &Story, told: Option<Told>, depth: Depth) -> Result<Found, Problem> {
    let mut node = SmallNode::open(folder, &story.params)?;
    let has_mended_database = node.report.restored || !node.report.set_aside.is_empty();
    let found = Found { tip: node.tip, has_mended_database, repaired: node.report.lines() };
    tip_is_acknowledged(&node, story, told)?;
    // A database built anew has those undo records that the journal still has.
    let may_lack_undo = depth == Depth::WithoutUndo || !node.report.set_aside.is_empty();
    everything_is_there(&node, story, may_lack_undo)?;
    let blocks_after = if depth == Depth::ToTheEnd { usize::MAX } else { BLOCKS_AFTER };
    let unknown: Vec<_> = story.order.iter().filter(|block| !is_kept(&node, block)).collect();
    for block in unknown.into_iter().take(blocks_after) {
        if node.submit(block)?.is_none() {
            return wrong("it does not say what became of a block");
        }
    }
    state_is_recomputed(&node, story)?;
    let tip = node.tip;
    node.close()?;
    if depth != Depth::ToTheEnd {
        return Ok(found);
    }
    if tip != story.last().id {
        return wrong(format!("with all blocks its tip is {}", show(tip)));
    }
    let node = SmallNode::open(folder, &story.params)?;
    if node.tip != tip {
        return wrong(format!("started again it is at {}", show(node.tip)));
    }
    everything_is_there(&node, story, may_lack_undo)?;
    Ok(found)
}

fn everything_is_there(node: &SmallNode, story: &Story, may_lack_undo: bool) -> Result<(), Problem> {
    state_is_recomputed(node, story)?;
    blocks_are_whole(node, story, may_lack_undo)?;
    index_equals_a_rebuild(node, story)
}

fn tip_is_acknowledged(node: &SmallNode, story: &Story, told: Option<Told>) -> Result<(), Problem> {
    let Some((_, work)) = story.facts(node.tip) else {
        return wrong(format!("its tip {} is of another story", show(node.tip)));
    };
    let Some(Told { tip: told, is_damaged }) = told else { return Ok(()) };
    if node.report.restored && !is_damaged {
        return wrong("without any damage the database says that it has more of the journal than it has");
    }
    let lacks_bodies = node.report.repaired_bodies > 0 || !node.report.lost_bodies.is_empty();
    if lacks_bodies && !is_damaged {
        return wrong(format!("without any damage it lacks bodies: {}", node.report.lines().join("; ")));
    }
    let (_, told_work) = story.facts(told).expect("what is marked is of this story");
    let is_kept = node.stored.bodies.contains(&told);
    if work < told_work || !is_kept {
        let report = node.report.lines().join("; ");
        let (tip, told) = (show(node.tip), show(told));
        return wrong(format!("it is at {tip}, and had told of {told} (kept: {is_kept}); it says: {report}"));
    }
    Ok(())
}

fn state_is_recomputed(node: &SmallNode, story: &Story) -> Result<(), Problem> {
    let root = story.facts(node.tip).map(|(root, _)| root);
    if Some(node.core.recomputed_state_root()) == root {
        Ok(())
    } else {
        wrong(format!("its state at {} is another", show(node.tip)))
    }
}

fn blocks_are_whole(node: &SmallNode, story: &Story, may_lack_undo: bool) -> Result<(), Problem> {
    let reader = node.store.reader();
    for id in &node.stored.bodies {
        let Some(scene) = story.scene(&id.hash) else { return wrong("it has a block of another story") };
        if reader.block(*id)?.is_some_and(|block| block != *scene.block.block()) {
            return wrong(format!("the body of {} is another", show(*id)));
        }
    }
    for scene in story.path(node.tip) {
        let (header, body, undo) =
            (reader.header(scene.id)?, reader.block(scene.id)?, reader.undo(scene.id)?);
        let is_header =
            |header: StoredHeader| header.header == *scene.block.header() && header.work == scene.work;
        let whole = [
            header.is_some_and(is_header),
            body.as_ref() == Some(scene.block.block()),
            undo == Some(scene.undo) || (undo.is_none() && may_lack_undo),
        ];
        if whole != [true; 3] {
            return wrong(format!("{} is half there: header, body, undo: {whole:?}", show(scene.id)));
        }
    }
    Ok(())
}

fn index_equals_a_rebuild(node: &SmallNode, story: &Story) -> Result<(), Problem> {
    if node.tip.height.0 > 0 && !node.index.wait_for(node.tip) {
        let failure = node.index.position().failure;
        return failure.map_or_else(|| wrong("the index has ended"), |error| Err(error.into()));
    }
    let path = story.path(node.tip);
    for address in Story::addresses() {
        if node.index.history(&address, None, 1_000)?.entries != history(&path, &address) {
            return wrong(format!("the history of {address:?} is another at {}", show(node.tip)));
        }
    }
    for digest in (0..DIGESTS).map(|byte| [byte; 32]) {
        if node.index.anchor(&digest)? != anchor(&path, &digest) {
            return wrong(format!("the anchor of {digest:?} is elsewhere"));
        }
    }
    let genesis = story.params.genesis_hash();
    for scene in path {
        for (position, transaction) in (0..).zip(scene.block.transactions()) {
            let place = TransactionPlace { block: scene.id, position };
            if node.index.transaction(transaction.id(&genesis))? != Some(place) {
                return wrong(format!("transaction {position} of {} is not found", show(scene.id)));
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
