//! Time passes, things happen, samples are taken.

use std::collections::VecDeque;

use rand_chacha::ChaCha12Rng;

use super::build::{Built, build, trace_error};
use super::expect::{Measured, judge};
use super::load::Load;
use super::plan::{Due, carry_out, spread};
use super::{Options, Progress};
use crate::engine::World;
use crate::record::RunRecord;
use crate::scenario::{Scenario, ScenarioError};

/// Samples of tips and pools in a run, about.
const SAMPLES: u64 = 1_000;
/// Microseconds between two looks at whether all agree again.
const LOOK_US: u64 = 100_000;
/// Times the expected duration after which a run that ends by height ends anyway.
const PATIENCE: u64 = 20;
/// Intervals within which honest nodes must agree in the end, and seconds at least.
const CONVERGENCE_INTERVALS: u64 = 3;
const CONVERGENCE_US_MIN: u64 = 60_000_000;

/// Runs a scenario and tells how far it is now and then.
pub fn run(
    scenario: &Scenario,
    options: &Options,
    watch: &mut dyn FnMut(&Progress),
) -> Result<RunRecord, ScenarioError> {
    run_and_keep(scenario, options, watch).map(|(record, _)| record)
}

/// The same, with the world as it is in the end.
pub fn run_and_keep(
    scenario: &Scenario,
    options: &Options,
    watch: &mut dyn FnMut(&Progress),
) -> Result<(RunRecord, World), ScenarioError> {
    let built = build(scenario, options)?;
    let mut drive = Drive::new(scenario, options, built);
    drive.run(watch);
    let (record, mut world) = drive.conclude();
    world.end_story().map_err(|cause| trace_error(options, cause))?;
    Ok((record, world))
}

struct Drive<'a> {
    scenario: &'a Scenario,
    world: World,
    record: RunRecord,
    plan: VecDeque<Due>,
    load: Load,
    hash_rates: Vec<f64>,
    random: ChaCha12Rng,
    interval_us: u64,
    end_us: u64,
    height_max: Option<u32>,
    sample_us: u64,
    next_sample_us: u64,
    /// Since when nodes that differ should come together.
    apart_since_us: Option<u64>,
    /// How long it took each time.
    convergences_us: Vec<u64>,
}

impl<'a> Drive<'a> {
    fn new(scenario: &'a Scenario, options: &Options, built: Built) -> Self {
        let Built { world, facts, hash_rates, random } = built;
        let interval_us = u64::from(facts.interval_seconds) * 1_000_000;
        let by_time = options.duration.or(scenario.duration).filter(|_| options.blocks.is_none());
        let height_max = options.blocks.or(scenario.blocks.filter(|_| by_time.is_none()));
        let blocks_us = u64::from(height_max.unwrap_or_default()) * interval_us;
        let end_us = by_time.map_or(blocks_us * PATIENCE, |span| span.0);
        let sample_us = (by_time.map_or(blocks_us, |span| span.0) / SAMPLES).max(interval_us / 4);
        let record = RunRecord {
            scenario: scenario.name.clone(),
            seed: options.seed,
            network: facts,
            ..RunRecord::default()
        };
        let plan = &scenario.load;
        let load = Load::new(plan.senders, plan.transactions_per_second, world.len(), options.seed);
        Self {
            scenario,
            world,
            record,
            plan: spread(scenario, end_us).into(),
            load,
            hash_rates,
            random,
            interval_us,
            end_us,
            height_max,
            sample_us,
            next_sample_us: 0,
            apart_since_us: None,
            convergences_us: Vec::new(),
        }
    }

    fn run(&mut self, watch: &mut dyn FnMut(&Progress)) {
        loop {
            let now_us = self.world.now_us();
            let look_us = self.apart_since_us.map(|_| now_us + LOOK_US);
            let event_us = self.plan.front().map(|due| due.at_us);
            let times =
                [Some(self.end_us), Some(self.next_sample_us), look_us, event_us, self.load.next_us()];
            let next_us = times.into_iter().flatten().min().unwrap_or(self.end_us).max(now_us);
            self.world.run_to(next_us);
            if event_us.is_some_and(|at| at <= next_us) {
                self.carry_out_next();
            }
            if self.load.next_us().is_some_and(|at| at <= next_us) {
                self.load.pay_due(&mut self.world);
            }
            self.look_whether_together();
            if self.next_sample_us <= next_us {
                let progress = self.sample();
                watch(&progress);
                if self.height_max.is_some_and(|height| progress.height >= height) {
                    return;
                }
            }
            if next_us >= self.end_us {
                return;
            }
        }
    }

    fn carry_out_next(&mut self) {
        let Some(due) = self.plan.pop_front() else { return };
        let Self { scenario, world, hash_rates, random, .. } = self;
        let done = carry_out(&due.event, scenario, world, hash_rates, random);
        self.world.mark(done.words);
        if done.must_converge {
            self.apart_since_us = Some(self.world.now_us());
        }
        for _ in 0..done.burst {
            self.load.pay(&mut self.world);
        }
    }

    fn look_whether_together(&mut self) {
        let Some(since_us) = self.apart_since_us else { return };
        if self.world.honest_agree() {
            self.convergences_us.push(self.world.now_us() - since_us);
            self.apart_since_us = None;
        }
    }

    fn sample(&mut self) -> Progress {
        self.next_sample_us = self.world.now_us() + self.sample_us;
        let tips = self.world.sample_tips();
        self.record.tips.push(tips);
        self.record.mempool.push(self.world.sample_mempool());
        Progress {
            at_us: self.world.now_us(),
            end_us: self.end_us,
            height: tips.height,
            height_max: self.height_max,
            messages: self.world.traffic().messages,
        }
    }

    /// Lets all come together, and judges.
    fn conclude(mut self) -> (RunRecord, World) {
        let patience_us = (CONVERGENCE_INTERVALS * self.interval_us).max(CONVERGENCE_US_MIN);
        let ended_us = self.world.now_us();
        if let Some(since_us) = self.apart_since_us.take() {
            self.convergences_us.push(ended_us - since_us);
        }
        while !self.world.honest_agree() && self.world.now_us() < ended_us + patience_us {
            self.world.run_for(LOOK_US);
        }
        let converged_in_us = self.world.honest_agree().then(|| self.world.now_us() - ended_us);
        self.sample();
        self.world.fill_record(&mut self.record);
        let hash_rate = |is_counted: &dyn Fn(usize) -> bool| -> f64 {
            let counted = self.hash_rates.iter().enumerate().filter(|(node, _)| is_counted(*node));
            counted.map(|(_, rate)| rate).sum()
        };
        let attacker_hash_share = hash_rate(&|node| !self.world.is_honest(node)) / hash_rate(&|_| true);
        let measured = Measured {
            attacker_hash_share,
            converged_in_us,
            patience_us,
            convergences_us: &self.convergences_us,
            admitted: &self.load.admitted,
        };
        self.record.verdicts = judge(&self.scenario.expect, &self.record, &measured, &mut self.world);
        // Asking let a moment pass.
        self.record.trace_hash = self.world.trace_hash();
        (self.record, self.world)
    }
}
