//! Whether what was expected came of a run.

use cairn::primitives::TransactionId;

use crate::checks::check_ledger;
use crate::engine::World;
use crate::record::{RunRecord, VerdictRecord};
use crate::report::{count, duration, times};
use crate::scenario::{Expectations, Span};

/// Nodes whose money is counted at most.
const COUNTED_NODES_MAX: usize = 20;
/// Blocks of the last interval's mean.
const LAST_BLOCKS: usize = 50;

/// What was measured while the run went on.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    /// How long after the end all honest nodes agreed.
    pub(super) converged_in_us: Option<u64>,
    /// How long that might take.
    pub(super) patience_us: u64,
    /// How long it took after each time they had a reason to differ.
    pub(super) convergences_us: &'a [u64],
    /// Part of the hash rate that misbehaving nodes had at the beginning.
    pub(super) attacker_hash_share: f64,
    /// Transactions that pools took.
    pub(super) admitted: &'a [TransactionId],
}

/// Holds a run to what was expected of it.
pub(super) fn judge(
    expected: &Expectations,
    record: &RunRecord,
    measured: &Measured<'_>,
    world: &mut World,
) -> Vec<VerdictRecord> {
    let mut verdicts = Verdicts { lines: Vec::new(), report_only: &expected.report_only };
    judge_agreement(expected, measured, &mut verdicts);
    judge_branches(expected, record, measured, &mut verdicts);
    judge_safety(expected, world, &mut verdicts);
    judge_pace(expected, record, &mut verdicts);
    if let Some(share_min) = expected.confirmed_share_min {
        let on_chain = world.best_transactions();
        let confirmed = measured.admitted.iter().filter(|id| on_chain.contains(id)).count();
        let share = confirmed as f64 / measured.admitted.len().max(1) as f64;
        let (all, part) = (count(measured.admitted.len() as u64), count(confirmed as u64));
        let words = format!("{}, {part} of {all}", percent(share));
        verdicts.add(
            "confirmed_share_min",
            words,
            format!("at least {}", percent(share_min)),
            share >= share_min,
        );
    }
    verdicts.lines
}

fn judge_agreement(expected: &Expectations, measured: &Measured<'_>, verdicts: &mut Verdicts<'_>) {
    if expected.converged == Some(true) {
        let words = measured.converged_in_us.map_or("never".into(), after);
        let limit = format!("within {}", duration(measured.patience_us));
        verdicts.add("converged", words, limit, measured.converged_in_us.is_some());
    }
    if let Some(within) = expected.converge_within {
        let longest = measured.convergences_us.iter().copied().max();
        let words = longest.map_or("never apart".into(), |us| match measured.convergences_us.len() {
            1 => after(us),
            times => format!("{}, the longest of {times} times", after(us)),
        });
        let limit = format!("within {}", duration(within.0));
        verdicts.add("converge_within", words, limit, longest.is_none_or(|us| us <= within.0));
    }
}

fn judge_branches(
    expected: &Expectations,
    record: &RunRecord,
    measured: &Measured<'_>,
    verdicts: &mut Verdicts<'_>,
) {
    let stale = record.stale_rate();
    if let Some(most) = expected.stale_rate_max {
        verdicts.add("stale_rate_max", percent(stale), format!("at most {}", percent(most)), stale <= most);
    }
    if let Some(least) = expected.stale_rate_min {
        verdicts.add(
            "stale_rate_min",
            percent(stale),
            format!("at least {}", percent(least)),
            stale >= least,
        );
    }
    let deepest = record.deepest_reorganisation();
    let blocks = |count: usize| if count == 1 { "1 block".to_owned() } else { format!("{count} blocks") };
    if let Some(most) = expected.reorganisation_depth_max {
        let limit = format!("at most {}", blocks(most));
        verdicts.add("reorganisation_depth_max", blocks(deepest), limit, deepest <= most);
    }
    if let Some(least) = expected.reorganisation_depth_min {
        let limit = format!("at least {}", blocks(least));
        verdicts.add("reorganisation_depth_min", blocks(deepest), limit, deepest >= least);
    }
    if let Some(most) = expected.attacker_share_max {
        let share = record.attacker_share();
        verdicts.add(
            "attacker_share_max",
            percent(share),
            format!("at most {}", percent(most)),
            share <= most,
        );
    }
    if let Some(most) = expected.attacker_gain_max {
        let gain = record.attacker_share() / measured.attacker_hash_share;
        let hash_share = percent(measured.attacker_hash_share);
        verdicts.add(
            "attacker_gain_max",
            format!("{gain:.2} times the {hash_share} that it hashes"),
            format!("at most {most} times"),
            gain <= most,
        );
    }
}

