//! Cairn.

pub mod consensus;
#[cfg(feature = "runtime")]
pub mod mining;
#[cfg(feature = "network")]
pub mod network;
pub mod node;
pub mod primitives;
#[cfg(feature = "rpc")]
pub mod rpc;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod storage;
#[cfg(feature = "cli")]
pub mod wallet;
