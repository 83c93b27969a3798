//! The core with everything around it played: what it wants done is done at once and in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cairn::consensus::{Params, Violation};
use cairn::node::message::MESSAGE_BYTES_MAX;
use cairn::node::query::BlockOutcome;
use cairn::node::verify::execute;
use cairn::node::{Answer, Effect, Event, Input, Node, Now, View};
use cairn::primitives::{Block, BlockHash, Timestamp, codec};
use cairn::storage::{ChainStore, MemoryStore};

/// Long after genesis: what is made lies in the past, unless it is meant not to.
const WALL_MS: u64 = (1_767_225_600 + 10_000_000) * 1_000;
/// How often a node looks at what is due.
const DUE_EVERY_SECONDS: u32 = 2;

/// A node without threads, sockets and disk.
pub(crate) struct Host {
    node: Node<MemoryStore>,
    params: Arc<Params>,
    store: MemoryStore,
    now: Now,
    view: Option<Arc<View>>,
    wake_at_ms: Option<u64>,
    answer: Option<BlockOutcome>,
    invalid: Vec<(BlockHash, Violation)>,
}

impl Host {
    /// A new node of a network.
    pub(crate) fn new(params: &Params) -> Self {
        let now = Now { monotonic_ms: 1_000, wall_ms: WALL_MS };
        let (params, store) = (Arc::new(params.clone()), MemoryStore::default());
        let opened = Node::open(
            Arc::clone(&params),
            store.clone(),
            store.stored_chain(),
            BTreeMap::new(),
            [5; 32],
            now,
            &mut |_, _| {},
        );
        let (node, effects) = opened.expect("a store in memory can be read");
        let mut host = Self {
            node,
            params,
            store,
            now,
            view: None,
            wake_at_ms: None,
            answer: None,
            invalid: Vec::new(),
        };
        let mut inputs = VecDeque::new();
        host.carry_out(effects, &mut inputs);
        host.handle(inputs);
        host
    }

    /// Its clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.now.timestamp()
    }

    /// Its tip.
    pub(crate) fn tip(&self) -> BlockHash {
        self.view.as_ref().expect("a node shows where it is from the beginning").tip.id.hash
    }

    /// Blocks that it found invalid since it was last asked.
    pub(crate) fn found_invalid(&mut self) -> Vec<(BlockHash, Violation)> {
        std::mem::take(&mut self.invalid)
    }

    /// Hands it bytes as a client would; answers the verdict as transcripts name it.
    pub(crate) fn deliver(&mut self, bytes: &[u8]) -> &'static str {
        let Ok(block) = codec::decode::<Block>(bytes, MESSAGE_BYTES_MAX) else { return "undecodable" };
        self.handle(VecDeque::from([Input::SubmitBlock { ticket: 1, block: Arc::new(block) }]));
        self.rest();
        match self.answer.take().expect("a block is answered by what became of it") {
            BlockOutcome::Connected | BlockOutcome::SideBranch => "accepted",
            BlockOutcome::Duplicate => "known",
            BlockOutcome::Invalid(Violation::UnknownParent) => "orphan",
            BlockOutcome::Invalid(Violation::TimeTooFarAhead) => "kept",
            BlockOutcome::Invalid(violation) => violation.name(),
        }
    }

    /// Lets the clock go on to a moment, and until it looked at what is due then.
    pub(crate) fn wait_until(&mut self, moment: Timestamp) {
        let seconds = moment.since(self.now()).max(0).unsigned_abs() + u64::from(DUE_EVERY_SECONDS);
        self.pass(seconds * 1_000);
    }

    fn handle(&mut self, mut inputs: VecDeque<Input>) {
        while let Some(input) = inputs.pop_front() {
            let effects = self.node.handle(self.now, input).expect("a store in memory can be read");
            self.carry_out(effects, &mut inputs);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>, inputs: &mut VecDeque<Input>) {
        for effect in effects {
            match effect {
                Effect::Verify { ticket, job } => {
                    inputs.push_back(Input::Verified { ticket, result: execute(&job, &self.params) });
                }
                Effect::Commit(commit) => {
                    self.store.commit(std::slice::from_ref(&commit)).expect("memory takes everything");
                    inputs.push_back(Input::Durable { sequence: commit.sequence });
                }
                Effect::View(view) => self.view = Some(view),
                Effect::Event(Event::BlockInvalid { id, violation }) => {
                    self.invalid.push((id.hash, violation));
                }
                Effect::Answer { answer: Answer::Block(outcome), .. } => self.answer = Some(outcome),
                Effect::WakeAt(at_ms) => self.wake_at_ms = Some(at_ms),
                // Nobody is connected, and nobody else asks.
                Effect::Event(_)
                | Effect::Answer { .. }
                | Effect::Publish(_)
                | Effect::Respond { .. }
                | Effect::Template(_)
                | Effect::Verdict { .. }
                | Effect::Request { .. }
                | Effect::Serve { .. }
                | Effect::Disconnect { .. }
                | Effect::Ban { .. } => {}
            }
        }
    }

    /// Lets time pass, waking the node as often as it wishes.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.now.monotonic_ms + milliseconds;
        while let Some(at_ms) = self.wake_at_ms.filter(|at_ms| *at_ms <= end) {
            self.wake_at_ms = None;
            self.step_to(at_ms.max(self.now.monotonic_ms));
            self.handle(VecDeque::from([Input::Wake]));
        }
        self.step_to(end);
    }

    /// Lets it do what it put off for a moment, such as the rest of a long branch.
    fn rest(&mut self) {
        while self.wake_at_ms.is_some_and(|at_ms| at_ms <= self.now.monotonic_ms + 1) {
            self.pass(1);
        }
    }

    fn step_to(&mut self, monotonic_ms: u64) {
        self.now.wall_ms += monotonic_ms - self.now.monotonic_ms;
        self.now.monotonic_ms = monotonic_ms;
    }
}
