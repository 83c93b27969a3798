//! Nodes, links and a clock.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};
use cairn::primitives::BlockId;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use super::event::Slots;
use super::faults::Faults;
use super::flood::Floods;
use super::links::{LinkSpec, Links};
use super::node::SimNode;
use super::observer::{Observer, Track};
use super::queue::Queue;
use super::sharing::Checker;
use super::store::{Library, NodeStore};
use super::trace_hash::TraceHash;
use super::traffic::Letter;
use super::{NodeIndex, ask};
use crate::checks::Overseer;
use crate::record::Traffic;
use crate::story::StoryWriter;

/// What the nodes of a world have in common. Changes nothing but time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Each checks, keeps and executes everything itself.
    Nothing,
    /// Results of checks, and what was committed. Each executes blocks itself.
    Checks,
    /// These, and the states that executing blocks leads to.
    Everything,
}

/// What a world begins with.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// Where all randomness comes from.
    pub seed: u64,
    /// What differs from the parameters of a network named `netsim`.
    pub overrides: ParamsOverride,
    /// What the nodes have in common.
    pub sharing: Sharing,
    /// Whether every node keeps the events it reported, and its pictures show its peers.
    pub keeps_events: bool,
    /// Microseconds that a heavy check takes off the core.
    pub check_us: u64,
    /// Microseconds until a commit is durable.
    pub disk_us: u64,
    /// What may go wrong at any moment.
    pub faults: Faults,
    /// Whether every step of every node is looked at.
    pub audits: bool,
}

impl WorldConfig {
    /// A world whose nodes share checks, and execute blocks themselves.
    pub fn new(seed: u64, overrides: ParamsOverride) -> Self {
        let (check_us, disk_us) = (1_000, 3_000);
        let faults = Faults::default();
        Self {
            seed,
            overrides,
            sharing: Sharing::Checks,
            keeps_events: false,
            check_us,
            disk_us,
            faults,
            audits: false,
        }
    }
}

/// Where chance comes from, apart for each use: a fault more changes no draw of the miners.
#[derive(Debug)]
pub(crate) struct Chance {
    /// Seeds of cores.
    pub(super) cores: ChaCha12Rng,
    /// When blocks are found.
    pub(super) mining: ChaCha12Rng,
    /// What becomes of messages.
    pub(super) traffic: ChaCha12Rng,
    /// When a store operation is the last.
    pub(super) crashes: ChaCha12Rng,
    /// What nodes that misbehave think of.
    pub(super) mischief: ChaCha12Rng,
}

impl Chance {
    fn new(seed: u64) -> Self {
        let streams = [1, 2, 3, 4, 5].map(|stream| stream_of(seed, stream));
        let [cores, mining, traffic, crashes, mischief] = streams;
        Self { cores, mining, traffic, crashes, mischief }
    }
}

