//! The chain: which headers are known, which bodies are here, and which branch is followed.
//!
//! Headers come first and are checked before they are kept. Bodies are checked in isolation elsewhere; here they
//! are linked to their ancestors, and the branch with most work among the linked ones is connected.

use std::sync::Arc;

use super::candidates::Candidates;
use super::headers::{Body, GENESIS, HeaderTree, Index};
use super::holdings::Holding;
use super::ledger::Ledger;
use super::outbox::Outbox;
use super::overlay::Overlay;
use super::sorted_map::make_room;
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::check_header::{check_header_in_context, check_header_in_isolation, check_header_time};
use crate::consensus::facts::HeaderFacts;
use crate::consensus::fork_choice::Candidate;
use crate::consensus::params::Params;
use crate::consensus::undo::Undo;
use crate::consensus::violation::Violation;
use crate::primitives::{BlockHash, BlockId, Header, Height, Timestamp};
use crate::storage::{ChainReader, CheckpointDelta, Step, StorageError, StoredHeader};

/// Blocks connected in one go before other inputs get their turn.
const CONNECTED_AT_ONCE_MAX: usize = 64;
/// Headers beside the best chain at most, besides as many as it has itself, so that another chain of the same length
/// always finds room: making headers costs work, but a network may ask for little.
const SIDE_HEADERS_MAX: usize = 20_000;
/// Blocks below the tip from which on nothing about headers is likely to change.
const SETTLED_DEPTH: usize = 8;
/// Headers evicted in one go, so that looking for them costs little for each.
const HEADERS_EVICTED_AT_ONCE: usize = 1_000;
/// Blocks below the tip whose undo records are made again when the state is rebuilt: what the store keeps, too.
const UNDO_REBUILT_MAX: u32 = 5_000;
/// Bytes of bodies in memory above which connecting waits for the disk.
const UNDURABLE_BYTES_MAX: usize = 256 << 20;

/// How the followed branch changed.
#[derive(Debug, Default)]
pub(super) struct TipMove {
    /// Blocks that left it, highest first.
    pub(super) disconnected: Vec<CheckedBlock>,
    /// Blocks that joined it, lowest first.
    pub(super) connected: Vec<CheckedBlock>,
    /// Blocks that turned out to break a rule.
    pub(super) invalid: Vec<(BlockId, Violation)>,
    /// Whether there is more to connect, in another call.
    pub(super) unfinished: bool,
    /// Whether that call should wait for the disk.
    pub(super) waits_for_disk: bool,
}

/// Headers, bodies, state.
#[derive(Debug)]
pub(super) struct Chain<R> {
    pub(super) params: Arc<Params>,
    pub(super) reader: R,
    pub(super) headers: HeaderTree,
    /// The state at the tip: behind a pointer because simulated nodes that agree share it.
    pub(super) ledger: Arc<Ledger>,
    pub(super) overlay: Overlay,
    /// The followed branch by height, genesis first.
    pub(super) active: Vec<Index>,
    /// Linked, valid blocks with at least the work of the tip.
    pub(super) candidates: Candidates,
    pub(super) next_order: u32,
    /// How often headers were evicted: places noted before may mean others since.
    pub(super) evictions: u64,
}

impl<R: ChainReader> Chain<R> {
    /// A chain of genesis alone.
    pub(super) fn new(params: Arc<Params>, reader: R) -> Self {
        let HeaderFacts { height, hash, work, .. } = HeaderFacts::genesis(&params);
        let record = StoredHeader { id: BlockId { height, hash }, header: params.genesis().header, work };
        let headers = HeaderTree::new(reader.share_header(record));
        let genesis = Candidate { work, first_checked: 0 };
        Self {
            ledger: Arc::new(Ledger::genesis(Arc::clone(&params))),
            params,
            reader,
            headers,
            overlay: Overlay::default(),
            active: vec![GENESIS],
            candidates: Candidates::of(genesis, GENESIS),
            next_order: 1,
            evictions: 0,
        }
    }

