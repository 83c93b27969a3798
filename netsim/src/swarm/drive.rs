//! One seed: trouble for a while, then calm, then judgement.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic::catch_unwind;
use std::path::Path;

use cairn::primitives::TransactionId;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::plan::Swarm;
use super::vandal::Vandal;
use crate::checks::{Finding, Property, check_ledger};
use crate::engine::{Faults, LinkSpec, NodeIndex, World, WorldConfig, microseconds, stream_of};
use crate::run::{Load, client_parameters};

pub(super) const SECOND: u64 = 1_000_000;
pub(super) const MINUTE: u64 = 60 * SECOND;

/// How long there is trouble.
const TROUBLE_US: u64 = 30 * MINUTE;
/// Time between two mishaps.
pub(super) const STEP_US: u64 = 5 * SECOND;
/// How long honest nodes may take to agree once all is mended: the larger of three intervals and this.
const CONVERGENCE_US: u64 = 60 * SECOND;
/// Clients that pay.
const CLIENTS: u32 = 6;
/// A slow disk's microseconds for a commit.
pub(super) const SLOW_DISK_US: u64 = 2 * SECOND;
/// A disk's microseconds for a commit.
pub(super) const DISK_US: u64 = 3_000;
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

pub(super) struct Drive {
    pub(super) swarm: Swarm,
    pub(super) world: World,
    pub(super) load: Load,
    pub(super) vandal: Vandal,
    pub(super) random: ChaCha12Rng,
    /// When what is dead comes back.
    pub(super) back_at_us: BTreeMap<NodeIndex, u64>,
    pub(super) heal_at_us: Option<u64>,
    pub(super) deaths: usize,
}

impl Drive {
    fn new(swarm: Swarm) -> Self {
        let mut random = stream_of(swarm.seed, 21);
        let mut config = WorldConfig::new(swarm.seed, client_parameters(CLIENTS + 1, HASHES_PER_BLOCK));
        config.faults = swarm.faults;
        config.audits = true;
        let mut world = World::new(config);
        for _ in 0..swarm.nodes {
            let node = world.add_node();
            let skew = swarm.clock_skew_seconds;
            world.step_clock(node, random.random_range(-skew..=skew) * 1_000);
        }
        live_through(&mut world, swarm.history);
        for one in 0..swarm.nodes {
            for other in one + 1..swarm.nodes {
                let latency_us = microseconds(-random.random::<f64>().ln() * swarm.latency_us as f64 / 1e6);
                world.link(one, other, LinkSpec::of_latency(latency_us));
            }
        }
        // Who sends through a node that misbehaves has nobody to complain to: those are the last ones.
        let honest = swarm.nodes - swarm.liars.len();
        for (node, misdeeds) in (honest..).zip(&swarm.liars) {
            for misdeed in misdeeds {
                world.misbehave(node, *misdeed);
            }
        }
        for node in 0..swarm.nodes {
            world.start(node);
            world.set_hash_rate(node, HASHES_PER_SECOND / swarm.nodes as f64);
        }
        let mut load = Load::new(CLIENTS, swarm.payments, honest, swarm.seed);
        load.begin_at(world.now_us());
        Self {
            swarm,
            world,
            load,
            vandal: Vandal::new(CLIENTS),
            random,
            back_at_us: BTreeMap::new(),
            heal_at_us: None,
            deaths: 0,
        }
    }

    /// Things go wrong, until the end or until something is found.
    fn trouble(&mut self) -> Result<(), Finding> {
        let end_us = self.world.now_us() + TROUBLE_US;
        while self.world.now_us() < end_us {
            let until_us = self.world.now_us() + STEP_US;
            while let Some(due_us) = self.load.next_us().filter(|due| *due <= until_us) {
                self.world.run_to(due_us);
                self.load.pay_due(&mut self.world);
            }
            self.world.run_to(until_us);
            self.bury();
            self.mishaps()?;
            self.recover();
            self.look()?;
        }
        Ok(())
    }

    /// Mends everything, and waits until all honest nodes agree; answers how long that took.
    fn calm(&mut self) -> Result<u64, Finding> {
        self.mend();
        let began_us = self.world.now_us();
        while !self.agree() {
            if self.world.now_us() > began_us + CONVERGENCE_US {
                // Nobody need have found a block in all that time: then what was seen first stays.
                if self.is_tied() {
                    break;
                }
                let seconds = CONVERGENCE_US / SECOND;
                let what = format!("honest nodes do not agree {seconds} s after all was mended");
                return Err(Property::Agreement.broken(what));
            }
            self.world.run_for(SECOND / 10);
        }
        Ok(self.world.now_us() - began_us)
    }

    fn mend(&mut self) {
        self.world.set_faults(Faults::default());
        self.world.heal();
        for node in 0..self.swarm.nodes {
            self.world.set_disk(node, DISK_US);
            self.world.set_right(node);
            self.world.start(node);
            for other in self.world.neighbours(node) {
                self.world.change_link(node, other, |spec| *spec = LinkSpec::of_latency(50_000));
            }
            // Blocks from the future have to end some day.
            if self.swarm.is_quiet || !self.world.is_honest(node) {
                self.world.set_hash_rate(node, 0.0);
            }
        }
        // A process that is paused is not mended before it goes on; nor is a disk before its last slow commit.
        while (0..self.swarm.nodes).any(|node| self.world.is_paused(node)) {
            self.world.run_for(SECOND);
        }
        self.world.run_for(SLOW_DISK_US);
        // What clocks that were ahead put onto blocks comes due.
        let latest = self.world.tracks().iter().map(|track| track.block.header.time).max();
        let limit = self.world.params().future_limit_seconds;
        while latest > Some(self.world.node(0).now(self.world.now_us()).timestamp().plus(limit)) {
            self.world.run_for(SECOND);
        }
    }

    /// Whether honest nodes show one tip; where nobody mines any more, tips of equal work are as good.
    fn agree(&self) -> bool {
        self.world.honest_agree() || self.swarm.is_quiet && self.is_tied()
    }

    /// Whether honest nodes show tips of equal work.
    fn is_tied(&self) -> bool {
        let views = self.honest().into_iter().filter_map(|node| self.world.node(node).view.as_ref());
        let mut works = views.map(|view| view.tip.work);
        let first = works.next();
        works.all(|work| Some(work) == first)
    }

    /// Whether anything was found in any step so far.
    fn look(&self) -> Result<(), Finding> {
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
        // Who dies takes its pool along. Each that lives is held to its own at every step.
        if self.deaths > 0 {
            return Ok(());
        }
        let waiting = self.world.waiting_transactions();
        let views = self.honest().into_iter().filter_map(|node| self.world.node(node).view.as_ref());
        let tips: BTreeSet<_> = views.map(|view| view.tip.id.hash).collect();
        let Some(overseer) = &self.world.overseer else { return Ok(()) };
        let is_confirmed = |id: &TransactionId| tips.iter().any(|tip| overseer.oracle().is_on(id, *tip));
        let is_lost =
            |id: &&TransactionId| !is_confirmed(id) && !waiting.contains(*id) && !self.world.was_dropped(id);
        let lost = self.load.admitted.iter().find(is_lost);
        lost.map_or(Ok(()), |id| {
            Err(Property::Accounting.broken(format!("transaction {id} was admitted and is nowhere")))
        })
    }
}

/// Lets the first node mine so many blocks before anybody else is there.
fn live_through(world: &mut World, blocks: u32) {
    if blocks > 0 {
        world.start(0);
    }
    for _ in 0..blocks {
        world.run_for(10 * SECOND);
        world.mine_at(0);
    }
}
