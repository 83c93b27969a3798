//! A whole node without a network: its threads on a store in memory, on a development network.
#![cfg(feature = "runtime")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::Future;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cairn::consensus::params::Params;
use cairn::consensus::testing::{TestChain, dev_key, payment};
use cairn::mining::{Miner, OnDemandMiner, Pace, mine_now};
use cairn::node::event::TipChange;
use cairn::node::input::Purpose;
use cairn::node::query::{AccountView, BlockOutcome};
use cairn::node::{Answer, Event, Input, Query};
use cairn::primitives::{Address, Amount, Block, Height, Transaction, TransactionId};
use cairn::runtime::handle::TryTellError;
use cairn::runtime::{NodeHandle, Running, restore_mempool, start};
use cairn::storage::{ChainStore, Commit, MemoryStore, StorageError};
use tokio::sync::broadcast;

/// Longer than anything here takes on a busy machine; reached only when something hangs.
const PATIENCE: Duration = Duration::from_mins(1);

const CAROL: Address = Address([0xca; 32]);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this hangs")
}

fn dev() -> Arc<Params> {
    Arc::new(Params::named("dev").unwrap())
}

fn start_on(store: &MemoryStore) -> Running {
    start(dev(), store.clone(), store.stored_chain(), &mut |_, _| {}).unwrap()
}

fn to_carol(nonce: u64, amount: u64) -> Arc<Transaction> {
    Arc::new(payment(&dev_key(0), &dev(), nonce, CAROL, Amount(amount)))
}

async fn admit(handle: &NodeHandle, transaction: Arc<Transaction>) -> TransactionId {
    let mut verdicts = within(handle.submit_transactions(vec![transaction], Purpose::Admit)).await.unwrap();
    verdicts.remove(0).expect("the transaction is admitted")
}

async fn account(handle: &NodeHandle, address: Address) -> AccountView {
    match within(handle.query(Query::Account(address))).await {
        Ok(Answer::Account(account)) => account,
        other => panic!("an account is answered by an account, not {other:?}"),
    }
}

async fn next_tip(events: &mut broadcast::Receiver<Event>) -> Arc<TipChange> {
    loop {
        if let Event::TipChanged(change) = within(events.recv()).await.unwrap() {
            return change;
        }
    }
}

/// Blocks of a chain that nobody knows yet, lowest first.
fn unknown_blocks(count: usize) -> Vec<Arc<Block>> {
    let mut chain = TestChain::new(Params::named("dev").unwrap());
    (0..count).map(|_| Arc::clone(chain.grow(CAROL, Vec::new()).unwrap().block())).collect()
}

/// A store whose commits wait until they are let through, and fail once nobody can let them through any more.
struct GatedStore {
    store: MemoryStore,
    gate: Mutex<Receiver<()>>,
}

impl GatedStore {
    fn new() -> (Self, SyncSender<()>) {
        let (opener, gate) = sync_channel(1_024);
        (Self { store: MemoryStore::new(), gate: Mutex::new(gate) }, opener)
    }
}

impl ChainStore for GatedStore {
    type Reader = MemoryStore;

    fn reader(&self) -> MemoryStore {
        self.store.reader()
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        self.gate.lock().unwrap().recv().map_err(|_| StorageError::Io {
            path: PathBuf::from("/data/journal"),
            cause: "no space left on device".to_owned(),
            next_step: "Free some space and start again".to_owned(),
        })?;
        self.store.commit(group)
    }
}

#[tokio::test]
async fn a_payment_is_admitted_mined_told_and_answered() {
    let Running { handle, threads, .. } = start_on(&MemoryStore::new());
    let mut events = handle.events();
    let id = admit(&handle, to_carol(0, 5)).await;
    let first = within(events.recv()).await.unwrap();
    assert!(
        matches!(first, Event::TransactionAdmitted { id: told, purpose: Some(Purpose::Admit) } if told == id)
    );
    assert_eq!(account(&handle, CAROL).await.pending_in, Amount(5));

    let blocks = within(mine_now(&handle, Address([1; 32]), 1)).await.unwrap();
    let change = next_tip(&mut events).await;
    assert_eq!(change.connected.len(), 1);
    assert_eq!(change.connected[0].id, blocks[0]);
    assert_eq!(*change.connected[0].transactions, [id]);
    assert_eq!(account(&handle, CAROL).await.confirmed, Amount(5));
    assert_eq!(handle.view().tip.id, blocks[0]);
    let block = within(handle.block(blocks[0])).await.unwrap().expect("the block was stored");
    assert_eq!(block.transactions.len(), 1);

    handle.stop("done");
    assert_eq!(threads.join().reason, "done");
    let refused = within(handle.query(Query::Supply)).await.unwrap_err();
    assert_eq!(refused.to_string(), "the node is stopping: done");
}

