//! Bodies of HTTP requests, as far as the methods: host, page and socket are left out.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use cairn::consensus::Params;
use cairn::rpc::testing::InProcess;
use cairn::rpc::{RpcContext, RpcError};
use cairn::runtime::{self, Running};
use cairn::storage::{MemoryStore, StoredChain};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Statuses that a body can bring.
const STATUSES: [u16; 5] = [200, 204, 401, 403, 413];

/// Some methods wait for blocks, which never come here.
const PATIENCE: Duration = Duration::from_millis(30);

/// From this machine. Others may call less.
const REMOTE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7_332);

/// One node for all inputs: starting one takes a thousand times as long as a call.
static NODE: LazyLock<Node> = LazyLock::new(Node::start);

struct Node {
    executor: Mutex<Runtime>,
    server: InProcess,
    _running: Running,
}

impl Node {
    fn start() -> Self {
        let params = Arc::new(Params::named("dev").expect("dev is a name"));
        let running = runtime::start(params, MemoryStore::new(), StoredChain::default(), &mut |_, _| {});
        let running = running.expect("a node starts on an empty store");
        let executor = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let executor = executor.expect("a runtime without sockets can be built");
        let context = RpcContext {
            node: running.handle.clone(),
            mining: None,
            index: None,
            faucet: None,
            data_dir: "nowhere".into(),
        };
        let server = executor.block_on(async { InProcess::new(context) });
        Self { executor: Mutex::new(executor), server, _running: running }
    }
}

/// Parameters of every method, those for the node's owner too; nothing is called.
pub fn parameters(data: &[u8]) {
    let read = NODE.server.read_parameters(data.to_vec());
    let errors: Vec<RpcError> = match read {
        Ok(requests) => requests.into_iter().filter_map(Result::err).collect(),
        Err(error) => vec![error],
    };
    for error in errors {
        assert!(!error.reason.is_empty() && !error.hint.is_empty() && !error.message.is_empty(), "{error:?}");
    }
}

/// A whole call: every answer is JSON, and every error has its reason and a hint.
pub fn body(data: &[u8]) {
    let executor = NODE.executor.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = executor
        .block_on(async { tokio::time::timeout(PATIENCE, NODE.server.post(data.to_vec(), REMOTE)).await });
    let Ok((status, answer)) = answer else { return };
    assert!(STATUSES.contains(&status), "status {status}");
    if status == 204 {
        assert!(answer.is_empty(), "silence says nothing");
        return;
    }
    let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
    match answer.as_array() {
        Some(answers) => answers.iter().for_each(assert_answer),
        None => assert_answer(&answer),
    }
}

fn assert_answer(answer: &Value) {
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    if let Some(error) = answer.get("error") {
        let says = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        assert!(error["code"].is_i64() && says(&error["message"]), "{answer}");
        assert!(says(&error["data"]["reason"]) && says(&error["data"]["hint"]), "{answer}");
    } else {
        assert!(answer.get("result").is_some(), "{answer}");
    }
}
