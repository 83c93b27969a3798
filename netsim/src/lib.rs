//! Networks of the real node core in virtual time: many cores, one clock, one queue of events, one seed.
//!
//! ```text
//! World ── owns ──> SimNode (Node<NodeStore>, its store, its clocks)
//!   │                  │ effects
//!   │                  v
//!   └── queue <── deliveries, wake-ups, finished checks, finished commits
//!          │
//!          └── links: who is connected to whom, how slow, who is cut off
//! ```
//!
//! Blocks carry real but easy work, so no rule is bent. Gossip is a flood of this crate's own, with de-duplication
//! and the core's verdicts. Everything random comes from the seed: the same seed gives the same bytes.

pub mod bugs;
mod checks;
mod engine;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod story;
pub mod swarm;
pub mod theory;
pub mod topology;
pub mod validate;

pub use checks::{Finding, Property, Verdict, check_ledger};
pub use engine::{Faults, LinkSpec, Misdeed, NodeIndex, NodeStore, Sharing, SimNode, World, WorldConfig};
pub use record::RunRecord;
