//! Swarm testing: each seed draws a network and which faults it suffers, how often; then all is mended and must come
//! together again.
//!
//! Checked all along: what nodes show and report (`engine/audit.rs`), their state against a replay by definition, and
//! that each follows the most work it has (`oracle`). Checked at the end: that they converge, money, and what became
//! of every transaction.

mod drive;
mod oracle;
mod plan;

pub use drive::{Outcome, run_seed, trace_seed};
pub use plan::Swarm;