#[tokio::test]
async fn what_was_mined_and_what_waits_outlives_a_restart() {
    let store = MemoryStore::new();
    let Running { handle, threads, .. } = start_on(&store);
    admit(&handle, to_carol(0, 5)).await;
    let mined = within(mine_now(&handle, Address([1; 32]), 70)).await.unwrap();
    let waiting = admit(&handle, to_carol(1, 6)).await;
    handle.stop("restart");
    let saved = threads.join().mempool;
    assert_eq!(saved.len(), 1);

    let Running { handle, threads: _threads, .. } = start_on(&store);
    assert_eq!(handle.view().tip.id, mined[69]);
    assert_eq!(within(restore_mempool(&handle, saved)).await, Ok(1));
    match within(handle.query(Query::MempoolEntry(waiting))).await {
        Ok(Answer::MempoolEntry(entry)) => assert!(entry.is_some_and(|entry| entry.ready)),
        other => panic!("an entry is answered by an entry, not {other:?}"),
    }
    let carol = account(&handle, CAROL).await;
    assert_eq!((carol.confirmed, carol.pending_in), (Amount(5), Amount(6)));
}

#[tokio::test]
async fn stopping_flushes_what_is_on_its_way_before_anyone_is_answered() {
    let (store, gate) = GatedStore::new();
    let kept = store.store.clone();
    let Running { handle, threads, .. } =
        start(dev(), store, MemoryStore::new().stored_chain(), &mut |_, _| {}).unwrap();
    let mut work = handle.work();
    let block = unknown_blocks(1).remove(0);
    let submission = tokio::spawn({
        let (handle, block) = (handle.clone(), Arc::clone(&block));
        async move { handle.submit_block(block).await }
    });
    let follows = |height| {
        move |template: &Option<Arc<cairn::node::Template>>| {
            template.as_ref().is_some_and(|template| template.parent.height == height)
        }
    };
    within(work.templates.wait_for(follows(Height(1)))).await.unwrap();
    assert_eq!(handle.view().tip.id.height, Height::GENESIS, "people see the durable tip");

    handle.stop("enough");
    tokio::task::spawn_blocking(move || while gate.send(()).is_ok() {});
    let stopped = tokio::task::spawn_blocking(move || threads.join()).await.unwrap();
    assert_eq!(stopped.reason, "enough");
    assert_eq!(kept.stored_chain().tip.map(|id| id.hash), Some(block.hash()));
    assert_eq!(within(submission).await.unwrap(), Ok(BlockOutcome::Connected));
    assert_eq!(handle.view().tip.id.hash, block.hash());
}

#[tokio::test]
async fn full_queues_hold_up_those_who_bring_more_and_nobody_else() {
    let (store, gate) = GatedStore::new();
    let Running { handle, threads: _threads, .. } =
        start(dev(), store, MemoryStore::new().stored_chain(), &mut |_, _| {}).unwrap();
    let mut events = handle.events();
    // More blocks than the writer's queue takes, while the writer stands still.
    let submissions: Vec<_> = unknown_blocks(600)
        .into_iter()
        .map(|block| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.submit_block(block).await })
        })
        .collect();
    within(async {
        loop {
            match handle.try_tell(Input::Wake) {
                Ok(()) => tokio::task::yield_now().await,
                Err(TryTellError::Full(_)) => break,
                Err(TryTellError::Stopped) => panic!("nobody stopped the node"),
            }
        }
    })
    .await;
    tokio::task::spawn_blocking(move || while gate.send(()).is_ok() {});
    // Checks end in any order, so a block may be answered before its parent is connected.
    for submission in submissions {
        let outcome = within(submission).await.unwrap().unwrap();
        assert!(matches!(outcome, BlockOutcome::Connected | BlockOutcome::SideBranch), "{outcome:?}");
    }
    while next_tip(&mut events).await.connected.last().map(|block| block.id.height) != Some(Height(600)) {}
}

