//! What one seed draws: the network and the faults it suffers. A fault is off in half of all runs, so that runs differ
//! in kind and not only in luck.

use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use serde::Serialize;

use crate::engine::{Faults, Misdeed, stream_of};

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
    /// How the last node misbehaves, if it does.
    #[serde(skip)]
    pub misdeed: Option<Misdeed>,
}

impl Swarm {
    /// What a seed draws.
    pub fn draw(seed: u64) -> Self {
        let mut random = stream_of(seed, 20);
        let kinds = [Misdeed::ForeignBodies, Misdeed::Silent, Misdeed::Boaster, Misdeed::Freeloader];
        let kind = kinds[random.random_range(0..kinds.len())];
        let mut maybe = |most: f64| maybe(most, &mut random);
        let faults = Faults {
            loss: maybe(0.05),
            duplication: maybe(0.1),
            reordering: maybe(0.3),
            crash: maybe(0.005),
        };
        let rates = [maybe(0.5), maybe(0.5), maybe(0.3), maybe(0.5), maybe(0.5), maybe(0.2), maybe(0.5)];
        let [kill, kill_in_recovery, partition, flap, clog, clock_jump, slow_disk] = rates;
        let (pause, flood, skew, payments, liar) =
            (maybe(0.5), maybe(0.1), maybe(150.0), maybe(1.0), maybe(1.0));
        Self {
            seed,
            nodes: random.random_range(3..9),
            latency_us: random.random_range(1_000..300_000),
            payments,
            faults,
            kill,
            kill_in_recovery,
            partition,
            flap,
            clog,
            clock_jump,
            clock_skew_seconds: skew as i64,
            slow_disk,
            pause,
            flood,
            misdeed: (liar > 0.0).then_some(kind),
        }
    }
}

/// Nothing, or something up to this.
fn maybe(most: f64, random: &mut ChaCha12Rng) -> f64 {
    if random.random::<bool>() { random.random::<f64>() * most } else { 0.0 }
}
