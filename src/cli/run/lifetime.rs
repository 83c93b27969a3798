//! A node's life: start, tell what happens, stop in order.

use std::time::Duration;

use tokio::sync::oneshot;

use super::compose::{self, RunningNode};
use super::logging::story;
use super::settings::Settings;
use super::signals::Signals;
use super::{banner, narrator};
use crate::cli::failure::{Failure, Outcome};
use crate::rpc::STOPPED_BY_CLIENT;

/// Time that readers of the log's last lines have to take them, once everything else is done.
const LAST_LINES: Duration = Duration::from_millis(50);

/// Runs a node until something stops it.
pub(super) async fn run(settings: Settings, welcome: Vec<String>) -> Outcome {
    let mut signals = Signals::listen(settings.stop_when_stdin_closes);
    let node = tokio::select! {
        node = compose::start(settings) => node?,
        _ = signals.stop_wanted() => return Err(Failure::interrupted()),
    };
    // Heard from now on, so that nothing is missed while the banner gathers its facts.
    let events = node.handle.events();
    banner::show(&node, &welcome).await;
    let (goes_on, end) = oneshot::channel();
    let story = narrator::run(node.handle.clone(), events, end, node.settings.mining.address);
    let narrator = tokio::spawn(story);
    let stopped_politely = tokio::select! {
        reason = signals.stop_wanted() => {
            story!(reason, "{reason}; finishing what is under way (again to force)");
            node.handle.stop(reason);
            true
        }
        reason = node.handle.stopped() => reason == STOPPED_BY_CLIENT,
    };
    let reason = tokio::select! {
        reason = stop(node) => reason,
        () = signals.stop_forced() => return Err(Failure::interrupted()),
    };
    // Nothing more happens, and what did is told to its end.
    drop(goes_on);
    let _ = narrator.await;
    tokio::time::sleep(LAST_LINES).await;
    if stopped_politely {
        story!("stopped; everything is kept");
        Ok(())
    } else {
        Err(Failure::new(reason, "start it again once that is mended; what was confirmed is kept")
            .because("node-stopped"))
    }
}

/// Ends the parts in the order in which they depend on each other; answers why.
async fn stop(node: RunningNode) -> String {
    let RunningNode { handle: _, network, rpc, threads, records, settings: _ } = node;
    rpc.stop().await;
    network.ended().await;
    let stopped = tokio::task::spawn_blocking(move || {
        let stopped = threads.join();
        compose::save_mempool(&records, stopped.mempool);
        drop(records);
        stopped.reason
    });
    stopped.await.unwrap_or_else(|_| "the node's end broke off".to_owned())
}
