//! The core driven by hand, one story a test: what it is told, what it does, and what it never does.

mod chains;
mod clients;
mod determinism;
mod fork_choice;
mod harness;
mod headers;
mod junk;
mod peers;
mod relay;
mod reorganisations;
mod restart;
mod storm;
mod sync;
mod transactions;
mod tree;