/// One of the independent streams of random numbers of a seed.
pub(crate) fn stream_of(seed: u64, stream: u64) -> ChaCha12Rng {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// Nodes, links and a clock. Times are virtual microseconds.
#[derive(Debug)]
pub struct World {
    pub(super) config: WorldConfig,
    pub(super) params: Arc<Params>,
    pub(super) nodes: Vec<SimNode>,
    /// How often each node was started or killed: what was meant for an earlier life does not reach a later one.
    pub(super) lives: Vec<u32>,
    /// Bytes a second that a node sends at most, and when its uplink is free again.
    pub(super) uplinks: Vec<(u64, u64)>,
    pub(super) links: Links,
    pub(super) queue: Queue,
    pub(super) inputs: Slots<cairn::node::Input>,
    pub(super) letters: Slots<Letter>,
    pub(super) floods: Floods,
    pub(super) checker: Checker,
    pub(super) library: Library,
    pub(super) chance: Chance,
    pub(super) trace: TraceHash,
    pub(crate) observer: Observer,
    pub(super) now_us: u64,
    /// Nodes that crashed by themselves and were not yet told of.
    pub(super) crashed: Vec<NodeIndex>,
    /// Until when each node is paused.
    pub(super) paused_until_us: Vec<u64>,
    /// Where what happens is written, if anybody wants it.
    pub(super) story: Option<StoryWriter>,
    pub(super) last_ticket: u64,
    /// Who looks at every step, if anybody does; away while it looks.
    pub(crate) overseer: Option<Box<Overseer>>,
}

impl World {
    /// A world without nodes.
    ///
    /// # Panics
    ///
    /// When the parameters break a rule.
    pub fn new(config: WorldConfig) -> Self {
        let params = Params::with_overrides("netsim", &config.overrides).expect("the parameters hold");
        let params = Arc::new(params);
        Self {
            checker: Checker::new(Arc::clone(&params), config.sharing != Sharing::Nothing),
            params,
            nodes: Vec::new(),
            lives: Vec::new(),
            uplinks: Vec::new(),
            links: Links::default(),
            queue: Queue::new(),
            inputs: Slots::new(),
            letters: Slots::new(),
            floods: Floods::new(),
            library: Library::new(config.sharing == Sharing::Everything),
            chance: Chance::new(config.seed),
            trace: TraceHash::new(),
            observer: Observer::default(),
            now_us: 0,
            story: None,
            crashed: Vec::new(),
            paused_until_us: Vec::new(),
            last_ticket: ask::NOBODY_WAITS,
            overseer: config.audits.then(Box::default),
            config,
        }
    }

    /// A world of running nodes that are not linked.
    pub fn of_nodes(config: WorldConfig, nodes: usize) -> Self {
        let mut world = Self::new(config);
        for _ in 0..nodes {
            let node = world.add_node();
            world.start(node);
        }
        world
    }

    /// A world in which every node is linked to every other.
    pub fn complete(config: WorldConfig, nodes: usize, spec: LinkSpec) -> Self {
        let mut world = Self::of_nodes(config, nodes);
        for one in 0..nodes {
            (one + 1..nodes).for_each(|other| world.link(one, other, spec));
        }
        world
    }

    /// Makes exactly the room that so many more nodes and links take.
    pub fn reserve(&mut self, nodes: usize, links: usize) {
        self.nodes.reserve_exact(nodes);
        self.lives.reserve_exact(nodes);
        self.paused_until_us.reserve_exact(nodes);
        self.uplinks.reserve_exact(nodes);
        self.links.reserve(nodes, links);
    }

    /// Adds a node that does not run yet.
    pub fn add_node(&mut self) -> NodeIndex {
        let node = self.nodes.len();
        let library = match self.config.sharing {
            Sharing::Nothing => Library::default(),
            Sharing::Checks | Sharing::Everything => self.library.clone(),
        };
        self.nodes.push(SimNode::new(node, NodeStore::new(library), self.config.disk_us));
        self.lives.push(0);
        self.paused_until_us.push(0);
        self.uplinks.push((0, 0));
        self.links.add_node();
        node
    }

    /// Takes all nodes and their links away. What is left is what they shared and what was seen of them.
    pub fn clear(&mut self) {
        self.nodes = Vec::new();
        self.links = Links::default();
    }

    /// Every block that was found, in the order of finding.
    pub(crate) fn tracks(&self) -> &[Track] {
        &self.observer.blocks
    }

    /// The network's parameters.
    pub fn params(&self) -> &Arc<Params> {
        &self.params
    }

    /// Virtual microseconds since the beginning.
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Number of nodes, stopped ones included.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
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
        let mut tips = self.nodes.iter().filter_map(|node| node.view.as_ref()).map(|view| view.tip.id);
        let first = tips.next();
        tips.all(|tip| Some(tip) == first)
    }

    /// Blocks found so far.
    pub fn blocks_found(&self) -> usize {
        self.observer.blocks.len()
    }

    /// What went over the links so far.
    pub fn traffic(&self) -> Traffic {
        self.observer.traffic
    }

    /// Inputs that cores handled so far.
    pub fn inputs_handled(&self) -> u64 {
        self.observer.inputs
    }

    /// A hash over everything that happened so far: equal for equal seeds.
    pub fn trace_hash(&self) -> String {
        self.trace.shown()
    }
}