    /// The tip of the followed branch.
    pub(super) fn tip(&self) -> Index {
        self.active[self.active.len() - 1]
    }

    pub(super) fn tip_id(&self) -> BlockId {
        self.headers.id(self.tip())
    }

    /// The block of the followed branch at a height.
    pub(super) fn at(&self, height: Height) -> Option<Index> {
        self.active.get(height.0 as usize).copied()
    }

    /// Whether a block is on the followed branch.
    pub(super) fn is_active(&self, index: Index) -> bool {
        self.at(self.headers.height(index)) == Some(index)
    }

    /// The highest block that `index` and the followed branch share.
    pub(super) fn fork_point(&self, index: Index) -> Index {
        let mut shared = self.headers.ancestor(index, self.headers.height(self.tip()));
        while !self.is_active(shared) {
            let Some(parent) = self.headers.get(shared).parent else { break };
            shared = parent;
        }
        shared
    }

    /// Checks a header and keeps it; answers its place and whether it is new.
    pub(super) fn accept_header(
        &mut self,
        header: &Header,
        now: Timestamp,
        outbox: &mut Outbox,
    ) -> Result<(Index, bool), Violation> {
        let hash = header.hash();
        if let Some(index) = self.headers.find(&hash) {
            return self.headers.get(index).violation.map_or(Ok((index, false)), Err);
        }
        check_header_in_isolation(header, &hash, &self.params)?;
        let parent = self.headers.find(&header.previous).ok_or(Violation::UnknownParent)?;
        if self.headers.get(parent).violation.is_some() {
            return Err(Violation::InvalidParent);
        }
        check_header_in_context(header, &self.headers.context(parent), &self.params)?;
        check_header_time(header, now, &self.params)?;
        if parent != self.headers.best() {
            self.make_room_beside_best(parent)?;
        }
        let record = self.headers.get(parent).child(header, hash);
        let index = self.headers.insert(parent, self.reader.share_header(record));
        outbox.commit().headers.push(self.headers.get(index).stored());
        Ok((index, true))
    }

    /// Keeps a body that is checked in isolation, signatures included.
    pub(super) fn accept_body(&mut self, index: Index, block: CheckedBlock, outbox: &mut Outbox) {
        outbox.commit().bodies.push((self.headers.id(index), Arc::clone(block.block())));
        self.overlay.insert(block, outbox.pending_sequence());
        self.link(index);
    }

    /// Marks a block and its descendants invalid, for good.
    pub(super) fn condemn(&mut self, index: Index, violation: Violation, outbox: &mut Outbox) {
        for marked in self.headers.invalidate(index, violation) {
            let entry = self.headers.get(marked);
            if let Body::Checked { order } = entry.body {
                self.candidates.remove(Candidate { work: entry.work(), first_checked: order.into() }, marked);
            }
            outbox.commit().invalid.push((entry.id(), entry.violation.unwrap_or(violation)));
        }
    }

    /// Follows the best linked branch. Stops early, and says so, when there is much to connect, but never at less work
    /// than before: nobody sees a branch half switched.
    pub(super) fn advance(&mut self, outbox: &mut Outbox) -> Result<TipMove, StorageError> {
        let mut change = TipMove::default();
        let start = self.tip();
        while let Some(best) = self.better_tip() {
            let may_rest = self.tip() == start || self.headers.work(self.tip()) > self.headers.work(start);
            let enough = change.connected.len() >= CONNECTED_AT_ONCE_MAX;
            let disk_is_behind = self.overlay.bytes() > UNDURABLE_BYTES_MAX && outbox.is_waiting();
            if may_rest && (enough || disk_is_behind) {
                change.unfinished = true;
                change.waits_for_disk = disk_is_behind;
                break;
            }
            self.disconnect_to(self.fork_point(best), &mut change, outbox)?;
            if let Some(next) = self.next_towards(best) {
                self.connect_or_condemn(next, &mut change, outbox)?;
            }
        }
        if !change.connected.is_empty() || !change.disconnected.is_empty() {
            self.forget_lesser_candidates();
            outbox.commit().tip = Some(self.tip_id());
        }
        Ok(change)
    }

