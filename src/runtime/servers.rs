//! Threads that read from the store what peers ask for, so that the core never waits for a disk.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::handle::Shared;
use super::network_port::NetworkCommand;
use super::threads;
use crate::node::effect::Serve;
use crate::node::input::RequestId;
use crate::node::serve::{decline, serve};
use crate::primitives::PeerId;
use crate::storage::ChainReader;

/// Readers: a second one answers small questions while the first reads megabytes.
const SERVERS: usize = 2;
/// Questions waiting at most; further ones are declined with an empty answer, and peers ask others.
const QUESTIONS_WAITING_MAX: usize = 64;

/// A peer's question.
pub(super) struct Question {
    pub(super) peer: PeerId,
    pub(super) request: RequestId,
    pub(super) what: Serve,
}

/// Where the core leaves questions.
pub(super) struct Servers {
    questions: SyncSender<Question>,
    shared: Arc<Shared>,
}

impl Servers {
    /// Starts the threads. They end when this is dropped.
    pub(super) fn start<R: ChainReader + Send + 'static>(
        reader: &R,
        shared: &Arc<Shared>,
    ) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (questions, receiver) = sync_channel(QUESTIONS_WAITING_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |_| {
            let (reader, receiver, answers) = (reader.clone(), Arc::clone(&receiver), Arc::clone(shared));
            threads::spawn("serve", shared, move || run(&reader, &receiver, &answers))
        };
        let threads = (0..SERVERS).map(start).collect::<io::Result<_>>()?;
        Ok((Self { questions, shared: Arc::clone(shared) }, threads))
    }

    /// Takes a question, or declines it when too many wait.
    pub(super) fn ask(&self, question: Question) {
        match self.questions.try_send(question) {
            Ok(()) => {}
            Err(
                TrySendError::Full(Question { peer, request, what })
                | TrySendError::Disconnected(Question { peer, request, what }),
            ) => {
                self.shared.command_network(NetworkCommand::Respond { peer, request, body: decline(&what) });
            }
        }
    }
}

fn run<R: ChainReader>(reader: &R, questions: &Mutex<Receiver<Question>>, shared: &Shared) {
    loop {
        let received = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Question { peer, request, what }) = received else { return };
        let body = serve(reader, &what).unwrap_or_else(|error| {
            // A node that cannot read what it committed must not go on as if nothing were wrong.
            shared.request_stop(error.to_string());
            decline(&what)
        });
        shared.command_network(NetworkCommand::Respond { peer, request, body });
    }
}
