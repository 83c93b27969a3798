//! What the server needs of others beside the node: the miner, the index of transactions, the development faucet.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::primitives::{Address, BlockId, SecretKey, TransactionId};
use crate::runtime::NodeHandle;
use crate::storage::StorageError;

/// Everything that methods answer from.
pub struct RpcContext {
    /// The node.
    pub node: NodeHandle,
    /// The miner of this process, if it has one.
    pub mining: Option<Arc<dyn MiningControl>>,
    /// Where transactions are on the chain; none when the index is switched off.
    pub index: Option<Arc<dyn TransactionIndex>>,
    /// The key of a prefunded account, on development networks.
    pub faucet: Option<SecretKey>,
    /// Where the node keeps everything.
    pub data_dir: PathBuf,
}

/// The miner of this process.
pub trait MiningControl: Send + Sync {
    /// What it does now.
    fn status(&self) -> MiningStatus;
    /// Mines on that many threads from now, for that address if one is given; none stops. The error is for people.
    fn set(&self, threads: u32, address: Option<Address>) -> Result<(), String>;
    /// Makes blocks at once, one after another, on development networks. The error is for people.
    fn mine_now(&self, address: Address, count: u32) -> MiningNow<'_> {
        let _ = (address, count);
        Box::pin(std::future::ready(Err("this node makes no blocks on demand".to_owned())))
    }
}

/// Blocks on their way: height and hash of each, lowest first.
pub type MiningNow<'a> = Pin<Box<dyn Future<Output = Result<Vec<BlockId>, String>> + Send + 'a>>;

/// What the miner does.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MiningStatus {
    /// Threads that search.
    pub threads: u32,
    /// Who is paid.
    pub address: Option<Address>,
    /// Hashes a second over the last seconds.
    pub hashes_per_second: f64,
}

/// Where transactions are on the chain. It follows the chain and may lag.
pub trait TransactionIndex: Send + Sync {
    /// The block that holds a transaction, and its position there.
    fn transaction(&self, id: TransactionId) -> Result<Option<(BlockId, u32)>, StorageError>;
    /// The last block in the index; after a reorganisation perhaps one that has left the best chain.
    fn indexed(&self) -> BlockId;
}

#[cfg(feature = "sled")]
impl TransactionIndex for crate::storage::WalletIndex {
    fn transaction(&self, id: TransactionId) -> Result<Option<(BlockId, u32)>, StorageError> {
        let place = Self::transaction(self, id)?;
        Ok(place.map(|place| (place.block, place.position)))
    }

    fn indexed(&self) -> BlockId {
        self.position().indexed
    }
}

impl std::fmt::Debug for RpcContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RpcContext").field("node", &self.node).finish_non_exhaustive()
    }
}
