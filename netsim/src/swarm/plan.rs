//! What one seed draws: the network and the faults it suffers. A fault is off in half of all runs, so that runs differ
//! in kind and not only in luck.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use serde::Serialize;

use crate::engine::{Faults, Misdeed, stream_of};

/// Share of the runs that begin with blocks that only one node has.
const OLD_SHARE: f64 = 0.08;
/// Blocks that it has at most: headers come in two answers, and checkpoints lie between.
const HISTORY_MAX: u32 = 2_600;
/// Share of these that begin with a long history, and its length: headers come in three answers.
const LONG_SHARE: f64 = 0.25;
const LONG_HISTORY: Range<u32> = 4_001..4_800;
/// That who misbehaves in one way also does in another.
const MISDEED_MORE: f64 = 0.2;
/// All ways to misbehave by oneself.
const MISDEEDS: [Misdeed; 8] = [
    Misdeed::ForeignBodies,
    Misdeed::Silent,
    Misdeed::Refuser,
    Misdeed::Boaster,
    Misdeed::Freeloader,
    Misdeed::RuleBreaker,
    Misdeed::Orphans,
    Misdeed::SelfishMiner,
];

/// One network and its faults. Those with a rate are so likely in each minute.
#[derive(Debug, Clone, Serialize)]
pub struct Swarm {
    /// Where all randomness comes from.
    pub seed: u64,
    /// Nodes.
    pub nodes: usize,
    /// Mean one-way latency in microseconds.
    pub latency_us: u64,
    /// Payments in each second.
    pub payments: f64,
    /// What may go wrong at any message and any commit.
    pub faults: Faults,
    /// That a node is killed.
    pub kill: f64,
    /// That a node that comes back is killed again at once, while it recovers.
    pub kill_in_recovery: f64,
    /// That the network is cut into two or three sides; for a minute or so.
    pub partition: f64,
    /// That one side of the network does not hear the other, which hears it; for as long.
    pub one_way: f64,
    /// That one node's links go down and up again within seconds.
    pub flap: f64,
    /// That a node's links are clogged.
    pub clog: f64,
    /// That a wall clock jumps by up to ten minutes.
    pub clock_jump: f64,
    /// Seconds by which wall clocks are off from the start, at most.
    pub clock_skew_seconds: i64,
    /// That a disk takes a hundred times as long for a while.
    pub slow_disk: f64,
    /// That a process is paused for up to 40 seconds.
    pub pause: f64,
    /// That clients send a flood of payments.
    pub flood: f64,
    /// That a client sends what no pool may let in.
    pub vandal: f64,
    /// Blocks that the first node found before the others came.
    pub history: u32,
    /// Whether nobody mines any more once all is mended: then no new block tells who was left behind.
    pub is_quiet: bool,
    /// How each of the last nodes misbehaves, if some do.
    #[serde(skip)]
    pub liars: Vec<Vec<Misdeed>>,
}

impl Swarm {
    /// What a seed draws.
    pub fn draw(seed: u64) -> Self {
        let mut random = stream_of(seed, 20);
        let nodes = random.random_range(3..9);
        let liars = draw_liars(nodes, &mut random);
        let history = draw_history(&mut random);
        let mut maybe = |most: f64| maybe(most, &mut random);
        let faults = Faults {
            loss: maybe(0.05),
            duplication: maybe(0.1),
            reordering: maybe(0.3),
            crash: maybe(0.005),
        };
        let rates = [maybe(0.5), maybe(0.5), maybe(0.3), maybe(0.5), maybe(0.5), maybe(0.2), maybe(0.5)];
        let [kill, kill_in_recovery, partition, flap, clog, clock_jump, slow_disk] = rates;
        let (pause, flood, skew, payments) = (maybe(0.5), maybe(0.1), maybe(150.0), maybe(1.0));
        let (one_way, vandal) = (maybe(0.3), maybe(1.0));
        Self {
            seed,
            nodes,
            latency_us: random.random_range(1_000..300_000),
            payments,
            faults,
            kill,
            kill_in_recovery,
            partition,
            one_way,
            flap,
            clog,
            clock_jump,
            clock_skew_seconds: skew as i64,
            slow_disk,
            pause,
            flood,
            vandal,
            history,
            is_quiet: random.random(),
            liars,
        }
    }
}

/// Blocks that only one node has at first.
fn draw_history(random: &mut ChaCha12Rng) -> u32 {
    if random.random::<f64>() >= OLD_SHARE {
        return 0;
    }
    let is_long = random.random::<f64>() < LONG_SHARE;
    random.random_range(if is_long { LONG_HISTORY } else { 1..HISTORY_MAX })
}

/// In half of all runs nobody misbehaves; else one or two do, each in some ways, as long as two are left who do not.
fn draw_liars(nodes: usize, random: &mut ChaCha12Rng) -> Vec<Vec<Misdeed>> {
    if random.random() {
        return Vec::new();
    }
    let liars = random.random_range(1..=2).min(nodes - 2);
    let mut draw = || {
        let first = MISDEEDS[random.random_range(0..MISDEEDS.len())];
        let others = MISDEEDS.into_iter().filter(|other| *other != first);
        let more: Vec<_> = others.filter(|_| random.random::<f64>() < MISDEED_MORE).collect();
        [vec![first], more].concat()
    };
    (0..liars).map(|_| draw()).collect()
}

/// Nothing, or something up to this.
fn maybe(most: f64, random: &mut ChaCha12Rng) -> f64 {
    if random.random::<bool>() { random.random::<f64>() * most } else { 0.0 }
}
