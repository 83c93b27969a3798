//! A scenario as its file says it. Every key is named here; any other is refused with its line.

use serde::Deserialize;

use super::units::{Rate, Span, Step, Who};

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// How many nodes there are at the beginning.
    pub nodes: usize,
    /// How long it runs.
    #[serde(rename = "for")]
    pub duration: Option<Span>,
    /// The height at which it ends.
    pub blocks: Option<u32>,
    /// The network's parameters.
    #[serde(default)]
    pub network: NetworkPlan,
    /// Who is linked to whom.
    pub topology: TopologyPlan,
    /// What links are like.
    #[serde(default)]
    pub links: LinkPlan,
    /// Who hashes, and how fast.
    #[serde(default)]
    pub mining: MiningPlan,
    /// What clients send.
    #[serde(default)]
    pub load: LoadPlan,
    /// What happens when.
    #[serde(default, rename = "event")]
    pub events: Vec<EventPlan>,
    /// Who misbehaves.
    #[serde(default, rename = "role")]
    pub roles: Vec<RolePlan>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expectations,
}

/// The network's parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkPlan {
    /// Time between blocks that the rules aim at, in whole seconds.
    pub interval: Span,
    /// Whether the target follows the hash rate.
    pub retarget: bool,
    /// Expected hashes of the first blocks. The work is real: each costs some tenths of a microsecond.
    pub hashes_per_block: u32,
    /// Expected hashes of a block at the easiest target.
    pub hashes_per_block_min: u32,
    /// Blocks until a reward can be spent.
    pub maturity: u32,
}

impl Default for NetworkPlan {
    fn default() -> Self {
        Self {
            interval: Span(10_000_000),
            retarget: true,
            hashes_per_block: 1_024,
            hashes_per_block_min: 16,
            maturity: 10,
        }
    }
}

/// Who is linked to whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopologyPlan {
    /// Which kind of graph.
    pub kind: TopologyKind,
    /// Links at each node of a random regular graph, and inside clusters.
    #[serde(default = "eight")]
    pub degree: u32,
    /// Parts of the nodes in each cluster.
    #[serde(default)]
    pub clusters: Vec<f64>,
    /// Links between each two clusters.
    #[serde(default = "two")]
    pub bridges: u32,
    /// One-way latency between each two clusters, and on the diagonal inside one.
    #[serde(default)]
    pub latencies: Vec<Vec<Span>>,
}

const fn eight() -> u32 {
    8
}

const fn two() -> u32 {
    2
}

/// Kinds of graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopologyKind {
    /// Every node linked to every other.
    Complete,
    /// Each node linked to the next.
    Line,
    /// A line whose ends are linked.
    Ring,
    /// The same number of links at every node, drawn at random.
    RandomRegular,
    /// Groups that are well linked inside.
    Clusters,
    /// Homes and hubs in the regions of the world, with latencies and uplinks of their own.
    Internet,
}

/// What links are like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkPlan {
    /// One-way latency, where the topology gives none.
    pub latency: LatencyPlan,
    /// What each direction of a link carries.
    pub bandwidth: Option<Rate>,
    /// What each node sends over all its links together, where the topology gives none.
    pub uplink: Option<Rate>,
    /// Share of messages that are lost.
    pub loss: f64,
    /// How much longer a message takes at most, drawn for each.
    pub jitter: Span,
}

impl Default for LinkPlan {
    fn default() -> Self {
        Self {
            latency: LatencyPlan::Constant(Span(50_000)),
            bandwidth: None,
            uplink: None,
            loss: 0.0,
            jitter: Span(0),
        }
    }
}

/// One-way latency of each link.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum LatencyPlan {
    /// The same for all: `"50ms"`.
    Constant(Span),
    /// Drawn for each link: `{ exponential = "100ms" }`.
    Exponential {
        /// The mean.
        exponential: Span,
    },
    /// Drawn evenly between two: `{ uniform = ["10ms", "200ms"] }`.
    Uniform {
        /// Least and most.
        uniform: [Span; 2],
    },
    /// Drawn from a list: `{ table = ["5ms", "5ms", "80ms"] }`.
    Table {
        /// Each as likely as the others.
        table: Vec<Span>,
    },
}

/// Who hashes, and how fast.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MiningPlan {
    /// How many nodes hash, the first ones; all when not said.
    pub miners: Option<usize>,
    /// How they share the hash rate.
    pub split: SplitPlan,
    /// Blocks an interval at the first target, all miners together.
    pub pace: Option<f64>,
}

/// How miners share the hash rate.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitPlan {
    /// All the same.
    #[default]
    Equal,
    /// The n-th has 1/n of what the first has.
    Zipf,
    /// These parts, of the first nodes; the rest of the miners share the rest equally.
    Parts(Vec<f64>),
}

