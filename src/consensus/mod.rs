//! The rules, pure: what a chain may be, and what it means.
//!
//! | question | answered by |
//! | --- | --- |
//! | Which rules are there, and whose fault is a breach? | [`violation`] |
//! | What do the nodes of a network agree on beforehand? | [`params`], with the ten [`dev_accounts`] |
//! | Is this header valid? | [`check_header`], with the target of [`difficulty`] and the facts of [`facts`] |
//! | Is this transaction well formed? | [`check_transaction`] |
//! | Is this body the header's, and valid? | [`check_block`] |
//! | What does a block do? | [`state`] over [`accounts`], taken back by [`undo`]; [`reward`] |
//! | What does the chain commit of that? | [`mod@state_root`], by each [`account_path`], kept up to date by [`state_tree`] |
//! | Which of two chains counts? | [`fork_choice`] |
//!
//! There is no clock, no file, no async, no logging and no store here; time and facts are arguments. The one random
//! thing is the seed of the account table, on which nothing depends.

pub mod account_path;
pub mod accounts;
pub mod check_block;
pub mod check_header;
pub mod check_transaction;
pub mod dev_accounts;
pub mod difficulty;
pub mod facts;
pub mod fork_choice;
mod genesis;
mod numbers;
pub mod params;
pub mod params_encoding;
mod params_override;
pub mod reward;
pub mod state;
mod state_hashes;
mod state_leaf;
mod state_parts;
mod state_pass;
pub mod state_root;
pub mod state_tree;
#[doc(hidden)]
pub mod testing;
pub mod undo;
pub mod violation;

pub use account_path::{AccountPath, PathPrefix, group_of, path_of};
pub use accounts::{Account, AccountTable, Accounts};
pub use check_block::{
    BLOCK_BYTES_MAX, BlockContext, CheckedBlock, check_block_in_context, check_block_in_isolation,
    check_coinbase_fields,
};
pub use check_header::{
    HeaderContext, check_header_in_context, check_header_in_isolation, check_header_time,
};
pub use check_transaction::{check_expiry, check_transaction_in_isolation};
pub use difficulty::{aserti3_2d, next_bits};
pub use facts::HeaderFacts;
pub use fork_choice::Candidate;
pub use params::{NetworkKind, Params, ParamsError, ParamsOverride, PrefundOverride};
pub use reward::{MaturingReward, subsidy};
pub use state::State;
pub use state_root::{
    STATE_ROOT_INTERVAL, TreeRoot, committed_state_height, state_root, state_root_by_definition,
};
pub use state_tree::StateTree;
pub use undo::Undo;
pub use violation::{Blame, GossipVerdict, Violation};