    /// A body, from memory or from the store.
    pub(super) fn body(&self, index: Index) -> Result<Option<CheckedBlock>, StorageError> {
        let id = self.headers.id(index);
        if let Some(block) = self.overlay.block(&id.hash) {
            return Ok(Some(block.clone()));
        }
        Ok(self.reader.block(id)?.map(|block| CheckedBlock::trusted(block, &self.params)))
    }

    /// Links a checked body to its ancestors, and what waited for it.
    pub(super) fn link(&mut self, index: Index) {
        let order = self.next_order;
        self.next_order += 1;
        let tip_work = self.headers.work(self.tip());
        for (linked, order) in self.headers.link(index, order) {
            let work = self.headers.work(linked);
            if work >= tip_work {
                self.candidates.insert(Candidate { work, first_checked: order.into() }, linked);
            }
        }
    }

    /// Evicts the least headers beside the best chain when there are too many. A header for which there is no room is
    /// as good as one whose parent is unknown.
    fn make_room_beside_best(&mut self, parent: Index) -> Result<(), Violation> {
        let Holding { held, cap, .. } = self.side_headers();
        if held < cap {
            return Ok(());
        }
        self.evictions += 1;
        let evicted = self.headers.evict(HEADERS_EVICTED_AT_ONCE, parent);
        if evicted > 0 { Ok(()) } else { Err(Violation::UnknownParent) }
    }

    /// Headers beside the best chain.
    pub(super) fn side_headers(&self) -> Holding {
        let best = self.headers.height(self.headers.best()).0 as usize;
        let beside = self.headers.len() - 1 - best;
        Holding::new("headers beside the best chain", beside, best + SIDE_HEADERS_MAX)
    }

    /// The candidate to follow, unless it is the tip already.
    fn better_tip(&self) -> Option<Index> {
        self.candidates.best().filter(|best| *best != self.tip())
    }

    fn forget_lesser_candidates(&mut self) {
        self.candidates.forget_below(self.headers.work(self.tip()));
    }

    fn next_towards(&self, best: Index) -> Option<Index> {
        let height = self.headers.height(self.tip()).next();
        (self.headers.height(best) >= height).then(|| self.headers.ancestor(best, height))
    }

    fn disconnect_to(
        &mut self,
        target: Index,
        change: &mut TipMove,
        outbox: &mut Outbox,
    ) -> Result<(), StorageError> {
        while self.tip() != target {
            let tip = self.tip();
            let block = self.body(tip)?;
            let undo = self.undo_of(tip)?;
            let (Some(block), Some(undo)) = (block, undo) else {
                return self.rebuild_to(target, change, outbox);
            };
            let step = Step::Disconnect(block.hash());
            self.reader.take_step(&mut self.ledger, step, |ledger| ledger.disconnect(&block, &undo));
            self.active.pop();
            note_disconnected(change, block);
        }
        Ok(())
    }

    /// Comes to `target` from genesis, when undo records that old are gone.
    fn rebuild_to(
        &mut self,
        target: Index,
        change: &mut TipMove,
        outbox: &mut Outbox,
    ) -> Result<(), StorageError> {
        while self.tip() != target {
            if let Some(block) = self.body(self.tip())? {
                note_disconnected(change, block);
            }
            self.active.pop();
        }
        self.ledger = Arc::new(Ledger::genesis(Arc::clone(&self.params)));
        for height in 1..=self.headers.height(target).0 {
            let index = self.active[height as usize];
            let block = self.body(index)?.ok_or_else(|| missing_body(self.headers.id(index)))?;
            let undo = self.execute(&block).map_err(|violation| broke_rule(block.id(), violation))?;
            if self.headers.height(target).since(block.height()) < UNDO_REBUILT_MAX {
                outbox.commit().undo.push((self.headers.id(index), undo));
            }
        }
        Ok(())
    }

