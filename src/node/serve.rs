//! Answers to peers that need the store: read off the core, by readers of the runtime or by a simulation.

use std::sync::Arc;

use super::effect::Serve;
use super::message::{BLOCKS_ANSWER_BYTES_MAX, SyncResponse};
use crate::primitives::codec::encoded_len;
use crate::primitives::{Block, BlockId, List, Transaction};
use crate::storage::{ChainReader, StorageError};

/// Reads what a peer asked for.
pub fn serve<R: ChainReader>(reader: &R, what: &Serve) -> Result<SyncResponse, StorageError> {
    match what {
        Serve::Blocks(wanted) => blocks(reader, wanted).map(SyncResponse::Blocks),
        Serve::Transactions { block, indexes } => {
            transactions(reader, *block, indexes).map(SyncResponse::BlockTransactions)
        }
    }
}

/// The answer of a node that has no time: as if nothing asked for were here.
pub fn decline(what: &Serve) -> SyncResponse {
    match what {
        Serve::Blocks(_) => SyncResponse::Blocks(List::default()),
        Serve::Transactions { .. } => SyncResponse::BlockTransactions(List::default()),
    }
}

/// As many of the blocks as fit an answer, in order, up to the first that is not here; the first fits always.
fn blocks<R: ChainReader>(reader: &R, wanted: &[BlockId]) -> Result<List<Arc<Block>>, StorageError> {
    let mut answer = List::default();
    let mut bytes = 0;
    for id in wanted {
        let Some(block) = reader.block(*id)? else { break };
        bytes += encoded_len(block.as_ref());
        if bytes > BLOCKS_ANSWER_BYTES_MAX && !answer.is_empty() {
            break;
        }
        answer.push(block);
    }
    Ok(answer)
}

/// All of the transactions, or none when the block or one of the positions is not here.
fn transactions<R: ChainReader>(
    reader: &R,
    block: BlockId,
    indexes: &[u32],
) -> Result<List<Arc<Transaction>>, StorageError> {
    let block = reader.block(block)?;
    let chosen: Option<List<_>> = block.and_then(|block| {
        indexes.iter().map(|index| block.transactions.get(*index as usize).cloned().map(Arc::new)).collect()
    });
    Ok(chosen.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::consensus::params::Params;
    use crate::consensus::testing::{TestChain, dev_key, payment};
    use crate::consensus::undo::Undo;
    use crate::primitives::{Address, Amount};
    use crate::storage::StoredHeader;

    #[derive(Clone, Default)]
    struct Blocks(BTreeMap<BlockId, Arc<Block>>);

    impl ChainReader for Blocks {
        fn header(&self, _: BlockId) -> Result<Option<StoredHeader>, StorageError> {
            Ok(None)
        }
        fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
            Ok(self.0.get(&id).cloned())
        }
        fn undo(&self, _: BlockId) -> Result<Option<Undo>, StorageError> {
            Ok(None)
        }
    }

    fn three_blocks() -> (Blocks, Vec<BlockId>) {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        let mut blocks = Blocks::default();
        for nonce in 0..3 {
            let payment = payment(&dev_key(0), &chain.params, nonce, Address([1; 32]), Amount(1));
            let block = chain.grow(Address::default(), vec![payment]).unwrap();
            blocks.0.insert(block.id(), Arc::clone(block.block()));
        }
        let ids = blocks.0.keys().copied().collect();
        (blocks, ids)
    }

    #[test]
    fn blocks_are_served_in_the_order_asked_for_up_to_the_first_unknown_one() {
        let (blocks, ids) = three_blocks();
        let unknown = BlockId { hash: ids[0].hash, ..ids[2] };
        let served = serve(&blocks, &Serve::Blocks(vec![ids[2], ids[0], unknown, ids[1]])).unwrap();
        let SyncResponse::Blocks(served) = served else { panic!("blocks are answered by blocks") };
        let hashes: Vec<_> = served.iter().map(|block| block.hash()).collect();
        assert_eq!(hashes, [ids[2].hash, ids[0].hash]);
    }

    #[test]
    fn an_answer_ends_before_it_grows_too_long_but_holds_one_block_at_least() {
        let (mut blocks, ids) = three_blocks();
        for id in &ids {
            let mut large = blocks.0[id].as_ref().clone();
            large.coinbase.tag = List(vec![0; BLOCKS_ANSWER_BYTES_MAX]);
            blocks.0.insert(*id, Arc::new(large));
        }
        let SyncResponse::Blocks(served) = serve(&blocks, &Serve::Blocks(ids)).unwrap() else {
            panic!("blocks are answered by blocks")
        };
        assert_eq!(served.len(), 1);
    }

    #[test]
    fn transactions_are_served_all_or_none() {
        let (blocks, ids) = three_blocks();
        let ask =
            |indexes: Vec<u32>| serve(&blocks, &Serve::Transactions { block: ids[1], indexes }).unwrap();
        let expected = Arc::new(blocks.0[&ids[1]].transactions[0].clone());
        assert_eq!(ask(vec![0]), SyncResponse::BlockTransactions(List(vec![expected])));
        assert_eq!(ask(vec![0, 1]), SyncResponse::BlockTransactions(List::default()));
    }
}
