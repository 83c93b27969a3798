//! Anything in any order: peers that tell the truth, half of it or none, clients, a stuck disk, restarts. Nothing
//! panics, nothing grows, and in the end one honest peer is enough to be at the best valid chain.

use std::sync::Arc;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::chains::*;
use super::harness::*;
use crate::consensus::testing::{TestChain, dev_key, mine_block, payment, test_key};
use crate::node::Input;
use crate::node::input::RequestFailure;
use crate::node::message::{Gossip, Status, SyncRequest, SyncResponse};
use crate::primitives::{Address, Amount, Block, BlockHash, List, PeerId, Transaction};

const SEEDS: u64 = 12;
const STEPS: u32 = 400;
const PEERS: [PeerId; 3] = [BOB, CAROL, DAVE];
/// Comes at the end and tells nothing but the truth.
const HONEST: PeerId = PeerId([99; 32]);

struct Storm {
    lab: Lab,
    random: ChaCha12Rng,
    /// Valid ones, the best last.
    chains: Vec<TestChain>,
    /// Blocks of the branch with most work of all, invalid from its third block on.
    invalid: Vec<Arc<Block>>,
}

impl Storm {
    fn new(seed: u64) -> Self {
        let pay = |chain: &TestChain, nonce| payment(&dev_key(0), &chain.params, nonce, MINER, Amount(5));
        let mut base = chain_of(20);
        for nonce in 0..20 {
            base.grow(MINER, vec![pay(&base, nonce)]).unwrap();
        }
        let short = branch(&base, 10, 5);
        let mut best = branch(&base, 30, 25);
        for nonce in 0..25 {
            best.grow(OTHER_MINER, vec![pay(&best, nonce)]).unwrap();
        }
        let invalid = invalid_branch(&base, 60);
        Self {
            lab: Lab::new(),
            random: ChaCha12Rng::seed_from_u64(seed),
            chains: vec![chain_of(3), short, base, best],
            invalid,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        (self.random.next_u64() % end as u64) as usize
    }

    fn chain(&mut self) -> TestChain {
        let at = self.below(self.chains.len());
        self.chains[at].clone()
    }

    fn block(&mut self) -> Arc<Block> {
        if self.below(3) == 0 {
            let at = self.below(self.invalid.len());
            return Arc::clone(&self.invalid[at]);
        }
        let chain = self.chain();
        let height = 1 + self.below(chain.blocks.len());
        Arc::clone(block_at(&chain, height).block())
    }

    fn tampered_block(&mut self) -> Arc<Block> {
        let mut block = self.block().as_ref().clone();
        match self.below(3) {
            0 => block.coinbase.extra_nonce[3] ^= 1,
            1 => block.header.nonce ^= 1,
            _ => drop(block.transactions.pop()),
        }
        Arc::new(block)
    }

    fn transactions(&mut self) -> Vec<Transaction> {
        let params = Arc::clone(&self.lab.params);
        let count = 1 + self.below(4);
        let mut transactions = Vec::new();
        for _ in 0..count {
            let (sender, nonce) = (self.below(3) as u32, self.below(30) as u64);
            let mut transaction = payment(&dev_key(sender), &params, nonce, Address([9; 32]), Amount(7));
            transaction.signature.0[0] ^= u8::from(self.below(10) == 0);
            transactions.push(transaction);
        }
        transactions
    }

    fn step(&mut self) {
        let peer = PEERS[self.below(PEERS.len())];
        match self.below(20) {
            0 | 1 => {
                let chain = self.chain();
                self.lab.meet(peer, &chain);
            }
            2 if self.below(4) == 0 => self.lab.leave(peer),
            3 => {
                let mut status = status_of(&self.chain());
                if self.below(4) == 0 {
                    status = Status { work: ALL_WORK, ..status };
                }
                self.lab.tell_status(peer, status);
            }
            4 => {
                let block = if self.below(4) == 0 { self.tampered_block() } else { self.block() };
                self.lab.offer_block(&block);
            }
            5..=7 => {
                let block = if self.below(6) == 0 { self.tampered_block() } else { self.block() };
                self.lab.gossip(peer, Gossip::Block(Arc::new(compact(&block))));
            }
            8 => {
                let transactions = self.transactions().into_iter().map(Arc::new).collect();
                self.lab.gossip(peer, Gossip::Transactions(List(transactions)));
            }
            9 => {
                for _ in 0..self.below(8) {
                    self.lab.pass(400);
                }
            }
            10 => self.lab.checks_are_stuck = self.below(2) == 0,
            11 => self.lab.disk_is_stuck = self.below(2) == 0,
            12 => self.lab.unstick(),
            13 if self.below(20) == 0 => self.restart(),
            14 if self.below(4) == 0 => {
                for wanted in [false, true] {
                    self.lab.input(Input::WantTemplates(wanted));
                    self.lab.pass(400);
                }
            }
            _ => self.answer_something(),
        }
    }

    fn answer_something(&mut self) {
        if self.lab.seen.asked.is_empty() {
            return;
        }
        let at = self.below(self.lab.seen.asked.len());
        let (peer, request, question) = self.lab.seen.asked.remove(at);
        match self.below(12) {
            0 => self.lab.fail(peer, request, RequestFailure::TimedOut),
            1 => self.lab.fail(peer, request, RequestFailure::Refused),
            2 => {
                let blocks = (0..self.below(5)).map(|_| self.tampered_block()).collect();
                self.lab.answer(peer, request, SyncResponse::Blocks(blocks));
            }
            3 => {
                let headers = self.invalid.iter().map(|block| block.header).collect();
                self.lab.answer(peer, request, SyncResponse::Headers(headers));
            }
            4 => {
                let SyncRequest::Blocks { hashes } = &question else { return };
                let known =
                    |hash: &BlockHash| self.invalid.iter().find(|block| block.hash() == *hash).cloned();
                let blocks = hashes.iter().filter_map(known).collect();
                self.lab.answer(peer, request, SyncResponse::Blocks(blocks));
            }
            5 => {
                let transactions = self.transactions().into_iter().map(Arc::new).collect();
                self.lab.answer(peer, request, SyncResponse::BlockTransactions(transactions));
            }
            _ => {
                let chain = self.chain();
                self.lab.answer(peer, request, honest_or_nothing(&chain, &question));
            }
        }
    }

    fn restart(&mut self) {
        let fresh = Lab::new();
        self.lab = std::mem::replace(&mut self.lab, fresh).restarted();
    }

    fn assert_bounded(&self) {
        let node = &self.lab.node;
        assert!(
            node.peers.requests.keys().count() <= 3 * 40,
            "{} requests",
            node.peers.requests.keys().count()
        );
        assert!(node.checks.waiting_verdicts.is_empty(), "no forwarder waits on such a network");
        assert!(node.checks.bytes() < 1 << 20);
    }

    fn end_well(mut self) {
        self.lab.unstick();
        for peer in PEERS {
            self.lab.leave(peer);
        }
        let best = self.chains.pop().expect("there are chains");
        self.lab.meet(HONEST, &best);
        self.lab.serve_for(60_000, &[(HONEST, &best)]);
        self.lab.assert_at(&best);
        assert_eq!(self.lab.score(HONEST), 0);
        assert_eq!(self.lab.node.checks.bodies(), 0);
        assert_eq!(self.lab.node.checks.bytes(), 0);
        assert!(self.lab.node.checks.waiting_clients.is_empty(), "every client has its answer");
        assert_eq!(self.lab.template.as_ref().unwrap().parent, best.tip().id());
        self.lab.restarted().assert_at(&best);
    }
}

/// A peer that is asked for transactions of a block that it does not have answers nothing.
fn honest_or_nothing(chain: &TestChain, question: &SyncRequest) -> SyncResponse {
    match question {
        SyncRequest::BlockTransactions { indexes, .. } if indexes.len() > 1 => {
            SyncResponse::BlockTransactions(List::default())
        }
        SyncRequest::Status(_)
        | SyncRequest::Headers { .. }
        | SyncRequest::Blocks { .. }
        | SyncRequest::BlockTransactions { .. }
        | SyncRequest::Mempool => honest(chain, question),
    }
}

/// Leaves the chain at its tenth block.
fn invalid_branch(chain: &TestChain, blocks: u32) -> Vec<Arc<Block>> {
    let valid = branch(chain, chain.blocks.len() - 10, 2);
    let poor = payment(&test_key(1), &chain.params, 0, MINER, Amount(5));
    let bad = valid.mine(OTHER_MINER, vec![poor]);
    let mut all: Vec<_> = valid.blocks[10..].iter().map(|(block, _)| Arc::clone(block.block())).collect();
    let (mut parent, mut height) = (Arc::clone(&bad), valid.tip().height.next());
    all.push(bad);
    for _ in 0..blocks {
        height = height.next();
        let (header, root) = (parent.header, parent.coinbase.state_root);
        let time = header.time.plus(10);
        parent =
            Arc::new(mine_block(parent.hash(), time, header.bits, root, height, OTHER_MINER, Vec::new()));
        all.push(Arc::clone(&parent));
    }
    all
}

fn run(seed: u64) {
    let mut storm = Storm::new(seed);
    for _ in 0..STEPS {
        storm.step();
        storm.assert_bounded();
    }
    storm.end_well();
}

#[test]
fn whatever_happens_one_honest_peer_is_enough_in_the_end() {
    for seed in 0..SEEDS {
        assert!(std::panic::catch_unwind(|| run(seed)).is_ok(), "the storm of seed {seed} ends badly");
    }
}
