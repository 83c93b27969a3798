//! Threads with a name, whose end by a bug stops the whole node instead of leaving it lame.

use std::io;
use std::sync::Arc;
use std::thread::{self, Builder, JoinHandle};

use super::handle::Shared;

/// Runs `body` on a thread of its own.
pub(super) fn spawn<T: Send + 'static>(
    name: &'static str,
    shared: &Arc<Shared>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let guard = StopOnPanic { name, shared: Arc::clone(shared) };
    Builder::new().name(format!("cairn-{name}")).spawn(move || {
        let _guard = guard;
        body()
    })
}

/// How many threads can run at once here.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

struct StopOnPanic {
    name: &'static str,
    shared: Arc<Shared>,
}

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.shared.request_stop(format!(
                "the node's {} thread broke; this is a bug of cairn, please report the lines above",
                self.name
            ));
        }
    }
}
