//! Users of the node that make blocks: a miner inside the node, and blocks on demand for development networks.
//!
//! Both take the node's template, put a coinbase of their own into it ([`attempt`]), search for a nonce
//! ([`search`]), and submit the block as any client would.

pub mod attempt;
mod hash_rate;
pub mod on_demand;
pub mod search;
pub mod solo;

pub use on_demand::{MineError, OnDemandMiner, Pace, mine_now};
pub use solo::{Miner, Wish};
