//! Starting the threads of a node, and ending them in order: the core, the checks, the writer last.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::completion::Completion;
use super::core_loop::{Backlog, CoreLoop};
use super::handle::{NodeHandle, Shared};
use super::network_port::NetworkCommand;
use super::pending::{EagerReader, PendingBlocks};
use super::servers::Servers;
use super::verify_pool::{JOBS_MAX, VerifyPool};
use super::{clock, threads, writer};
use crate::consensus::params::Params;
use crate::node::{Effect, Input, Node, Progress, View};
use crate::primitives::{PeerId, Transaction};
use crate::storage::{ChainReader, ChainStore, StorageError, StoredChain};

/// Results on their way to the core at most: one a check, and room for the writer's.
const COMPLETIONS_WAITING_MAX: usize = JOBS_MAX + 64;

/// A node whose threads run.
#[derive(Debug)]
pub struct Running {
    /// The way to the node.
    pub handle: NodeHandle,
    /// What the core wants of the network.
    pub network_commands: mpsc::Receiver<NetworkCommand>,
    /// To wait for the end.
    pub threads: Threads,
}

/// What an earlier run left behind. A [`StoredChain`] alone is one without bans.
#[derive(Debug, Default)]
pub struct Restored {
    /// What the store knows of its chain.
    pub chain: StoredChain,
    /// Banned peers with the end of each ban in wall-clock milliseconds since 1970.
    pub bans: BTreeMap<PeerId, u64>,
}

impl From<StoredChain> for Restored {
    fn from(chain: StoredChain) -> Self {
        Self { chain, bans: BTreeMap::new() }
    }
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system gives no thread.
    #[error(
        "the system refused a thread: {0}. Close other programs, or raise the limit on threads (ulimit -u)"
    )]
    Thread(#[from] io::Error),
}

/// What is left of a node that stopped.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// Why, in plain words.
    pub reason: String,
    /// What waited in the pool, for [`super::restore_mempool`] at the next start.
    pub mempool: Vec<Arc<Transaction>>,
}

/// The threads of a node. Dropping this stops the node and waits for its end.
#[derive(Debug)]
pub struct Threads {
    handle: NodeHandle,
    core: Option<JoinHandle<Vec<Arc<Transaction>>>>,
    others: Vec<JoinHandle<()>>,
}

/// Starts a node where its store left off. Blocks that are not in the store's newest checkpoint are replayed first,
/// with progress.
pub fn start<S>(
    params: Arc<Params>,
    store: S,
    restored: impl Into<Restored>,
    progress: Progress<'_>,
) -> Result<Running, StartError>
where
    S: ChainStore + Send + 'static,
    S::Reader: Send + Sync + 'static,
{
    let pending = PendingBlocks::default();
    let reader = EagerReader { store: store.reader(), pending: pending.clone() };
    let seed = clock::random_bytes();
    let Restored { chain, bans } = restored.into();
    let (node, opening) =
        Node::open(Arc::clone(&params), reader.clone(), chain, bans, seed, clock::now(), progress)?;
    let view = first_view(&params, &opening);
    let (shared, inputs, network_commands) = Shared::new(params, view, reader.clone());
    let handle = NodeHandle::new(Arc::clone(&shared));
    let (completion_sender, completions) = mpsc::channel(COMPLETIONS_WAITING_MAX);

    let (verifiers, mut others) = VerifyPool::start(&shared, &completion_sender)?;
    let (servers, server_threads) = Servers::start(&reader, &shared)?;
    let (writer, writer_thread) = writer::start(store, &shared, pending.clone(), completion_sender)?;
    others.extend(server_threads);
    others.push(writer_thread);
    let core = CoreLoop {
        node,
        shared: Arc::clone(&shared),
        verifiers,
        writer,
        servers,
        pending,
        backlog: Backlog::default(),
        wake_at_ms: None,
        has_workers: false,
        committed: 0,
        durable: 0,
        last_mempool: Vec::new(),
    };
    let core = spawn_core(core, opening, inputs, completions)?;
    Ok(Running {
        handle: handle.clone(),
        network_commands,
        threads: Threads { handle, core: Some(core), others },
    })
}

/// The picture with which the node opens.
fn first_view(params: &Params, opening: &[Effect]) -> Arc<View> {
    let view =
        opening.iter().find_map(|effect| if let Effect::View(view) = effect { Some(view) } else { None });
    view.map_or_else(|| Arc::new(View::at_genesis(params)), Arc::clone)
}

fn spawn_core<R: ChainReader + Send + 'static>(
    core: CoreLoop<R>,
    opening: Vec<Effect>,
    inputs: mpsc::Receiver<Input>,
    completions: mpsc::Receiver<Completion>,
) -> io::Result<JoinHandle<Vec<Arc<Transaction>>>> {
    let executor = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let shared = Arc::clone(&core.shared);
    threads::spawn("core", &shared, move || {
        let mempool = executor.block_on(core.run(opening, inputs, completions));
        mempool.into_iter().map(|entry| entry.transaction).collect()
    })
}

impl Threads {
    /// Waits until something asked the node to stop, everything anybody was told is durable, and all threads ended.
    pub fn join(mut self) -> Stopped {
        let mempool = self.join_all();
        Stopped { reason: self.handle.stop_reason().unwrap_or_default(), mempool }
    }

    /// The core ends first, and with it the queues of all others. A thread that broke has said so as the reason.
    fn join_all(&mut self) -> Vec<Arc<Transaction>> {
        let mempool = self.core.take().and_then(|core| core.join().ok()).unwrap_or_default();
        for thread in self.others.drain(..) {
            let _ = thread.join();
        }
        mempool
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.handle.stop("the node is no longer needed");
        self.join_all();
    }
}
