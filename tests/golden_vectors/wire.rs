//! What nodes say to each other: both topics, every question and every answer.

use std::sync::Arc;

use cairn::consensus::testing::{TestChain, dev_key};
use cairn::node::compact::compact_block;
use cairn::node::message::{CompactBlock, Status, SyncRequest, SyncResponse};
use cairn::primitives::codec::{Decode, Encode};
use cairn::primitives::hash::SHORT_ID;
use cairn::primitives::{Address, Amount, Block, BlockHash, Height, List, Transaction, Work, codec};

use crate::json::{Json, object};
use crate::support::{anchor, dev, encoded, internal, pays, transfer};

/// Above 2^53, to show that the key takes 64 bits.
const COMPACT_KEY: u64 = 0xfedc_ba98_7654_3210;

pub(crate) fn vectors() -> Json {
    let mut chain = TestChain::new(dev());
    let block = chain.grow(Address([1; 32]), payments()).expect("the block is valid").block().clone();
    let transactions: List<Arc<Transaction>> = block.transactions.iter().cloned().map(Arc::new).collect();
    let status = status(&chain, &block);
    object! {
        "block": encoded(&*block),
        "status": object! {
            "genesis": internal(status.genesis),
            "block_one": internal(status.block_one),
            "tip": internal(status.tip),
            "height": status.height.0,
            "work": status.work.to_string(),
            "time": status.time,
            "encoding": encoded(&status),
        },
        "gossiped_transactions": object! {
            "count": transactions.len(), "encoding": encoded(&transactions),
        },
        "compact_blocks": vec![
            compact("by short ids alone", &block, COMPACT_KEY, |_| false),
            compact("by short ids and two whole transactions", &block, 0, |index| index % 2 == 1),
            compact("all transactions whole", &block, 1, |_| true),
            compact("the empty block", &TestChain::new(dev()).mine(Address([2; 32]), Vec::new()), 7, |_| false),
        ],
        "requests": requests(&block, status),
        "responses": responses(&block, &transactions, status),
    }
}

fn payments() -> Vec<Transaction> {
    let genesis = dev().genesis_hash();
    let actions = [
        transfer(vec![pays(Address([1; 32]), 1)], ""),
        anchor([2; 32], "a file"),
        transfer(vec![pays(Address([3; 32]), 2), pays(Address([4; 32]), 3)], "two"),
        transfer(vec![pays(Address([5; 32]), 4)], "Käse"),
    ];
    let sign =
        |(nonce, action)| Transaction::signed(&dev_key(0), &genesis, nonce, Amount(500), Height(9), action);
    (0..).zip(actions).map(sign).collect()
}

fn status(chain: &TestChain, block: &Block) -> Status {
    Status {
        genesis: chain.params.genesis_hash(),
        block_one: block.hash(),
        tip: block.hash(),
        height: chain.tip().height,
        work: chain.tip().work,
        time: 1_767_225_617,
    }
}

fn compact(what: &str, block: &Block, key: u64, is_whole: impl Fn(usize) -> bool) -> Json {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    let compact: CompactBlock = compact_block(block, &leaves, key, |index, _| is_whole(index));
    let preimage = [block.hash().0.as_slice(), &key.to_le_bytes()].concat();
    object! {
        "what": what,
        "hash_internal": internal(block.hash()),
        "key": key.to_string(),
        "short_id_key": hex::encode(SHORT_ID.derive(&preimage)),
        "leaf_hashes": Json::list(&leaves, |leaf| leaf.to_string().into()),
        "short_ids": Json::list(&compact.short_ids, |id| hex::encode(id).into()),
        "prefilled_indexes": Json::list(&compact.prefilled, |each| each.index.into()),
        "encoding": encoded(&compact),
    }
}

fn requests(block: &Block, status: Status) -> Json {
    let hash = block.hash();
    let locator = List(vec![hash, block.header.previous]);
    let standing_at_genesis = Status {
        block_one: BlockHash::ZERO,
        tip: status.genesis,
        height: Height(0),
        work: Work::ZERO,
        ..status
    };
    Json::List(vec![
        message("status", &SyncRequest::Status(status)),
        message("status at genesis", &SyncRequest::Status(standing_at_genesis)),
        message("headers from a locator of two", &SyncRequest::Headers { locator, maximum: 2_000 }),
        message("one block", &SyncRequest::Blocks { hashes: List(vec![hash]) }),
        message(
            "the transactions 0 and 3",
            &SyncRequest::BlockTransactions { block: hash, indexes: List(vec![0, 3]) },
        ),
        message("the pool", &SyncRequest::Mempool),
    ])
}

fn responses(block: &Arc<Block>, transactions: &List<Arc<Transaction>>, status: Status) -> Json {
    let two = List(vec![Arc::clone(&transactions[0]), Arc::clone(&transactions[3])]);
    Json::List(vec![
        message("status", &SyncResponse::Status(status)),
        message("one header", &SyncResponse::Headers(List(vec![block.header]))),
        message("no header", &SyncResponse::Headers(List::default())),
        message("one block", &SyncResponse::Blocks(List(vec![Arc::clone(block)]))),
        message("no block", &SyncResponse::Blocks(List::default())),
        message("two transactions", &SyncResponse::BlockTransactions(two)),
        message("no transaction", &SyncResponse::BlockTransactions(List::default())),
        message("the pool", &SyncResponse::Mempool(transactions.clone())),
    ])
}

/// The message, and as it stands on a sync stream behind its length.
fn message<M: Encode + Decode<()> + PartialEq + std::fmt::Debug>(what: &str, message: &M) -> Json {
    let length = u32::try_from(codec::encode(message).len()).expect("it is short");
    object! {
        "what": what,
        "encoding": encoded(message),
        "length": length,
        "length_prefix": hex::encode(length.to_le_bytes()),
    }
}
