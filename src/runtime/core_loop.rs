//! The thread of the core: one input at a time, its effects in order, and never a wait for anything but news.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};

use tokio::sync::mpsc;

use super::clock;
use super::completion::Completion;
use super::handle::Shared;
use super::network_port::NetworkCommand;
use super::pending::PendingBlocks;
use super::servers::{Question, Servers};
use super::verify_pool::VerifyPool;
use crate::node::input::Ticket;
use crate::node::query::MempoolEntry;
use crate::node::{Answer, Effect, Input, Node, Query, VerifyJob};
use crate::storage::{ChainReader, Commit, Sequence, StorageError};

/// The question for the pool at the end; clients' tickets count up from 0 and never get here.
const LAST_TICKET: Ticket = Ticket::MAX;

/// Everything the core's thread owns.
pub(super) struct CoreLoop<R> {
    pub(super) node: Node<R>,
    pub(super) shared: Arc<Shared>,
    pub(super) verifiers: VerifyPool,
    pub(super) writer: SyncSender<Commit>,
    pub(super) servers: Servers,
    pub(super) pending: PendingBlocks,
    pub(super) backlog: Backlog,
    pub(super) wake_at_ms: Option<u64>,
    /// What the core was told last.
    pub(super) has_workers: bool,
    pub(super) committed: Sequence,
    pub(super) durable: Sequence,
    pub(super) last_mempool: Vec<MempoolEntry>,
}

/// What the pool and the writer had no room for. While there is any, no new inputs are taken, so it is bounded by
/// what checks and commits in progress can lead to.
#[derive(Default)]
pub(super) struct Backlog {
    jobs: VecDeque<(Ticket, VerifyJob)>,
    commits: VecDeque<Commit>,
}

/// Why the loop ends.
enum End {
    /// Somebody asked.
    Stop,
    /// The store failed: nothing more can be written.
    Broken,
}

impl<R: ChainReader> CoreLoop<R> {
    /// Runs until something asks to stop; gives back the transactions that wait in the pool.
    ///
    /// `opening` are the effects of opening the node.
    pub(super) async fn run(
        mut self,
        opening: Vec<Effect>,
        inputs: mpsc::Receiver<Input>,
        mut completions: mpsc::Receiver<Completion>,
    ) -> Vec<MempoolEntry> {
        self.carry_out_all(opening);
        if let End::Stop = self.serve(inputs, &mut completions).await {
            self.finish(&mut completions).await;
        }
        std::mem::take(&mut self.last_mempool)
    }

    async fn serve(
        &mut self,
        mut inputs: mpsc::Receiver<Input>,
        completions: &mut mpsc::Receiver<Completion>,
    ) -> End {
        let mut stop = self.shared.stop.subscribe();
        loop {
            let has_room = self.backlog.is_empty();
            let input = tokio::select! {
                biased;
                _ = stop.wait_for(Option::is_some) => return End::Stop,
                completion = completions.recv() => match completion {
                    Some(Completion::Input(input)) => input,
                    Some(Completion::WriterGone) | None => return End::Broken,
                },
                () = sleep_until(self.wake_at_ms), if has_room => {
                    self.wake_at_ms = None;
                    Input::Wake
                }
                Some(input) = inputs.recv(), if has_room => input,
            };
            if let Err(error) = self.handle(input) {
                self.shared.request_stop(error.to_string());
                return End::Broken;
            }
        }
    }

    /// Waits until everything is durable that anybody was told, and asks for the pool.
    async fn finish(&mut self, completions: &mut mpsc::Receiver<Completion>) {
        if self.handle(Input::Query { ticket: LAST_TICKET, query: Query::Mempool }).is_err() {
            return;
        }
        let mut durable = self.durable;
        while durable < self.committed {
            match completions.recv().await {
                Some(Completion::Input(Input::Durable { sequence })) => durable = sequence,
                // Nobody waits for checks any more.
                Some(Completion::Input(_)) => {}
                Some(Completion::WriterGone) | None => return,
            }
            self.backlog.hand_over(&self.verifiers, &self.writer);
        }
        // Releases what waited for durability: the last answers and events.
        let _ = self.handle(Input::Durable { sequence: durable });
        for commit in self.backlog.commits.drain(..) {
            // Waits for the writer, as nothing else is left to do; a writer that is gone has said why.
            let _ = self.writer.send(commit);
        }
    }

