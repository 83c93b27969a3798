//! The world: nodes, links, the clock, and what happens next.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};
use cairn::node::effect::Verdict;
use cairn::node::input::{Purpose, RequestId};
use cairn::node::message::{Gossip, SyncResponse};
use cairn::node::query::Rejection;
use cairn::node::serve::serve;
use cairn::node::verify::execute;
use cairn::node::{Answer, Effect, Input, Query};
use cairn::primitives::{BlockId, PeerId, Transaction, TransactionId};
use cairn::storage::ChainStore;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use crate::links::Links;
use crate::mining::{draw_delay_ms, solve};
use crate::queue::{Happening, Queue};
use crate::sim_node::{NodeIndex, SimNode};

/// Milliseconds that a heavy check takes off the core.
const CHECK_MS: u64 = 1;
/// Milliseconds until a commit is durable.
const COMMIT_MS: u64 = 3;
/// Virtual milliseconds that a question may take to be answered.
const ANSWER_PATIENCE_MS: u64 = 1_000;

/// What a world begins with.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// Where all randomness comes from.
    pub seed: u64,
    /// Number of nodes.
    pub nodes: usize,
    /// One-way latency of every link in milliseconds.
    pub latency_ms: u64,
    /// What differs from the parameters of a network named `netsim`.
    pub overrides: ParamsOverride,
}

/// Nodes, links and a clock.
#[derive(Debug)]
pub struct World {
    params: Arc<Params>,
    nodes: Vec<SimNode>,
    links: Links,
    queue: Queue,
    random: ChaCha12Rng,
    trace: blake3::Hasher,
    now_ms: u64,
    next_ticket: u64,
    blocks_found: u64,
}

impl World {
    /// A world of nodes that run but are not linked.
    pub fn new(config: &WorldConfig) -> Self {
        let params =
            Params::with_overrides("netsim", &config.overrides).expect("the scenario's parameters hold");
        let mut world = Self {
            params: Arc::new(params),
            nodes: (0..config.nodes).map(SimNode::new).collect(),
            links: Links::default(),
            queue: Queue::default(),
            random: ChaCha12Rng::seed_from_u64(config.seed),
            trace: blake3::Hasher::new(),
            now_ms: 0,
            next_ticket: 1 << 32,
            blocks_found: 0,
        };
        for node in 0..config.nodes {
            world.start(node);
        }
        world
    }

    /// A world in which every node is linked to every other.
    pub fn complete(config: &WorldConfig) -> Self {
        let mut world = Self::new(config);
        for one in 0..config.nodes {
            for other in one + 1..config.nodes {
                world.link(one, other, config.latency_ms);
            }
        }
        world
    }

    /// The network's parameters.
    pub fn params(&self) -> &Arc<Params> {
        &self.params
    }

    /// Virtual milliseconds since the beginning.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// One node.
    pub fn node(&self, node: NodeIndex) -> &SimNode {
        &self.nodes[node]
    }

    /// The tips that all running nodes show, in the order of the nodes.
    pub fn tips(&self) -> Vec<BlockId> {
        self.nodes.iter().filter_map(|node| node.view.as_ref()).map(|view| view.tip.id).collect()
    }

    /// Whether all running nodes show the same tip.
    pub fn agree(&self) -> bool {
        self.tips().windows(2).all(|pair| pair[0] == pair[1])
    }

    /// A hash over everything that happened so far: equal for equal seeds.
    pub fn trace_hash(&self) -> String {
        self.trace.finalize().to_hex().to_string()
    }

    /// Links two nodes.
    pub fn link(&mut self, one: NodeIndex, other: NodeIndex, latency_ms: u64) {
        self.links.join(one, other, latency_ms);
        self.introduce(one, other);
    }

    /// Cuts a side off from the rest.
    pub fn cut_off(&mut self, side: &[NodeIndex]) {
        for (one, other) in self.links.cut_off(side) {
            self.part(one, other);
        }
    }

    /// Mends all cuts.
    pub fn heal(&mut self) {
        for (one, other) in self.links.heal() {
            self.introduce(one, other);
        }
    }

    /// Lets a node hash at this rate a second from now; 0 stops it.
    pub fn set_hash_rate(&mut self, node: NodeIndex, hashes_per_second: f64) {
        self.nodes[node].hash_rate = hashes_per_second;
        self.draw_block(node);
    }

    /// Lets a node pay itself in every block it sends, from now.
    pub fn lie_at(&mut self, node: NodeIndex) {
        self.nodes[node].lies = true;
    }

    /// Steps a node's wall clock.
    pub fn step_clock(&mut self, node: NodeIndex, milliseconds: i64) {
        self.nodes[node].wall_offset_ms += milliseconds;
    }

