//! The engine: many cores, one clock, one queue of events, one seed.
//!
//! | what | where |
//! | --- | --- |
//! | the world and what may be done to it | `world`, `control`, `ask` |
//! | one thing after the other happens | `step`, on `queue` and `event` |
//! | what a core asks for is carried out | `effects`, `traffic`, `mining` |
//! | who is connected, how fast, who is cut off | `links` |
//! | gossip on its way | `flood` |
//! | who misbehaves | `misdeeds`, `rule_breaking` |
//! | what nodes share | `sharing` (checks), `store` (what they committed), `steps` (states) |
//! | what goes wrong by chance, what must hold all along | `faults`, `audit` |
//! | what is kept of a run | `observer`, `trace_hash` |

mod ask;
mod audit;
mod control;
mod effects;
mod event;
mod faults;
mod flood;
mod links;
mod mining;
mod misdeeds;
mod node;
mod observer;
mod queue;
mod rule_breaking;
mod sharing;
mod step;
mod steps;
mod store;
mod summary;
mod trace_hash;
mod traffic;
mod world;

pub use faults::Faults;
pub use links::LinkSpec;
pub(crate) use mining::microseconds;
pub use misdeeds::Misdeed;
pub use node::SimNode;
pub(crate) use observer::Track;
pub use store::NodeStore;
pub(crate) use world::stream_of;
pub use world::{Sharing, World, WorldConfig};

/// A node by its place in the world.
pub type NodeIndex = usize;
