//! Networks of the real node core in virtual time: many cores, one clock, one queue of events, one seed.
//!
//! ```text
//! World ── owns ──> SimNode (Node<MemoryStore>, its store, its clock)      world.rs, sim_node.rs
//!   │                  │ effects
//!   │                  v
//!   └── queue <── deliveries, wake-ups, finished checks, finished commits   queue.rs
//!          │
//!          └── Links: who is connected to whom, how slow, who is cut off    links.rs
//! ```
//!
//! Blocks carry real but easy work, so no rule is bent. Gossip is a flood of this crate's own, with de-duplication
//! and the core's verdicts. Everything random comes from the seed: the same seed gives the same bytes.

mod checks;
mod links;
mod mining;
mod queue;
pub mod record;
pub mod report;
mod sim_node;
pub mod theory;
pub mod topology;
mod world;

pub use checks::{Verdict, check_ledger};
pub use links::Links;
pub use record::RunRecord;
pub use sim_node::{NodeIndex, SimNode};
pub use world::{World, WorldConfig};
