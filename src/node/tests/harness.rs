//! Alice's node with everything around it played by the test: peers, clients, the disk, the checks and the clock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::chains::{WALL_MS, honest, status_of};
use crate::consensus::params::Params;
use crate::consensus::testing::{TestChain, easy_params};
use crate::consensus::undo::Undo;
use crate::node::effect::{Effect, Verdict, VerifyJob};
use crate::node::event::TipChange;
use crate::node::input::{GossipId, Purpose, RequestFailure, RequestId, Ticket};
use crate::node::message::{CompactBlock, Gossip, Status, SyncRequest, SyncResponse};
use crate::node::query::{BlockOutcome, Rejection, Supply};
use crate::node::serve::serve;
use crate::node::verify::execute;
use crate::node::{Answer, Event, Input, Node, Now, Query, Template, View};
use crate::primitives::{Block, BlockHash, BlockId, List, PeerId, Transaction, TransactionId};
use crate::storage::{ChainReader, ChainStore, Commit, MemoryStore, StorageError, StoredChain, StoredHeader};

pub(super) const BOB: PeerId = PeerId([2; 32]);
pub(super) const CAROL: PeerId = PeerId([3; 32]);
pub(super) const DAVE: PeerId = PeerId([4; 32]);
pub(super) const ERIN: PeerId = PeerId([5; 32]);

/// A store that may have lost things.
#[derive(Debug, Clone, Default)]
pub(super) struct Reader {
    pub(super) store: MemoryStore,
    pub(super) lost_bodies: Vec<BlockId>,
    pub(super) lost_all_undo: bool,
}

impl ChainReader for Reader {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        self.store.header(id)
    }
    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        if self.lost_bodies.contains(&id) { Ok(None) } else { self.store.block(id) }
    }
    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        if self.lost_all_undo { Ok(None) } else { self.store.undo(id) }
    }
}

/// What the node did since it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) asked: Vec<(PeerId, RequestId, SyncRequest)>,
    pub(super) responses: Vec<(PeerId, SyncResponse)>,
    pub(super) verdicts: BTreeMap<GossipId, Verdict>,
    pub(super) published: Vec<Gossip>,
    pub(super) answers: BTreeMap<Ticket, Answer>,
    pub(super) events: Vec<Event>,
    pub(super) jobs: Vec<VerifyJob>,
    /// Bodies in the order in which they were fully checked.
    pub(super) checked: Vec<BlockHash>,
    pub(super) hung_up: Vec<PeerId>,
    pub(super) banned: Vec<PeerId>,
}

/// Alice's node.
#[derive(Debug)]
pub(super) struct Lab {
    pub(super) node: Node<Reader>,
    pub(super) store: MemoryStore,
    pub(super) params: Arc<Params>,
    pub(super) now: Now,
    pub(super) seen: Seen,
    pub(super) view: Option<Arc<View>>,
    pub(super) template: Option<Arc<Template>>,
    /// Whether commits and checks wait until the test lets them go on.
    pub(super) disk_is_stuck: bool,
    pub(super) checks_are_stuck: bool,
    pub(super) commits: VecDeque<Commit>,
    checks: VecDeque<(Ticket, VerifyJob)>,
    wake_at_ms: Option<u64>,
    next_name: u64,
    /// Everything that went in and came out, in order, if wanted.
    pub(super) log: Option<Vec<(Now, Input, String)>>,
}

impl Lab {
    /// A new node of an easy network.
    pub(super) fn new() -> Self {
        Self::of(easy_params("stones"))
    }

    pub(super) fn of(params: Params) -> Self {
        Self::open(Arc::new(params), Reader::default(), StoredChain::default(), BTreeMap::new())
    }

    pub(super) fn open(
        params: Arc<Params>,
        reader: Reader,
        stored: StoredChain,
        bans: BTreeMap<PeerId, u64>,
    ) -> Self {
        let now = Now { monotonic_ms: 1_000, wall_ms: WALL_MS };
        let store = reader.store.clone();
        let (node, effects) =
            Node::open(Arc::clone(&params), reader, stored, bans, [5; 32], now, &mut |_, _| {}).unwrap();
        let mut lab = Self {
            node,
            store,
            params,
            now,
            seen: Seen::default(),
            view: None,
            template: None,
            disk_is_stuck: false,
            checks_are_stuck: false,
            commits: VecDeque::new(),
            checks: VecDeque::new(),
            wake_at_ms: None,
            next_name: 0,
            log: None,
        };
        let inputs = lab.carry_out(effects);
        lab.inputs(inputs);
        lab.input(Input::WantTemplates(true));
        lab
    }

    /// The same node after a restart on what its store holds.
    pub(super) fn restarted(self) -> Self {
        let reader = Reader { store: self.store.clone(), ..Reader::default() };
        self.restarted_with(reader, |stored| stored)
    }

    pub(super) fn restarted_with(self, reader: Reader, change: impl Fn(StoredChain) -> StoredChain) -> Self {
        let bans = self.view().bans.iter().copied().collect();
        Self::open(self.params, reader, change(self.store.stored_chain()), bans)
    }

