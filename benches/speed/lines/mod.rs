//! The lines: what is set beside what, and what should come of it.

mod connect;
mod miner;
#[cfg(feature = "cli")]
mod processes;
mod state_root;

use crate::Scale;
use crate::report::{Round, Target};

/// One comparison.
pub(crate) struct Line {
    /// How to ask for it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) target: Target,
    /// Each line is measured so often, unless what it prepares for each round takes minutes.
    pub(crate) rounds: usize,
    /// Makes what is needed, and gives back what measures one round.
    pub(crate) prepare: fn(Scale) -> Box<dyn FnMut() -> Round>,
}

/// Rounds of most lines.
const ROUNDS: usize = 7;

/// All lines, in the order in which they are measured.
pub(crate) const LINES: &[Line] = &[
    Line {
        name: "cold",
        title: "blocks never seen, 10^6 accounts, to durable / bare batch verification",
        target: Target::AtLeast(0.8),
        rounds: ROUNDS,
        prepare: connect::cold,
    },
    Line {
        name: "indexed",
        title: "the same with the wallet index at the tip too / bare batch verification",
        target: Target::AtLeast(0.7),
        rounds: ROUNDS,
        prepare: connect::indexed,
    },
    Line {
        name: "repeated",
        title: "blocks never seen of 64 signers, to durable / bare batch verification of distinct signers",
        target: Target::AtLeast(1.4),
        rounds: ROUNDS,
        prepare: connect::repeated,
    },
    Line {
        name: "known",
        title: "blocks whose transfers all wait in the pool, to durable / bare batch verification",
        target: Target::AtLeast(6.0),
        rounds: ROUNDS,
        prepare: connect::known,
    },
    Line {
        name: "large",
        title: "blocks never seen at 10^7 accounts / at 10^4, to durable",
        target: Target::AtLeast(0.8),
        rounds: ROUNDS,
        prepare: connect::large,
    },
    Line {
        name: "root",
        title: "state root after 64 blocks of 2,000 transfers, 10^6 accounts",
        target: Target::MicrosecondsAtMost(0.9),
        rounds: ROUNDS,
        prepare: state_root::prepare,
    },
    Line {
        name: "miner",
        title: "nonces searched by the miner / by a bare loop from the midstate",
        target: Target::AtLeast(0.95),
        rounds: ROUNDS,
        prepare: miner::prepare,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "height",
        title: "CPU of full blocks at height 10^5 / at height 10^3, to durable, same state",
        target: Target::AtMost(1.05),
        rounds: ROUNDS,
        prepare: processes::height::against_low,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "sync",
        title: "a full chain synced over loopback, client's CPU / blocks never seen, indexed",
        target: Target::AtLeast(0.85),
        rounds: ROUNDS,
        prepare: processes::sync::against_cold,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "sync-transactions",
        title: "transactions synced a second over loopback / what Bitcoin Core does on two such cores",
        target: Target::AtLeast(2.0),
        rounds: ROUNDS,
        prepare: processes::sync::transactions_against_bitcoin,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "sync-empty",
        title: "empty blocks synced a second over loopback / what Bitcoin Core does on two such cores",
        target: Target::AtLeast(2.0),
        rounds: ROUNDS,
        prepare: processes::sync::empty_against_bitcoin,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "admission",
        title: "transactions over JSON-RPC, batches of 50, one connection / signatures one by one",
        target: Target::AtLeast(0.6),
        rounds: ROUNDS,
        prepare: processes::admission::over_rpc,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "memory",
        title: "resident memory at 10^6 accounts and height 10,000",
        target: Target::AtMost(400.0),
        rounds: ROUNDS,
        prepare: processes::memory::at_rest,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "memory-full",
        title: "resident memory after 1,000 full blocks more",
        target: Target::AtMost(900.0),
        rounds: 1,
        prepare: processes::memory::after_full_blocks,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "start",
        title: "an empty node until its RPC answers",
        target: Target::AtMost(150.0),
        rounds: ROUNDS,
        prepare: processes::start::empty,
    },
    #[cfg(feature = "cli")]
    Line {
        name: "start-killed",
        title: "a killed node at height 50,000 with 10^6 accounts until its RPC answers",
        target: Target::AtMost(5_000.0),
        rounds: ROUNDS,
        prepare: processes::start::after_kill,
    },
];