    fn handle(&mut self, input: Input) -> Result<(), StorageError> {
        if let Input::Durable { sequence } = &input {
            self.durable = *sequence;
        }
        let effects = self.node.handle(clock::now(), input)?;
        self.carry_out_all(effects);
        self.note_workers()
    }

    /// Tells the core when the first miner comes and when the last one leaves, who leaves no old work behind.
    fn note_workers(&mut self) -> Result<(), StorageError> {
        let has_workers = self.shared.has_workers();
        if has_workers == self.has_workers {
            return Ok(());
        }
        self.has_workers = has_workers;
        if !has_workers {
            self.shared.templates.send_replace(None);
        }
        let effects = self.node.handle(clock::now(), Input::WantTemplates(has_workers))?;
        self.carry_out_all(effects);
        Ok(())
    }

    fn carry_out_all(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out(effect);
        }
        self.backlog.hand_over(&self.verifiers, &self.writer);
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Verify { ticket, job } => self.backlog.jobs.push_back((ticket, job)),
            Effect::Commit(commit) => {
                self.pending.note(&commit);
                self.committed = commit.sequence;
                self.backlog.commits.push_back(commit);
            }
            Effect::Publish(gossip) => self.shared.command_network(NetworkCommand::Publish(gossip)),
            Effect::Verdict { message, verdict } => {
                self.shared.command_network(NetworkCommand::Verdict { message, verdict });
            }
            Effect::Request { peer, request, body } => {
                self.shared.command_network(NetworkCommand::Request { peer, request, body });
            }
            Effect::Respond { peer, request, body } => {
                self.shared.command_network(NetworkCommand::Respond { peer, request, body });
            }
            Effect::Serve { peer, request, what } => self.servers.ask(Question { peer, request, what }),
            Effect::Disconnect { peer, reason } => {
                self.shared.command_network(NetworkCommand::Disconnect { peer, reason });
            }
            Effect::Ban { peer, until_wall_ms } => {
                self.shared.command_network(NetworkCommand::Ban { peer, until_wall_ms });
            }
            Effect::Template(template) => {
                self.shared.templates.send_replace(Some(template));
            }
            Effect::View(view) => self.shared.view.store(view),
            Effect::Event(event) => {
                // Nobody may be listening.
                let _ = self.shared.events.send(event);
            }
            Effect::Answer { ticket: LAST_TICKET, answer: Answer::Mempool(entries) } => {
                self.last_mempool = entries;
            }
            Effect::Answer { ticket, answer } => self.shared.answer(ticket, answer),
            Effect::WakeAt(monotonic_ms) => self.wake_at_ms = Some(monotonic_ms),
        }
    }
}

impl<R> Drop for CoreLoop<R> {
    /// Whoever still waits for an answer learns that none will come.
    fn drop(&mut self) {
        self.shared.give_up_on_all();
    }
}

impl Backlog {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.commits.is_empty()
    }

    /// Gives the pool and the writer as much as they have room for, in order.
    fn hand_over(&mut self, verifiers: &VerifyPool, writer: &SyncSender<Commit>) {
        while let Some((ticket, job)) = self.jobs.pop_front() {
            if let Err(back) = verifiers.submit(ticket, job) {
                self.jobs.push_front(back);
                break;
            }
        }
        while let Some(commit) = self.commits.pop_front() {
            match writer.try_send(commit) {
                Ok(()) => {}
                // A writer that is gone has asked the node to stop.
                Err(TrySendError::Full(commit) | TrySendError::Disconnected(commit)) => {
                    self.commits.push_front(commit);
                    break;
                }
            }
        }
    }
}

async fn sleep_until(monotonic_ms: Option<u64>) {
    match monotonic_ms {
        Some(moment) => tokio::time::sleep_until(clock::instant_of(moment).into()).await,
        None => std::future::pending().await,
    }
}
