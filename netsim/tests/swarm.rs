//! Networks that suffer random faults, a seed each: nothing that must hold ever fails, and in the end all agree.

use netsim::swarm::run_seed;

#[test]
fn whatever_a_seed_draws_everything_holds_and_all_come_together() {
    for seed in 1..=4 {
        let outcome = run_seed(seed);
        assert!(outcome.failures.is_empty(), "netsim sweep 1 --from {seed}: {:#?}", outcome.failures);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    assert_eq!(run_seed(3).trace_hash, run_seed(3).trace_hash);
}
