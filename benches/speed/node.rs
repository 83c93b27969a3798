//! A node to be measured: its threads and its store, without network and clients.

use std::path::Path;
use std::sync::Arc;

use cairn::consensus::check_block::BLOCK_BYTES_MAX;
use cairn::consensus::params::Params;
use cairn::node::Event;
use cairn::node::input::Purpose;
use cairn::node::message::GOSSIPED_TRANSACTIONS_MAX;
use cairn::primitives::{Block, Height, codec};
use cairn::runtime::{NodeHandle, Running, start};
use cairn::storage::{OpenOptions, WalletIndex};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::chain::Chain;
use crate::cpu;

/// Blocks handed over before waiting for the disk, so that they need not all be in memory.
#[cfg(feature = "cli")]
const FILLED_AT_ONCE: usize = 64;

/// Whether the wallet index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    Off,
    On,
}

/// Transfers a second in blocks that the node has never seen.
pub(crate) struct ColdRates {
    /// Until they cannot be lost, and the index, if there is one, has them.
    pub(crate) durable: f64,
    /// Until they are in the database too, and the node has stopped.
    pub(crate) settled: f64,
}

/// Transfers a second into the pool, and from there in blocks until they cannot be lost.
pub(crate) struct KnownRates {
    pub(crate) admit: f64,
    pub(crate) connect: f64,
    /// Until they are in the database too, and the node has stopped.
    pub(crate) settled: f64,
}

pub(crate) fn cold(chain: &Chain, index: Index) -> ColdRates {
    let transfers = chain.transfers() as f64;
    let mut start = 0.0;
    let durable = with_node(chain, index, async |handle, index| {
        start = cpu::seconds();
        connect(handle, &chain.blocks).await;
        if let Some(index) = index {
            let tip = handle.view().tip.id;
            tokio::task::spawn_blocking(move || assert!(index.wait_for(tip), "the index follows"))
                .await
                .expect("waiting does not panic");
        }
        cpu::seconds() - start
    });
    ColdRates { durable: transfers / durable, settled: transfers / (cpu::seconds() - start) }
}

pub(crate) fn known(chain: &Chain) -> KnownRates {
    let transfers = chain.transfers() as f64;
    let mut admitted = 0.0;
    let (admit, connect) = with_node(chain, Index::Off, async |handle, _| {
        let start = cpu::seconds();
        for chunk in chain.transfers.concat().chunks(GOSSIPED_TRANSACTIONS_MAX) {
            let verdicts = handle.submit_transactions(chunk.to_vec(), Purpose::Admit).await;
            let verdicts = verdicts.expect("the node runs");
            assert!(verdicts.iter().all(Result::is_ok), "the pool takes all transfers");
        }
        admitted = cpu::seconds();
        connect(handle, &chain.blocks).await;
        (transfers / (admitted - start), transfers / (cpu::seconds() - admitted))
    });
    KnownRates { admit, connect, settled: transfers / (cpu::seconds() - admitted) }
}

/// Puts blocks into a data folder, in order, on top of what it holds.
#[cfg(feature = "cli")]
pub(crate) fn fill(folder: &Path, params: &Arc<Params>, blocks: impl Iterator<Item = Vec<u8>>) {
    let mut blocks = blocks.peekable();
    on_folder(folder, params, Index::On, async |handle, _| {
        while blocks.peek().is_some() {
            let some: Vec<_> = blocks.by_ref().take(FILLED_AT_ONCE).collect();
            connect(handle, &some).await;
        }
    });
}

/// CPU seconds that blocks take on top of what a data folder holds, until they are durable.
#[cfg(feature = "cli")]
pub(crate) fn extend(folder: &Path, params: &Arc<Params>, blocks: &[Vec<u8>]) -> f64 {
    on_folder(folder, params, Index::Off, async |handle, _| {
        let start = cpu::seconds();
        connect(handle, blocks).await;
        cpu::seconds() - start
    })
}

/// Hands over the blocks as fast as they are taken; ends when the last one is durable.
async fn connect(handle: &NodeHandle, blocks: &[Vec<u8>]) {
    let mut events = handle.events();
    let last = Height(handle.view().tip.id.height.0 + blocks.len() as u32);
    let mut submissions = JoinSet::new();
    for bytes in blocks {
        let block: Block = codec::decode(bytes, BLOCK_BYTES_MAX).expect("the block was encoded here");
        let handle = handle.clone();
        submissions.spawn(async move { handle.submit_block(Arc::new(block)).await });
        tokio::task::yield_now().await;
    }
    loop {
        match events.recv().await {
            Ok(Event::TipChanged(change)) => {
                if change.connected.last().is_some_and(|block| block.id.height == last) {
                    break;
                }
            }
            Ok(event) => assert!(!matches!(event, Event::BlockInvalid { .. }), "all blocks are valid"),
            Err(RecvError::Lagged(_)) => {
                if handle.view().tip.id.height == last {
                    break;
                }
            }
            Err(RecvError::Closed) => panic!("the node stopped"),
        }
    }
}

/// A fresh node on a fresh folder, gone afterwards.
fn with_node<T>(
    chain: &Chain,
    index: Index,
    measure: impl AsyncFnOnce(&NodeHandle, Option<WalletIndex>) -> T,
) -> T {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder is writable");
    on_folder(folder.path(), &chain.params, index, measure)
}

fn on_folder<T>(
    folder: &Path,
    params: &Arc<Params>,
    index: Index,
    measure: impl AsyncFnOnce(&NodeHandle, Option<WalletIndex>) -> T,
) -> T {
    let mut opened = OpenOptions::new(folder, params.genesis_hash()).open().expect("the folder is ours");
    let index =
        (index == Index::On).then(|| opened.store.start_index(false).expect("a new index is readable"));
    let Running { handle, threads, .. } =
        start(Arc::clone(params), opened.store, opened.chain, &mut |_, _| {}).expect("the node starts");
    let executor = tokio::runtime::Builder::new_current_thread().build().expect("the system has room");
    let result = executor.block_on(measure(&handle, index));
    handle.stop("measured");
    threads.join();
    result
}
