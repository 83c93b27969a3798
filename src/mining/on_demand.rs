//! Blocks on demand, for development networks: now, whenever a payment waits, or at intervals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;

use super::attempt::Attempt;
use crate::consensus::violation::Violation;
use crate::node::Template;
use crate::node::event::Event;
use crate::node::input::Purpose;
use crate::node::query::{Answer, BlockOutcome, Query};
use crate::primitives::{Address, Block, BlockId};
use crate::runtime::{NodeHandle, NodeStopped, clock};

/// Tries at one block while others take its place first.
const TRIES_MAX: u32 = 16;

/// Why no block was mined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MineError {
    /// The node is shutting down.
    #[error(transparent)]
    Stopped(#[from] NodeStopped),
    /// The block breaks a rule; on a network whose clock was moved, its time.
    #[error("the block was refused: {0}")]
    Refused(Violation),
    /// Other blocks were faster each time.
    #[error("other blocks took its place {TRIES_MAX} times; stop other miners, or try again")]
    Outpaced,
}

/// When blocks are made without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Never.
    Manual,
    /// As soon as a client's transaction can be in one.
    Instant,
    /// Empty or not, this far apart.
    Interval(Duration),
}

/// Mines at a pace that can be changed, until dropped.
#[derive(Debug)]
pub struct OnDemandMiner {
    handle: NodeHandle,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Mines `count` blocks one after another, each on the tip and with the transactions of its moment.
pub async fn mine_now(handle: &NodeHandle, miner: Address, count: u32) -> Result<Vec<BlockId>, MineError> {
    let mut blocks = Vec::new();
    for _ in 0..count {
        blocks.push(mine_one(handle, miner).await?);
    }
    Ok(blocks)
}

async fn mine_one(handle: &NodeHandle, miner: Address) -> Result<BlockId, MineError> {
    for _ in 0..TRIES_MAX {
        if let Some(id) = try_mining(handle, fresh_template(handle).await?, miner).await? {
            return Ok(id);
        }
    }
    Err(MineError::Outpaced)
}

/// One try; `None` when another block came first.
async fn try_mining(
    handle: &NodeHandle,
    template: Arc<Template>,
    miner: Address,
) -> Result<Option<BlockId>, MineError> {
    let height = template.height();
    let Some(block) = solve(template, miner).await else { return Ok(None) };
    let hash = block.hash();
    match handle.submit_block(Arc::new(block)).await? {
        BlockOutcome::Connected => Ok(Some(BlockId { height, hash })),
        BlockOutcome::SideBranch | BlockOutcome::Duplicate => Ok(None),
        BlockOutcome::Invalid(violation) => Err(MineError::Refused(violation)),
    }
}

async fn fresh_template(handle: &NodeHandle) -> Result<Arc<Template>, NodeStopped> {
    let answer = handle.query(Query::Template).await?;
    let Answer::Template(template) = answer else {
        unreachable!("the core answers with a template when asked for one, not {answer:?}");
    };
    Ok(template)
}

/// Searches on a thread that may be busy for long. Whoever loses interest ends it by dropping the future.
async fn solve(template: Arc<Template>, miner: Address) -> Option<Block> {
    let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop.0);
    let attempt = Attempt::new(&template, miner, clock::random_bytes(), clock::now().timestamp());
    let search = tokio::task::spawn_blocking(move || attempt.solve(0..=u32::MAX, &stopped));
    search.await.ok().flatten()
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl OnDemandMiner {
    /// A miner that does nothing yet.
    pub fn new(handle: NodeHandle) -> Self {
        Self { handle, task: Mutex::new(None) }
    }

    /// Mines for `miner` at this pace from now on. Must be called from within tokio.
    pub fn set(&self, pace: Pace, miner: Address) {
        let handle = self.handle.clone();
        let task = match pace {
            Pace::Manual => None,
            Pace::Instant => {
                // From this very moment, so that no transaction comes in between.
                let events = handle.events();
                Some(tokio::spawn(async move { report(mine_instantly(&handle, events, miner).await) }))
            }
            Pace::Interval(interval) => {
                Some(tokio::spawn(async move { report(mine_at_intervals(&handle, miner, interval).await) }))
            }
        };
        self.replace(task);
    }

    fn replace(&self, task: Option<JoinHandle<()>>) {
        let mut current = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *current, task) {
            old.abort();
        }
    }
}

impl Drop for OnDemandMiner {
    fn drop(&mut self) {
        self.replace(None);
    }
}

/// Makes a block whenever a client's transaction was admitted and can be in it.
async fn mine_instantly(
    handle: &NodeHandle,
    mut events: broadcast::Receiver<Event>,
    miner: Address,
) -> Result<(), MineError> {
    loop {
        let asks_for_a_block = match events.recv().await {
            Ok(event) => matches!(event, Event::TransactionAdmitted { purpose: Some(Purpose::Admit), .. }),
            // Whatever was missed may have been a transaction.
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return Ok(()),
        };
        if asks_for_a_block {
            mine_waiting(handle, miner).await?;
        }
    }
}

/// Mines what waits. Nothing waits when a block before took this transaction along, or an earlier one is missing.
async fn mine_waiting(handle: &NodeHandle, miner: Address) -> Result<(), MineError> {
    for _ in 0..TRIES_MAX {
        let template = fresh_template(handle).await?;
        if template.transactions.is_empty() || try_mining(handle, template, miner).await?.is_some() {
            return Ok(());
        }
    }
    Err(MineError::Outpaced)
}

async fn mine_at_intervals(handle: &NodeHandle, miner: Address, interval: Duration) -> Result<(), MineError> {
    loop {
        tokio::time::sleep(interval).await;
        mine_one(handle, miner).await?;
    }
}

fn report(ended: Result<(), MineError>) {
    match ended {
        Ok(()) | Err(MineError::Stopped(_)) => {}
        Err(error) => tracing::error!("mining on demand ended: {error}"),
    }
}
