//! Nonsense on every method and on the wire: a named error each time, and the server goes on.

use serde_json::{Value, json};

use super::harness::{TestNode, assert_refused, dev_text};
use crate::rpc::api::all_methods;
use crate::rpc::code;
use crate::rpc::method::Tier;

#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_the_wrong_kind_are_named_on_every_method() {
    let node = TestNode::start("dev").await;
    for method in all_methods().filter(|method| method.tier != Tier::Admin) {
        for parameter in method.parameters.iter().filter(|parameter| parameter.kind != "anything") {
            let mut params = serde_json::Map::new();
            for other in method.parameters.iter().filter(|other| other.required) {
                params.insert(other.name.to_owned(), plausible(other.kind));
            }
            params.insert(parameter.name.to_owned(), json!({ "x": [1.5] }));
            let answer = node.call(method.name, Value::from(params)).await;
            assert_refused(&answer, code::INVALID_PARAMS, "invalid-parameter");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains(parameter.name), "{}: {message}", method.name);
        }
    }
    node.assert_alive().await;
}

/// Something that a parameter of this kind may be.
fn plausible(kind: &str) -> Value {
    match kind {
        "an address" => json!(dev_text(1)),
        "bytes in hexadecimal" => json!("00"),
        "a list of bytes in hexadecimal" => json!(["00"]),
        "a transaction id of 64 hexadecimal digits" => json!("00".repeat(32)),
        "text" => json!("text"),
        _ => json!(1),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_surplus_and_unknown_parameters_are_named_on_every_method() {
    let node = TestNode::start("dev").await;
    for method in all_methods().filter(|method| method.tier != Tier::Admin) {
        if let Some(first) = method.parameters.iter().find(|parameter| parameter.required) {
            let answer = node.call(method.name, json!([])).await;
            assert_refused(&answer, code::INVALID_PARAMS, "invalid-parameter");
            assert!(answer["error"]["message"].as_str().unwrap().contains(first.name), "{answer}");
        }
        let surplus = vec![json!(1); method.parameters.len() + 1];
        assert_refused(
            &node.call(method.name, json!(surplus)).await,
            code::INVALID_PARAMS,
            "invalid-parameter",
        );
        let unknown = node.call(method.name, json!({ "colour": "red" })).await;
        assert_refused(&unknown, code::INVALID_PARAMS, "invalid-parameter");
        assert_refused(
            &node.call(method.name, json!("text")).await,
            code::INVALID_PARAMS,
            "invalid-parameter",
        );
    }
    node.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_lead_nowhere_have_bitcoins_numbers() {
    let node = TestNode::start("dev").await;
    let nowhere = "ff".repeat(32);
    for (method, params, code, reason) in [
        ("getblock", json!([nowhere]), code::NOT_FOUND, "block-not-found"),
        ("getblock", json!([7]), code::OUT_OF_RANGE, "out-of-range"),
        ("getblock", json!([0, 4]), code::INVALID_PARAMS, "invalid-parameter"),
        ("getblockhash", json!([4_294_967_295_u32]), code::OUT_OF_RANGE, "out-of-range"),
        ("getblockheader", json!([nowhere]), code::NOT_FOUND, "block-not-found"),
        ("gettransaction", json!([nowhere]), code::NOT_FOUND, "index-off"),
        ("getbalance", json!(["cairndev1nonsense"]), code::NOT_FOUND, "invalid-address"),
        ("sendrawtransaction", json!(["00ff"]), code::DESERIALIZATION, "undecodable"),
        ("sendrawtransaction", json!(["00".repeat(100_000)]), code::DESERIALIZATION, "undecodable"),
        ("submitblock", json!(["00"]), code::DESERIALIZATION, "undecodable"),
        ("testmempoolaccept", json!([[]]), code::INVALID_PARAMS, "invalid-parameter"),
        ("waitfortransaction", json!([nowhere, 1, 601]), code::INVALID_PARAMS, "invalid-parameter"),
        ("generatetoaddress", json!([1_001, dev_text(1)]), code::INVALID_PARAMS, "invalid-parameter"),
        ("dev_fund", json!([dev_text(1), 0]), code::INVALID_PARAMS, "invalid-parameter"),
    ] {
        let answer = node.call(method, params).await;
        assert_refused(&answer, code, reason);
    }
    node.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_method_is_told_what_may_have_been_meant() {
    let node = TestNode::start("dev").await;
    let answer = node.call("getblokcount", json!([])).await;
    assert_refused(&answer, code::METHOD_NOT_FOUND, "method-not-found");
    assert_eq!(answer["error"]["data"]["hint"], json!("did you mean getblockcount?"));
    assert_refused(
        &node.call(&"x".repeat(100_000), json!([])).await,
        code::METHOD_NOT_FOUND,
        "method-not-found",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_of_development_networks_are_absent_elsewhere() {
    let node = TestNode::start("lan").await;
    let answer = node.call("dev_fund", json!([])).await;
    assert_refused(&answer, code::METHOD_NOT_FOUND, "development-network-only");
    let help = node.call("help", json!([])).await;
    assert!(!help["result"].as_str().unwrap().contains("dev_fund"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_requests_are_refused_by_name() {
    let node = TestNode::start("dev").await;
    let batch =
        |count| format!("[{}]", vec![r#"{"jsonrpc":"2.0","id":1,"method":"uptime"}"#; count].join(","));
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"help","params":{}{}}}"#,
        "[".repeat(64),
        "]".repeat(64)
    );
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"help","params":["{}"]}}"#, "x".repeat(1 << 20));
    for (body, status, code, reason) in [
        ("nonsense".to_owned(), 200, code::PARSE, "parse-error"),
        (String::new(), 200, code::PARSE, "parse-error"),
        ("[1".to_owned(), 200, code::PARSE, "parse-error"),
        ("\u{0}\u{1}".to_owned(), 200, code::PARSE, "parse-error"),
        ("7".to_owned(), 200, code::INVALID_REQUEST, "invalid-request"),
        ("[]".to_owned(), 200, code::INVALID_REQUEST, "empty-batch"),
        (r#"{"id":1,"method":"uptime"}"#.to_owned(), 200, code::INVALID_REQUEST, "invalid-request"),
        (r#"{"jsonrpc":"2.0","id":1}"#.to_owned(), 200, code::INVALID_REQUEST, "invalid-request"),
        (batch(51), 200, code::INVALID_REQUEST, "batch-too-large"),
        (deep, 200, code::INVALID_REQUEST, "too-deep"),
        ("[".repeat(1_000_000), 200, code::INVALID_REQUEST, "too-deep"),
        (large, 413, code::BODY_TOO_LARGE, "body-too-large"),
        (" ".repeat(17 << 20), 413, code::BODY_TOO_LARGE, "body-too-large"),
    ] {
        let (answered, answer) = node.post(&body).await;
        assert_refused(&answer, code, reason);
        assert_eq!(answered, status, "{answer}");
    }
    node.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_not_answered() {
    let node = TestNode::start("dev").await;
    let notification = r#"{"jsonrpc":"2.0","method":"uptime"}"#;
    assert_eq!(node.post(notification).await, (204, json!("")));
    assert_eq!(node.post(&format!("[{notification},{notification}]")).await, (204, json!("")));
    node.assert_alive().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_in_order_with_an_error_for_each_bad_part() {
    let node = TestNode::start("dev").await;
    let batch = r#"[{"jsonrpc":"2.0","id":"a","method":"getblockcount"},7,
        {"jsonrpc":"2.0","method":"uptime"},{"jsonrpc":"2.0","id":"b","method":"nope"},
        {"jsonrpc":"2.0","id":null,"method":"stop"}]"#;
    let (status, answers) = node.post(batch).await;
    assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(4)), "{answers}");
    assert_eq!((&answers[0]["id"], &answers[0]["result"]), (&json!("a"), &json!(0)));
    assert_refused(&answers[1], code::INVALID_REQUEST, "invalid-request");
    assert_refused(&answers[2], code::METHOD_NOT_FOUND, "method-not-found");
    assert_refused(&answers[3], code::UNAUTHORIZED, "unauthorized");
}
