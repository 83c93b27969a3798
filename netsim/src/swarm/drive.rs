//! One seed: trouble for a while, then calm, then judgement.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::panic::catch_unwind;
use std::path::Path;

use cairn::primitives::TransactionId;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::inspect::Inspector;
use super::oracle::Oracle;
use super::plan::Swarm;
use crate::checks::{Finding, Property, check_ledger};
use crate::engine::{Faults, LinkSpec, NodeIndex, World, WorldConfig, microseconds, stream_of};
use crate::run::{Load, client_parameters};

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;

/// How long there is trouble.
const TROUBLE_US: u64 = 30 * MINUTE;
/// Time between two looks at everything.
const STEP_US: u64 = 5 * SECOND;
/// How long it is calm before all must agree, when clocks were wrong: blocks from the future come due meanwhile.
const CLOCKS_SETTLE_US: u64 = 14 * MINUTE;
/// How long honest nodes may take to agree once all is mended: the larger of three intervals and this.
const CONVERGENCE_US: u64 = 60 * SECOND;
/// Clients that pay.
const CLIENTS: u32 = 6;
/// Payments of a flood.
const FLOOD: u32 = 300;
/// A slow disk's microseconds for a commit.
const SLOW_DISK_US: u64 = 2 * SECOND;
/// A disk's microseconds for a commit.
const DISK_US: u64 = 3_000;
/// Expected hashes of a block, and of all nodes in a second: an interval of ten seconds.
const HASHES_PER_BLOCK: u32 = 256;
const HASHES_PER_SECOND: f64 = 25.6;

/// What came of one seed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it drew.
    pub swarm: Swarm,
    /// What does not hold, in the order of finding; nothing if all is well.
    pub failures: Vec<Finding>,
    /// A hash over everything that happened.
    pub trace_hash: String,
    /// Blocks that were found.
    pub blocks: usize,
    /// Crashes and kills.
    pub deaths: usize,
    /// How long honest nodes took to agree in the end, in microseconds.
    pub converged_in_us: Option<u64>,
}

/// Runs one seed.
pub fn run_seed(seed: u64) -> Outcome {
    // A node that panics is a finding like any other, and the next seed has its turn.
    catch_unwind(|| play(Drive::new(Swarm::draw(seed))))
        .unwrap_or_else(|panic| Outcome::of_panic(seed, &panic))
}

/// Runs one seed, and writes what happens into a file.
pub fn trace_seed(seed: u64, path: &Path) -> io::Result<Outcome> {
    let mut drive = Drive::new(Swarm::draw(seed));
    drive.world.write_story(path)?;
    Ok(play(drive))
}

fn play(mut drive: Drive) -> Outcome {
    let converged_in_us = drive.trouble().and_then(|()| drive.calm());
    let converged_in_us = converged_in_us.and_then(|took| drive.judge().map(|()| took));
    let mut failures = drive.world.violations().to_vec();
    let converged_in_us = converged_in_us
        .map_err(|finding| {
            if !failures.contains(&finding) {
                failures.push(finding);
            }
        })
        .ok();
    let incomplete = drive.world.end_story().err();
    failures.extend(incomplete.map(|why| Property::Trace.broken(format!("the trace is incomplete: {why}"))));
    Outcome {
        failures,
        trace_hash: drive.world.trace_hash(),
        blocks: drive.world.blocks_found(),
        deaths: drive.deaths,
        converged_in_us,
        swarm: drive.swarm,
    }
}

impl Outcome {
    fn of_panic(seed: u64, panic: &(dyn Any + Send)) -> Self {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say why");
        Self {
            swarm: Swarm::draw(seed),
            failures: vec![Property::Panic.broken(words)],
            trace_hash: String::new(),
            blocks: 0,
            deaths: 0,
            converged_in_us: None,
        }
    }
}

struct Drive {
    swarm: Swarm,
    world: World,
    oracle: Oracle,
    inspector: Inspector,
    load: Load,
    random: ChaCha12Rng,
    /// When what is dead comes back.
    back_at_us: BTreeMap<NodeIndex, u64>,
    heal_at_us: Option<u64>,
    deaths: usize,
}

