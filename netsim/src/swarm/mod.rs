//! Swarm testing: each seed draws a network and which faults it suffers, how often; then all is mended and must come
//! together again.
//!
//! Checked all along: what nodes show and report (`engine/audit.rs`), every block that is found against a dull `model`
//! of the rules (`oracle`), and what each node holds against what follows from its chain (`inspect`). Checked at the
//! end: that they converge, money, and what became of every transaction.

mod drive;
mod inspect;
mod model;
mod oracle;
mod plan;
mod trouble;
mod vandal;

pub use drive::{Outcome, run_seed, trace_seed};
pub use plan::Swarm;
