//! What peers may ask and tell, at the last number that is allowed and at the first that is not.

use std::sync::Arc;

use cairn::consensus::check_block::BLOCK_BYTES_MAX;
use cairn::consensus::testing::TestChain;
use cairn::node::effect::Verdict::{Accept, Reject};
use cairn::node::message::{CompactBlock, Gossip, Prefilled, SyncRequest, SyncResponse};
use cairn::primitives::codec::encoded_len;
use cairn::primitives::{BlockHash, Header, List};

use crate::blame::{BOB, CAROL, compact, host_at};
use crate::build::{MINER, Parts, bob, draft, genesis, grown, payment, with, young};
use crate::host::Host;

/// Bytes of a transfer to one address, without its memo.
const TRANSFER_BYTES: usize = 178;

/// The next block, told with so many short ids and one transaction of so many bytes: no block is like that, which no
/// forwarder can see as long as one could have its size.
fn told(chain: &TestChain, short_ids: usize, prefilled_bytes: usize) -> CompactBlock {
    let Gossip::Block(compact) = compact(&draft(chain).block()) else { panic!("a block was told") };
    let long = payment(chain, &bob(), 0, |each| each.set_memo(prefilled_bytes - TRANSFER_BYTES));
    assert_eq!(encoded_len(&long), prefilled_bytes);
    CompactBlock {
        short_ids: List(vec![[0; 6]; short_ids]),
        prefilled: List(vec![Prefilled { index: 0, transaction: Arc::new(long) }]),
        ..Arc::unwrap_or_clone(compact)
    }
}

#[test]
fn a_compact_block_may_stand_for_as_many_bytes_as_a_block_may_have() {
    let chain = young();
    let empty = encoded_len(&draft(&chain).block());
    let room = BLOCK_BYTES_MAX - empty - TRANSFER_BYTES;
    let (short_ids, rest) = (room / 138, room % 138);
    let gossip = |more| Gossip::Block(Arc::new(told(&chain, short_ids, TRANSFER_BYTES + rest + more)));
    assert_eq!(host_at(&chain).gossip(BOB, gossip(1)), Some(Reject));
    assert_eq!(host_at(&chain).gossip(BOB, gossip(0)), Some(Accept));
}

#[test]
fn half_of_a_block_may_be_told_whole() {
    let chain = young();
    let gossip = |more| Gossip::Block(Arc::new(told(&chain, 0, BLOCK_BYTES_MAX / 2 + more)));
    assert_eq!(host_at(&chain).gossip(BOB, gossip(1)), Some(Reject));
    assert_eq!(host_at(&chain).gossip(BOB, gossip(0)), Some(Accept));
}

#[test]
fn the_positions_of_what_is_told_whole_are_those_of_the_block() {
    let chain = young();
    let at = |index| {
        let mut compact = told(&chain, 3, TRANSFER_BYTES);
        compact.prefilled[0].index = index;
        Gossip::Block(Arc::new(compact))
    };
    assert_eq!(host_at(&chain).gossip(BOB, at(4)), Some(Reject));
    assert_eq!(host_at(&chain).gossip(BOB, at(3)), Some(Accept));
}

#[test]
fn a_message_holds_one_to_256_transactions() {
    let chain = young();
    let of = |count: u64| {
        let payments = (0..count).map(|nonce| Arc::new(payment(&chain, &bob(), nonce, |_| ())));
        Gossip::Transactions(payments.collect())
    };
    for (count, is_message) in [(0, false), (1, true), (256, true), (257, false)] {
        let mut host = host_at(&chain);
        assert_eq!(host.gossip(BOB, of(count)) != Some(Reject), is_message, "{count}");
        assert_eq!(host.score(BOB), Some(if is_message { 0 } else { -10 }), "{count}");
    }
}

fn headers(host: &mut Host, locator: Vec<BlockHash>, maximum: u32) -> Vec<BlockHash> {
    let body = SyncRequest::Headers { locator: List(locator), maximum };
    let SyncResponse::Headers(headers) = host.question(BOB, body) else { panic!("headers are asked for") };
    headers.iter().map(Header::hash).collect()
}

#[test]
fn an_answer_holds_2000_headers_and_a_locator_64_hashes() {
    let chain = grown(genesis(), 2_001, MINER);
    let mut host = host_at(&chain);
    let genesis = chain.facts[0].hash;
    for (maximum, count) in
        [(0, 0), (1, 1), (1_999, 1_999), (2_000, 2_000), (2_001, 2_000), (u32::MAX, 2_000)]
    {
        let answer = headers(&mut host, vec![genesis], maximum);
        assert_eq!(answer.len(), count);
        assert!(answer.iter().zip(&chain.facts[1..]).all(|(hash, facts)| *hash == facts.hash));
    }
    let after_strange = |strange| [vec![BlockHash([9; 32]); strange], vec![chain.facts[1_000].hash]].concat();
    assert_eq!(headers(&mut host, after_strange(63), 1), [chain.facts[1_001].hash]);
    assert_eq!(headers(&mut host, after_strange(64), 1), [chain.facts[1].hash], "as if nothing were known");
    assert_eq!(headers(&mut host, vec![chain.tip().hash], 2_000), []);
    assert_eq!(host.score(BOB), Some(0));
}

#[test]
fn a_question_names_128_blocks() {
    let chain = young();
    let mut host = host_at(&chain);
    let mut blocks = |peer, count| {
        let hashes = List(vec![chain.tip().hash; count]);
        let SyncResponse::Blocks(blocks) = host.question(peer, SyncRequest::Blocks { hashes }) else {
            panic!("blocks are asked for")
        };
        (blocks.len(), host.score(peer))
    };
    assert_eq!(blocks(BOB, 128), (128, Some(0)));
    assert_eq!(blocks(CAROL, 129), (0, Some(-5)));
}

#[test]
fn a_question_names_each_transaction_of_a_block_once_and_in_order() {
    let chain = young();
    let payments = (0..3).map(|nonce| payment(&chain, &bob(), nonce, |_| ())).collect();
    let (chain, block) = with(&chain, draft(&chain).transactions(payments));
    for (indexes, count, score) in [
        (vec![], 0, 0),
        (vec![0, 1, 2], 3, 0),
        (vec![0, 2], 2, 0),
        (vec![2, 3], 0, 0),
        (vec![u32::MAX], 0, 0),
        (vec![1, 1], 0, -5),
        (vec![2, 0], 0, -5),
    ] {
        let mut host = host_at(&chain);
        let body = SyncRequest::BlockTransactions { block: block.hash(), indexes: List(indexes.clone()) };
        let SyncResponse::BlockTransactions(answer) = host.question(BOB, body) else {
            panic!("transactions are asked for")
        };
        assert_eq!((answer.len(), host.score(BOB)), (count, Some(score)), "{indexes:?}");
        let wanted = indexes.iter().filter_map(|index| block.transactions.get(*index as usize));
        assert!(answer.iter().zip(wanted).all(|(answer, wanted)| **answer == *wanted));
    }
}
