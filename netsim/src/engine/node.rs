//! One node of the world: the real core on its store, and what the harness keeps beside it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cairn::consensus::params::Params;
use cairn::node::{Answer, Effect, Event, Node, Now, Template, View};
use cairn::primitives::{Address, PeerId};
use cairn::storage::Commit;

use super::NodeIndex;
use super::audit::Audit;
use super::misdeeds::{Misdeed, Withheld};
use super::store::NodeStore;

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
    /// Everything it reported since its last start, if the world keeps that.
    pub events: Vec<Event>,
    pub(crate) core: Option<Box<Node<NodeStore>>>,
    pub(crate) store: NodeStore,
    pub(crate) misdeeds: Vec<Misdeed>,
    pub(crate) withheld: Withheld,
    pub(crate) wall_offset_ms: i64,
    /// The furthest that its wall clock ever was ahead.
    pub(crate) wall_offset_ms_most: i64,
    /// Microseconds until a commit is durable here.
    pub(crate) disk_us: u64,
    pub(crate) audit: Audit,
    pub(crate) wish: u32,
    pub(crate) draw: u32,
    /// Gossip that its core has not judged yet, by the ids its core was given.
    pub(crate) unjudged: Vec<u64>,
    /// Commits on their way to the disk.
    pub(crate) writing: VecDeque<Commit>,
    pub(crate) answers: BTreeMap<u64, Answer>,
    bans: BTreeMap<PeerId, u64>,
}

impl SimNode {
    pub(crate) fn new(index: NodeIndex, store: NodeStore, disk_us: u64) -> Self {
        let peer = peer_of(index);
        Self {
            peer,
            miner: Address(peer.0),
            hash_rate: 0.0,
            view: None,
            template: None,
            events: Vec::new(),
            core: None,
            store,
            misdeeds: Vec::new(),
            withheld: Withheld::default(),
            wall_offset_ms: 0,
            wall_offset_ms_most: 0,
            disk_us,
            audit: Audit::default(),
            wish: 0,
            draw: 0,
            unjudged: Vec::new(),
            writing: VecDeque::new(),
            answers: BTreeMap::new(),
            bans: BTreeMap::new(),
        }
    }

    /// Whether it runs.
    pub const fn is_running(&self) -> bool {
        self.core.is_some()
    }

    /// Whether it must come to the same tip as the others.
    pub(crate) fn keeps_rules(&self) -> bool {
        self.misdeeds.iter().all(|misdeed| *misdeed == Misdeed::Attacker)
    }

    /// The moment as this node's clocks show it.
    pub fn now(&self, now_us: u64) -> Now {
        moment(now_us, self.wall_offset_ms)
    }

    /// The latest that its clocks can have shown up to this moment.
    pub(crate) fn fastest_now(&self, now_us: u64) -> Now {
        moment(now_us, self.wall_offset_ms_most)
    }

    /// Starts the core on whatever the store holds.
    pub(crate) fn start(&mut self, params: &Arc<Params>, seed: [u8; 32], now_us: u64) -> Vec<Effect> {
        let now = self.now(now_us);
        let stored = self.store.stored_chain();
        let bans = std::mem::take(&mut self.bans);
        let (core, effects) =
            Node::open(Arc::clone(params), self.store.clone(), stored, bans, seed, now, &mut |_, _| {})
                .expect("a store in memory can always be read");
        self.core = Some(Box::new(core));
        effects
    }

    /// Takes everything away that a killed process loses.
    pub(crate) fn kill(&mut self) {
        self.core = None;
        self.bans = self.view.take().map(|view| view.bans.iter().copied().collect()).unwrap_or_default();
        self.template = None;
        self.events.clear();
        self.answers.clear();
        self.writing.clear();
        self.withheld = Withheld::default();
    }
}

fn moment(now_us: u64, wall_offset_ms: i64) -> Now {
    let monotonic_ms = now_us / 1_000;
    let wall_ms = (EPOCH_WALL_MS + monotonic_ms).saturating_add_signed(wall_offset_ms);
    Now { monotonic_ms, wall_ms }
}

/// The identity of the node at a place: its key begins with its number, so that it is found without a search.
pub(crate) fn peer_of(index: NodeIndex) -> PeerId {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&(index as u64 + 1).to_be_bytes());
    PeerId(key)
}

/// The place of a node by its identity.
pub(crate) fn index_of(peer: PeerId) -> NodeIndex {
    let number = peer.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    number.saturating_sub(1) as NodeIndex
}
