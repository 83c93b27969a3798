//! The table once more, through `submitblock` of a running node: real threads, a real socket, and what clients are told
//! of each block.

use std::sync::Arc;
use std::time::Duration;

use cairn::consensus::{Params, Violation};
use cairn::node::query::{AccountView, Supply};
use cairn::node::{Answer, Event, Query};
use cairn::primitives::{Address, BlockHash, Timestamp};
use cairn::rpc::{ClientError, RpcClient, RpcConfig, RpcContext, RpcServer, code};
use cairn::runtime::{Running, clock, start};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

use crate::shelf::Shelf;
use crate::stage::{Stage, Verdict};
use crate::{build, cases};

/// Pause between two looks at something that will come to pass.
const POLL: Duration = Duration::from_millis(10);
/// Looks before a test gives up: longer than anything takes on a busy machine.
const LOOKS_MAX: u32 = 9_000;

/// A node with its threads on a store in memory, and a server on a port of its own.
struct RunningNode {
    runtime: Arc<Runtime>,
    params: Arc<Params>,
    shelf: Shelf,
    parts: Option<Parts>,
}

struct Parts {
    running: Running,
    _server: RpcServer,
    _folder: TempDir,
    client: RpcClient,
    events: broadcast::Receiver<Event>,
}

impl RunningNode {
    fn new(runtime: &Arc<Runtime>, params: &Params) -> Self {
        let mut node = Self {
            runtime: Arc::clone(runtime),
            params: Arc::new(params.clone()),
            shelf: Shelf::default(),
            parts: None,
        };
        node.open();
        node
    }

    fn open(&mut self) {
        let stored = self.shelf.store.stored_chain();
        let running = start(Arc::clone(&self.params), self.shelf.clone(), stored, &mut |_, _| {});
        let running = running.expect("a store in memory can be opened");
        let folder = tempfile::tempdir().expect("the system has room for temporary files");
        let bind = "127.0.0.1:0".parse().expect("this is an address");
        let config = RpcConfig { bind, data_dir: folder.path().to_owned(), allowed_hosts: Vec::new() };
        let context = RpcContext {
            node: running.handle.clone(),
            mining: None,
            index: None,
            faucet: None,
            data_dir: folder.path().to_owned(),
        };
        let server = self.runtime.block_on(RpcServer::start(config, context)).expect("a free port is found");
        let client = RpcClient::for_data_dir(folder.path()).expect("the server tells its address");
        let events = running.handle.events();
        self.parts = Some(Parts { running, _server: server, _folder: folder, client, events });
    }

    fn parts(&self) -> &Parts {
        self.parts.as_ref().expect("the node runs")
    }

    fn call(&self, method: &str, parameters: Value) -> Result<Value, ClientError> {
        self.runtime.block_on(self.parts().client.call(method, parameters))
    }

    fn ask(&self, query: Query) -> Answer {
        self.runtime.block_on(self.parts().running.handle.query(query)).expect("the node runs")
    }
}

impl Stage for RunningNode {
    fn now(&self) -> Timestamp {
        clock::now().timestamp()
    }

    fn deliver(&mut self, bytes: &[u8]) -> Verdict {
        match self.call("submitblock", json!([hex::encode(bytes)])) {
            Ok(Value::Null) => Verdict::Accepted,
            Ok(word) if word == "inconclusive" => Verdict::Accepted,
            Ok(word) if word == "duplicate" => Verdict::Known,
            Ok(word) => panic!("submitblock answers {word}"),
            Err(ClientError::Refused { code, message, reason, hint }) => {
                assert!(!hint.is_empty(), "an error says what to do next");
                verdict_of(code, &message, &reason)
            }
            Err(error) => panic!("submitblock fails: {error}"),
        }
    }

    /// What a busy machine may need for a few calls.
    fn drift_seconds(&self) -> u32 {
        5
    }

    fn send(&mut self, transaction: &[u8]) -> Result<(), String> {
        let bytes = hex::encode(transaction);
        let tests = self.call("testmempoolaccept", json!([[bytes]])).expect("a transaction can be tried");
        let reason = tests[0]["reject-reason"].as_str().map(str::to_owned);
        assert_eq!(tests[0]["allowed"], reason.is_none(), "what is not allowed has a reason");
        match self.call("sendrawtransaction", json!([bytes])) {
            // Sending what is on the chain already is no error.
            Ok(_) => assert!(matches!(reason.as_deref(), None | Some("nonce-too-low")), "{reason:?}"),
            Err(error) => assert_eq!(error.reason(), reason.as_deref()),
        }
        reason.map_or(Ok(()), Err)
    }

