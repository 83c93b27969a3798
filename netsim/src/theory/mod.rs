//! What theory says about a network: formulas with their sources, as pure functions.
//!
//! - [`stale`]: how many blocks end beside the chain.
//! - [`flood`]: how a block spreads over a random regular graph.
//! - [`kolmogorov`]: whether samples follow the exponential distribution.
//! - [`selfish`]: what a miner earns who withholds blocks.
//! - [`double_spend`]: whether an attacker overtakes a payment with so many confirmations.
//! - [`share`]: how well a counted share is known.
//! - [`difficulty`]: how the target follows a step of the hash rate.

pub mod difficulty;
pub mod double_spend;
pub mod flood;
pub mod kolmogorov;
pub mod selfish;
pub mod share;
pub mod stale;
