//! The wallet index: where a transaction is, what an address did, when a digest was first anchored.
//!
//! `follower` takes each block of the chain as it becomes durable and turns it into entries (`entry`) of 16 bytes; those of
//! recent blocks stay in memory (`indexed`), the others lie in the database in `sorted_runs`. [`wallet_index`] answers from
//! both, which is what it and the follower have in common (`shared`, `progress`); `damage` is what it says where it cannot.

mod damage;
mod entry;
pub(super) mod follower;
mod indexed;
mod progress;
mod shared;
mod sorted_runs;
pub mod wallet_index;
