//! Cairn: a peer-to-peer node that lets machines keep one proof-of-work chain together.
//!
//! This page is the map of the house. `docs/protocol.md` says what nodes must agree on, byte for byte, and
//! `docs/durability.md` what outlives a crash; this says how one is built.
//!
//! # The layers
//!
//! Each folder of `src/` is a layer, and its `mod.rs` is the door. Imports point downwards only; `tests/architecture.rs`
//! holds that, and where each outside library may be named.
//!
//! ```text
//!   cli                    the commands, the composition root: the one place where the parts meet
//!    │
//!   wallet   mining        users of a node
//!    │        │
//!   network  rpc           its sockets: libp2p towards peers, JSON-RPC towards clients
//!    │        │
//!   runtime                its threads: one runs the core, a pool checks, one writes, some read
//!    │
//!   node                   the core: (now, input) -> effects
//!    │
//!   storage                what lasts: one atomic commit at a time
//!    │
//!   consensus              the rules
//!    │
//!   primitives             the nouns
//! ```
//!
//! | layer | deliberately absent from it |
//! | --- | --- |
//! | [`primitives`] | rules, clock, randomness, files, async, logging |
//! | [`consensus`] | the same, and any store: a rule gets its context as a few named facts |
//! | [`storage`] | rules: what it gives back at opening is replayed by the core |
//! | [`node`] | threads, locks, async, sockets, disk, clock: time and chance are arguments |
#![cfg_attr(
    feature = "runtime",
    doc = "| [`runtime`] | rules and chain state; it alone reads the clock and draws randomness |"
)]
#![cfg_attr(
    feature = "network",
    doc = "| [`network`] | rules and chain state: it turns bytes into inputs and effects into bytes |"
)]
#![cfg_attr(
    feature = "rpc",
    doc = "| [`rpc`] | chain state: it asks the core, or takes the published picture |"
)]
#![cfg_attr(feature = "runtime", doc = "| [`mining`] | everything but a template and a nonce |")]
#![cfg_attr(feature = "wallet", doc = "| [`wallet`] | the node: keys never reach it |")]
//!
//! With `--no-default-features` the crate is primitives, consensus, storage in memory and the core alone. `netsim`, a
//! member of the workspace, builds that and runs whole networks of it in virtual time.
//!
//! # How a block travels
//!
//! 1. A compact block arrives on the gossip topic. `network/gossip.rs` decodes it and hands the core an
//!    [`node::Input::Gossip`].
//! 2. [`node::Node::handle`] is one match. `node/relay.rs` judges what every forwarder could have checked (work,
//!    commitment, coinbase fields), lets the network forward it ([`node::Effect::Verdict`]), and rebuilds the body
//!    from the pool; what is missing is asked from who sent it.
//! 3. The header goes into the tree (`node/chain.rs`, `node/headers.rs`); the body goes out to be checked off the core
//!    ([`node::Effect::Verify`]): [`consensus::check_block::check_block_in_isolation`], then the signatures that the
//!    pool has not already seen.
//! 4. Checked, it is linked to its ancestors. If its branch now has most work, `node/chain.rs` connects it:
//!    `node/ledger.rs` checks it in context and executes it ([`consensus::state::State::apply`]), undoing the blocks of
//!    the branch that is left, if any.
//! 5. Everything that call changed leaves as one [`storage::Commit`]. The writer thread appends it to the journal and
//!    syncs; sled and the files of bodies follow behind. Then the core hears [`node::Input::Durable`].
//! 6. Miners get their next template at once. What clients see (the [`node::View`], events, answers) waits for step 5:
//!    nothing that anybody was told can be lost.
//!
//! # How a transaction travels
//!
//! A wallet signs it and hands it to [JSON-RPC](https://www.jsonrpc.org/specification); the handle asks the core
//! ([`node::Input::SubmitTransactions`]). `node/transactions.rs` does what is cheap and has the signature checked off
//! the core; `node/mempool` lets it in or says why not. What clients sent within 25 ms is gossiped as one message.
//! `node/template_builder.rs` chooses it for a block; the block's connection takes it out of the pool. A branch that is
//! left gives its transactions back.
//!
//! # Where to change what
//!
//! | to | touch |
//! | --- | --- |
//! | change a rule | its `check_…` in [`consensus`], its line in [`consensus::violation::Violation`], its test beside it (`just mutants` tells whether that holds it: `docs/mutation.md`), `docs/protocol.md` |
//! | add an action to transactions | [`primitives::transaction::Action`], `consensus/check_transaction.rs`, `consensus/state.rs` |
//! | change what nodes say to each other | [`node::message`], then the two sides in `node/sync.rs` and `node/serving.rs` |
//! | change what a misbehaving peer pays | [`node::penalty`] |
//! | add an RPC method | `rpc/api.rs` and the file of its group |
//! | add a command | a file in `cli/` and a line in its arguments |
//! | keep something new on disk | [`storage::Commit`] if it must be atomic with the chain, else a record |
//! | read or write a chain in a file | [`storage::chain_file`] |
//! | simulate a fault | `netsim/` |
//! | read bytes that somebody else made | a target in `fuzz/` |

#[cfg(feature = "cli")]
pub mod cli;
pub mod consensus;
#[cfg(feature = "runtime")]
pub mod mining;
#[cfg(feature = "network")]
pub mod network;
pub mod node;
pub mod primitives;
#[cfg(feature = "rpc")]
pub mod rpc;
#[cfg(feature = "runtime")]
pub mod runtime;
pub mod storage;
#[cfg(feature = "wallet")]
pub mod wallet;
