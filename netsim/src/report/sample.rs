//! A run that never happened, for the tests: a chain with forks, a partition of four blocks, and a load.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::record::{
    BlockRecord, DifficultySample, Incident, MempoolSample, NetworkFacts, PROPAGATION_PERCENTS, Propagation,
    Reorganisation, RunRecord, TipsSample, Traffic, VerdictRecord,
};

const NODES: usize = 101;
const INTERVAL_US: u64 = 10_000_000;
const BLOCKS: u32 = 240;

/// The run; always the same.
pub(super) fn record() -> RunRecord {
    let mut random = ChaCha12Rng::seed_from_u64(7);
    let mut record = RunRecord {
        scenario: "sample".to_owned(),
        seed: 7,
        nodes: NODES,
        network: network(),
        duration_us: u64::from(BLOCKS) * INTERVAL_US,
        traffic: Traffic {
            messages: 180_000,
            gossip: 170_000,
            duplicates: 145_000,
            lost: 12,
            bytes: 91_000_000,
        },
        verdicts: verdicts(),
        trace_hash: "5f".repeat(32),
        ..RunRecord::default()
    };
    for height in 1..=BLOCKS {
        let at_us = u64::from(height) * INTERVAL_US - random.random_range(0..INTERVAL_US / 2);
        add_block(&mut record, &mut random, ("", ""), height, at_us);
        let beside = match height {
            120 => 4,
            height if height % 23 == 0 => 1,
            _ => 0,
        };
        for step in 0..beside {
            let parent = if step == 0 { "" } else { "x" };
            add_block(&mut record, &mut random, ("x", parent), height + step, at_us + 1_000_000);
        }
        if beside > 0 {
            record.reorganisations.extend((0..20).map(|node| Reorganisation {
                at_us,
                node,
                depth: beside as usize,
            }));
        }
        let lasts_us = u64::from(beside.pow(2)) * 2_000_000;
        let sample =
            |at_us, distinct, largest| TipsSample { at_us, running: NODES, distinct, largest, height };
        record.tips.push(sample(at_us, 1 + usize::from(beside > 0), if beside > 0 { 60 } else { NODES }));
        record.tips.push(sample(at_us + lasts_us.max(1), 1, NODES));
        let most = random.random_range(20..90);
        record.mempool.push(MempoolSample { at_us, most, median: most / 2 });
        let hashes = 1_024.0 * (1.0 + 0.2 * (f64::from(height) / 20.0).sin());
        record.difficulty.push(DifficultySample { at_us, height, bits: 0x1f40_0000, hashes });
    }
    record.tips.sort_by_key(|sample| sample.at_us);
    record.incidents = incidents();
    record
}

/// Adds a block whose name is its height behind a prefix, as is its parent's.
fn add_block(
    record: &mut RunRecord,
    random: &mut ChaCha12Rng,
    names: (&str, &str),
    height: u32,
    found_at_us: u64,
) {
    record.blocks.push(BlockRecord {
        hash: format!("{}{height}", names.0),
        parent: format!("{}{}", names.1, height - 1),
        height,
        miner: random.random_range(0..NODES),
        found_at_us,
        transactions: 12,
        bytes: 2_400,
        on_best_chain: names.0.is_empty(),
        propagation: propagation(random),
        ..BlockRecord::default()
    });
}

fn propagation(random: &mut ChaCha12Rng) -> Propagation {
    let scale = random.random_range(60_000..140_000);
    let mut delays_us: Vec<u64> =
        (1..NODES as u64).map(|place| scale + place * scale / 40 + random.random_range(0..scale)).collect();
    delays_us.sort_unstable();
    let quantile = |percent: u32| delays_us.get((percent as usize * (NODES - 1)).div_ceil(100) - 1).copied();
    Propagation {
        audience: NODES - 1,
        reached: NODES - 1,
        quantiles_us: PROPAGATION_PERCENTS.map(quantile),
        mean_delay_us: delays_us.iter().sum::<u64>() / delays_us.len() as u64,
        hops: vec![0, 8, 45, 44, 3],
        messages: 708,
        delays_us,
    }
}

fn network() -> NetworkFacts {
    NetworkFacts {
        interval_seconds: 10,
        retargets: true,
        hashes_per_second: 102.4,
        miners: NODES,
        topology: "random regular, degree 8".to_owned(),
        links: 404,
        latency: "exponential, mean 50 ms".to_owned(),
        mean_latency_us: 50_000,
        transactions_per_second: 1.5,
    }
}

fn verdicts() -> Vec<VerdictRecord> {
    let verdict = |name: &str, measured: &str, threshold: &str| VerdictRecord {
        name: name.to_owned(),
        measured: measured.to_owned(),
        threshold: threshold.to_owned(),
        passed: true,
        reported_only: false,
    };
    vec![
        verdict("all nodes agree at the end", "1 tip", "1 tip"),
        verdict("stale rate", "5.4 %", "at most 8 %"),
        VerdictRecord { reported_only: true, passed: false, ..verdict("waiting", "89", "at most 50") },
    ]
}

fn incidents() -> Vec<Incident> {
    let incident = |at_s: u64, what: &str| Incident { at_us: at_s * 1_000_000, what: what.to_owned() };
    vec![
        incident(1_180, "partition into 40 and 61 nodes"),
        incident(1_240, "the partition heals"),
        incident(1_800, "burst of 500 transactions"),
    ]
}
