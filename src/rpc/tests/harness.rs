//! A node with a server, and a client that can misbehave.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::consensus::params::Params;
use crate::consensus::testing::{dev_key, solve};
use crate::node::query::BlockOutcome;
use crate::node::{Answer, Query};
use crate::primitives::{Address, AddressKind, BlockId};
use crate::rpc::{
    MiningControl, MiningNow, MiningStatus, RpcClient, RpcConfig, RpcContext, RpcServer, TransactionIndex,
};
use crate::runtime::{self, NodeHandle, Running, clock};
use crate::storage::{ChainStore, MemoryStore, StoredChain};

/// A node with a server. Dropping it stops both.
pub(super) struct TestNode {
    pub(super) server: RpcServer,
    pub(super) dir: TempDir,
    pub(super) running: Running,
}

impl TestNode {
    /// A node on a store in memory, without an index.
    pub(super) async fn start(network: &str) -> Self {
        Self::start_on(network, MemoryStore::new(), StoredChain::default(), None).await
    }

    /// A node on any store, with any index.
    pub(super) async fn start_on<S>(
        network: &str,
        store: S,
        chain: StoredChain,
        index: Option<Arc<dyn TransactionIndex>>,
    ) -> Self
    where
        S: ChainStore + Send + 'static,
        S::Reader: Send + Sync + 'static,
    {
        let params = Arc::new(Params::named(network).unwrap());
        let running = runtime::start(params, store, chain, &mut |_, _| {}).unwrap();
        let dir = TempDir::new().unwrap();
        let config = RpcConfig {
            bind: "127.0.0.1:0".parse().unwrap(),
            data_dir: dir.path().to_owned(),
            allowed_hosts: Vec::new(),
        };
        let context = RpcContext {
            node: running.handle.clone(),
            mining: Some(Arc::new(TestMiner(running.handle.clone()))),
            index,
            faucet: Some(dev_key(0)),
            data_dir: dir.path().to_owned(),
        };
        let server = RpcServer::start(config, context).await.unwrap();
        Self { server, dir, running }
    }

    pub(super) fn handle(&self) -> &NodeHandle {
        &self.running.handle
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// A client with the cookie.
    pub(super) fn client(&self) -> RpcClient {
        RpcClient::for_data_dir(self.dir.path()).unwrap()
    }

    /// A client that does not know the cookie.
    pub(super) fn stranger(&self) -> RpcClient {
        RpcClient::new(self.server.url(), None).unwrap()
    }

    /// Posts a body as a well-behaved client would.
    pub(super) async fn post(&self, body: &str) -> (u16, Value) {
        let host = self.address().to_string();
        let head = format!("POST /rpc HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
        self.http(&head, body).await
    }

    /// Calls a method over a connection of its own.
    pub(super) async fn call(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(&request.to_string()).await.1
    }

    /// Sends a head (without the lines on length) and a body, whatever they are; answers status and JSON.
    pub(super) async fn http(&self, head: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        let head = format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may refuse, and close, before it has read a large body.
        let _ = stream.write_all(body.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| Value::from(body)))
    }

    /// What shows that the server goes on: it still knows the height.
    pub(super) async fn assert_alive(&self) {
        let answer = self.call("getblockcount", json!([])).await;
        assert!(answer["result"].is_u64(), "{answer}");
    }
}

/// Makes easy blocks when asked to, and never else.
struct TestMiner(NodeHandle);

impl TestMiner {
    /// One block; none when another call's came first.
    async fn try_to_mine(&self, address: Address) -> Option<BlockId> {
        let Ok(Answer::Template(template)) = self.0.query(Query::Template).await else {
            panic!("no template")
        };
        let coinbase = template.coinbase(address, clock::random_bytes(), b"test");
        let header = solve(template.header(&coinbase, clock::now().timestamp()));
        let block = template.block(header, coinbase);
        let id = BlockId { height: template.height(), hash: block.hash() };
        match self.0.submit_block(Arc::new(block)).await.unwrap() {
            BlockOutcome::Connected => Some(id),
            BlockOutcome::SideBranch | BlockOutcome::Duplicate => None,
            BlockOutcome::Invalid(violation) => panic!("{violation}"),
        }
    }
}

impl MiningControl for TestMiner {
    fn status(&self) -> MiningStatus {
        MiningStatus::default()
    }

    fn set(&self, threads: u32, _: Option<Address>) -> Result<(), String> {
        Err(format!("no {threads} threads here"))
    }

    fn mine_now(&self, address: Address, count: u32) -> MiningNow<'_> {
        Box::pin(async move {
            let mut made = Vec::new();
            while made.len() < count as usize {
                made.extend(self.try_to_mine(address).await);
            }
            Ok(made)
        })
    }
}

/// The address of the well-known key with this number.
pub(super) fn dev_address(index: u32) -> Address {
    Address::of(&dev_key(index).public_key())
}

/// The same as text.
pub(super) fn dev_text(index: u32) -> String {
    dev_address(index).to_text(AddressKind::Development)
}

/// Asserts that an answer is an error with this number and reason, and says what to do next.
pub(super) fn assert_refused(answer: &Value, code: i32, reason: &str) {
    let error = &answer["error"];
    assert_eq!(
        (error["code"].as_i64(), error["data"]["reason"].as_str()),
        (Some(code.into()), Some(reason)),
        "{answer}"
    );
    assert!(error["data"]["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{answer}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
}
