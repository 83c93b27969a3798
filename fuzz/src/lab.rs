//! A node with everything around it played by the target: peers, clients, the disk, the checks and the clock.
//!
//! What must hold of each single call is asserted here; what must hold of the whole is the business of the target.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use cairn::consensus::Params;
use cairn::node::effect::{Verdict, VerifyJob};
use cairn::node::input::{GossipId, Purpose, RequestId, Ticket};
use cairn::node::message::{Gossip, MESSAGE_BYTES_MAX, SyncRequest, SyncResponse};
use cairn::node::serve::serve;
use cairn::node::verify::execute;
use cairn::node::{Answer, Effect, Input, Node, Now, Query, Template, View};
use cairn::primitives::codec::encoded_len;
use cairn::primitives::{Block, PeerId, Transaction};
use cairn::storage::{ChainStore, Commit, MemoryStore, Sequence};

/// Effects of one call at most. A call of these short lives connects a branch and asks a few peers.
const EFFECTS_MAX: usize = 2_000;

/// Longest question that a peer reads, in bytes.
const REQUEST_BYTES_MAX: usize = 1 << 20;

/// Wakes for one moment at most: a node that wishes to be woken again and again never rests.
const WAKES_MAX: u32 = 2_000;

/// A node and its surroundings.
#[derive(Debug)]
pub struct Lab {
    node: Node<MemoryStore>,
    store: MemoryStore,
    params: Arc<Params>,
    /// The moment, by both clocks.
    pub now: Now,
    /// Whether checks wait.
    pub checks_are_stuck: bool,
    /// Whether commits wait.
    pub disk_is_stuck: bool,
    /// What the node asked and nobody answered.
    pub asked: Vec<(PeerId, RequestId, SyncRequest)>,
    /// Answers to clients that nobody took.
    pub answers: BTreeMap<Ticket, Answer>,
    /// Peers whose connections the node closed, and who are connected no more.
    pub closed: Vec<PeerId>,
    /// Peers that the node banned.
    pub banned: BTreeSet<PeerId>,
    /// What the node published.
    pub published: Vec<Gossip>,
    /// Everything that was made to last, if wanted.
    pub log: Option<Vec<Commit>>,
    view: Option<Arc<View>>,
    template: Option<Arc<Template>>,
    checks: VecDeque<(Ticket, VerifyJob)>,
    commits: VecDeque<Commit>,
    sequence: Sequence,
    judged: BTreeSet<GossipId>,
    wake_at_ms: Option<u64>,
    next_name: u64,
}

impl Lab {
    /// A node on what a store holds, at this moment by the wall clock.
    pub fn open(params: &Arc<Params>, store: MemoryStore, now: Now, bans: BTreeMap<PeerId, u64>) -> Self {
        let stored = store.stored_chain();
        let opened =
            Node::open(Arc::clone(params), store.clone(), stored, bans, [5; 32], now, &mut |_, _| {});
        let (node, effects) = opened.expect("a store in memory can be read");
        let mut lab = Self {
            node,
            store,
            params: Arc::clone(params),
            now,
            checks_are_stuck: false,
            disk_is_stuck: false,
            asked: Vec::new(),
            answers: BTreeMap::new(),
            closed: Vec::new(),
            banned: BTreeSet::new(),
            published: Vec::new(),
            log: None,
            view: None,
            template: None,
            checks: VecDeque::new(),
            commits: VecDeque::new(),
            sequence: 0,
            judged: BTreeSet::new(),
            wake_at_ms: None,
            next_name: 1,
        };
        lab.carry_out(effects);
        lab.input(Input::WantTemplates(true));
        lab
    }

    /// The same node after a kill: what was not durable is lost.
    #[must_use]
    pub fn restarted(self) -> Self {
        let bans = self.view().bans.iter().copied().collect();
        Self::open(&self.params, self.store, self.now, bans)
    }

    /// What the node shows.
    pub fn view(&self) -> &View {
        self.view.as_ref().expect("a node shows where it is from the beginning")
    }

    /// What miners work on.
    pub fn template(&self) -> &Arc<Template> {
        self.template.as_ref().expect("a node has a template from the beginning")
    }

    /// Whether nothing waits for a check or for the disk.
    pub fn is_settled(&self) -> bool {
        self.checks.is_empty() && self.commits.is_empty()
    }

    /// A number that names nothing yet.
    pub fn name(&mut self) -> u64 {
        self.next_name += 1;
        self.next_name
    }

    /// Something happens, and what follows from it at once.
    pub fn input(&mut self, input: Input) {
        self.handle(input);
        self.settle();
    }

