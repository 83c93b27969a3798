//! What a run leaves behind: plain numbers, in the order in which things happened, with no wall-clock time in them.
//!
//! Everything a report, a summary or a comparison with theory needs is here; nothing refers to the world any more.
//! Times are virtual microseconds since the beginning of the run unless a name says otherwise.

use serde::Serialize;

/// Parts of the nodes whose delay is kept for every block: 10, 50, 90 and 99 in a hundred.
pub const PROPAGATION_PERCENTS: [u32; 4] = [10, 50, 90, 99];

/// One whole run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunRecord {
    /// The scenario's name.
    pub scenario: String,
    /// Where all randomness came from.
    pub seed: u64,
    /// Nodes at the end, those that were stopped included.
    pub nodes: usize,
    /// Places of those that misbehaved, ascending.
    pub misbehaving: Vec<usize>,
    /// The network as it began.
    pub network: NetworkFacts,
    /// How long the run was.
    pub duration_us: u64,
    /// Every block above genesis that was found, in the order of finding.
    pub blocks: Vec<BlockRecord>,
    /// Every switch of a node to another branch, in the order of time.
    pub reorganisations: Vec<Reorganisation>,
    /// How many tips honest nodes had, over time.
    pub tips: Vec<TipsSample>,
    /// How many transactions waited, over time.
    pub mempool: Vec<MempoolSample>,
    /// What a block took, over time; one entry whenever the target changed on the best chain.
    pub difficulty: Vec<DifficultySample>,
    /// What the scenario did, and what else is worth a mark on a time axis.
    pub incidents: Vec<Incident>,
    /// Messages and bytes.
    pub traffic: Traffic,
    /// What was expected, and what came of it.
    pub verdicts: Vec<VerdictRecord>,
    /// A hash over everything that happened, equal for equal seeds.
    pub trace_hash: String,
}

/// The network as it began.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NetworkFacts {
    /// Seconds between blocks that the rules aim at.
    pub interval_seconds: u32,
    /// Whether the target follows the hash rate.
    pub retargets: bool,
    /// Hashes a second of all nodes together.
    pub hashes_per_second: f64,
    /// Nodes that hash.
    pub miners: usize,
    /// The topology in words, such as `random regular, degree 8`.
    pub topology: String,
    /// Undirected links.
    pub links: usize,
    /// The latency model in words, such as `exponential, mean 100 ms`.
    pub latency: String,
    /// Mean one-way latency of a link, in microseconds.
    pub mean_latency_us: u64,
    /// Transactions a second that clients submit.
    pub transactions_per_second: f64,
}

/// One block.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BlockRecord {
    /// Its hash as people see it.
    pub hash: String,
    /// Its parent's hash.
    pub parent: String,
    /// Its height.
    pub height: u32,
    /// Place of the node that found it.
    pub miner: usize,
    /// When it was found.
    pub found_at_us: u64,
    /// Its compact target.
    pub bits: u32,
    /// Transactions besides the coinbase.
    pub transactions: usize,
    /// Encoded length in bytes.
    pub bytes: usize,
    /// Whether it is on the chain that most nodes follow at the end.
    pub on_best_chain: bool,
    /// How it reached the nodes.
    pub propagation: Propagation,
}

/// How a block reached the other nodes by gossip.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Propagation {
    /// Nodes that it was to reach: the honest ones that ran when it was found, its miner left out.
    pub audience: usize,
    /// Honest nodes that it reached, its miner not among them; those that came up since count, too.
    pub reached: usize,
    /// Delay of each first arrival, ascending; empty in large runs, where only the quantiles are kept.
    pub delays_us: Vec<u64>,
    /// Delay at which each of [`PROPAGATION_PERCENTS`] of the audience had it; `None` if so many never had.
    pub quantiles_us: [Option<u64>; PROPAGATION_PERCENTS.len()],
    /// Mean delay of the first arrivals.
    pub mean_delay_us: u64,
    /// First arrivals by number of hops; the entry at 0 is for no hop and stays 0.
    pub hops: Vec<u32>,
    /// Copies that arrived at any node, the first ones among them.
    pub messages: u64,
}

/// A node that left one branch for another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reorganisation {
    /// When its new tip was durable.
    pub at_us: u64,
    /// Which node.
    pub node: usize,
    /// Blocks that left its chain.
    pub depth: usize,
}

/// How far the honest nodes agreed at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TipsSample {
    /// When.
    pub at_us: u64,
    /// Honest nodes that ran.
    pub running: usize,
    /// Different tips among them.
    pub distinct: usize,
    /// Nodes on the tip that most of them have.
    pub largest: usize,
    /// The highest tip.
    pub height: u32,
}

/// What waited at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MempoolSample {
    /// When.
    pub at_us: u64,
    /// Transactions in the fullest pool.
    pub most: usize,
    /// Transactions in the median node's pool.
    pub median: usize,
}

/// What a block takes from a height on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DifficultySample {
    /// When the first block with this target was found.
    pub at_us: u64,
    /// Its height.
    pub height: u32,
    /// Its compact target.
    pub bits: u32,
    /// Expected hashes a block.
    pub hashes: f64,
}

/// Something worth a mark on a time axis.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// When.
    pub at_us: u64,
    /// What, in a few words.
    pub what: String,
}

/// What went over the links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Messages that arrived: gossip, questions and answers.
    pub messages: u64,
    /// Of these, gossip.
    pub gossip: u64,
    /// Of these, gossip that the node had already.
    pub duplicates: u64,
    /// Messages that were lost on the way.
    pub lost: u64,
    /// Encoded length of all messages that arrived.
    pub bytes: u64,
}

/// One expectation and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct VerdictRecord {
    /// What is expected, such as `stale rate`.
    pub name: String,
    /// What was measured, in words with its unit.
    pub measured: String,
    /// What it had to be, in words with its unit.
    pub threshold: String,
    /// Whether it was.
    pub passed: bool,
    /// Whether the run only reports it: it cannot fail the run.
    pub reported_only: bool,
}

impl RunRecord {
    /// Whether everything that had to hold held.
    pub fn passed(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.passed || verdict.reported_only)
    }

    /// The blocks that honest nodes found: what others mine for themselves says nothing of how blocks fare.
    pub fn honest_blocks(&self) -> impl Iterator<Item = &BlockRecord> {
        self.blocks.iter().filter(|block| self.misbehaving.binary_search(&block.miner).is_err())
    }

    /// Blocks that honest nodes found but that are not on the best chain, as a share of theirs; 0 without blocks.
    pub fn stale_rate(&self) -> f64 {
        let stale = self.honest_blocks().filter(|block| !block.on_best_chain).count();
        stale as f64 / self.honest_blocks().count().max(1) as f64
    }

    /// Blocks of misbehaving nodes on the best chain, as a share of all that are; 0 without blocks.
    pub fn attacker_share(&self) -> f64 {
        let best = self.blocks.iter().filter(|block| block.on_best_chain).count();
        let honest = self.honest_blocks().filter(|block| block.on_best_chain).count();
        (best - honest) as f64 / best.max(1) as f64
    }

    /// The depth of the deepest switch of branches.
    pub fn deepest_reorganisation(&self) -> usize {
        self.reorganisations.iter().map(|change| change.depth).max().unwrap_or_default()
    }
}
