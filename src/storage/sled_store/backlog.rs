//! What was accepted and is not in the database yet: a bounded queue for the thread that writes there, and an overlay
//! that readers look in first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;

use crate::consensus::undo::Undo;
use crate::primitives::{Block, BlockId};
use crate::storage::chain_store::StorageError;
use crate::storage::commit::{CheckpointDelta, Commit, StoredHeader};
use crate::storage::journal::{Group, Position};

/// Weight of what may wait before whoever brings more must wait too, in bytes of memory, roughly.
const WEIGHT_MAX: usize = 64 << 20;
/// Groups that may wait, should they be small.
const GROUPS_MAX: usize = 4_096;
/// The share of either that waits, while more keeps coming, for a quiet moment: until blocks are durable and their
/// news is out, the cores have better things to do than what the journal has done already.
const WAITING_SHARE: usize = 2;
/// Time without another group after which it is quiet.
const QUIET: Duration = Duration::from_millis(100);
/// Bytes of groups that are written together, should they be small: the database syncs for each time, and not for each
/// group.
const TOGETHER_BYTES_MAX: usize = 512 << 10;
/// What a header, or the name of a body, weighs in the overlay, in bytes.
const HEADER_WEIGHT: usize = 256;
/// What a transaction weighs: itself in the overlay, and its bytes in the queue.
const TRANSACTION_WEIGHT: usize = 384;
/// What an output beyond that weighs, in bytes.
const OUTPUT_WEIGHT: usize = 128;

/// Shared by the store, its readers and its thread.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
    /// Something was queued, or the store is closing.
    work: Condvar,
    /// Something was written, or writing failed.
    room: Condvar,
}

/// A group that is durable in the journal and on its way into the database.
#[derive(Debug)]
pub(super) struct Pending {
    /// The entries, as the journal has them.
    pub(super) records: Group,
    /// Where the journal ends with this group.
    pub(super) end: Position,
    /// Checkpoints, in order.
    pub(super) checkpoints: Vec<Arc<CheckpointDelta>>,
    /// The tip after the group, if it changes.
    pub(super) tip: Option<BlockId>,
    /// What it shows in the overlay.
    pub(super) shown: Shown,
}

/// The names under which commits are shown in the overlay.
#[derive(Debug, Default)]
pub(super) struct Shown {
    headers: Vec<BlockId>,
    blocks: Vec<BlockId>,
    undo: Vec<BlockId>,
    weight: usize,
}

/// What the writing thread should do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Write these, of which there is one at least.
    Write(Vec<Arc<Pending>>),
    /// Nothing came for a while.
    Idle,
    /// All is written and no more will come.
    Close,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Arc<Pending>>,
    headers: HashMap<BlockId, StoredHeader, RandomState>,
    blocks: HashMap<BlockId, Arc<Block>, RandomState>,
    undo: HashMap<BlockId, Undo, RandomState>,
    weight: usize,
    /// Whether a group came since the database's thread last looked.
    has_news: bool,
    is_closing: bool,
    failure: Option<StorageError>,
}

impl Shown {
    /// What commits show.
    pub(super) fn of(commits: &[Commit]) -> Self {
        Self {
            headers: commits.iter().flat_map(|commit| &commit.headers).map(|header| header.id).collect(),
            blocks: commits.iter().flat_map(|commit| &commit.bodies).map(|(id, _)| *id).collect(),
            undo: commits.iter().flat_map(|commit| &commit.undo).map(|(id, _)| *id).collect(),
            weight: commits.iter().map(weight_of).sum(),
        }
    }
}

impl Backlog {
    /// Shows a group to readers; waits while too much is queued.
    pub(super) fn show(&self, group: &[Commit]) {
        let mut state = self.wait_while(|state| state.weight > WEIGHT_MAX && !state.queue.is_empty());
        for commit in group {
            state.show(commit);
        }
    }

    /// Queues a group for the database; waits while too many are queued.
    pub(super) fn push(&self, pending: Pending) -> Result<(), StorageError> {
        let mut state = self.wait_while(|state| state.queue.len() >= GROUPS_MAX);
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        state.queue.push_back(Arc::new(pending));
        state.has_news = true;
        self.work.notify_one();
        Ok(())
    }

