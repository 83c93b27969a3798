//! Swarm testing: each seed draws a network and which faults it suffers, how often; then all is mended and must come
//! together again.
//!
//! Checked after every step of a node: all that must hold at any moment (`checks`). Checked at the end: that they
//! converge, money, and what became of every transaction.

mod drive;
mod plan;
mod trouble;
mod vandal;

pub use drive::{Outcome, run_seed, trace_seed};
pub use plan::Swarm;
