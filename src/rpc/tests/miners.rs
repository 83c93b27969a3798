//! Blocks from outside: whole, as stock Bitcoin miners send them, and bad ones.

use std::sync::Arc;

use serde_json::{Value, json};

use super::harness::{TestNode, assert_refused, dev_address};
use crate::consensus::testing::{dev_key, payment, solve};
use crate::node::{Answer, Query, Template};
use crate::primitives::{Amount, Block, Timestamp, codec};
use crate::rpc::code;
use crate::runtime::Work;

/// The newest template as miners get it, with one payment in it, and the work on it: when nobody works, the node takes
/// its template back.
async fn template_with_a_payment(node: &TestNode) -> (Arc<Template>, Work) {
    let payment = payment(&dev_key(1), node.handle().params(), 0, dev_address(2), Amount(5));
    node.stranger().send(&payment).await.unwrap();
    let mut work = node.handle().work();
    let template = work
        .templates
        .wait_for(|template| template.as_ref().is_some_and(|each| each.transactions.len() == 1));
    let template = template.await.unwrap().clone().unwrap();
    (template, work)
}

fn solved(template: &Template) -> Block {
    let coinbase = template.coinbase(dev_address(0), [0; 16], b"old");
    let header = solve(template.header(&coinbase, Timestamp(0)));
    template.block(header, coinbase)
}

fn without_transactions(block: &Block) -> String {
    hex::encode([block.header.to_bytes().as_slice(), &[1], &codec::encode(&block.coinbase)].concat())
}

async fn submit_as_old_miner(node: &TestNode, hex: &str) -> Value {
    node.post(&json!({ "id": 0, "method": "submitblock", "params": [hex] }).to_string()).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_miner_submits_a_header_and_a_coinbase() {
    let node = TestNode::start("dev").await;
    let (template, _work) = template_with_a_payment(&node).await;
    let block = solved(&template);
    let answer = submit_as_old_miner(&node, &without_transactions(&block)).await;
    assert_eq!((&answer["result"], &answer["error"]), (&Value::Null, &Value::Null), "{answer}");
    let tip = node.stranger().block(block.hash()).await.unwrap();
    assert_eq!((tip.transaction_count, tip.header.confirmations), (1, 1));
    let again = submit_as_old_miner(&node, &without_transactions(&block)).await;
    assert_eq!(again["result"], json!("duplicate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_block_is_taken_and_a_bad_one_named() {
    let node = TestNode::start("dev").await;
    let Ok(Answer::Template(template)) = node.handle().query(Query::Template).await else {
        panic!("no template")
    };
    let good = solved(&template);
    let mut bad = good.clone();
    bad.header.nonce = (0..u32::MAX)
        .find(|nonce| {
            let header = crate::primitives::Header { nonce: *nonce, ..good.header };
            !header.bits.target().unwrap().is_met_by(&header.hash())
        })
        .unwrap();
    let hex = hex::encode(codec::encode(&bad));
    let answer = node.call("submitblock", json!([hex])).await;
    assert_refused(&answer, code::REJECTED, "hash-above-target");
    assert_eq!(answer["error"]["message"], json!("high-hash"));
    assert_eq!(submit_as_old_miner(&node, &hex).await["result"], json!("high-hash"));
    let answer = node.call("submitblock", json!([hex::encode(codec::encode(&good))])).await;
    assert!(answer.get("error").is_none() && answer["result"].is_null(), "{answer}");
    assert_eq!(node.stranger().blockchain_info().await.unwrap().bestblockhash, good.hash());
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_transactions_nobody_knows_is_stale() {
    let node = TestNode::start("dev").await;
    let (template, _work) = template_with_a_payment(&node).await;
    let mut block = solved(&template);
    block.coinbase.transaction_root.0[0] ^= 1;
    let answer = node.call("submitblock", json!([without_transactions(&block)])).await;
    assert_refused(&answer, code::REJECTED, "unknown-template");
}
