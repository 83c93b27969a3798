//! The core with everything around it played: peers, clients, the disk, the checks and the clock. What it wants done
//! is done at once and in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cairn::consensus::{Params, Violation};
use cairn::node::effect::Verdict as GossipVerdict;
use cairn::node::input::{GossipId, Purpose, RequestId, Ticket};
use cairn::node::message::{Gossip, MESSAGE_BYTES_MAX, Status, SyncRequest, SyncResponse};
use cairn::node::query::{AccountView, BlockOutcome, BlockPlace, Rejection, Supply};
use cairn::node::serve::serve;
use cairn::node::verify::execute;
use cairn::node::{Answer, Effect, Event, Input, Node, Now, Query, View};
use cairn::primitives::{Address, Block, BlockHash, PeerId, Timestamp, Transaction, TransactionId, codec};
use cairn::storage::{ChainStore, Commit};

use crate::shelf::Shelf;
use crate::stage::{Stage, Verdict};

/// Long after genesis: test chains of any length lie in the past.
const WALL_MS: u64 = (1_767_225_600 + 10_000_000) * 1_000;

/// A node without threads, sockets and disk.
pub(crate) struct Host {
    node: Node<Shelf>,
    params: Arc<Params>,
    shelf: Shelf,
    now: Now,
    view: Option<Arc<View>>,
    next_name: u64,
    wake_at_ms: Option<u64>,
    answers: BTreeMap<Ticket, Answer>,
    invalid: Vec<(BlockHash, Violation)>,
    /// Every commit, as long as it lives.
    pub(crate) commits: Vec<Commit>,
    /// What peers were asked and have not answered.
    pub(crate) asked: Vec<(PeerId, RequestId, SyncRequest)>,
    /// What it answered them.
    answered: BTreeMap<RequestId, SyncResponse>,
    pub(crate) verdicts: BTreeMap<GossipId, GossipVerdict>,
    pub(crate) banned: Vec<PeerId>,
    pub(crate) hung_up: Vec<PeerId>,
}

impl Host {
    /// A new node of a network.
    pub(crate) fn new(params: &Params) -> Self {
        Self::on(params, Shelf::default())
    }

    /// A node on what a store holds.
    pub(crate) fn on(params: &Params, shelf: Shelf) -> Self {
        let now = Now { monotonic_ms: 1_000, wall_ms: WALL_MS };
        Self::open(Arc::new(params.clone()), shelf, now)
    }

    fn open(params: Arc<Params>, shelf: Shelf, now: Now) -> Self {
        let stored = shelf.store.stored_chain();
        let bans = BTreeMap::new();
        let opened =
            Node::open(Arc::clone(&params), shelf.clone(), stored, bans, [5; 32], now, &mut |_, _| {});
        let (node, effects) = opened.expect("a store in memory can be read");
        let mut host = Self {
            node,
            params,
            shelf,
            now,
            view: None,
            next_name: 0,
            wake_at_ms: None,
            answers: BTreeMap::new(),
            invalid: Vec::new(),
            commits: Vec::new(),
            asked: Vec::new(),
            answered: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            banned: Vec::new(),
            hung_up: Vec::new(),
        };
        let mut inputs = VecDeque::new();
        host.carry_out(effects, &mut inputs);
        host.inputs(inputs);
        host.rest();
        host
    }

    /// Something happens; everything that follows from it at once is done.
    pub(crate) fn input(&mut self, input: Input) {
        self.inputs(VecDeque::from([input]));
    }