    /// Kills a node: what was not durable is lost.
    pub fn kill(&mut self, node: NodeIndex) {
        self.nodes[node].kill();
        for other in self.links.neighbours(node) {
            let peer = self.nodes[node].peer;
            self.input_in(0, other, Input::PeerDisconnected { peer });
        }
    }

    /// Starts a node on what its store holds.
    pub fn start(&mut self, node: NodeIndex) {
        let mut seed = [0; 32];
        rand::Rng::fill_bytes(&mut self.random, &mut seed);
        let effects = self.nodes[node].start(&self.params, seed, self.now_ms);
        self.carry_out(node, effects);
        self.input(node, Input::WantTemplates(true));
        for other in self.links.neighbours(node) {
            if self.nodes[other].core.is_some() {
                self.introduce(node, other);
            }
        }
        self.draw_block(node);
    }

    /// Lets time pass.
    pub fn run_for(&mut self, milliseconds: u64) {
        let until = self.now_ms + milliseconds;
        while self.step(until) {}
        self.now_ms = until;
    }

    /// Lets time pass until something holds; false when it does not within so many milliseconds.
    pub fn run_until(&mut self, patience_ms: u64, holds: impl Fn(&Self) -> bool) -> bool {
        let until = self.now_ms + patience_ms;
        while !holds(self) {
            if !self.step(until) {
                self.now_ms = until;
                return holds(self);
            }
        }
        true
    }

    /// Mines one block at a node, now.
    pub fn mine_at(&mut self, node: NodeIndex) {
        self.find_block(node);
    }

    /// Hands a client's transaction to a node and waits for its verdict.
    pub fn submit(&mut self, node: NodeIndex, transaction: Transaction) -> Result<TransactionId, Rejection> {
        let transactions = vec![Arc::new(transaction)];
        let ticket = self.ticket();
        self.input(node, Input::SubmitTransactions { ticket, transactions, purpose: Purpose::Admit });
        match self.answer(node, ticket) {
            Some(Answer::Transactions(mut verdicts)) => verdicts.remove(0),
            other => unreachable!("a submitted transaction is answered by its verdict, not {other:?}"),
        }
    }

