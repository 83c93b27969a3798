//! Transactions of a client into the pool of a process, in batches over one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use cairn::primitives::{Transaction, codec};
use serde_json::{Value, json};

use super::house::{self, House};
use crate::chain::{Chain, Shape, TRANSFERS};
use crate::report::Round;
use crate::{Scale, cpu};

/// Calls of one request.
const BATCH: usize = 50;
/// Blocks' worth of transactions: as many as the pool takes, and half a second of work at least.
const BLOCKS: usize = 20;
const SIGNATURES: usize = 10_000;

pub(crate) fn over_rpc(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let blocks = if scale == Scale::Full { BLOCKS } else { 1 };
    let chain = Chain::make(Shape { accounts: TRANSFERS, signers: TRANSFERS, blocks });
    let house = House::new(&chain.params, &chain.specification);
    let transactions = chain.transfers.concat();
    let bodies: Vec<_> = transactions.chunks(BATCH).map(body).collect();
    Box::new(move || {
        house.clear("node");
        // On a development network every transaction would call for a block at once.
        let node = house.sandbox.node("node", &["--dev-blocks", "manual"]);
        let url =
            std::fs::read_to_string(node.data_dir.join("rpc.url")).expect("a running node has an address");
        let mut connection = Connection::open(url.trim());
        let before = house::cpu_seconds(&node);
        for body in &bodies {
            let answers = connection.post(body);
            let all = answers.as_array().expect("a batch has a batch of answers");
            assert!(all.iter().all(|answer| answer["result"].is_string()), "all are admitted: {answers}");
        }
        let seconds = house::cpu_seconds(&node) - before;
        node.kill();
        Round::ratio(
            ("transactions admitted over JSON-RPC, node's CPU", transactions.len() as f64 / seconds),
            ("signatures verified one by one", one_by_one(&chain)),
            &[],
        )
    })
}

/// A request with a batch of calls.
fn body(transactions: &[Arc<Transaction>]) -> String {
    let call = |(id, transaction): (usize, &Arc<Transaction>)| {
        let encoded = hex::encode(codec::encode(transaction.as_ref()));
        json!({ "jsonrpc": "2.0", "id": id, "method": "sendrawtransaction", "params": [encoded] })
    };
    Value::Array(transactions.iter().enumerate().map(call).collect()).to_string()
}

/// One HTTP connection that is kept.
struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(url: &str) -> Self {
        let host =
            url.trim_start_matches("http://").split('/').next().expect("splitting gives one part at least");
        let stream = TcpStream::connect(host).expect("the node listens");
        stream.set_nodelay(true).expect("the system can send at once");
        Self { host: host.to_owned(), stream: BufReader::new(stream) }
    }

    fn post(&mut self, body: &str) -> Value {
        let head = format!(
            "POST /rpc HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let sent = self.stream.get_mut().write_all((head + body).as_bytes());
        sent.expect("the node reads");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("the node answers");
            let line = line.trim().to_ascii_lowercase();
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().expect("a length is a number");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).expect("the node answers as much as it says");
        serde_json::from_slice(&answer).expect("the node answers JSON")
    }
}

/// Signatures a second of one thread, each by itself.
fn one_by_one(chain: &Chain) -> f64 {
    let genesis = chain.params.genesis_hash();
    let signed: Vec<_> = chain.transfers.concat().into_iter().take(SIGNATURES).collect();
    let messages: Vec<_> = signed.iter().map(|each| each.signing_hash(&genesis)).collect();
    let seconds = cpu::seconds_of(|| {
        for (transaction, message) in signed.iter().zip(&messages) {
            let key =
                ed25519_zebra::VerificationKey::try_from(transaction.sender.0).expect("the key is good");
            let signature = ed25519_zebra::Signature::from_bytes(&transaction.signature.0);
            key.verify(&signature, &message.0).expect("the signature is good");
        }
    });
    signed.len() as f64 / seconds
}
