//! The node as it runs, on one thread: the very store, index and core, whose effects are carried out at once.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use cairn::consensus::Params;
use cairn::node::query::BlockOutcome;
use cairn::node::{Answer, Effect, Input, Node, Now, verify};
use cairn::primitives::{Block, BlockId};
use cairn::storage::{
    ChainStore, OpenOptions, OpenReport, Opened, Records, SledReader, SledStore, StorageError, StoredChain,
    Thresholds, WalletIndex,
};

/// After the time of every block of the story.
const WALL_MS: u64 = 4_000_000_000_000;

/// Small enough for 200 blocks to bring everything about that otherwise takes days.
pub(crate) const THRESHOLDS: Thresholds = Thresholds {
    segment_bytes: 16 << 10,
    kept_bytes: 48 << 10,
    body_file_bytes: 24 << 10,
    database_segment_bytes: 64 << 10,
    sync_bytes: 256 << 10,
    sync_groups: 40,
    index_blocks: 5,
};

/// How the node opens a folder, but for the thresholds.
pub(crate) fn options(folder: &Path, params: &Params) -> OpenOptions {
    OpenOptions { thresholds: THRESHOLDS, ..OpenOptions::new(folder, params.genesis_hash()) }
}

/// A node without network and threads of its own.
pub(crate) struct SmallNode {
    pub(crate) core: Node<SledReader>,
    pub(crate) store: SledStore,
    pub(crate) index: WalletIndex,
    pub(crate) records: Records,
    pub(crate) stored: StoredChain,
    pub(crate) report: OpenReport,
    /// The durable tip.
    pub(crate) tip: BlockId,
    params: Arc<Params>,
    now_ms: u64,
    wake_at_ms: Option<u64>,
    outcome: Option<BlockOutcome>,
}

impl SmallNode {
    pub(crate) fn open(folder: &Path, params: &Arc<Params>) -> Result<Self, StorageError> {
        let Opened { mut store, chain, records, report } = options(folder, params).open()?;
        let index = store.start_index(false)?;
        let now = Now { monotonic_ms: 0, wall_ms: WALL_MS };
        let (reader, bans) = (store.reader(), BTreeMap::new());
        let (core, effects) =
            Node::open(Arc::clone(params), reader, chain.clone(), bans, [7; 32], now, &mut |_, _| {})?;
        let tip = BlockId { height: cairn::primitives::Height::GENESIS, hash: params.genesis_hash() };
        let (now_ms, wake_at_ms, outcome, params) = (0, None, None, Arc::clone(params));
        let mut node = Self {
            core,
            store,
            index,
            records,
            stored: chain,
            report,
            tip,
            params,
            now_ms,
            wake_at_ms,
            outcome,
        };
        node.carry_out(effects)?;
        Ok(node)
    }

    /// Hands it a block, and waits for what becomes of it.
    pub(crate) fn submit(&mut self, block: &Arc<Block>) -> Result<Option<BlockOutcome>, StorageError> {
        let effects = self.handle(Input::SubmitBlock { ticket: 1, block: Arc::clone(block) })?;
        self.carry_out(effects)?;
        Ok(self.outcome.take())
    }

    fn handle(&mut self, input: Input) -> Result<Vec<Effect>, StorageError> {
        self.core.handle(Now { monotonic_ms: self.now_ms, wall_ms: WALL_MS + self.now_ms }, input)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<(), StorageError> {
        let mut effects = VecDeque::from(effects);
        loop {
            let Some(effect) = effects.pop_front() else {
                // What goes on in a moment goes on now; what waits for peers does not.
                let Some(soon) = self.wake_at_ms.take_if(|at| *at <= self.now_ms + 5) else { return Ok(()) };
                self.now_ms = soon;
                effects.extend(self.handle(Input::Wake)?);
                continue;
            };
            let input = match effect {
                Effect::Commit(commit) => {
                    self.store.commit(std::slice::from_ref(&commit))?;
                    Input::Durable { sequence: commit.sequence }
                }
                Effect::Verify { ticket, job } => {
                    Input::Verified { ticket, result: verify::execute(&job, &self.params) }
                }
                Effect::View(view) => {
                    self.tip = view.tip.id;
                    continue;
                }
                Effect::Answer { answer: Answer::Block(outcome), .. } => {
                    self.outcome = Some(outcome);
                    continue;
                }
                Effect::WakeAt(at) => {
                    self.wake_at_ms = Some(at);
                    continue;
                }
                // Nobody else is there.
                Effect::Publish(_)
                | Effect::Verdict { .. }
                | Effect::Request { .. }
                | Effect::Respond { .. }
                | Effect::Serve { .. }
                | Effect::Disconnect { .. }
                | Effect::Ban { .. }
                | Effect::Template(_)
                | Effect::Event(_)
                | Effect::Answer { .. } => continue,
            };
            effects.extend(self.handle(input)?);
        }
    }

    /// Stops it as a node stops.
    pub(crate) fn close(self) -> Result<(), StorageError> {
        let Self { store, core, index, records, .. } = self;
        drop((core, index));
        store.close()?;
        records.sync()
    }
}
