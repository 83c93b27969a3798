//! What everyone but the core holds: a way to ask it, to read its store, and to hear of what happens.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::network_port::{NetworkCommand, NetworkView};
use crate::consensus::params::Params;
use crate::node::input::{Purpose, Ticket};
use crate::node::query::{BlockOutcome, Rejection};
use crate::node::{Answer, Event, Input, Query, Template, View};
use crate::primitives::{Block, BlockId, Transaction, TransactionId};
use crate::storage::{ChainReader, StorageError};

/// Inputs that wait for the core at most; whoever brings more waits, or drops them.
pub(crate) const INPUTS_WAITING_MAX: usize = 1_024;
/// Commands that wait for the network at most; more are dropped and counted.
const NETWORK_COMMANDS_WAITING_MAX: usize = 4_096;
/// Events that a slow receiver may be behind; then it is told how many it missed.
const EVENTS_KEPT: usize = 4_096;

/// The node is shutting down, or its core is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node is stopping{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
pub struct NodeStopped {
    /// Why, in plain words, if anybody said so.
    pub reason: Option<String>,
}

/// Why the core did not take an input at once.
#[derive(Debug, thiserror::Error)]
pub enum TryTellError {
    /// The queue is full; here is the input again.
    #[error("the node is busy")]
    Full(Box<Input>),
    /// The node is shutting down, or its core is gone.
    #[error("the node is stopping")]
    Stopped,
}

/// Reads blocks from whatever store the node uses.
type BlockReader = Box<dyn Fn(BlockId) -> Result<Option<Arc<Block>>, StorageError> + Send + Sync>;

/// A way to the node, cheap to clone.
#[derive(Clone)]
pub struct NodeHandle {
    shared: Arc<Shared>,
}

/// Templates, made because somebody works on them: until the last of these is dropped.
#[derive(Debug)]
pub struct Work {
    /// The newest template; `None` until there is one.
    pub templates: watch::Receiver<Option<Arc<Template>>>,
    _wish: Arc<()>,
}

/// What the handle's clones and the runtime's threads share.
pub(crate) struct Shared {
    pub(crate) params: Arc<Params>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) network_commands: mpsc::Sender<NetworkCommand>,
    pub(crate) dropped_commands: AtomicU64,
    pub(crate) view: ArcSwap<View>,
    pub(crate) templates: watch::Sender<Option<Arc<Template>>>,
    /// As many clones as there is [`Work`].
    pub(crate) workers: Arc<()>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) network: watch::Sender<Arc<NetworkView>>,
    pub(crate) stop: watch::Sender<Option<String>>,
    pub(crate) blocks: BlockReader,
    pub(crate) waiting: Mutex<HashMap<Ticket, oneshot::Sender<Answer>>>,
    pub(crate) next_ticket: AtomicU64,
}

impl NodeHandle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The network's parameters.
    pub fn params(&self) -> &Arc<Params> {
        &self.shared.params
    }

    /// The newest picture of the node.
    pub fn view(&self) -> Arc<View> {
        self.shared.view.load_full()
    }

    /// What miners work on, now and whenever it changes; `None` while nobody has [`Work`], and until there is one.
    pub fn templates(&self) -> watch::Receiver<Option<Arc<Template>>> {
        self.shared.templates.subscribe()
    }

    /// As [`Self::templates`], and has them made while this is held.
    pub fn work(&self) -> Work {
        let wish = Arc::clone(&self.shared.workers);
        // An idle core must be woken to see the wish; a busy one sees it anyway.
        let _ = self.try_tell(Input::Wake);
        Work { templates: self.templates(), _wish: wish }
    }

    /// Everything that happens from now on. A slow receiver is told how many it missed.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// The newest picture of the network.
    pub fn network(&self) -> Arc<NetworkView> {
        self.shared.network.borrow().clone()
    }

    /// The picture of the network, now and whenever it changes.
    pub fn network_changes(&self) -> watch::Receiver<Arc<NetworkView>> {
        self.shared.network.subscribe()
    }

    /// Replaces the picture of the network.
    pub fn publish_network(&self, view: NetworkView) {
        self.shared.network.send_replace(Arc::new(view));
    }

    /// Asks the core.
    pub async fn query(&self, query: Query) -> Result<Answer, NodeStopped> {
        self.ask(|ticket| Input::Query { ticket, query }).await
    }

    /// Hands transactions to the core, one verdict each.
    pub async fn submit_transactions(
        &self,
        transactions: Vec<Arc<Transaction>>,
        purpose: Purpose,
    ) -> Result<Vec<Result<TransactionId, Rejection>>, NodeStopped> {
        let answer = self.ask(|ticket| Input::SubmitTransactions { ticket, transactions, purpose }).await?;
        let Answer::Transactions(verdicts) = answer else {
            unreachable!("the core answers transactions with verdicts, not {answer:?}");
        };
        Ok(verdicts)
    }

    /// Hands a block to the core.
    pub async fn submit_block(&self, block: Arc<Block>) -> Result<BlockOutcome, NodeStopped> {
        let answer = self.ask(|ticket| Input::SubmitBlock { ticket, block }).await?;
        let Answer::Block(outcome) = answer else {
            unreachable!("the core answers a block with its outcome, not {answer:?}");
        };
        Ok(outcome)
    }

    /// Tells the core of something that has no answer. Waits while the queue is full.
    pub async fn tell(&self, input: Input) -> Result<(), NodeStopped> {
        self.shared.inputs.send(input).await.map_err(|_| self.gone())
    }

    /// As [`Self::tell`], from a thread that may block.
    pub fn tell_blocking(&self, input: Input) -> Result<(), NodeStopped> {
        self.shared.inputs.blocking_send(input).map_err(|_| self.gone())
    }

    /// As [`Self::tell`], at once or not at all: gives the input back when the queue is full.
    pub fn try_tell(&self, input: Input) -> Result<(), TryTellError> {
        self.shared.inputs.try_send(input).map_err(|error| match error {
            mpsc::error::TrySendError::Full(input) => TryTellError::Full(Box::new(input)),
            mpsc::error::TrySendError::Closed(_) => TryTellError::Stopped,
        })
    }

    /// Waits until the core's queue has room for one more input, and keeps the place.
    pub async fn room(&self) -> Result<mpsc::Permit<'_, Input>, NodeStopped> {
        self.shared.inputs.reserve().await.map_err(|_| self.gone())
    }

    /// Reads a block from the store, off the core.
    pub async fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        let shared = Arc::clone(&self.shared);
        let read = tokio::task::spawn_blocking(move || (shared.blocks)(id)).await;
        read.expect("reading a block does not panic")
    }

    /// Asks the network for something; false when its queue is full.
    pub fn command_network(&self, command: NetworkCommand) -> bool {
        self.shared.network_commands.try_send(command).is_ok()
    }

    /// Commands of the core that the network had no room for.
    pub fn dropped_commands(&self) -> u64 {
        self.shared.dropped_commands.load(Ordering::Relaxed)
    }

    /// Asks everything to stop, with the reason in plain words. The first reason stands.
    pub fn stop(&self, reason: impl Into<String>) {
        self.shared.request_stop(reason.into());
    }

    /// Why everything was asked to stop, if it was.
    pub fn stop_reason(&self) -> Option<String> {
        self.shared.stop.borrow().clone()
    }

    /// What whoever asks a node that is stopping hears.
    pub fn gone(&self) -> NodeStopped {
        NodeStopped { reason: self.stop_reason() }
    }

    /// Resolves with the reason once something asked to stop.
    pub async fn stopped(&self) -> String {
        let mut stop = self.shared.stop.subscribe();
        match stop.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the node is gone".to_owned(),
        }
    }

    async fn ask(&self, input: impl FnOnce(Ticket) -> Input) -> Result<Answer, NodeStopped> {
        let ticket = self.shared.next_ticket.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, sender);
        let _forget = Forget { shared: &self.shared, ticket };
        self.shared.inputs.send(input(ticket)).await.map_err(|_| self.gone())?;
        receiver.await.map_err(|_| self.gone())
    }
}

