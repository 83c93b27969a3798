//! The lines: what is set beside what, and what should come of it.

mod connect;
mod miner;
mod state_root;

use crate::Scale;
use crate::report::{Round, Target};

/// One comparison.
pub(crate) struct Line {
    /// How to ask for it.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) target: Target,
    /// Makes what is needed, and gives back what measures one round.
    pub(crate) prepare: fn(Scale) -> Box<dyn FnMut() -> Round>,
}

/// All lines, in the order in which they are measured.
pub(crate) const LINES: [Line; 7] = [
    Line {
        name: "cold",
        title: "blocks never seen, 10^6 accounts, to durable / bare batch verification",
        target: Target::AtLeast(0.8),
        prepare: connect::cold,
    },
    Line {
        name: "indexed",
        title: "the same with the wallet index at the tip too / bare batch verification",
        target: Target::AtLeast(0.7),
        prepare: connect::indexed,
    },
    Line {
        name: "repeated",
        title: "blocks never seen of 64 signers, to durable / bare batch verification of distinct signers",
        target: Target::AtLeast(1.4),
        prepare: connect::repeated,
    },
    Line {
        name: "known",
        title: "blocks whose transfers all wait in the pool, to durable / bare batch verification",
        target: Target::AtLeast(6.0),
        prepare: connect::known,
    },
    Line {
        name: "large",
        title: "blocks never seen at 10^7 accounts / at 10^4, to durable",
        target: Target::AtLeast(0.8),
        prepare: connect::large,
    },
    Line {
        name: "root",
        title: "state root after 64 blocks of 2,000 transfers, 10^6 accounts",
        target: Target::MicrosecondsAtMost(0.9),
        prepare: state_root::prepare,
    },
    Line {
        name: "miner",
        title: "nonces searched by the miner / by a bare loop from the midstate",
        target: Target::AtLeast(0.95),
        prepare: miner::prepare,
    },
];
