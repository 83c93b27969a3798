//! The threads that carry out what the core asks for: one runs the core, a pool checks, one writes, some read.
//!
//! Everyone else holds a [`NodeHandle`]: it asks the core, reads the store, and hears of what happens.
//!
//! The core waits for news alone. Inputs come over one bounded queue; results of checks and of writing over another
//! that goes first, so a full queue of inputs never holds up what would empty it. When the pool or the writer is
//! full, no inputs are taken until there is room again. Commands that the network has no room for are dropped and
//! counted: the core's own time-outs ask again.

pub mod clock;
mod completion;
mod core_loop;
pub mod handle;
pub mod network_port;
mod pending;
mod saved_mempool;
mod servers;
mod start;
mod threads;
mod verify_pool;
mod writer;

pub use handle::{NodeHandle, NodeStopped, Work};
pub use network_port::{NetworkCommand, NetworkView, PeerConnection};
pub use saved_mempool::restore_mempool;
pub use start::{Restored, Running, StartError, Stopped, Threads, start};