    fn tip(&mut self) -> BlockHash {
        let hash = self.call("getbestblockhash", json!([])).expect("there is a tip");
        hash.as_str().expect("a hash is text").parse().expect("a hash is hexadecimal")
    }

    /// Blocks that waited for their parents are checked by threads that nobody waits for.
    fn come_to(&mut self, tip: BlockHash) {
        for _ in 0..LOOKS_MAX {
            if self.tip() == tip {
                return;
            }
            std::thread::sleep(POLL);
        }
    }

    fn found_invalid(&mut self) -> Vec<(BlockHash, Violation)> {
        let events = &mut self.parts.as_mut().expect("the node runs").events;
        let mut found = Vec::new();
        loop {
            match events.try_recv() {
                Ok(Event::BlockInvalid { id, violation }) => found.push((id.hash, violation)),
                Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => {
                    return found;
                }
            }
        }
    }

    fn wait_until(&mut self, moment: Timestamp) {
        while self.now() < moment {
            std::thread::sleep(POLL);
        }
    }

    fn restart(&mut self) {
        let Parts { running, .. } = self.parts.take().expect("the node runs");
        running.handle.stop("restart");
        assert_eq!(running.threads.join().reason, "restart");
        self.open();
    }

    fn forget_undo_below(&mut self, blocks: u32) {
        self.shelf.forget_undo_below(blocks);
    }

    fn account(&mut self, address: Address) -> AccountView {
        let Answer::Account(account) = self.ask(Query::Account(address)) else {
            panic!("an account is asked for")
        };
        account
    }

    fn supply(&mut self) -> Supply {
        let Answer::Supply(supply) = self.ask(Query::Supply) else { panic!("a supply is asked for") };
        supply
    }
}

/// An error of `submitblock`, which must name the rule as its reason and BIP 22's word as its message.
fn verdict_of(code: i32, message: &str, reason: &str) -> Verdict {
    if reason == "undecodable" {
        assert_eq!(code, code::DESERIALIZATION);
        return Verdict::Undecodable;
    }
    let violation = Violation::from_name(reason).expect("what is no rule is undecodable");
    assert_eq!((code, message), (code::REJECTED, bip22_word(violation)), "{reason}");
    Verdict::of(violation)
}

/// The words that BIP 22 has for a block's faults.
fn bip22_word(violation: Violation) -> &'static str {
    match violation {
        Violation::HashAboveTarget => "high-hash",
        Violation::WrongBits | Violation::TargetOutOfRange => "bad-diffbits",
        Violation::BadVersion => "bad-version",
        Violation::TimeBeforeParent => "time-too-old",
        Violation::TimeTooFarAhead => "time-too-new",
        Violation::UnknownParent | Violation::InvalidParent => "bad-prevblk",
        Violation::WrongCommitment | Violation::WrongTransactionRoot => "bad-txnmrklroot",
        Violation::CoinbaseVersion | Violation::CoinbaseHeight | Violation::TagTooLong => "bad-cb",
        Violation::BlockTooLarge
        | Violation::WrongStateRoot
        | Violation::TransactionVersion
        | Violation::NoOutputs
        | Violation::TooManyOutputs
        | Violation::ZeroAmount
        | Violation::AmountOutOfRange
        | Violation::FeeOutOfRange
        | Violation::MemoTooLong
        | Violation::LabelTooLong
        | Violation::BadSignature
        | Violation::Expired
        | Violation::NonceTooLow
        | Violation::NonceGap
        | Violation::InsufficientBalance => "rejected",
    }
}

/// Plays every case of a group, each on a node of its own. Their transcripts are the core's.
fn play(group: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = Arc::new(runtime.expect("the system has room for a runtime"));
    let (_, cases) = cases::GROUPS.iter().find(|(name, _)| *name == group).expect("the group exists");
    for case in *cases {
        let mut node = RunningNode::new(&runtime, &build::genesis().params);
        case.play(&mut node, "");
        node.parts().running.handle.stop("done");
    }
}

with_groups!(tests);