    /// Checks and commits what may go on, and wakes the node until it wishes to sleep.
    pub fn settle(&mut self) {
        let mut wakes = 0;
        loop {
            if let Some((ticket, job)) = self.checks.pop_front_unless(self.checks_are_stuck) {
                let result = execute(&job, &self.params);
                self.handle(Input::Verified { ticket, result });
            } else if let Some(commit) = self.commits.pop_front_unless(self.disk_is_stuck) {
                let sequence = commit.sequence;
                self.log.iter_mut().for_each(|log| log.push(commit.clone()));
                self.store.commit(&[commit]).expect("a store in memory takes every commit");
                self.handle(Input::Durable { sequence });
            } else if self.wake_at_ms.is_some_and(|at| at <= self.now.monotonic_ms) {
                wakes += 1;
                assert!(wakes < WAKES_MAX, "a node rests some time");
                self.wake_at_ms = None;
                self.handle(Input::Wake);
            } else {
                return;
            }
        }
    }

    /// The next moment at which the node wishes to be woken, if it comes within so many milliseconds; else their end.
    /// True when the time is over.
    pub fn pass_until_woken(&mut self, end_ms: u64) -> bool {
        let at_ms = self.wake_at_ms.unwrap_or(end_ms).clamp(self.now.monotonic_ms, end_ms);
        self.now.wall_ms += at_ms - self.now.monotonic_ms;
        self.now.monotonic_ms = at_ms;
        self.settle();
        at_ms == end_ms
    }

    /// A peer forwards a message.
    pub fn gossip(&mut self, peer: PeerId, gossip: Gossip) {
        let message = self.name();
        self.input(Input::Gossip { peer, message, gossip });
    }

    /// Hands a block over as a client does; the answer comes under this ticket.
    pub fn submit_block(&mut self, block: Arc<Block>) -> Ticket {
        let ticket = self.name();
        self.input(Input::SubmitBlock { ticket, block });
        ticket
    }

    /// Hands a transaction over as a client does.
    pub fn submit_transaction(&mut self, transaction: Transaction) -> Ticket {
        let ticket = self.name();
        let transactions = vec![Arc::new(transaction)];
        self.input(Input::SubmitTransactions { ticket, transactions, purpose: Purpose::Admit });
        ticket
    }

    /// Asks, while the disk is not stuck.
    pub fn ask(&mut self, query: Query) -> Answer {
        let ticket = self.name();
        self.input(Input::Query { ticket, query });
        self.answers.remove(&ticket).expect("a question is answered")
    }

    fn handle(&mut self, input: Input) {
        let effects = self.node.handle(self.now, input).expect("a store in memory can be read");
        assert!(effects.len() <= EFFECTS_MAX, "{} effects of one call", effects.len());
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Verify { ticket, job } => self.checks.push_back((ticket, job)),
                Effect::Commit(commit) => {
                    self.sequence += 1;
                    assert_eq!(commit.sequence, self.sequence, "commits are numbered without a gap");
                    self.commits.push_back(commit);
                }
                Effect::Publish(gossip) => self.published.push(gossip),
                Effect::Verdict { message, verdict } => self.judge(message, verdict),
                Effect::Request { peer, request, body } => {
                    assert!(encoded_len(&body) <= REQUEST_BYTES_MAX, "a peer reads no such question");
                    self.asked.push((peer, request, body));
                }
                Effect::Respond { body, .. } => assert_sendable(&body),
                Effect::Serve { what, .. } => {
                    assert_sendable(&serve(&self.store, &what).expect("a store in memory can be read"));
                }
                Effect::Disconnect { peer, .. } => self.closed.push(peer),
                Effect::Ban { peer, .. } => {
                    self.banned.insert(peer);
                    self.closed.push(peer);
                }
                Effect::Template(template) => self.template = Some(template),
                Effect::View(view) => self.view = Some(view),
                Effect::Event(_) => {}
                Effect::Answer { ticket, answer } => {
                    assert!(self.answers.insert(ticket, answer).is_none(), "a client has one answer");
                }
                Effect::WakeAt(at_ms) => self.wake_at_ms = Some(at_ms),
            }
        }
    }

    fn judge(&mut self, message: GossipId, _: Verdict) {
        assert!(message <= self.next_name, "only what came is judged");
        assert!(self.judged.insert(message), "a message has one verdict");
    }
}

fn assert_sendable(body: &SyncResponse) {
    assert!(encoded_len(body) <= MESSAGE_BYTES_MAX, "a peer reads no such answer");
}

/// A queue that may be held up.
trait Queue<T> {
    fn pop_front_unless(&mut self, stuck: bool) -> Option<T>;
}

impl<T> Queue<T> for VecDeque<T> {
    fn pop_front_unless(&mut self, stuck: bool) -> Option<T> {
        if stuck { None } else { self.pop_front() }
    }
}
