//! Chains and branches to tell a node of, and what an honest peer that has one answers.

use std::sync::Arc;

use crate::consensus::check_block::CheckedBlock;
use crate::consensus::testing::{TestChain, easy_params};
use crate::node::compact::compact_block;
use crate::node::message::{CompactBlock, Status, SyncRequest, SyncResponse};
use crate::primitives::{Address, Block, BlockHash, Header, List, Transaction, Work};

/// Long after genesis: test chains of any length lie in the past.
pub(super) const WALL_MS: u64 = (1_767_225_600 + 10_000_000) * 1_000;
/// More than anyone can have done.
pub(super) const ALL_WORK: Work = Work(ruint::aliases::U256::MAX);
pub(super) const MINER: Address = Address([7; 32]);
pub(super) const OTHER_MINER: Address = Address([8; 32]);

/// A chain of empty blocks.
pub(super) fn chain_of(blocks: usize) -> TestChain {
    grown(&TestChain::new(easy_params("stones")), blocks, MINER)
}

/// A chain and so many blocks more.
pub(super) fn grown(chain: &TestChain, blocks: usize, miner: Address) -> TestChain {
    let mut chain = chain.clone();
    for _ in 0..blocks {
        chain.grow(miner, Vec::new()).unwrap();
    }
    chain
}

/// A branch that leaves a chain so many blocks below its tip and has so many of its own.
pub(super) fn branch(chain: &TestChain, below: usize, blocks: usize) -> TestChain {
    let mut chain = chain.clone();
    for _ in 0..below {
        assert!(chain.shrink());
    }
    grown(&chain, blocks, OTHER_MINER)
}

pub(super) fn block_at(chain: &TestChain, height: usize) -> &CheckedBlock {
    &chain.blocks[height - 1].0
}

pub(super) fn headers_of(chain: &TestChain) -> Vec<Header> {
    chain.blocks.iter().map(|(block, _)| *block.header()).collect()
}

pub(super) fn status_of(chain: &TestChain) -> Status {
    let tip = chain.tip();
    Status {
        genesis: chain.params.genesis_hash(),
        block_one: chain.blocks.first().map_or(BlockHash::ZERO, |(block, _)| block.hash()),
        tip: tip.hash,
        height: tip.height,
        work: tip.work,
        time: WALL_MS / 1_000,
    }
}

/// A block told by short ids alone.
pub(super) fn compact(block: &Block) -> CompactBlock {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    compact_block(block, &leaves, 9, |_, _| false)
}

/// What an honest peer with this chain answers.
pub(super) fn honest(chain: &TestChain, question: &SyncRequest) -> SyncResponse {
    let place = |hash: &BlockHash| chain.facts.iter().rposition(|facts| facts.hash == *hash);
    match question {
        SyncRequest::Status(_) => SyncResponse::Status(status_of(chain)),
        SyncRequest::Headers { locator, maximum } => {
            let shared = locator.iter().find_map(place).unwrap_or_default();
            let after = chain.blocks.iter().skip(shared).take(*maximum as usize);
            SyncResponse::Headers(after.map(|(block, _)| *block.header()).collect())
        }
        SyncRequest::Blocks { hashes } => {
            let blocks = hashes
                .iter()
                .map_while(|hash| place(hash).map(|height| Arc::clone(block_at(chain, height).block())));
            SyncResponse::Blocks(blocks.collect())
        }
        SyncRequest::BlockTransactions { block, indexes } => {
            let block = place(block).map(|height| block_at(chain, height));
            let transactions = block.into_iter().flat_map(|block| {
                indexes.iter().map(|index| Arc::new(block.transactions()[*index as usize].clone()))
            });
            SyncResponse::BlockTransactions(transactions.collect())
        }
        SyncRequest::Mempool => SyncResponse::Mempool(List::default()),
    }
}

pub(super) fn is_headers(question: &SyncRequest) -> bool {
    matches!(question, SyncRequest::Headers { .. })
}

pub(super) fn is_blocks(question: &SyncRequest) -> bool {
    matches!(question, SyncRequest::Blocks { .. })
}

pub(super) fn is_missing(question: &SyncRequest) -> bool {
    matches!(question, SyncRequest::BlockTransactions { .. })
}
