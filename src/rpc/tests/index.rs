//! Transactions on the chain, with an index that lags and with a real one.

use std::sync::Arc;

use serde_json::json;

use super::harness::{TestNode, assert_refused, dev_address, dev_text};
use crate::consensus::params::Params;
use crate::consensus::testing::{dev_key, payment};
use crate::primitives::{Amount, BlockId, Height, TransactionId};
use crate::rpc::{TransactionIndex, code};
use crate::storage::{MemoryStore, StorageError, StoredChain};

/// An index that has got no further than one block.
struct Lagging(BlockId);

impl TransactionIndex for Lagging {
    fn transaction(&self, _: TransactionId) -> Result<Option<(BlockId, u32)>, StorageError> {
        Ok(None)
    }

    fn indexed(&self) -> BlockId {
        self.0
    }
}

/// A payment that is on the chain.
async fn pay(node: &TestNode) -> TransactionId {
    let payment = payment(&dev_key(1), node.handle().params(), 0, dev_address(2), Amount(5));
    let id = node.stranger().send(&payment).await.unwrap();
    node.stranger().generate(1, &dev_text(0)).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_index_does_not_have_yet_is_found_in_the_last_blocks() {
    let genesis = Params::named("dev").unwrap().genesis_hash();
    let lagging = Arc::new(Lagging(BlockId { height: Height(0), hash: genesis }));
    let node = TestNode::start_on("dev", MemoryStore::new(), StoredChain::default(), Some(lagging)).await;
    let id = pay(&node).await;
    assert_eq!(node.stranger().transaction(id).await.unwrap().height, Some(Height(1)));
    let unknown = node.call("gettransaction", json!(["00".repeat(32)])).await;
    assert_refused(&unknown, code::NOT_FOUND, "index-lagging");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_on_a_branch_that_was_left_hides_nothing() {
    let left = Arc::new(Lagging(BlockId { height: Height(7), hash: crate::primitives::BlockHash([7; 32]) }));
    let node = TestNode::start_on("dev", MemoryStore::new(), StoredChain::default(), Some(left)).await;
    let id = pay(&node).await;
    assert_eq!(node.stranger().transaction(id).await.unwrap().height, Some(Height(1)));
}

#[cfg(feature = "sled")]
#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_a_data_folder_finds_what_is_deep_in_the_chain() {
    let folder = tempfile::TempDir::new().unwrap();
    let genesis = Params::named("dev").unwrap().genesis_hash();
    let mut opened = crate::storage::OpenOptions::new(folder.path(), genesis).open().unwrap();
    let index = opened.store.start_index(false).unwrap();
    let node = TestNode::start_on("dev", opened.store, opened.chain, Some(Arc::new(index.clone()))).await;
    let id = pay(&node).await;
    // Each in a call of its own: on a slow disk a hundred of them take longer than a call may.
    for _ in 0..101 {
        node.stranger().generate(1, &dev_text(0)).await.unwrap();
    }
    let tip = node.handle().view().tip.id;
    assert!(tokio::task::spawn_blocking(move || index.wait_for(tip)).await.unwrap());
    let located = node.stranger().transaction(id).await.unwrap();
    assert_eq!((located.height, located.position, located.confirmations), (Some(Height(1)), Some(0), 102));
    let unknown = node.call("gettransaction", json!(["00".repeat(32)])).await;
    assert_refused(&unknown, code::NOT_FOUND, "transaction-not-found");
}
