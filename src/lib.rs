//! Cairn.

pub mod consensus;
pub mod primitives;
