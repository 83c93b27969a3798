//! Users of the node that make blocks.

pub mod search;
