//! A node's life: blocks mined anywhere, good and bad, delivered in every way and order; restarts, clocks, payments.
//!
//! After each step the tip is a valid block with at least the work of every valid one that the node said it has, the
//! state is that of a replay, no money was made or lost, queues are short, and the honest peer has nothing against it.
//! At the end one honest peer is enough to be at the best valid block of all.

mod clients;
mod messages;
mod peers;
mod soundness;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use cairn::consensus::Params;
use cairn::consensus::testing::{TestChain, dev_key, easy_params, payment};
use cairn::node::input::Ticket;
use cairn::node::{Input, Now};
use cairn::primitives::{Address, Amount, Block, PeerId, SecretKey};
use cairn::storage::{ChainStore, Commit, MemoryStore};

pub use messages::messages;

use super::forest::{Forest, MINERS};
use super::lab::Lab;
use super::text::Bytes;

/// Steps of one life at most.
const STEPS_MAX: usize = 160;

/// Long after genesis: all base chains lie in the past.
const WALL_MS: u64 = (1_767_225_600 + 10_000_000) * 1_000;

/// Blocks that the node has from the start: none, a few, and up to the next root of the state.
const BASES: [usize; 4] = [0, 12, 61, 66];

/// Tells nothing but the truth, and answers at once.
const HONEST: PeerId = PeerId([1; 32]);

/// Say anything.
const LIARS: [PeerId; 2] = [PeerId([2; 32]), PeerId([3; 32])];

/// A network whose targets are easy and follow the hash rate, and the keys that have money on it.
static PARAMS: LazyLock<Arc<Params>> = LazyLock::new(|| Arc::new(easy_params("stones")));
static KEYS: LazyLock<Arc<[SecretKey]>> = LazyLock::new(|| (0..4).map(dev_key).collect());

/// Each base chain with the commits of a node that has it.
static STARTS: LazyLock<Vec<(Arc<TestChain>, Vec<Commit>)>> =
    LazyLock::new(|| BASES.iter().map(|blocks| start(*blocks)).collect());

/// Lives one life as the bytes say.
pub fn chain(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut life = Life::new(bytes.below(BASES.len()));
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        life.step(&mut bytes);
        life.assert_sound();
    }
    life.end_well();
}

/// The chain that a node begins with, by its number.
pub fn base(number: usize) -> Arc<TestChain> {
    Arc::clone(&STARTS[number].0)
}

fn start(blocks: usize) -> (Arc<TestChain>, Vec<Commit>) {
    let mut chain = TestChain::new(Params::clone(&PARAMS));
    let mut lab = Lab::open(&PARAMS, MemoryStore::new(), beginning(), BTreeMap::new());
    lab.log = Some(Vec::new());
    for number in 0..blocks {
        let pay = payment(&KEYS[3], &PARAMS, number as u64, Address([number as u8; 32]), Amount(7));
        chain.grow(MINERS[0], vec![pay]).expect("the key has money");
        lab.submit_block(Arc::clone(chain.blocks[number].0.block()));
    }
    assert_eq!(lab.view().tip.id, chain.tip().id());
    (Arc::new(chain), lab.log.take().unwrap_or_default())
}

const fn beginning() -> Now {
    Now { monotonic_ms: 1_000, wall_ms: WALL_MS }
}

struct Life {
    lab: Lab,
    forest: Forest,
    /// What the honest peer has, with all below, in the order in which it heard of it.
    told: Vec<usize>,
    /// What the node said it has.
    kept: BTreeSet<usize>,
    /// Questions of clients: which tree, and whether the body was tampered with.
    submitted: BTreeMap<Ticket, (usize, bool)>,
    connected: BTreeSet<PeerId>,
}

impl Life {
    fn new(base: usize) -> Self {
        let (chain, commits) = &STARTS[base];
        let mut store = MemoryStore::new();
        store.commit(commits).expect("a store in memory takes every commit");
        let lab = Lab::open(&PARAMS, store, beginning(), BTreeMap::new());
        let forest = Forest::new(Arc::clone(chain), Arc::clone(&KEYS));
        let mut life = Self {
            lab,
            forest,
            told: Vec::new(),
            kept: BTreeSet::from([0]),
            submitted: BTreeMap::new(),
            connected: BTreeSet::new(),
        };
        life.meet_honest();
        life
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let step = bytes.u8();
        match step % 24 {
            0..=4 => self.forest.mine(bytes, self.lab.now.timestamp()),
            5..=7 => self.submit(bytes),
            8 | 9 => self.gossip_honestly(bytes),
            10 | 11 => self.gossip_anything(bytes),
            12 => self.tell_honest(bytes),
            13 | 14 => self.answer_anything(bytes),
            15 => self.claim_anything(bytes),
            16 | 17 => self.pay(bytes),
            18 => self.pass(100 << bytes.below(10)),
            19 => self.step_clock(bytes),
            20 => self.mine_template(),
            21 => self.restart(bytes),
            22 => self.hold_up(bytes),
            _ => self.come_and_go(bytes),
        }
        self.settle();
    }

    /// What follows from a step: honest answers, answers to clients, connections that the node closed.
    fn settle(&mut self) {
        self.serve_honestly();
        self.take_answers();
        self.hang_up();
    }

    fn restart(&mut self, bytes: &mut Bytes<'_>) {
        if !bytes.u8().is_multiple_of(4) {
            return;
        }
        let empty = Lab::open(&PARAMS, MemoryStore::new(), beginning(), BTreeMap::new());
        self.lab = std::mem::replace(&mut self.lab, empty).restarted();
        self.submitted.clear();
        self.connected.clear();
        self.meet_honest();
    }

    fn hold_up(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.u8();
        self.lab.checks_are_stuck = what & 0b11 == 0b11;
        self.lab.disk_is_stuck = what & 0b1100 == 0b1100;
        self.lab.settle();
    }

    fn pass(&mut self, milliseconds: u64) {
        let end_ms = self.lab.now.monotonic_ms + milliseconds;
        while !self.lab.pass_until_woken(end_ms) {
            self.serve_honestly();
        }
    }

    /// Somebody sets the clock, forwards or back.
    fn step_clock(&mut self, bytes: &mut Bytes<'_>) {
        let step_ms = (i64::from(bytes.u8()) - 128) * (1 << bytes.below(20));
        self.lab.now.wall_ms = self
            .lab
            .now
            .wall_ms
            .saturating_add_signed(step_ms)
            .clamp(WALL_MS - (1 << 30), WALL_MS + (1 << 40));
        self.lab.input(Input::Wake);
    }
}

/// The block, or its header with another body.
fn tampered(block: &Arc<Block>, how: u8) -> (Arc<Block>, bool) {
    let mut other = Block::clone(block);
    match how % 16 {
        0 => other.coinbase.extra_nonce[3] ^= 1,
        1 => drop(other.transactions.pop()),
        2 => other.transactions.iter_mut().for_each(|each| each.signature.0[0] ^= 1),
        3 => {
            if let Some(first) = other.transactions.first().cloned() {
                other.transactions.push(first);
            }
        }
        4 => other.transactions.reverse(),
        _ => {}
    }
    let is_tampered = other != **block;
    (Arc::new(other), is_tampered)
}