fn judge_safety(expected: &Expectations, world: &mut World, verdicts: &mut Verdicts<'_>) {
    if expected.supply_holds == Some(true) {
        let running: Vec<_> = (0..world.len()).filter(|node| world.node(*node).is_running()).collect();
        let step = running.len().div_ceil(COUNTED_NODES_MAX).max(1);
        let counted: Vec<_> = running.into_iter().step_by(step).collect();
        let wrong = counted.iter().find_map(|node| check_ledger(world, *node).err());
        let passed = wrong.is_none();
        let words = wrong.unwrap_or_else(|| format!("held at {} nodes", counted.len()));
        verdicts.add("supply_holds", words, "no pebble more or less".into(), passed);
    }
    if expected.none_banned == Some(true) {
        let unjust = world.unjust_bans();
        let words = unjust.first().map_or("nobody".into(), |(by, whom)| {
            format!("{}, first node {whom} by node {by}", times(unjust.len() as u64))
        });
        verdicts.add("none_banned", words, "no honest node by another".into(), unjust.is_empty());
    }
}

fn judge_pace(expected: &Expectations, record: &RunRecord, verdicts: &mut Verdicts<'_>) {
    let mut found: Vec<_> =
        record.blocks.iter().filter(|block| block.on_best_chain).map(|block| block.found_at_us).collect();
    found.sort_unstable();
    let height = record.blocks.iter().filter(|block| block.on_best_chain).map(|block| block.height).max();
    if let Some(least) = expected.height_min {
        let height = height.unwrap_or_default();
        verdicts.add("height_min", height.to_string(), format!("at least {least}"), height >= least);
    }
    if let Some(range) = expected.block_interval {
        verdicts.add_interval("block_interval", &found, range);
    }
    if let Some(range) = expected.last_block_interval {
        let last = &found[found.len().saturating_sub(LAST_BLOCKS + 1)..];
        verdicts.add_interval("last_block_interval", last, range);
    }
    if let Some(most) = expected.propagation_90_max {
        let mut times: Vec<_> =
            record.honest_blocks().filter_map(|block| block.propagation.quantiles_us[2]).collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied();
        let words = median.map_or("never".into(), |us| format!("after {}", duration(us)));
        let passed = median.is_some_and(|us| us <= most.0);
        verdicts.add("propagation_90_max", words, format!("within {}", duration(most.0)), passed);
    }
}

struct Verdicts<'a> {
    lines: Vec<VerdictRecord>,
    report_only: &'a [String],
}

impl Verdicts<'_> {
    fn add(&mut self, name: &str, measured: String, threshold: String, passed: bool) {
        let reported_only = self.report_only.iter().any(|only| only == name);
        let name = name.to_owned();
        self.lines.push(VerdictRecord { name, measured, threshold, passed, reported_only });
    }

    fn add_interval(&mut self, name: &str, found_us: &[u64], [from, to]: [Span; 2]) {
        let mean = match found_us {
            [first, .., last] => Some((last - first) / (found_us.len() as u64 - 1)),
            _ => None,
        };
        let words = mean.map_or("no two blocks".into(), duration);
        let passed = mean.is_some_and(|us| (from.0..=to.0).contains(&us));
        self.add(name, words, format!("{} to {}", duration(from.0), duration(to.0)), passed);
    }
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 10_000.0).round() / 100.0)
}

/// How long something took, as what came of it.
fn after(us: u64) -> String {
    if us == 0 { "at once".into() } else { format!("after {}", duration(us)) }
}
