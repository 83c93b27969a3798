//! What ends a node from outside: Ctrl-C, a polite kill, or the end of who started it.

use std::io::Read;
use std::time::Duration;

use tokio::sync::oneshot;

/// Signals this close together are one wish: some programs send them to a process and to its group.
const ONE_WISH: Duration = Duration::from_millis(300);

/// Resolves with the reason at the first Ctrl-C or SIGTERM, or when `stdin` ends if that is asked for.
pub(super) async fn stop_wanted(watch_stdin: bool) -> &'static str {
    tokio::select! {
        () = interrupted() => "stopped by Ctrl-C",
        () = terminated() => "stopped by a signal",
        () = stdin_closed(), if watch_stdin => "stopped with the program that started it",
    }
}

/// Resolves at the next Ctrl-C or SIGTERM that is meant as another one.
pub(super) async fn stop_forced() {
    tokio::time::sleep(ONE_WISH).await;
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process by itself.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// A thread of its own waits for the end: reading standard input cannot be called off.
async fn stdin_closed() {
    let (ended, end) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut ignored = [0; 256];
        while std::io::stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
        drop(ended);
    });
    // The sender never sends; it is dropped at the end.
    let _ = end.await;
}