    /// Waits for the next groups, and for a moment that is good for writing them; [`Next::Idle`] after `patience` without
    /// one.
    pub(super) fn next(&self, patience: Duration) -> Next {
        let is_idle = |state: &mut State| state.queue.is_empty() && !state.is_closing;
        let waited = self.work.wait_timeout_while(self.state(), patience, is_idle);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let state = self.wait_for_quiet(state);
        let mut bytes = 0;
        let fit = |pending: &&Arc<Pending>| {
            let is_first = bytes == 0;
            bytes += pending.records.len();
            is_first || bytes <= TOGETHER_BYTES_MAX
        };
        let together: Vec<_> = state.queue.iter().take_while(fit).map(Arc::clone).collect();
        if !together.is_empty() {
            Next::Write(together)
        } else if state.is_closing {
            Next::Close
        } else {
            Next::Idle
        }
    }

    /// Drops so many groups at the front of the queue from the overlay: the database has them.
    pub(super) fn written(&self, groups: usize) {
        let mut state = self.state();
        (0..groups).for_each(|_| state.forget_first());
        self.room.notify_all();
    }

    /// Remembers an error for good.
    pub(super) fn fail(&self, error: StorageError) {
        self.state().failure.get_or_insert(error);
        self.room.notify_all();
    }

    /// The error that ended this store, if one did.
    pub(super) fn failure(&self) -> Result<(), StorageError> {
        self.state().failure.clone().map_or(Ok(()), Err)
    }

    /// Lets the writing thread end when all is written.
    pub(super) fn close(&self) {
        self.state().is_closing = true;
        self.work.notify_all();
    }

    /// A header that is on its way.
    pub(super) fn header(&self, id: BlockId) -> Option<StoredHeader> {
        self.state().headers.get(&id).copied()
    }

    /// A body that is on its way.
    pub(super) fn block(&self, id: BlockId) -> Option<Arc<Block>> {
        self.state().blocks.get(&id).cloned()
    }

    /// An undo record that is on its way.
    pub(super) fn undo(&self, id: BlockId) -> Option<Undo> {
        self.state().undo.get(&id).copied()
    }

    /// Waits for the database's thread, as long as it works.
    fn wait_while(&self, is_full: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waits = |state: &mut State| is_full(state) && state.failure.is_none();
        self.room.wait_while(self.state(), waits).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while groups keep coming and there is room for more.
    fn wait_for_quiet<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        while state.has_news && state.has_time() {
            state.has_news = false;
            let waits = |state: &mut State| !state.has_news && state.has_time();
            let waited = self.work.wait_timeout_while(state, QUIET, waits);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether what is queued may go on waiting.
    fn has_time(&self) -> bool {
        let has_room =
            self.weight < WEIGHT_MAX / WAITING_SHARE && self.queue.len() < GROUPS_MAX / WAITING_SHARE;
        has_room && !self.is_closing && !self.queue.is_empty()
    }

    fn forget_first(&mut self) {
        let Some(pending) = self.queue.pop_front() else { return };
        for id in &pending.shown.headers {
            self.headers.remove(id);
        }
        for id in &pending.shown.blocks {
            self.blocks.remove(id);
        }
        for id in &pending.shown.undo {
            self.undo.remove(id);
        }
        self.weight = self.weight.saturating_sub(pending.shown.weight);
    }

    fn show(&mut self, commit: &Commit) {
        self.weight += weight_of(commit);
        self.headers.extend(commit.headers.iter().map(|header| (header.id, *header)));
        self.blocks.extend(commit.bodies.iter().map(|(id, block)| (*id, Arc::clone(block))));
        self.undo.extend(commit.undo.iter().copied());
    }
}

fn weight_of(commit: &Commit) -> usize {
    let transactions = commit.bodies.iter().flat_map(|(_, block)| block.transactions.iter());
    let weights =
        transactions.map(|transaction| TRANSACTION_WEIGHT + transaction.outputs().len() * OUTPUT_WEIGHT);
    let names = commit.headers.len() + commit.bodies.len() + commit.undo.len();
    weights.sum::<usize>() + names * HEADER_WEIGHT
}
