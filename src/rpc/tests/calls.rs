//! What methods answer when all is well, and when the chain says no.

use serde_json::{Value, json};

use super::harness::{TestNode, assert_refused, dev_address, dev_text};
use crate::consensus::testing::{dev_key, payment};
use crate::primitives::{Amount, Block, Height, Transaction, codec};
use crate::rpc::types::{BlockInfo, BlockTransaction, ChainVerification};
use crate::rpc::{ClientError, code};

fn alice_pays_bob(node: &TestNode, nonce: u64, amount: u64) -> Transaction {
    payment(&dev_key(1), node.handle().params(), nonce, dev_address(2), Amount(amount))
}

fn hex_of(transaction: &Transaction) -> String {
    hex::encode(codec::encode(transaction))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_node_says_what_it_is() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    let (info, chain) = (client.node_info().await.unwrap(), client.blockchain_info().await.unwrap());
    let genesis = node.handle().params().genesis_hash();
    assert_eq!((info.network.as_str(), info.genesis_hash, info.height), ("dev", genesis, Height(0)));
    assert_eq!((chain.bestblockhash, chain.blocks, chain.bits.as_str()), (genesis, Height(0), "207fffff"));
    assert!(!chain.initialblockdownload);
    assert_eq!(client.peers().await, Ok(vec![]));
    assert_eq!(client.network_info().await.unwrap().connections, 0);
    assert_eq!(client.mining_info().await.unwrap().threads, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faucet_pays_and_makes_a_block() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    let before = client.balance(&dev_text(9)).await.unwrap();
    let funded = client.dev_fund(&dev_text(9), Amount(250)).await.unwrap();
    let after = client.balance(&dev_text(9)).await.unwrap();
    assert_eq!(after.confirmed.0, before.confirmed.0 + 250);
    assert_eq!((after.height, funded.height), (Height(1), Height(1)));
    let located = client.transaction(funded.txid).await.unwrap();
    assert_eq!((located.blockhash, located.confirmations), (Some(funded.blockhash), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faucet_serves_many_at_once() {
    let node = TestNode::start("dev").await;
    let calls = (1..=8)
        .map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "dev_fund", "params": [dev_text(9), 5] }));
    let (_, answers) = node.post(&calls.collect::<Value>().to_string()).await;
    let paid = answers.as_array().unwrap().iter().filter(|answer| answer["result"]["txid"].is_string());
    assert_eq!(paid.count(), 8, "{answers}");
    assert_eq!(node.stranger().balance(&dev_text(9)).await.unwrap().confirmed, Amount(1_000_000_000_040));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_goes_through_the_pool_into_a_block() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    let payment = alice_pays_bob(&node, 0, 700);

    let tested = node.call("testmempoolaccept", json!([[hex_of(&payment)]])).await;
    assert_eq!(tested["result"][0]["allowed"], json!(true), "{tested}");
    let id = client.send(&payment).await.unwrap();
    assert_eq!(client.send(&payment).await, Ok(id), "a known transaction answers its id again");
    assert_eq!(node.call("getrawmempool", json!([])).await["result"], json!([id]));
    assert_eq!(client.transaction(id).await.unwrap().state, "pending");
    let (alice, bob) =
        (client.balance(&dev_text(1)).await.unwrap(), client.balance(&dev_text(2)).await.unwrap());
    assert_eq!((alice.pending_out, bob.pending_in), (Amount(10_700), Amount(700)));
    assert_eq!(client.nonce(&dev_text(1)).await.map(|nonce| (nonce.confirmed, nonce.next)), Ok((0, 1)));

    let blocks = client.generate(1, &dev_text(0)).await.unwrap();
    let located = client.transaction(id).await.unwrap();
    assert_eq!(
        (located.state.as_str(), located.position, located.blockhash),
        ("confirmed", Some(0), blocks.first().copied())
    );
    assert_eq!(client.send(&payment).await, Ok(id), "also when it is on the chain");
    assert_eq!(client.nonce(&dev_text(1)).await.map(|nonce| nonce.confirmed), Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_transaction_hears_of_its_block() {
    let node = TestNode::start("dev").await;
    let payment = alice_pays_bob(&node, 0, 700);
    let id = payment.id(&node.handle().params().genesis_hash());
    let client = node.stranger();
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.wait_for_transaction(id, 2, 60).await }
    });
    client.send(&payment).await.unwrap();
    client.generate(2, &dev_text(0)).await.unwrap();
    let located = waiting.await.unwrap().unwrap();
    assert_eq!((located.transaction.txid, located.height), (id, Some(Height(1))));
    assert!(located.confirmations >= 2);
    let answer = node.call("waitfortransaction", json!(["00".repeat(32), 1, 0])).await;
    assert_refused(&answer, code::MISC, "timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_not_taken_names_its_reason() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    let refused = |result: Result<_, ClientError>| match result {
        Err(ClientError::Refused { code, reason, .. }) => (code, reason),
        other => panic!("not refused: {other:?}"),
    };
    let too_much = alice_pays_bob(&node, 0, 1_000_000_000_001);
    assert_eq!(refused(client.send(&too_much).await), (code::VERIFY, "insufficient-balance".into()));
    let mut forged = alice_pays_bob(&node, 0, 1);
    forged.signature.0[0] ^= 1;
    assert_eq!(refused(client.send(&forged).await), (code::REJECTED, "bad-signature".into()));
    let tested = node.call("testmempoolaccept", json!([[hex_of(&forged), "00"]])).await;
    assert_eq!(tested["result"][0]["reject-reason"], json!("bad-signature"));
    assert_eq!(tested["result"][1]["reject-reason"], json!("undecodable"));
    assert_eq!(node.call("getmempoolinfo", json!([])).await["result"]["size"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_shown_with_as_much_as_was_asked_for() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    let payment = alice_pays_bob(&node, 0, 700);
    let id = client.send(&payment).await.unwrap();
    let hash = client.generate(1, &dev_text(0)).await.unwrap()[0];

    let bytes =
        node.call("getblock", json!([hash, 0])).await["result"].as_str().map(hex::decode).unwrap().unwrap();
    let block: Block = codec::decode(&bytes, 1 << 20).unwrap();
    assert_eq!(block.hash(), hash);
    let by_height = client.block_at(Height(1)).await.unwrap();
    assert_eq!(by_height, client.block(hash).await.unwrap());
    assert_eq!(by_height.tx, [BlockTransaction::Id(id)]);
    assert_eq!(
        (by_height.size, by_height.fees, by_height.transaction_count),
        (bytes.len(), Amount(10_000), 1)
    );
    for (verbosity, expected) in [(2, None), (3, Some(hex_of(&payment)))] {
        let params = json!({ "block": hash, "verbosity": verbosity });
        let block: BlockInfo = client.request("getblock", params).await.unwrap();
        let [BlockTransaction::Decoded(decoded)] = &block.tx[..] else { panic!("{block:?}") };
        assert_eq!((decoded.txid, decoded.from.clone(), decoded.hex.clone()), (id, dev_text(1), expected));
    }
    let header = node.call("getblockheader", json!([1, false])).await;
    assert_eq!(header["result"], json!(hex::encode(block.header.to_bytes())));
    assert_eq!(node.call("getblockhash", json!([1])).await["result"], json!(hash));
    let genesis = client.block_at(Height(0)).await.unwrap();
    assert_eq!(genesis.header.nextblockhash, Some(hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_checks_out_again() {
    let node = TestNode::start("dev").await;
    let client = node.stranger();
    client.send(&alice_pays_bob(&node, 0, 700)).await.unwrap();
    client.generate(70, &dev_text(0)).await.unwrap();
    let verified: ChainVerification = client.request("verifychain", json!([0])).await.unwrap();
    assert_eq!(verified, ChainVerification { ok: true, blocks: 70, signatures: 1, problem: None });
    let last: ChainVerification = client.request("verifychain", json!([])).await.unwrap();
    assert_eq!((last.blocks, last.signatures), (6, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_the_openrpc_document_list_every_method() {
    let node = TestNode::start("dev").await;
    let help = node.call("help", json!([])).await;
    let document = node.call("rpc.discover", json!([])).await;
    let methods = document["result"]["methods"].as_array().unwrap();
    assert_eq!(help["result"].as_str().unwrap().lines().count(), methods.len());
    for method in methods {
        let one = node.call("help", json!([method["name"]])).await;
        assert!(one["result"].as_str().unwrap().contains(method["summary"].as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_checked_for_this_network() {
    let node = TestNode::start("dev").await;
    let good = node.call("validateaddress", json!([dev_text(3).to_uppercase()])).await;
    assert_eq!(good["result"], json!({ "isvalid": true, "address": dev_text(3) }));
    let foreign = dev_address(3).to_text(crate::primitives::AddressKind::Standard);
    let bad = node.call("validateaddress", json!([foreign])).await;
    assert_eq!(bad["result"]["isvalid"], json!(false));
    assert_refused(&node.call("getbalance", json!([foreign])).await, code::NOT_FOUND, "invalid-address");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transaction_of_a_batch_has_a_verdict_of_its_own() {
    let node = TestNode::start("dev").await;
    let mut payments: Vec<_> = (0..50).map(|nonce| alice_pays_bob(&node, nonce, 700)).collect();
    payments[20].signature.0[0] ^= 1;
    let call = |(id, payment)| json!({ "jsonrpc": "2.0", "id": id, "method": "sendrawtransaction", "params": [hex_of(payment)] });
    let batch = Value::Array(payments.iter().enumerate().map(call).collect());
    let (status, answers) = node.post(&batch.to_string()).await;
    assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(50)), "{answers}");
    for (nonce, payment) in payments.iter().enumerate() {
        let answer = &answers[nonce];
        assert_eq!(answer["id"], nonce);
        match nonce {
            // Gaps of up to sixteen nonces may be filled by what comes later.
            0..20 | 21..=36 => {
                assert_eq!(
                    answer["result"],
                    json!(payment.id(&node.handle().params().genesis_hash())),
                    "{answer}"
                );
            }
            20 => assert_refused(answer, code::REJECTED, "bad-signature"),
            _ => assert_refused(answer, code::VERIFY, "nonce-gap"),
        }
    }
    let gone = node.post(&batch.to_string()).await;
    assert_eq!(gone.1[0]["result"], answers[0]["result"], "a known transaction answers its id again");
}