impl Shared {
    /// The shared part of a new node, with the core's end of its inputs and the network's end of its commands.
    pub(crate) fn new<R: ChainReader + Send + Sync + 'static>(
        params: Arc<Params>,
        view: Arc<View>,
        reader: R,
    ) -> (Arc<Self>, mpsc::Receiver<Input>, mpsc::Receiver<NetworkCommand>) {
        let (inputs, inputs_receiver) = mpsc::channel(INPUTS_WAITING_MAX);
        let (network_commands, commands_receiver) = mpsc::channel(NETWORK_COMMANDS_WAITING_MAX);
        let shared = Self {
            params,
            inputs,
            network_commands,
            dropped_commands: AtomicU64::new(0),
            view: ArcSwap::new(view),
            templates: watch::Sender::new(None),
            workers: Arc::default(),
            events: broadcast::Sender::new(EVENTS_KEPT),
            network: watch::Sender::new(Arc::default()),
            stop: watch::Sender::new(None),
            blocks: Box::new(move |id| reader.block(id)),
            waiting: Mutex::default(),
            next_ticket: AtomicU64::new(0),
        };
        (Arc::new(shared), inputs_receiver, commands_receiver)
    }

    /// Whether anybody has [`Work`].
    pub(crate) fn has_workers(&self) -> bool {
        Arc::strong_count(&self.workers) > 1
    }

    /// Asks everything to stop. The first reason stands.
    pub(crate) fn request_stop(&self, reason: String) {
        self.stop.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(reason);
            first
        });
    }

    /// Hands the network a command of the core, or counts it as dropped.
    pub(crate) fn command_network(&self, command: NetworkCommand) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.network_commands.try_send(command) {
            self.dropped_commands.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Gives an answer to whoever still waits for it.
    pub(crate) fn answer(&self, ticket: Ticket, answer: Answer) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket);
        if let Some(sender) = waiting {
            // A client that went away does not want its answer any more.
            let _ = sender.send(answer);
        }
    }

    /// Tells everyone who still waits that no answer will come.
    pub(crate) fn give_up_on_all(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Forgets a question whose client went away, so that the table of waiting ones cannot grow.
struct Forget<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ticket);
    }
}

impl fmt::Debug for NodeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeHandle").field("network", &self.shared.params.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, any(feature = "network", feature = "rpc")))]
impl NodeHandle {
    /// A handle without a node behind it: what would reach the core and the network comes out here.
    pub(crate) fn detached(
        params: Arc<Params>,
    ) -> (Self, mpsc::Receiver<Input>, mpsc::Receiver<NetworkCommand>) {
        let view = Arc::new(View::at_genesis(&params));
        let (shared, inputs, network_commands) =
            Shared::new(params, view, crate::storage::MemoryStore::new());
        (Self::new(shared), inputs, network_commands)
    }
}
