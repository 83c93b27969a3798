//! What to open, for whom, and what comes of it.

use std::path::PathBuf;

use super::report::OpenReport;
use crate::primitives::BlockHash;
use crate::storage::chain_store::StoredChain;
use crate::storage::sled_store::database::records::Records;
use crate::storage::sled_store::store::SledStore;
use crate::storage::sled_store::thresholds::Thresholds;

/// The database's folder inside the data folder.
pub(in crate::storage::sled_store) const DATABASE_FOLDER: &str = "sled";
/// The journal's folder inside the data folder.
pub(super) const JOURNAL_FOLDER: &str = "journal";

/// What to open, and for whom.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The data folder; made if it does not exist.
    pub data_dir: PathBuf,
    /// The network's genesis.
    pub genesis: BlockHash,
    /// Who opens it, as others will be told: `process 4242, running since …`.
    pub holder: String,
    /// How often to try again, every quarter of a second, while another process has the folder.
    pub lock_retries: u32,
    /// When the store syncs, and begins and deletes files.
    pub thresholds: Thresholds,
}

/// An open data folder.
#[derive(Debug)]
pub struct Opened {
    /// Takes commits, makes readers.
    pub store: SledStore,
    /// What was known of the chain.
    pub chain: StoredChain,
    /// Small records of other layers.
    pub records: Records,
    /// What had to be repaired.
    pub report: OpenReport,
}

impl OpenOptions {
    /// Options for this process: told to others by its number, four seconds of patience.
    pub fn new(data_dir: impl Into<PathBuf>, genesis: BlockHash) -> Self {
        let holder = format!("process {}", std::process::id());
        Self {
            data_dir: data_dir.into(),
            genesis,
            holder,
            lock_retries: 16,
            thresholds: Thresholds::default(),
        }
    }
}
