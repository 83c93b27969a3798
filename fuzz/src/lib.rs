//! What each fuzz target does with its bytes: plain functions, so that the tests of the main workspace run the
//! committed seeds through them too.
//!
//! | module | its targets say |
//! | --- | --- |
//! | [`wire`] | what decodes encodes to the same bytes; checks in isolation neither panic nor change their mind |
//! | `keystore` | a wallet's file reads back as it was written, and opens to what it says |
//! | [`numbers`] | targets, difficulty and signatures: one answer, whichever way it is asked for |
//! | [`chain`] | a node's life, whatever happens to it: over [`lab`], a node in a box, and [`forest`], the blocks |
//! | `rpc` | every body is answered by JSON, and every error says what to do next |
//! | [`text`] | what a person may type or a file may say reads back as it is shown |

pub mod chain;
pub mod forest;
#[cfg(feature = "wallet")]
pub mod keystore;
pub mod lab;
pub mod numbers;
#[cfg(feature = "rpc")]
pub mod rpc;
pub mod text;
pub mod wire;

/// A target: it panics when something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name, which names its file in `fuzz_targets/` and its folder in `seeds/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", text::address),
    ("block", wire::block),
    ("chain", chain::chain),
    ("chain_file", wire::chain_file),
    ("chain_spec", text::chain_spec),
    ("coinbase", wire::coinbase),
    ("compact_block", wire::compact_block),
    ("difficulty", numbers::difficulty),
    ("gossip_transactions", wire::gossip_transactions),
    ("header", wire::header),
    #[cfg(feature = "wallet")]
    ("keystore", keystore::keystore),
    ("messages", chain::messages),
    #[cfg(feature = "rpc")]
    ("rpc_body", rpc::body),
    #[cfg(feature = "rpc")]
    ("rpc_parameters", rpc::parameters),
    ("signatures", numbers::signatures),
    ("sync_answer", wire::sync_answer),
    ("sync_request", wire::sync_request),
    ("text", text::short_texts),
    ("transaction", wire::transaction),
    #[cfg(feature = "wallet")]
    ("words", keystore::words),
];
