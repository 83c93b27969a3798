//! The HTTP edge: hosts, pages, cookies, files, and web sockets.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::{TestNode, assert_refused};
use crate::rpc::{ClientError, RpcClient, RpcConfig, RpcContext, RpcServer, RpcStartError, code};

const UPTIME: &str = r#"{"jsonrpc":"2.0","id":1,"method":"uptime"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn requests_from_elsewhere_or_of_another_kind_are_refused_by_name() {
    let node = TestNode::start("dev").await;
    let (ours, json_type) = (node.address(), "Content-Type: application/json");
    for (head, status, code, reason) in [
        (
            format!("POST / HTTP/1.1\r\nHost: evil.example\r\n{json_type}\r\n"),
            403,
            code::FORBIDDEN,
            "host-not-allowed",
        ),
        (
            "GET /health HTTP/1.1\r\nHost: evil.example\r\n".to_owned(),
            403,
            code::FORBIDDEN,
            "host-not-allowed",
        ),
        (
            format!("POST / HTTP/1.1\r\nHost: {ours}\r\nOrigin: http://evil.example\r\n{json_type}\r\n"),
            403,
            code::FORBIDDEN,
            "origin-not-allowed",
        ),
        (
            format!("POST / HTTP/1.1\r\nHost: {ours}\r\nContent-Type: text/plain\r\n"),
            415,
            code::CONTENT_TYPE,
            "content-type",
        ),
        (format!("POST /rpc HTTP/1.1\r\nHost: {ours}\r\n"), 415, code::CONTENT_TYPE, "content-type"),
        (format!("GET /rpc HTTP/1.1\r\nHost: {ours}\r\n"), 405, code::HTTP_METHOD, "http-method"),
        (format!("OPTIONS / HTTP/1.1\r\nHost: {ours}\r\n"), 405, code::HTTP_METHOD, "http-method"),
    ] {
        let (answered, answer) = node.http(&head, UPTIME).await;
        assert_eq!(answered, status, "{head}{answer}");
        assert_refused(&answer, code, reason);
    }
    let page =
        format!("POST / HTTP/1.1\r\nHost: {ours}\r\nOrigin: http://{ours}\r\n{json_type}; charset=utf-8\r\n");
    assert_eq!(node.http(&page, UPTIME).await.0, 200, "the page that the node served may call");
    for path in ["/health", "/ready", "/openrpc.json"] {
        assert_eq!(node.http(&format!("GET {path} HTTP/1.1\r\nHost: {ours}\r\n"), "").await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_know_the_cookie_cannot_stop_the_node() {
    let node = TestNode::start("dev").await;
    for method in ["stop", "setmining", "addpeer"] {
        let (status, answer) =
            node.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": method }).to_string()).await;
        assert_refused(&answer, code::UNAUTHORIZED, "unauthorized");
        assert_eq!(status, 401);
    }
    assert_eq!(node.stranger().stop().await.unwrap_err().reason(), Some("unauthorized"));
    let client = node.client();
    assert_eq!(client.call("addpeer", json!(["192.0.2.7:7331"])).await, Ok(json!(true)));
    assert_eq!(
        client.call("addpeer", json!(["nonsense"])).await.unwrap_err().reason(),
        Some("invalid-parameter")
    );
    assert_eq!(client.call("setmining", json!([1])).await.unwrap_err().reason(), Some("mining-refused"));
    client.stop().await.unwrap();
    assert_eq!(node.handle().stopped().await, "asked to by RPC");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_and_the_address_are_there_while_the_server_runs() {
    let node = TestNode::start("dev").await;
    let (cookie, url) = (node.dir.path().join(".cookie"), node.dir.path().join("rpc.url"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(cookie.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let first = std::fs::read_to_string(&cookie).unwrap();
    assert!(first.starts_with("__cookie__:") && first.len() == "__cookie__:".len() + 64);
    assert_eq!(std::fs::read_to_string(&url).unwrap().trim(), format!("http://{}/rpc", node.address()));

    let config =
        RpcConfig { bind: node.address(), data_dir: node.dir.path().to_owned(), allowed_hosts: vec![] };
    let context = RpcContext {
        node: node.handle().clone(),
        mining: None,
        index: None,
        faucet: None,
        data_dir: node.dir.path().to_owned(),
    };
    let taken = RpcServer::start(config, context).await.unwrap_err();
    assert!(matches!(taken, RpcStartError::PortTaken(address) if address == node.address()));
    assert_eq!(
        std::fs::read_to_string(&cookie).unwrap(),
        first,
        "a server that does not start touches no file"
    );

    let (client, dir) = (node.client(), node.dir.path().to_owned());
    node.server.stop().await;
    assert!(!cookie.exists() && !url.exists());
    assert!(matches!(client.node_info().await, Err(ClientError::Unreachable { .. })));
    assert!(matches!(RpcClient::for_data_dir(&dir), Err(ClientError::Unreachable { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_answers_many_calls_on_one_connection() {
    let node = TestNode::start("dev").await;
    let mut socket = WebSocket::open(&node).await;
    assert_eq!(socket.ask(r#"{"jsonrpc":"2.0","id":1,"method":"getblockcount"}"#).await["result"], json!(0));
    let mistyped = socket.ask(r#"{"jsonrpc":"2.0","id":2,"method":"getblockcoun"}"#).await;
    assert_refused(&mistyped, code::METHOD_NOT_FOUND, "method-not-found");
    let admin = socket.ask(r#"{"jsonrpc":"2.0","id":3,"method":"stop"}"#).await;
    assert_refused(&admin, code::UNAUTHORIZED, "unauthorized");
    assert_eq!(socket.ask("nonsense").await["error"]["code"], json!(code::PARSE));
    assert_eq!(socket.ask(UPTIME).await["id"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_elsewhere_cannot_open_a_websocket() {
    let node = TestNode::start("dev").await;
    let head = format!("{}Origin: http://evil.example\r\n", WebSocket::head(&node));
    let (status, answer) = node.http(&head, "").await;
    assert_eq!(status, 403);
    assert_refused(&answer, code::FORBIDDEN, "origin-not-allowed");
}

/// As much of RFC 6455 as short texts need.
struct WebSocket(TcpStream);

impl WebSocket {
    fn head(node: &TestNode) -> String {
        format!(
            "GET /rpc HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n",
            node.address()
        )
    }

    async fn open(node: &TestNode) -> Self {
        let mut stream = TcpStream::connect(node.address()).await.unwrap();
        stream.write_all(format!("{}\r\n", Self::head(node)).as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    /// Sends a text, masked with zeros, and reads the next text.
    async fn ask(&mut self, text: &str) -> Value {
        assert!(text.len() < 126);
        let frame = [&[0x81, 0x80 | text.len() as u8, 0, 0, 0, 0], text.as_bytes()].concat();
        self.0.write_all(&frame).await.unwrap();
        while self.0.read_u8().await.unwrap() == 0x89 {
            assert_eq!(self.0.read_u8().await.unwrap(), 0, "a ping has no content");
        }
        let length = match self.0.read_u8().await.unwrap() {
            126 => usize::from(self.0.read_u16().await.unwrap()),
            length => usize::from(length),
        };
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }
}
