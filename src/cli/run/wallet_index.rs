//! The store's index as RPC asks for it.

use crate::primitives::{BlockId, Height, TransactionId};
use crate::rpc::TransactionIndex;
use crate::storage::{StorageError, WalletIndex};

impl TransactionIndex for WalletIndex {
    fn transaction(&self, id: TransactionId) -> Result<Option<(BlockId, u32)>, StorageError> {
        Ok(Self::transaction(self, id)?.map(|place| (place.block, place.position)))
    }

    fn height(&self) -> Height {
        self.position().indexed.height
    }
}