    /// Asks a node and waits for its answer.
    pub fn ask(&mut self, node: NodeIndex, query: Query) -> Option<Answer> {
        let ticket = self.ticket();
        self.input(node, Input::Query { ticket, query });
        self.answer(node, ticket)
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    fn answer(&mut self, node: NodeIndex, ticket: u64) -> Option<Answer> {
        self.run_until(ANSWER_PATIENCE_MS, |world| world.nodes[node].answers.contains_key(&ticket));
        self.nodes[node].answers.remove(&ticket)
    }

    fn introduce(&mut self, one: NodeIndex, other: NodeIndex) {
        for (node, peer, outbound) in [(one, other, true), (other, one, false)] {
            let peer = self.nodes[peer].peer;
            self.input_in(self.latency(one, other), node, Input::PeerConnected { peer, outbound });
        }
    }

    fn part(&mut self, one: NodeIndex, other: NodeIndex) {
        for (node, peer) in [(one, other), (other, one)] {
            let peer = self.nodes[peer].peer;
            self.input_in(0, node, Input::PeerDisconnected { peer });
        }
    }

    fn latency(&self, one: NodeIndex, other: NodeIndex) -> u64 {
        self.links.latency_ms(one, other).unwrap_or_default()
    }

    fn input_in(&mut self, delay_ms: u64, node: NodeIndex, input: Input) {
        self.happen(delay_ms, node, Happening::Input(Box::new(input)));
    }

    fn happen(&mut self, delay_ms: u64, node: NodeIndex, happening: Happening) {
        self.queue.add(self.now_ms + delay_ms, node, self.nodes[node].life, happening);
    }

    fn step(&mut self, until_ms: u64) -> bool {
        let Some((at_ms, node, life, happening)) = self.queue.next(until_ms) else { return false };
        self.now_ms = self.now_ms.max(at_ms);
        if self.nodes[node].life != life || self.nodes[node].core.is_none() {
            return true;
        }
        match happening {
            Happening::Input(input) => self.input(node, *input),
            Happening::Gossip { from, gossip } => self.receive_gossip(node, from, gossip),
            Happening::Commit(commit) => {
                let sequence = commit.sequence;
                self.nodes[node].store.commit(&[*commit]).expect("a store in memory takes every commit");
                self.input(node, Input::Durable { sequence });
            }
            Happening::Wake { wish } if wish == self.nodes[node].wish => self.input(node, Input::Wake),
            Happening::BlockFound { draw } if draw == self.nodes[node].draw => {
                self.find_block(node);
                self.draw_block(node);
            }
            Happening::Wake { .. } | Happening::BlockFound { .. } => {}
        }
        true
    }

    fn input(&mut self, node: NodeIndex, input: Input) {
        let now = self.nodes[node].now(self.now_ms);
        let Some(core) = self.nodes[node].core.as_mut() else { return };
        self.trace.update(format!("{} {node} {input:?}\n", self.now_ms).as_bytes());
        let effects = core.handle(now, input).expect("a store in memory can always be read");
        self.carry_out(node, effects);
    }

    fn carry_out(&mut self, node: NodeIndex, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Verify { ticket, job } => {
                    let result = execute(&job, &self.params);
                    self.input_in(CHECK_MS, node, Input::Verified { ticket, result });
                }
                Effect::Commit(commit) => self.happen(COMMIT_MS, node, Happening::Commit(Box::new(commit))),
                Effect::Publish(gossip) => self.publish(node, &gossip),
                Effect::Verdict { message, verdict } => self.judge(node, message, verdict),
                Effect::Request { peer, request, body } => {
                    let from = self.nodes[node].peer;
                    self.send(node, peer, Input::Request { peer: from, request, body });
                }
                Effect::Respond { peer, request, body } => self.respond(node, peer, request, body),
                Effect::Serve { peer, request, what } => {
                    let body = serve(&self.nodes[node].store, &what).expect("a store in memory can be read");
                    self.respond(node, peer, request, body);
                }
                Effect::Disconnect { peer, .. } | Effect::Ban { peer, .. } => self.hang_up(node, peer),
                Effect::Template(template) => self.nodes[node].template = Some(template),
                Effect::View(view) => self.nodes[node].view = Some(view),
                Effect::Event(event) => self.nodes[node].events.push(event),
                Effect::Answer { ticket, answer } => {
                    self.nodes[node].answers.insert(ticket, answer);
                }
                Effect::WakeAt(at_ms) => {
                    self.nodes[node].wish += 1;
                    let wish = self.nodes[node].wish;
                    self.happen(at_ms.saturating_sub(self.now_ms), node, Happening::Wake { wish });
                }
            }
        }
    }

    fn index_of(&self, peer: PeerId) -> Option<NodeIndex> {
        self.nodes.iter().position(|node| node.peer == peer)
    }

    fn send(&mut self, from: NodeIndex, to: PeerId, input: Input) {
        let Some(to) = self.index_of(to) else { return };
        if let Some(latency_ms) = self.links.latency_ms(from, to) {
            self.input_in(latency_ms, to, input);
        }
    }

    fn respond(&mut self, node: NodeIndex, peer: PeerId, request: RequestId, body: SyncResponse) {
        let (from, body) = (self.nodes[node].peer, self.nodes[node].say(body));
        self.send(node, peer, Input::Response { peer: from, request, body: Ok(body) });
    }

    fn hang_up(&mut self, node: NodeIndex, peer: PeerId) {
        if let Some(other) = self.index_of(peer) {
            self.part(node, other);
        }
    }

    fn publish(&mut self, node: NodeIndex, gossip: &Gossip) {
        self.nodes[node].is_news(gossip);
        self.flood(node, node, gossip);
    }

    fn flood(&mut self, node: NodeIndex, but: NodeIndex, gossip: &Gossip) {
        for other in self.links.neighbours(node) {
            if other != but {
                let latency_ms = self.latency(node, other);
                self.happen(latency_ms, other, Happening::Gossip { from: node, gossip: gossip.clone() });
            }
        }
    }

    fn receive_gossip(&mut self, node: NodeIndex, from: NodeIndex, gossip: Gossip) {
        if self.nodes[node].is_news(&gossip) {
            let peer = self.nodes[from].peer;
            let message = self.nodes[node].await_verdict(from, gossip.clone());
            self.input(node, Input::Gossip { peer, message, gossip });
        }
    }

    fn judge(&mut self, node: NodeIndex, message: u64, verdict: Verdict) {
        let Some((from, gossip)) = self.nodes[node].judged.remove(&message) else { return };
        if verdict == Verdict::Accept {
            self.flood(node, from, &gossip);
        }
    }

    fn draw_block(&mut self, node: NodeIndex) {
        self.nodes[node].draw += 1;
        let (draw, rate) = (self.nodes[node].draw, self.nodes[node].hash_rate);
        let Some(template) = self.nodes[node].template.clone().filter(|_| rate > 0.0) else { return };
        let target = template.bits.target().expect("a template carries a target");
        let delay_ms = draw_delay_ms(target, rate, &mut self.random);
        self.happen(delay_ms, node, Happening::BlockFound { draw });
    }

    fn find_block(&mut self, node: NodeIndex) {
        let now = self.nodes[node].now(self.now_ms).timestamp();
        let Some(template) = self.nodes[node].template.clone() else { return };
        self.blocks_found += 1;
        if let Some(block) = solve(&template, self.nodes[node].miner, self.blocks_found, now) {
            let ticket = self.ticket();
            self.input(node, Input::SubmitBlock { ticket, block });
        }
    }
}
