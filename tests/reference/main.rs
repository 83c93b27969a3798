//! Random chains through the core, for a second implementation to judge: every action, forks, reorganisations, edges
//! of every number, and blocks that break a rule. Each run is also a test of its own: the core must follow the branch
//! with most work, refuse what breaks a rule by its name, and agree with a second execution on every tip.
//!
//! With `CAIRN_TRANSCRIPTS` naming a folder, each run leaves a transcript and an exported chain there, which
//! `check.py` beside this file judges; `tests/reference/run` does all of it. `CAIRN_SEEDS` says how many runs.

mod dice;
mod draft;
mod faults;
mod host;
mod people;
mod spending;
mod story;
mod transcript;
mod world;

use std::collections::BTreeSet;

use cairn::consensus::Violation;

use world::World;

/// Runs, unless `CAIRN_SEEDS` says otherwise.
const SEEDS: u64 = 4;
/// Steps of a run; most deliver one block, some a few.
const STEPS: u64 = 160;
/// Every so many runs there is one that is so many times as long.
const LONG_RUN: u64 = 8;
/// The first two have other words here; a block of more than four megabytes is no matter of chance.
const NOT_NAMED: [&str; 3] = ["unknown-parent", "time-too-far-ahead", "block-too-large"];

#[test]
fn random_chains_end_at_the_most_work_and_nothing_that_breaks_a_rule_passes() {
    let seeds = std::env::var("CAIRN_SEEDS").map_or(SEEDS, |seeds| seeds.parse().expect("a number of runs"));
    let (mut named, mut blocks, mut disconnected) = (BTreeSet::new(), 0, 0);
    for seed in 0..seeds {
        let mut world = World::new(seed);
        let steps = if seed % LONG_RUN == LONG_RUN - 1 { STEPS * LONG_RUN } else { STEPS };
        for _ in 0..steps {
            story::step(&mut world);
        }
        story::wait_for_a_block_ahead_of_the_clock(&mut world);
        world.end();
        blocks += world.valid_blocks();
        disconnected += world.disconnected;
        named.extend(world.verdicts.into_keys());
    }
    assert!(blocks as u64 > seeds * STEPS / 2, "{blocks} valid blocks are few");
    assert!(disconnected > seeds, "{disconnected} blocks left the best chain");
    let rules = Violation::ALL.iter().map(|rule| rule.name()).filter(|rule| !NOT_NAMED.contains(rule));
    let missing: Vec<_> = rules.chain(["orphan", "kept"]).filter(|rule| !named.contains(rule)).collect();
    assert!(missing.is_empty(), "no run met {missing:?}");
}
