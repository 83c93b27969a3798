//! The one thread that writes: takes all commits that wait as one group, so that they share one flush.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use super::completion::Completion;
use super::handle::Shared;
use super::pending::PendingBlocks;
use super::threads;
use crate::node::Input;
use crate::storage::{ChainStore, Commit};

/// Commits that wait for the writer at most; the core keeps the rest and takes no new inputs meanwhile.
pub(super) const COMMITS_WAITING_MAX: usize = 256;

/// Quiet time after which it looks whether the store still works.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Starts the thread. It ends, all flushed, when the sender is dropped.
pub(super) fn start<S: ChainStore + Send + 'static>(
    store: S,
    shared: &Arc<Shared>,
    pending: PendingBlocks,
    completions: mpsc::Sender<Completion>,
) -> io::Result<(SyncSender<Commit>, JoinHandle<()>)> {
    let (sender, commits) = sync_channel(COMMITS_WAITING_MAX);
    let writer = Writer { store, shared: Arc::clone(shared), pending, completions };
    let thread = threads::spawn("writer", shared, move || writer.run(&commits))?;
    Ok((sender, thread))
}

struct Writer<S> {
    store: S,
    shared: Arc<Shared>,
    pending: PendingBlocks,
    completions: mpsc::Sender<Completion>,
}

impl<S: ChainStore> Writer<S> {
    fn run(mut self, commits: &Receiver<Commit>) {
        let _farewell = Farewell(self.completions.clone());
        loop {
            let first = match commits.recv_timeout(LOOK_EVERY) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => match self.store.failure() {
                    Ok(()) => continue,
                    Err(error) => return self.shared.request_stop(error.to_string()),
                },
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut group = vec![first];
            group.extend(commits.try_iter().take(COMMITS_WAITING_MAX));
            // An error of a flush is final: what the system kept of it is unknown, so a retry could lie.
            if let Err(error) = self.store.commit(&group) {
                self.shared.request_stop(error.to_string());
                return;
            }
            self.pending.forget(&group);
            let sequence = group.last().map_or(0, |commit| commit.sequence);
            // The core is gone only when it needs to hear no more.
            let _ = self.completions.blocking_send(Completion::Input(Input::Durable { sequence }));
        }
    }
}

/// Tells the core that the writer ended, however it did.
struct Farewell(mpsc::Sender<Completion>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.blocking_send(Completion::WriterGone);
    }
}
