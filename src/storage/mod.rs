//! What lasts: one atomic [`Commit`] at a time goes in through a [`ChainStore`], and comes back through a
//! [`ChainReader`]. No rule lives here; what a store gives back at open is replayed by the core.

pub mod chain_file;
pub mod chain_store;
pub mod commit;
pub mod journal;
mod journal_scan;
pub mod memory_store;
mod segment;
#[cfg(feature = "sled")]
pub mod sled_store;

pub use chain_file::{BlockRecord, ChainFileError, ChainFileReader, ChainFileWriter};
pub use chain_store::{ChainReader, ChainStore, Step, StorageError, StoredChain};
pub use commit::{Checkpoint, CheckpointDelta, Commit, Sequence, StoredHeader};
pub use memory_store::MemoryStore;
#[cfg(feature = "sled")]
pub use sled_store::database::records::Records;
#[cfg(feature = "sled")]
pub use sled_store::index::wallet_index::{
    Direction, HistoryCursor, HistoryEntry, HistoryPage, IndexPosition, TransactionPlace, WalletIndex,
};
#[cfg(feature = "sled")]
pub use sled_store::opening::options::{OpenOptions, Opened};
#[cfg(feature = "sled")]
pub use sled_store::opening::report::OpenReport;
#[cfg(feature = "sled")]
pub use sled_store::reader::SledReader;
#[cfg(feature = "sled")]
pub use sled_store::store::SledStore;
#[cfg(feature = "sled")]
pub use sled_store::thresholds::Thresholds;
#[cfg(feature = "sled")]
pub use sled_store::upkeep::compact::Compacted;
