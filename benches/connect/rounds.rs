//! The measurements. Each gives a rate per second of process CPU, user and system, over all threads.

use std::sync::Arc;

use cairn::consensus::check_block::BLOCK_BYTES_MAX;
use cairn::node::Event;
use cairn::node::input::Purpose;
use cairn::node::message::GOSSIPED_TRANSACTIONS_MAX;
use cairn::primitives::{Block, Height, Transaction, codec};
use cairn::runtime::{NodeHandle, Running, start};
use cairn::storage::OpenOptions;
use ed25519_zebra::batch::Verifier;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::material::{Material, TRANSFERS};

/// Batches of the bare measurement: half a second and more.
const BARE_BATCHES: usize = 32;
/// Blocks whose transfers the pool can hold all at once.
const KNOWN_BLOCKS_MAX: usize = 20;

/// What blocks cost until they cannot be lost, and until they are in the database too.
pub(crate) struct ColdRates {
    pub(crate) durable: f64,
    pub(crate) settled: f64,
}

/// What the pool and what blocks of its transactions cost.
pub(crate) struct KnownRates {
    pub(crate) admit: f64,
    pub(crate) connect: f64,
}

/// Signatures a second, in batches of one block's.
pub(crate) fn bare(material: &Material) -> f64 {
    let genesis = material.params.genesis_hash();
    let with_message = |each: &Arc<Transaction>| (Arc::clone(each), each.signing_hash(&genesis));
    let signed: Vec<_> = material.transfers[0].iter().map(with_message).collect();
    let seconds = cpu_seconds_of(|| {
        for batch in 0..BARE_BATCHES {
            let mut verifier = Verifier::new();
            for (transaction, message) in &signed {
                let key = ed25519_zebra::VerificationKeyBytes::from(transaction.sender.0);
                let signature = ed25519_zebra::Signature::from_bytes(&transaction.signature.0);
                verifier.queue((key, signature, &message.0));
            }
            verifier.verify(ChaCha12Rng::seed_from_u64(batch as u64)).expect("the signatures are good");
        }
    });
    (BARE_BATCHES * TRANSFERS) as f64 / seconds
}

/// Transfers a second in blocks that the node has never seen.
pub(crate) fn cold(material: &Material) -> ColdRates {
    let transfers = (material.blocks.len() * TRANSFERS) as f64;
    let mut start = 0.0;
    let durable = with_node(material, async |handle| {
        start = cpu_seconds();
        connect(handle, &material.blocks).await
    });
    ColdRates { durable: transfers / durable, settled: transfers / (cpu_seconds() - start) }
}

/// The same when every transfer waits in the pool.
pub(crate) fn known(material: &Material) -> KnownRates {
    let count = material.blocks.len().min(KNOWN_BLOCKS_MAX);
    let transfers = (count * TRANSFERS) as f64;
    with_node(material, async |handle| {
        let start = cpu_seconds();
        for chunk in material.transfers[..count].concat().chunks(GOSSIPED_TRANSACTIONS_MAX) {
            let verdicts = handle.submit_transactions(chunk.to_vec(), Purpose::Admit).await;
            let verdicts = verdicts.expect("the node runs");
            assert!(verdicts.iter().all(Result::is_ok), "the pool takes all transfers");
        }
        let admit = transfers / (cpu_seconds() - start);
        KnownRates { admit, connect: transfers / connect(handle, &material.blocks[..count]).await }
    })
}

/// Hands over the blocks as fast as they are taken; the CPU seconds until the last one is durable.
async fn connect(handle: &NodeHandle, blocks: &[Vec<u8>]) -> f64 {
    let mut events = handle.events();
    let last = Height(blocks.len() as u32);
    let start = cpu_seconds();
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
    cpu_seconds() - start
}

/// A fresh node on a fresh folder, gone afterwards.
fn with_node<T>(material: &Material, measure: impl AsyncFnOnce(&NodeHandle) -> T) -> T {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder is writable");
    let opened =
        OpenOptions::new(folder.path(), material.params.genesis_hash()).open().expect("the folder is new");
    let Running { handle, threads, .. } =
        start(Arc::clone(&material.params), opened.store, opened.chain, &mut |_, _| {})
            .expect("the node starts");
    let executor = tokio::runtime::Builder::new_current_thread().build().expect("the system has room");
    let result = executor.block_on(measure(&handle));
    handle.stop("measured");
    threads.join();
    result
}

fn cpu_seconds_of(work: impl FnOnce()) -> f64 {
    let start = cpu_seconds();
    work();
    cpu_seconds() - start
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
