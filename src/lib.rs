//! Cairn.

pub mod primitives;