impl Drive {
    fn new(swarm: Swarm) -> Self {
        let mut random = stream_of(swarm.seed, 21);
        let mut config = WorldConfig::new(swarm.seed, client_parameters(CLIENTS, HASHES_PER_BLOCK));
        config.faults = swarm.faults;
        config.audits = true;
        let mut world = World::new(config);
        for node in 0..swarm.nodes {
            world.add_node();
            world.set_hash_rate(node, HASHES_PER_SECOND / swarm.nodes as f64);
            let skew = swarm.clock_skew_seconds;
            world.step_clock(node, random.random_range(-skew..=skew) * 1_000);
        }
        for one in 0..swarm.nodes {
            for other in one + 1..swarm.nodes {
                let latency_us = microseconds(-random.random::<f64>().ln() * swarm.latency_us as f64 / 1e6);
                world.link(one, other, LinkSpec::of_latency(latency_us));
            }
        }
        if let Some(misdeed) = swarm.misdeed {
            world.misbehave(swarm.nodes - 1, misdeed);
        }
        (0..swarm.nodes).for_each(|node| world.start(node));
        // Who sends through a node that misbehaves has nobody to complain to.
        let honest = swarm.nodes - usize::from(swarm.misdeed.is_some());
        let load = Load::new(CLIENTS, swarm.payments, honest, swarm.seed);
        Self {
            swarm,
            world,
            oracle: Oracle::default(),
            inspector: Inspector::default(),
            load,
            random,
            back_at_us: BTreeMap::new(),
            heal_at_us: None,
            deaths: 0,
        }
    }

    /// Things go wrong, and everything is looked at every few seconds.
    fn trouble(&mut self) -> Result<(), Finding> {
        while self.world.now_us() < TROUBLE_US {
            let until_us = self.world.now_us() + STEP_US;
            while let Some(due_us) = self.load.next_us().filter(|due| *due <= until_us) {
                self.world.run_to(due_us);
                self.load.pay_due(&mut self.world);
            }
            self.world.run_to(until_us);
            self.bury();
            self.mishaps();
            self.recover();
            self.look()?;
        }
        Ok(())
    }

    /// Notes who crashed by itself.
    fn bury(&mut self) {
        for node in self.world.take_crashed() {
            self.deaths += 1;
            let back_us = self.world.now_us() + self.random.random_range(SECOND..3 * MINUTE);
            self.back_at_us.insert(node, back_us);
        }
    }

    fn mishaps(&mut self) {
        let node = self.random.random_range(0..self.swarm.nodes);
        let Swarm { kill, partition, flap, clog, clock_jump, slow_disk, pause, flood, .. } = self.swarm;
        if self.comes(kill) && self.world.node(node).is_running() {
            self.world.crash(node);
            self.bury();
        }
        if self.comes(partition) {
            let sides = self.random.random_range(2..4);
            let side: Vec<usize> =
                (0..self.swarm.nodes).map(|_| self.random.random_range(0..sides)).collect();
            self.world.mark(format!("cut into {sides} sides"));
            self.world.cut(|one, other| side[one] != side[other]);
            self.heal_at_us = Some(self.world.now_us() + self.random.random_range(SECOND..4 * MINUTE));
        }
        if self.comes(flap) {
            self.world.cut_off(&[node]);
            self.world.run_for(self.random.random_range(0..3 * SECOND));
            self.world.heal();
        }
        if self.comes(clog) {
            let latency_us = self.random.random_range(0..3 * SECOND);
            for other in self.world.neighbours(node) {
                self.world.change_link(node, other, |spec| {
                    (spec.latency_us, spec.bytes_per_second) = (latency_us, 20_000);
                });
            }
        }
        if self.comes(clock_jump) {
            self.world.step_clock(node, self.random.random_range(-600_000..=600_000));
        }
        if self.comes(slow_disk) {
            let slow = self.world.node(node).disk_us == DISK_US;
            self.world.set_disk(node, if slow { SLOW_DISK_US } else { DISK_US });
        }
        if self.comes(pause) {
            self.world.pause(node, self.random.random_range(0..40 * SECOND));
        }
        if self.comes(flood) {
            (0..FLOOD).for_each(|_| self.load.pay(&mut self.world));
        }
    }

