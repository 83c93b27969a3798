//! What ends a node from outside: Ctrl-C, a polite kill, or the end of who started it.

use std::io::Read;
use std::time::Duration;

use tokio::sync::mpsc;

/// Signals this close together are one wish: some programs send them to a process and to its group.
const ONE_WISH: Duration = Duration::from_millis(300);

/// Wishes that wait to be heard; more of them say nothing new.
const WISHES_MAX: usize = 4;

/// Listens from when it is made until it is dropped, so that no signal falls between two looks.
#[derive(Debug)]
pub(super) struct Signals(mpsc::Receiver<&'static str>);

impl Signals {
    /// Listens to Ctrl-C, SIGTERM, and the end of standard input if that is asked for. Needs to be within tokio.
    pub(super) fn listen(watch_stdin: bool) -> Self {
        let (sender, wishes) = mpsc::channel(WISHES_MAX);
        if watch_stdin {
            let sender = sender.clone();
            // A thread of its own, since reading standard input cannot be called off.
            std::thread::spawn(move || {
                wait_for_the_end_of_stdin();
                // Whoever does not listen any more is stopping already.
                let _ = sender.try_send("stopped with the program that started it");
            });
        }
        forward_signals(&sender);
        Self(wishes)
    }

    /// Resolves with the reason once something wants the node to stop.
    pub(super) async fn stop_wanted(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(reason) => reason,
            // Without handlers a signal ends the process by itself.
            None => std::future::pending().await,
        }
    }

    /// Resolves at the next signal that is meant as another one.
    pub(super) async fn stop_forced(&mut self) {
        tokio::time::sleep(ONE_WISH).await;
        while self.0.try_recv().is_ok() {}
        self.stop_wanted().await;
    }
}

#[cfg(unix)]
fn forward_signals(sender: &mpsc::Sender<&'static str>) {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds =
        [(SignalKind::interrupt(), "stopped by Ctrl-C"), (SignalKind::terminate(), "stopped by a signal")];
    for (kind, reason) in kinds {
        let Ok(mut signals) = signal(kind) else { continue };
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // When several wait already, one more says nothing new.
                let _ = sender.try_send(reason);
            }
        });
    }
}

#[cfg(not(unix))]
fn forward_signals(sender: &mpsc::Sender<&'static str>) {
    let sender = sender.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            // When several wait already, one more says nothing new.
            let _ = sender.try_send("stopped by Ctrl-C");
        }
    });
}

fn wait_for_the_end_of_stdin() {
    let mut ignored = [0; 256];
    while std::io::stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
}