/// What clients send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadPlan {
    /// Payments a second.
    pub transactions_per_second: f64,
    /// Accounts that pay each other, each through a node of its own.
    pub senders: u32,
}

impl Default for LoadPlan {
    fn default() -> Self {
        Self { transactions_per_second: 0.0, senders: 20 }
    }
}

/// Something that happens. Exactly one of its actions is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPlan {
    /// When.
    pub at: Span,
    /// Again after each so long.
    pub every: Option<Span>,
    /// Not again after this; to the end when not said.
    pub until: Option<Span>,
    /// Cuts the nodes into sides of these parts, in the order of their numbers.
    pub partition: Option<Vec<f64>>,
    /// Cuts these nodes off from all others.
    pub cut_off: Option<Who>,
    /// These hear nothing of what the others send, who hear them; no link goes down.
    pub deafen: Option<Who>,
    /// Mends all cuts, and all hear again.
    pub heal: Option<bool>,
    /// Kills nodes: what was not durable is lost.
    pub kill: Option<Who>,
    /// Starts stopped nodes again.
    pub restart: Option<Who>,
    /// So many new nodes join.
    pub join: Option<usize>,
    /// Nodes go and do not come back.
    pub leave: Option<Who>,
    /// All links of nodes become like this.
    pub slow: Option<SlowPlan>,
    /// Wall clocks are stepped.
    pub clock: Option<ClockPlan>,
    /// Hash rates change.
    pub hash_rate: Option<HashRatePlan>,
    /// So many payments at once.
    pub burst: Option<u32>,
}

/// What links become like; what is not said stays.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowPlan {
    /// Whose links.
    pub nodes: Who,
    /// One-way latency.
    pub latency: Option<Span>,
    /// What each direction carries; `0B/s` is without limit.
    pub bandwidth: Option<Rate>,
    /// Share of messages that are lost.
    pub loss: Option<f64>,
}

/// A step of wall clocks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockPlan {
    /// Whose.
    pub nodes: Who,
    /// By how much.
    pub step: Step,
}

/// A change of hash rates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashRatePlan {
    /// Whose.
    pub nodes: Who,
    /// How many times what it was at the beginning.
    pub factor: f64,
}

/// Nodes that misbehave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolePlan {
    /// How.
    pub kind: RoleKind,
    /// Who.
    pub nodes: Who,
}

/// Ways to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleKind {
    /// Pays itself in every block it sends on request.
    ForeignBodies,
    /// Never answers a question.
    Silent,
    /// Claims more work than there is.
    Boaster,
    /// Forwards nothing.
    Freeloader,
    /// Keeps the blocks it finds until they hurt most (Eyal and Sirer).
    SelfishMiner,
    /// Refuses to send blocks, or says that it has none.
    Refuser,
    /// Finds blocks that break a rule, one in two.
    RuleBreaker,
    /// Tells of blocks whose parents do not exist, without end.
    Orphans,
    /// Keeps every rule; what the events let it do is an attack, and its blocks count as an attacker's.
    Attacker,
}

/// What must come of it. What is not said is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectations {
    /// In the end all honest nodes agree within three intervals, a minute at least.
    pub converged: Option<bool>,
    /// After each heal, restart and join all honest nodes agree within this.
    pub converge_within: Option<Span>,
    /// Blocks of honest miners that are not on the best chain, as a share of all of theirs, at most.
    pub stale_rate_max: Option<f64>,
    /// The same at least.
    pub stale_rate_min: Option<f64>,
    /// Blocks that any switch of branches took back, at most.
    pub reorganisation_depth_max: Option<usize>,
    /// The deepest switch took back so many at least.
    pub reorganisation_depth_min: Option<usize>,
    /// No money is made or lost at any node.
    pub supply_holds: Option<bool>,
    /// No honest node bans another.
    pub none_banned: Option<bool>,
    /// Height of the best chain at least.
    pub height_min: Option<u32>,
    /// Mean time between the blocks of the best chain: from, to.
    pub block_interval: Option<[Span; 2]>,
    /// Mean time between the last 50 blocks of the best chain: from, to.
    pub last_block_interval: Option<[Span; 2]>,
    /// Admitted transactions that are on the best chain in the end, as a share, at least.
    pub confirmed_share_min: Option<f64>,
    /// Time until 90 % of the nodes had a block, the median of all blocks, at most.
    pub propagation_90_max: Option<Span>,
    /// Blocks of misbehaving nodes on the best chain, as a share, at most.
    pub attacker_share_max: Option<f64>,
    /// That share as a multiple of their part of the hash rate at the beginning, at most.
    pub attacker_gain_max: Option<f64>,
    /// Names of expectations that are measured and shown but cannot fail the run.
    pub report_only: Vec<String>,
}
