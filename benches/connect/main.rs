//! How much a whole block costs beside its bare signatures: `cargo bench --bench connect`.
//!
//! Bare: ed25519-zebra's batch of 2,000 distinct signers, on one thread. Cold: blocks of 2,000 transfers that the node
//! has never seen, decoded, checked, connected and made durable by the real core on the real store; process CPU of
//! all threads, from the first block in to the last one durable. Known: the same with every transaction in the pool
//! before. All are measured in turn, several times, so that a noisy machine disturbs both sides of each ratio.

mod material;
mod report;
mod rounds;

use material::Material;
use report::Series;

/// Each kind of measurement is made so often.
const ROUNDS: usize = 5;
/// The least that the cold rate may be of the bare one (docs/design.md, budgets).
const TARGET_RATIO: f64 = 0.5;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_trial = std::env::args().any(|argument| argument == "--test");
    let (blocks, rounds) = if is_trial { (2, 1) } else { (material::BLOCKS, ROUNDS) };
    println!(
        "making {blocks} blocks of {} transfers over {} accounts",
        material::TRANSFERS,
        material::ACCOUNTS
    );
    let material = Material::make(blocks);

    let [mut bare, mut cold, mut settled, mut admission, mut known, mut cold_ratio, mut known_ratio] =
        std::array::from_fn(|_| Series::default());
    for round in 1..=rounds {
        let bare_rate = rounds::bare(&material);
        let cold_rates = rounds::cold(&material);
        let known_rates = rounds::known(&material);
        println!(
            "round {round} of {rounds}: bare {bare_rate:.0}, cold {:.0}, known {:.0}",
            cold_rates.durable, known_rates.connect
        );
        bare.push(bare_rate);
        cold.push(cold_rates.durable);
        settled.push(cold_rates.settled);
        admission.push(known_rates.admit);
        known.push(known_rates.connect);
        cold_ratio.push(cold_rates.durable / bare_rate);
        known_ratio.push(known_rates.connect / bare_rate);
    }
    println!("\nper second of process CPU                  median    lowest   highest");
    bare.print("bare signatures, one thread", 0);
    cold.print("cold transfers, to durable", 0);
    settled.print("cold transfers, to a stopped node", 0);
    admission.print("transfers admitted to the pool", 0);
    known.print("known transfers, to durable", 0);
    cold_ratio.print("cold / bare", 2);
    known_ratio.print("known / bare", 2);
    let verdict = if cold_ratio.median() >= TARGET_RATIO { "met" } else { "missed" };
    println!("target cold / bare of at least {TARGET_RATIO}: {verdict}");
}
