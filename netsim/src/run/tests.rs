//! Runs as a whole: the same seed gives the same bytes, verdicts are given, faults are told.

use super::{Options, run};
use crate::record::RunRecord;
use crate::scenario::Scenario;
use crate::story::explain;

const SMALL: &str = r#"
name = "small"
about = "Two halves for a while, with payments, kills and a joiner."
nodes = 6
for = "20m"
topology = { kind = "random-regular", degree = 3 }
[links]
latency = { exponential = "100ms" }
bandwidth = "100kB/s"
loss = 0.01
[load]
transactions_per_second = 0.1
senders = 4
[[event]]
at = "4m"
partition = [0.5, 0.5]
[[event]]
at = "8m"
heal = true
[[event]]
at = "10m"
kill = "20%"
[[event]]
at = "12m"
restart = "stopped"
[[event]]
at = "15m"
join = 1
[expect]
converged = true
supply_holds = true
none_banned = true
reorganisation_depth_min = 1
"#;

fn record_of(text: &str, options: &Options) -> RunRecord {
    let scenario = Scenario::parse("small", text).unwrap();
    run(&scenario, options, &mut |_| {}).unwrap()
}

fn small(seed: u64, no_sharing: bool) -> RunRecord {
    record_of(SMALL, &Options { seed, no_sharing, ..Options::default() })
}

#[test]
fn the_same_seed_gives_the_same_record_and_another_seed_another() {
    let record = small(5, false);
    assert_eq!(serde_json::to_string(&record).unwrap(), serde_json::to_string(&small(5, false)).unwrap());
    assert_ne!(record.trace_hash, small(6, false).trace_hash);
    assert!(record.passed(), "{:#?}", record.verdicts);
    assert_eq!(record.nodes, 7);
}

#[test]
fn sharing_changes_nothing_that_anybody_could_see() {
    assert_eq!(small(5, false), small(5, true));
}

#[test]
fn a_trace_tells_the_story_of_any_block_of_the_run_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.jsonl");
    let options = Options { seed: 5, trace: Some(trace.clone()), ..Options::default() };
    let record = record_of(SMALL, &options);
    assert_eq!(record, small(5, false));
    let file = || std::io::BufReader::new(std::fs::File::open(&trace).unwrap());
    for block in record.blocks.iter().filter(|block| block.propagation.reached > 0).take(3) {
        let story = explain(file(), &block.hash).unwrap();
        assert!(story.contains(&format!("found by node {}", block.miner)), "{story}");
        assert!(story.contains(&format!("to {} nodes", block.propagation.reached)), "{story}");
    }
}

#[test]
fn what_is_expected_and_does_not_come_fails_the_run() {
    let text = SMALL.replace("reorganisation_depth_min = 1", "reorganisation_depth_min = 1000");
    let record = record_of(&text, &Options { seed: 5, ..Options::default() });
    assert!(!record.passed());
    let text = format!("{text}report_only = [\"reorganisation_depth_min\"]\n");
    assert!(record_of(&text, &Options { seed: 5, ..Options::default() }).passed());
}

#[test]
fn where_links_jitter_blocks_come_later_by_half_of_it_in_the_mean() {
    let mean_us = |jitter: &str| {
        let text = format!(
            "name = \"j\"\nabout = \"a\"\nnodes = 4\nfor = \"30m\"\ntopology = {{ kind = \"complete\" }}\n\
             [links]\nlatency = \"100ms\"\njitter = \"{jitter}\"\n"
        );
        let record = record_of(&text, &Options { seed: 3, ..Options::default() });
        let delays: Vec<_> = record.blocks.iter().map(|block| block.propagation.mean_delay_us).collect();
        delays.iter().sum::<u64>() / delays.len() as u64
    };
    let (even, uneven) = (mean_us("0s"), mean_us("80ms"));
    assert!((even + 20_000..even + 60_000).contains(&uneven), "{even} {uneven}");
}