    fn inputs(&mut self, mut inputs: VecDeque<Input>) {
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
                    self.shelf.commit(std::slice::from_ref(&commit)).expect("memory takes everything");
                    inputs.push_back(Input::Durable { sequence: commit.sequence });
                    self.commits.push(commit);
                }
                Effect::Verdict { message, verdict } => {
                    assert_eq!(self.verdicts.insert(message, verdict), None, "a message has one verdict");
                }
                Effect::Request { peer, request, body } => self.asked.push((peer, request, body)),
                Effect::Serve { request, what, .. } => {
                    let answer = serve(&self.shelf, &what).expect("a store in memory can be read");
                    self.answered.insert(request, answer);
                }
                Effect::Respond { request, body, .. } => {
                    self.answered.insert(request, body);
                }
                Effect::Disconnect { peer, .. } => {
                    self.hung_up.push(peer);
                    inputs.push_back(self.gone(peer));
                }
                Effect::Ban { peer, .. } => {
                    self.banned.push(peer);
                    inputs.push_back(self.gone(peer));
                }
                Effect::View(view) => self.view = Some(view),
                Effect::Event(Event::BlockInvalid { id, violation }) => {
                    self.invalid.push((id.hash, violation));
                }
                Effect::Answer { ticket, answer } => {
                    self.answers.insert(ticket, answer);
                }
                Effect::WakeAt(at_ms) => self.wake_at_ms = Some(at_ms),
                Effect::Event(_) | Effect::Publish(_) | Effect::Template(_) => {}
            }
        }
    }

    /// All connections to a peer are closed.
    fn gone(&mut self, peer: PeerId) -> Input {
        self.asked.retain(|(asked, _, _)| *asked != peer);
        Input::PeerDisconnected { peer }
    }

    /// Lets time pass, waking the node as often as it wishes.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        let end = self.now.monotonic_ms + milliseconds;
        while let Some(at_ms) = self.wake_at_ms.filter(|at_ms| *at_ms <= end) {
            self.wake_at_ms = None;
            self.step_to(at_ms.max(self.now.monotonic_ms));
            self.input(Input::Wake);
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

    fn name(&mut self) -> u64 {
        self.next_name += 1;
        self.next_name
    }

    fn ask(&mut self, query: Query) -> Answer {
        let ticket = self.name();
        self.input(Input::Query { ticket, query });
        self.answers.remove(&ticket).expect("a question is answered")
    }

    /// How a block stands, if its header is known.
    pub(crate) fn place(&mut self, hash: BlockHash) -> Option<BlockPlace> {
        let Answer::BlockPlace(place) = self.ask(Query::BlockByHash(hash)) else {
            panic!("a block is asked for")
        };
        place
    }

    /// Hands a block over as a client would.
    pub(crate) fn submit_block(&mut self, block: Block) -> Verdict {
        let ticket = self.name();
        self.input(Input::SubmitBlock { ticket, block: Arc::new(block) });
        self.rest();
        match self.answers.remove(&ticket) {
            Some(Answer::Block(BlockOutcome::Connected | BlockOutcome::SideBranch)) => Verdict::Accepted,
            Some(Answer::Block(BlockOutcome::Duplicate)) => Verdict::Known,
            Some(Answer::Block(BlockOutcome::Invalid(violation))) => Verdict::of(violation),
            other => panic!("a block is answered by what became of it, not {other:?}"),
        }
    }

    /// Hands a transaction over as a client would.
    pub(crate) fn submit(&mut self, transaction: &Transaction) -> Result<TransactionId, Rejection> {
        let ticket = self.name();
        let transactions = vec![Arc::new(transaction.clone())];
        self.input(Input::SubmitTransactions { ticket, transactions, purpose: Purpose::Admit });
        match self.answers.remove(&ticket) {
            Some(Answer::Transactions(mut verdicts)) => verdicts.remove(0),
            other => panic!("a transaction is answered by its verdict, not {other:?}"),
        }
    }

    /// A peer connects and says that it stands at a block.
    pub(crate) fn meet(&mut self, peer: PeerId, status: Status) {
        self.input(Input::PeerConnected { peer, outbound: false });
        let request = self.name();
        let status = Status { time: self.now.wall_ms / 1_000, ..status };
        self.input(Input::Request { peer, request, body: SyncRequest::Status(status) });
    }

    /// A peer gossips; answers the verdict, if there is one already.
    pub(crate) fn gossip(&mut self, peer: PeerId, gossip: Gossip) -> Option<GossipVerdict> {
        let message = self.name();
        self.input(Input::Gossip { peer, message, gossip });
        self.verdicts.get(&message).copied()
    }

    /// A peer asks; gives the answer.
    pub(crate) fn question(&mut self, peer: PeerId, body: SyncRequest) -> SyncResponse {
        let request = self.name();
        self.input(Input::Request { peer, request, body });
        self.answered.remove(&request).expect("a question is answered")
    }

    /// A peer answers.
    pub(crate) fn answer(&mut self, peer: PeerId, request: RequestId, body: SyncResponse) {
        self.input(Input::Response { peer, request, body: Ok(body) });
    }

    /// What a peer has against it: 0 is good. Nothing when it is not connected.
    pub(crate) fn score(&self, peer: PeerId) -> Option<i64> {
        let peers = &self.view.as_ref()?.peers;
        peers.iter().find(|view| view.peer == peer).map(|view| view.score.round() as i64)
    }
}

impl Stage for Host {
    fn now(&self) -> Timestamp {
        self.now.timestamp()
    }

    fn deliver(&mut self, bytes: &[u8]) -> Verdict {
        match codec::decode::<Block>(bytes, MESSAGE_BYTES_MAX) {
            Ok(block) => self.submit_block(block),
            Err(_) => Verdict::Undecodable,
        }
    }

    fn drift_seconds(&self) -> u32 {
        0
    }

    fn send(&mut self, transaction: &[u8]) -> Result<(), String> {
        let decoded = codec::decode::<Transaction>(transaction, MESSAGE_BYTES_MAX);
        let transaction = decoded.map_err(|_| "undecodable".to_owned())?;
        self.submit(&transaction).map(|_| ()).map_err(|rejection| rejection.reason.to_owned())
    }

    fn tip(&mut self) -> BlockHash {
        self.view.as_ref().expect("a node shows where it is from the beginning").tip.id.hash
    }

    fn found_invalid(&mut self) -> Vec<(BlockHash, Violation)> {
        std::mem::take(&mut self.invalid)
    }

    fn wait_until(&mut self, moment: Timestamp) {
        // What is due is looked at every two seconds.
        let seconds = moment.since(self.now()).max(0).unsigned_abs() + 2;
        self.pass(seconds * 1_000);
    }

    fn restart(&mut self) {
        *self = Self::open(Arc::clone(&self.params), self.shelf.clone(), self.now);
    }

    fn forget_undo_below(&mut self, blocks: u32) {
        self.shelf.forget_undo_below(blocks);
    }

    fn account(&mut self, address: Address) -> AccountView {
        let Answer::Account(account) = self.ask(Query::Account(address)) else {
            panic!("an account is asked for")
        };
        account
    }

    fn supply(&mut self) -> Supply {
        let Answer::Supply(supply) = self.ask(Query::Supply) else { panic!("a supply is asked for") };
        supply
    }
}
