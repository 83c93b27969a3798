//! Cairn.

pub mod consensus;
pub mod primitives;
#[cfg(feature = "cli")]
pub mod wallet;
