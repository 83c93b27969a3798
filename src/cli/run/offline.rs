//! The core on a data folder without a network, for the commands that check or fill a folder while no node runs on it.

use std::path::Path;
use std::sync::Arc;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::{output, progress, words};
use crate::consensus::params::Params;
use crate::rpc::types::ChainVerification;
use crate::runtime::{self, NodeHandle, Running, clock};
use crate::storage::{OpenOptions, Opened};

/// A check that was quicker than this says nothing of its time.
const QUIET_MS: u64 = 700;

/// The core of a node, with its store and nothing else.
#[derive(Debug)]
pub(in crate::cli) struct OfflineNode {
    running: Running,
}

impl OfflineNode {
    /// Opens a folder and brings the core where its store left off: from the newest checkpoint, or from genesis.
    pub(in crate::cli) fn open(params: &Arc<Params>, folder: &Path, from_genesis: bool) -> Outcome<Self> {
        let Opened { store, mut chain, report, .. } =
            OpenOptions::new(folder, params.genesis_hash()).open()?;
        for line in report.lines() {
            output::aside(&line);
        }
        let tip = chain.tip;
        if from_genesis {
            chain.checkpoint = None;
        }
        let bar = progress::counting("running blocks again");
        let running = runtime::start(Arc::clone(params), store, chain, &mut |done, total| {
            bar.set_length(total.into());
            bar.set_position(done.into());
        })?;
        bar.finish_and_clear();
        let reached = running.handle.view().tip.id;
        if let Some(tip) = tip.filter(|tip| *tip != reached) {
            return Err(Failure::new(
                format!(
                    "the chain breaks a rule after block #{}; its tip was #{}",
                    reached.height, tip.height
                ),
                "start the node: it fetches what follows from peers; or `cairn chain reset`",
            )
            .because("chain-broken"));
        }
        Ok(Self { running })
    }

    /// The way to the core.
    pub(in crate::cli) fn handle(&self) -> &NodeHandle {
        &self.running.handle
    }

    /// Ends it, with everything kept.
    pub(in crate::cli) async fn close(self, reason: &str) {
        self.running.handle.stop(reason);
        // Joined elsewhere, because the last threads may still have to flush.
        let _ = tokio::task::spawn_blocking(move || self.running.threads.join()).await;
    }
}

/// Checks everything that a folder holds, while no node runs on it: headers, work, bodies and signatures of every block,
/// and the state by running them again, from the newest checkpoint or from genesis.
pub(in crate::cli) async fn verify_offline(
    params: &Arc<Params>,
    folder: &Path,
    from_genesis: bool,
) -> Outcome<ChainVerification> {
    let started_ms = clock::now().monotonic_ms;
    let node = OfflineNode::open(params, folder, from_genesis)?;
    for line in OpenOptions::new(folder, params.genesis_hash()).check_journal()? {
        output::aside(&line);
    }
    let blocks = node.handle().view().tip.id.height.0;
    let bar = progress::counting(&format!("checking {}", words::count(blocks, "block")));
    bar.set_length(blocks.into());
    let verified =
        crate::rpc::verify_chain(node.handle(), 0, |checked| bar.set_position(checked.into())).await;
    bar.finish_and_clear();
    node.close("the check is done").await;
    let elapsed_ms = clock::now().monotonic_ms - started_ms;
    if elapsed_ms > QUIET_MS {
        output::aside(&format!("checked in {}", words::duration(elapsed_ms / 1_000)));
    }
    verified.map_err(|error| Failure::new(&error, error.hint.clone()))
}