    /// Whether something that is so likely in a minute comes in this step.
    fn comes(&mut self, per_minute: f64) -> bool {
        let draw: f64 = self.random.random();
        draw < per_minute * STEP_US as f64 / MINUTE as f64
    }

    /// Brings back what is due.
    fn recover(&mut self) {
        let now_us = self.world.now_us();
        if self.heal_at_us.is_some_and(|at| at <= now_us) {
            self.heal_at_us = None;
            self.world.heal();
        }
        let due: Vec<_> =
            self.back_at_us.iter().filter(|(_, at)| **at <= now_us).map(|(node, _)| *node).collect();
        for node in due {
            self.back_at_us.remove(&node);
            self.world.start(node);
            if self.random.random::<f64>() < self.swarm.kill_in_recovery {
                self.world.run_for(self.random.random_range(0..10_000));
                if self.world.node(node).is_running() {
                    self.world.crash(node);
                }
                self.bury();
            }
        }
    }

    /// Mends everything, and waits until all honest nodes agree; answers how long that took.
    fn calm(&mut self) -> Result<u64, Finding> {
        self.world.set_faults(Faults::default());
        self.world.heal();
        for node in 0..self.swarm.nodes {
            self.world.set_disk(node, DISK_US);
            self.world.set_right(node);
            self.world.start(node);
            for other in self.world.neighbours(node) {
                self.world.change_link(node, other, |spec| *spec = LinkSpec::of_latency(50_000));
            }
        }
        // Paused processes go on, and what the last commits on slow disks hold up comes through.
        self.world.run_for(MINUTE);
        if self.swarm.clock_jump > 0.0 {
            self.world.run_for(CLOCKS_SETTLE_US);
        }
        let began_us = self.world.now_us();
        while !self.world.honest_agree() {
            if self.world.now_us() > began_us + CONVERGENCE_US {
                let seconds = CONVERGENCE_US / SECOND;
                let what = format!("honest nodes do not agree {seconds} s after all was mended");
                return Err(Property::Agreement.broken(what));
            }
            self.world.run_for(SECOND / 10);
        }
        Ok(self.world.now_us() - began_us)
    }

    /// Looks at everything that must hold at any moment.
    fn look(&mut self) -> Result<(), Finding> {
        self.oracle.learn(&self.world)?;
        for node in self.honest() {
            self.inspector.look(&mut self.world, &mut self.oracle, node)?;
        }
        self.world.violations().first().map_or(Ok(()), |first| Err(first.clone()))
    }

    /// Looks at what must hold in the end.
    fn judge(&mut self) -> Result<(), Finding> {
        self.look()?;
        for node in self.honest() {
            check_ledger(&mut self.world, node).map_err(|why| Property::Supply.broken(why))?;
        }
        if let Some((by, whom)) = self.world.unjust_bans().first() {
            let what = format!("node {by} banned node {whom}, and both are honest");
            return Err(Property::Blame.broken(what));
        }
        self.judge_transactions()
    }

    fn honest(&self) -> Vec<NodeIndex> {
        (0..self.swarm.nodes).filter(|node| self.world.is_honest(*node)).collect()
    }

    /// Every admitted transaction is on the chain, in a pool, was dropped for a reason, or was lost with a node.
    fn judge_transactions(&mut self) -> Result<(), Finding> {
        let confirmed = self.world.best_transactions();
        let waiting = self.world.waiting_transactions();
        let is_lost = |id: &&TransactionId| {
            !confirmed.contains(*id) && !waiting.contains(*id) && !self.world.was_dropped(id)
        };
        // Who dies takes its pool along. Each that lives is held to its own by the looks at it.
        match self.load.admitted.iter().find(is_lost).filter(|_| self.deaths == 0) {
            Some(id) => {
                Err(Property::Accounting.broken(format!("transaction {id} was admitted and is nowhere")))
            }
            None => Ok(()),
        }
    }
}