    pub(super) fn input(&mut self, input: Input) {
        self.inputs(VecDeque::from([input]));
    }

    fn inputs(&mut self, mut inputs: VecDeque<Input>) {
        while let Some(input) = inputs.pop_front() {
            let effects = self.node.handle(self.now, input.clone()).unwrap();
            if let Some(log) = &mut self.log {
                log.push((self.now, input, format!("{effects:?}")));
            }
            inputs.extend(self.carry_out(effects));
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> VecDeque<Input> {
        let mut inputs = VecDeque::new();
        for effect in effects {
            match effect {
                Effect::Verify { ticket, job } => {
                    self.seen.jobs.push(job.clone());
                    self.checks.push_back((ticket, job));
                }
                Effect::Commit(commit) => {
                    self.seen.checked.extend(commit.bodies.iter().map(|(id, _)| id.hash));
                    self.commits.push_back(commit);
                }
                Effect::Publish(gossip) => self.seen.published.push(gossip),
                Effect::Verdict { message, verdict } => {
                    let before = self.seen.verdicts.insert(message, verdict);
                    assert_eq!(before, None, "a message has one verdict");
                }
                Effect::Request { peer, request, body } => self.seen.asked.push((peer, request, body)),
                Effect::Respond { peer, body, .. } => self.seen.responses.push((peer, body)),
                Effect::Serve { peer, what, .. } => {
                    self.seen.responses.push((peer, serve(&self.store, &what).unwrap()));
                }
                Effect::Disconnect { peer, .. } => self.seen.hung_up.push(peer),
                Effect::Ban { peer, .. } => self.seen.banned.push(peer),
                Effect::Template(template) => self.template = Some(template),
                Effect::View(view) => self.view = Some(view),
                Effect::Event(event) => self.seen.events.push(event),
                Effect::Answer { ticket, answer } => {
                    self.seen.answers.insert(ticket, answer);
                }
                Effect::WakeAt(at_ms) => self.wake_at_ms = Some(at_ms),
            }
        }
        inputs.extend(if self.checks_are_stuck { None } else { self.next_check() });
        inputs.extend(if self.disk_is_stuck { None } else { self.next_commit() });
        inputs
    }

    fn next_check(&mut self) -> Option<Input> {
        let (ticket, job) = self.checks.pop_front()?;
        Some(Input::Verified { ticket, result: execute(&job, &self.params) })
    }

    fn next_commit(&mut self) -> Option<Input> {
        let commit = self.commits.pop_front()?;
        let sequence = commit.sequence;
        self.store.commit(&[commit]).unwrap();
        Some(Input::Durable { sequence })
    }

    /// Lets the disk and the checks do what waits for them.
    pub(super) fn unstick(&mut self) {
        (self.disk_is_stuck, self.checks_are_stuck) = (false, false);
        while let Some(input) = self.next_check().or_else(|| self.next_commit()) {
            self.input(input);
        }
    }

    /// The same, with the checks ended in the reverse order.
    pub(super) fn unstick_backwards(&mut self) {
        self.checks.make_contiguous().reverse();
        self.unstick();
    }

    /// Lets time pass, waking the node as often as it wishes.
    pub(super) fn pass(&mut self, milliseconds: u64) {
        let end = self.now.monotonic_ms + milliseconds;
        while let Some(at_ms) = self.wake_at_ms.filter(|at_ms| *at_ms <= end) {
            self.wake_at_ms = None;
            self.step_to(at_ms.max(self.now.monotonic_ms));
            self.input(Input::Wake);
        }
        self.step_to(end);
    }

    fn step_to(&mut self, monotonic_ms: u64) {
        self.now.wall_ms += monotonic_ms - self.now.monotonic_ms;
        self.now.monotonic_ms = monotonic_ms;
    }

    fn name(&mut self) -> u64 {
        self.next_name += 1;
        self.next_name
    }

    pub(super) fn view(&self) -> &View {
        self.view.as_ref().expect("a node shows where it is from the beginning")
    }

    pub(super) fn tip(&self) -> BlockId {
        self.view().tip.id
    }

    /// What a peer has against it, as people see it.
    pub(super) fn score(&self, peer: PeerId) -> i64 {
        let peers = &self.view().peers;
        peers.iter().find(|view| view.peer == peer).expect("the peer is connected").score.round() as i64
    }

    /// A peer connects and says where it stands.
    pub(super) fn meet(&mut self, peer: PeerId, chain: &TestChain) {
        self.input(Input::PeerConnected { peer, outbound: false });
        self.tell_status(peer, status_of(chain));
    }

    /// A peer asks where we stand, and says where it does.
    pub(super) fn tell_status(&mut self, peer: PeerId, status: Status) {
        let request = self.name();
        let status = Status { time: self.now.wall_ms / 1_000, ..status };
        self.input(Input::Request { peer, request, body: SyncRequest::Status(status) });
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.input(Input::PeerDisconnected { peer });
        self.seen.asked.retain(|(asked, _, _)| *asked != peer);
    }

    pub(super) fn answer(&mut self, peer: PeerId, request: RequestId, body: SyncResponse) {
        self.input(Input::Response { peer, request, body: Ok(body) });
    }

    pub(super) fn fail(&mut self, peer: PeerId, request: RequestId, failure: RequestFailure) {
        self.input(Input::Response { peer, request, body: Err(failure) });
    }

    /// Takes out what a peer was asked of a kind, first first.
    pub(super) fn take_asked(
        &mut self,
        peer: PeerId,
        is_kind: impl Fn(&SyncRequest) -> bool,
    ) -> Option<(RequestId, SyncRequest)> {
        let asked = &mut self.seen.asked;
        let at = asked.iter().position(|(asked, _, body)| *asked == peer && is_kind(body))?;
        let (_, request, body) = asked.remove(at);
        Some((request, body))
    }

    /// Answers everything that these peers are asked, honestly, until they are asked nothing more.
    pub(super) fn serve(&mut self, peers: &[(PeerId, &TestChain)]) {
        let known = |asked: PeerId| peers.iter().find(move |(peer, _)| *peer == asked);
        while let Some(at) = self.seen.asked.iter().position(|(peer, _, _)| known(*peer).is_some()) {
            let (peer, request, body) = self.seen.asked.remove(at);
            let Some((_, chain)) = known(peer) else { return };
            self.answer(peer, request, honest(chain, &body));
        }
    }

    /// As [`Self::serve`], while time passes.
    pub(super) fn serve_for(&mut self, milliseconds: u64, peers: &[(PeerId, &TestChain)]) {
        for _ in 0..milliseconds / 100 {
            self.serve(peers);
            self.pass(100);
        }
        self.serve(peers);
    }

    pub(super) fn gossip(&mut self, peer: PeerId, gossip: Gossip) -> GossipId {
        let message = self.name();
        self.input(Input::Gossip { peer, message, gossip });
        message
    }

    /// Gossips a block and answers the verdict, if there is one already.
    pub(super) fn gossip_block(&mut self, peer: PeerId, block: CompactBlock) -> Option<Verdict> {
        let message = self.gossip(peer, Gossip::Block(Arc::new(block)));
        self.seen.verdicts.get(&message).copied()
    }

    pub(super) fn gossip_transactions(
        &mut self,
        peer: PeerId,
        transactions: Vec<Transaction>,
    ) -> Option<Verdict> {
        let transactions = transactions.into_iter().map(Arc::new).collect();
        let message = self.gossip(peer, Gossip::Transactions(List(transactions)));
        self.seen.verdicts.get(&message).copied()
    }

    pub(super) fn submit(&mut self, transaction: &Transaction) -> Result<TransactionId, Rejection> {
        let ticket = self.name();
        let transactions = vec![Arc::new(transaction.clone())];
        self.input(Input::SubmitTransactions { ticket, transactions, purpose: Purpose::Admit });
        let Some(Answer::Transactions(mut verdicts)) = self.seen.answers.remove(&ticket) else {
            panic!("a transaction is answered by its verdict")
        };
        verdicts.remove(0)
    }

    /// Hands a client's block over; answers the ticket of its question.
    pub(super) fn offer_block(&mut self, block: &Arc<Block>) -> Ticket {
        let ticket = self.name();
        self.input(Input::SubmitBlock { ticket, block: Arc::clone(block) });
        ticket
    }

    pub(super) fn submit_block(&mut self, block: &Arc<Block>) -> BlockOutcome {
        let ticket = self.offer_block(block);
        let Some(Answer::Block(outcome)) = self.seen.answers.remove(&ticket) else {
            panic!("a block is answered by what became of it")
        };
        outcome
    }

    /// Gives the node all blocks of a chain, as a client would.
    pub(super) fn adopt(&mut self, chain: &TestChain) {
        for (block, _) in &chain.blocks {
            self.submit_block(block.block());
        }
    }

    pub(super) fn ask(&mut self, query: Query) -> Answer {
        let ticket = self.name();
        self.input(Input::Query { ticket, query });
        self.seen.answers.remove(&ticket).expect("a question is answered")
    }

    pub(super) fn supply(&mut self) -> Supply {
        let Answer::Supply(supply) = self.ask(Query::Supply) else { panic!("a supply is asked for") };
        supply
    }

    /// Asserts that the node is at a chain's tip with a chain's state.
    pub(super) fn assert_at(&mut self, chain: &TestChain) {
        assert_eq!(self.tip(), chain.tip().id());
        let accounts = self.node.chain.ledger.state().accounts().sorted();
        assert!(accounts == chain.state.accounts().sorted(), "the accounts are those of the chain");
        assert_eq!(self.node.chain.ledger.state().maturing(), chain.state.maturing());
        let supply = self.supply();
        assert_eq!(supply.circulating.0 + supply.maturing.0, supply.prefund.0 + supply.issued.0);
    }
}

/// How the tip changed, as people were told.
pub(super) fn tip_changes(lab: &Lab) -> Vec<Arc<TipChange>> {
    let changes = lab.seen.events.iter();
    changes
        .filter_map(
            |event| if let Event::TipChanged(change) = event { Some(Arc::clone(change)) } else { None },
        )
        .collect()
}
