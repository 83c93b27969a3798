//! The store on disk, from outside: what a data folder gives back, and what wallets are told.
#![cfg(feature = "sled")]
#![expect(clippy::unwrap_used, reason = "what fails in a test shall stop it there")]

mod bodies;
mod chains;
mod compaction;
mod data_folder;
mod unused_bodies;
mod wallet_index;
