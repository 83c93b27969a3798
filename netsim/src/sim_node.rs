//! One node of the world: the real core on a store in memory, and what the harness keeps beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cairn::consensus::params::Params;
use cairn::node::input::GossipId;
use cairn::node::message::{Gossip, SyncResponse};
use cairn::node::{Answer, Effect, Event, Node, Now, Template, View};
use cairn::primitives::codec::encode;
use cairn::primitives::{Address, PeerId};
use cairn::storage::MemoryStore;

/// A node by its place in the world.
pub type NodeIndex = usize;
/// How often a node was started: what was meant for an earlier life does not reach a later one.
pub(crate) type Life = u32;

/// Wall-clock time at which every simulation begins, in milliseconds: some time after genesis.
const EPOCH_WALL_MS: u64 = 1_767_225_600_000 + 3_600_000;

/// A node in the world.
#[derive(Debug)]
pub struct SimNode {
    /// The node's identity.
    pub peer: PeerId,
    /// Who earns what it mines.
    pub miner: Address,
    /// Hashes a second.
    pub hash_rate: f64,
    /// What it last showed.
    pub view: Option<Arc<View>>,
    /// What it works on.
    pub template: Option<Arc<Template>>,
    /// Everything it reported since its last start.
    pub events: Vec<Event>,
    pub(crate) core: Option<Node<MemoryStore>>,
    pub(crate) store: MemoryStore,
    pub(crate) life: Life,
    pub(crate) lies: bool,
    bans: BTreeMap<PeerId, u64>,
    pub(crate) wall_offset_ms: i64,
    pub(crate) wish: u64,
    pub(crate) draw: u64,
    pub(crate) answers: BTreeMap<u64, Answer>,
    seen: BTreeSet<[u8; 32]>,
    pub(crate) judged: BTreeMap<GossipId, (NodeIndex, Gossip)>,
    next_gossip: GossipId,
}

impl SimNode {
    pub(crate) fn new(index: NodeIndex) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(index as u64 + 1).to_be_bytes());
        Self {
            peer: PeerId(key),
            miner: Address(key),
            hash_rate: 0.0,
            view: None,
            template: None,
            events: Vec::new(),
            core: None,
            store: MemoryStore::new(),
            life: 0,
            lies: false,
            bans: BTreeMap::new(),
            wall_offset_ms: 0,
            wish: 0,
            draw: 0,
            answers: BTreeMap::new(),
            seen: BTreeSet::new(),
            judged: BTreeMap::new(),
            next_gossip: 0,
        }
    }

    /// The moment as this node's clocks show it.
    pub fn now(&self, now_ms: u64) -> Now {
        let wall_ms = (EPOCH_WALL_MS + now_ms).saturating_add_signed(self.wall_offset_ms);
        Now { monotonic_ms: now_ms, wall_ms }
    }

    /// Starts the core on whatever the store holds.
    pub(crate) fn start(&mut self, params: &Arc<Params>, seed: [u8; 32], now_ms: u64) -> Vec<Effect> {
        let now = self.now(now_ms);
        let stored = self.store.stored_chain();
        let bans = std::mem::take(&mut self.bans);
        let (core, effects) =
            Node::open(Arc::clone(params), self.store.clone(), stored, bans, seed, now, &mut |_, _| {})
                .expect("a store in memory can always be read");
        self.core = Some(core);
        self.life += 1;
        effects
    }

    /// Takes everything away that a killed process loses.
    pub(crate) fn kill(&mut self) {
        self.core = None;
        self.life += 1;
        self.bans = self.view.take().map(|view| view.bans.iter().copied().collect()).unwrap_or_default();
        self.template = None;
        self.events.clear();
        self.answers.clear();
        self.seen.clear();
        self.judged.clear();
    }

    /// What it answers instead of the truth.
    pub(crate) fn say(&self, mut truth: SyncResponse) -> SyncResponse {
        if let (true, SyncResponse::Blocks(blocks)) = (self.lies, &mut truth) {
            for block in blocks.iter_mut() {
                Arc::make_mut(block).coinbase.miner = self.miner;
            }
        }
        truth
    }

    /// Notes a message by its content; false when it was here before.
    pub(crate) fn is_news(&mut self, gossip: &Gossip) -> bool {
        self.seen.insert(content_hash(gossip))
    }

    /// Keeps a message until the core has judged it.
    pub(crate) fn await_verdict(&mut self, from: NodeIndex, gossip: Gossip) -> GossipId {
        self.next_gossip += 1;
        self.judged.insert(self.next_gossip, (from, gossip));
        self.next_gossip
    }
}

fn content_hash(gossip: &Gossip) -> [u8; 32] {
    let bytes = match gossip {
        Gossip::Block(block) => encode(block.as_ref()),
        Gossip::Transactions(transactions) => encode(transactions),
    };
    *blake3::hash(&bytes).as_bytes()
}
