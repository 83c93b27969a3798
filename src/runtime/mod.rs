//! The threads that carry out what the core asks for: one runs the core, a pool checks, one writes, some read.
//!
//! Everyone else holds a [`NodeHandle`]: it asks the core, reads the store, and hears of what happens.

pub mod clock;
pub mod handle;
pub mod network_port;

pub use handle::{NodeHandle, NodeStopped};
pub use network_port::{NetworkCommand, NetworkView, PeerConnection};
