//! The nouns every other layer speaks of: hashes, heights, amounts, work, keys, blocks, and their one encoding.
//!
//! Nothing here knows a rule. There is no clock, no file, no async, no logging, and no randomness but in the order of
//! a [`look_up`] table, on which nothing may depend.

pub mod address;
pub mod alias;
pub mod amount;
pub mod block;
pub mod codec;
pub mod hash;
mod hash_many;
pub mod height;
pub mod keys;
pub mod look_up;
pub mod merkle;
pub mod peer;
pub mod time;
pub mod transaction;
mod transaction_hashes;
pub mod work;

pub use address::{Address, AddressKind, ParseAddressError};
pub use amount::{Amount, ParseAmountError};
pub use block::{Block, BlockId, Coinbase, Header};
pub use codec::{List, Text};
pub use hash::{BlockHash, Commitment, LeafHash, SigningHash, StateRoot, TransactionId, TransactionRoot};
pub use height::Height;
pub use keys::{PublicKey, SecretKey, Signature};
pub use peer::PeerId;
pub use time::Timestamp;
pub use transaction::{Action, Anchor, Output, Transaction, Transfer};
pub use work::{CompactTarget, CompactTargetError, Target, Work};