/// A store whose work behind the commits goes wrong.
struct LameStore(MemoryStore);

impl ChainStore for LameStore {
    type Reader = MemoryStore;

    fn reader(&self) -> MemoryStore {
        self.0.reader()
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        self.0.commit(group)
    }

    fn failure(&self) -> Result<(), StorageError> {
        let (path, next_step) = (PathBuf::from("/data/sled"), "Free some space".to_owned());
        Err(StorageError::Io { path, cause: "no space left on device".to_owned(), next_step })
    }
}

#[tokio::test]
async fn a_store_that_fails_behind_the_commits_stops_the_node_though_no_commit_comes() {
    let store = LameStore(MemoryStore::new());
    let running = start(dev(), store, MemoryStore::new().stored_chain(), &mut |_, _| {}).unwrap();
    let reason = within(running.handle.stopped()).await;
    assert_eq!(reason, "/data/sled: no space left on device. Free some space");
}

#[tokio::test]
async fn a_store_that_fails_stops_the_node_with_cause_path_and_next_step() {
    let (store, gate) = GatedStore::new();
    drop(gate);
    let Running { handle, threads, .. } =
        start(dev(), store, MemoryStore::new().stored_chain(), &mut |_, _| {}).unwrap();
    let submission = handle.submit_block(unknown_blocks(1).remove(0));
    let refused = within(submission).await.expect_err("what is not durable is not acknowledged");
    let reason = within(handle.stopped()).await;
    assert_eq!(refused.reason.as_ref(), Some(&reason));
    assert_eq!(reason, "/data/journal: no space left on device. Free some space and start again");
    assert_eq!(threads.join().reason, reason);
}

#[tokio::test]
async fn dropping_the_threads_ends_them() {
    let Running { handle, threads, .. } = start_on(&MemoryStore::new());
    drop(threads);
    assert!(within(handle.query(Query::Supply)).await.is_err());
}

#[tokio::test]
async fn the_miner_builds_on_its_own_blocks_and_rests_when_told_to() {
    let Running { handle, threads: _threads, .. } = start_on(&MemoryStore::new());
    let mut events = handle.events();
    let miner = Miner::start(handle.clone(), 2, CAROL);
    for _ in 0..5 {
        let change = next_tip(&mut events).await;
        assert!(change.disconnected.is_empty());
        assert!(change.connected.iter().all(|block| block.miner == CAROL));
    }
    assert!(miner.hashes() >= 5);
    let dave = Address([0xda; 32]);
    miner.set(1, dave);
    while next_tip(&mut events).await.connected.iter().all(|block| block.miner != dave) {}
    miner.set(0, dave);
    assert_eq!(miner.wish().threads, 0);
}

#[tokio::test]
async fn instant_mining_confirms_what_a_client_sends_and_makes_no_empty_blocks() {
    let Running { handle, threads: _threads, .. } = start_on(&MemoryStore::new());
    let mut events = handle.events();
    let miner = OnDemandMiner::new(handle.clone());
    miner.set(Pace::Instant, Address([1; 32]));
    let mut confirmed = 0;
    for nonce in 0..3 {
        admit(&handle, to_carol(nonce, 5)).await;
        let change = next_tip(&mut events).await;
        confirmed += change.connected.iter().map(|block| block.transactions.len()).sum::<usize>();
    }
    assert_eq!(confirmed, 3);
    assert_eq!(handle.view().tip.id.height, Height(3));
}

#[tokio::test]
async fn interval_mining_needs_no_transactions() {
    let Running { handle, threads: _threads, .. } = start_on(&MemoryStore::new());
    let mut events = handle.events();
    let miner = OnDemandMiner::new(handle.clone());
    miner.set(Pace::Interval(Duration::from_millis(1)), CAROL);
    next_tip(&mut events).await;
    next_tip(&mut events).await;
}