    fn connect_or_condemn(
        &mut self,
        index: Index,
        change: &mut TipMove,
        outbox: &mut Outbox,
    ) -> Result<(), StorageError> {
        let id = self.headers.id(index);
        let Some(block) = self.body(index)? else {
            self.lose_body(index);
            return Ok(());
        };
        match self.execute(&block) {
            Ok(undo) => {
                outbox.commit().undo.push((id, undo));
                self.overlay.connected(&block, undo, outbox.pending_sequence());
                make_room(&mut self.active);
                self.active.push(index);
                self.share_settled_headers();
                // One a commit: each is the difference from the one before, which a second would push out.
                if outbox.commit().checkpoint.is_none() && self.ledger.is_checkpoint_due() {
                    outbox.commit().checkpoint = Some(self.take_checkpoint(id));
                }
                note_connected(change, block);
            }
            Err(violation) => {
                self.condemn(index, violation, outbox);
                change.invalid.push((id, violation));
            }
        }
        Ok(())
    }

    /// Checks the next block in its context and executes it. On a violation nothing changes.
    pub(super) fn execute(&mut self, block: &CheckedBlock) -> Result<Undo, Violation> {
        let step = Step::Connect(block.hash());
        self.reader.take_step(&mut self.ledger, step, |ledger| ledger.connect(block))
    }

    fn share_settled_headers(&mut self) {
        let settled = self.active[self.active.len().saturating_sub(SETTLED_DEPTH)];
        self.headers.settle(settled, |first, run| self.reader.take_step(run, Step::Settle(first), |_| ()));
    }

    fn take_checkpoint(&mut self, at: BlockId) -> Arc<CheckpointDelta> {
        let step = Step::Checkpoint(at.hash);
        self.reader.take_step(&mut self.ledger, step, |ledger| Arc::new(ledger.take_checkpoint(at)))
    }

    /// Takes a body that a damaged store has lost for one that was never here: it is fetched again, and then followed.
    fn lose_body(&mut self, index: Index) {
        self.headers.lose_body(index);
        let headers = &self.headers;
        self.candidates.retain(|index| headers.get(index).linked);
    }

    fn undo_of(&self, index: Index) -> Result<Option<Undo>, StorageError> {
        let id = self.headers.id(index);
        self.overlay.undo(&id.hash).map_or_else(|| self.reader.undo(id), |undo| Ok(Some(undo)))
    }

    /// Whether a body is here and was checked.
    pub(super) fn has_body(&self, index: Index) -> bool {
        matches!(self.headers.get(index).body, Body::Checked { .. })
    }

    /// Hash of the block at height 1, if there is one.
    pub(super) fn block_one(&self) -> Option<BlockHash> {
        self.at(Height(1)).map(|index| self.headers.id(index).hash)
    }
}

/// A block that was connected and disconnected in one go never left the branch that others saw.
fn note_disconnected(change: &mut TipMove, block: CheckedBlock) {
    if change.connected.last().is_some_and(|last| last.hash() == block.hash()) {
        change.connected.pop();
    } else {
        change.disconnected.push(block);
    }
}

/// Nor did a block that was disconnected and connected again.
fn note_connected(change: &mut TipMove, block: CheckedBlock) {
    let is_back = change.disconnected.last().is_some_and(|last| last.hash() == block.hash());
    if is_back && change.connected.is_empty() {
        change.disconnected.pop();
    } else {
        change.connected.push(block);
    }
}

fn missing_body(id: BlockId) -> StorageError {
    damaged(id, "its body is missing although the store had confirmed it")
}

fn broke_rule(id: BlockId, violation: Violation) -> StorageError {
    damaged(id, &format!("it was connected before, and now {violation}"))
}

fn damaged(id: BlockId, cause: &str) -> StorageError {
    StorageError::Damaged {
        path: "the store".into(),
        cause: format!("block {id:?}: {cause}"),
        next_step: "Run `cairn chain verify`, or `cairn chain reset` to fetch the chain from peers again"
            .into(),
    }
}
