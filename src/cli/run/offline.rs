//! The core on a data folder without a network, for the commands that check or fill a folder while no node runs on it.

use std::path::Path;
use std::sync::Arc;

use super::disk_guard;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::{output, progress, words};
use crate::consensus::params::Params;
use crate::primitives::BlockId;
use crate::rpc::types::ChainVerification;
use crate::runtime::{self, NodeHandle, Running, clock};
use crate::storage::{OpenOptions, Opened, StorageError};

/// A check that was quicker than this says nothing of its time.
const QUIET_MS: u64 = 700;

/// The core of a node, with its store and nothing else.
#[derive(Debug)]
pub(in crate::cli) struct OfflineNode {
    running: Running,
    /// Blocks with a body that are not on its best chain.
    beside: Vec<BlockId>,
}

impl OfflineNode {
    /// Opens a folder and brings the core where its store left off: from the newest checkpoint, or from genesis.
    pub(in crate::cli) fn open(params: &Arc<Params>, folder: &Path, from_genesis: bool) -> Outcome<Self> {
        let Opened { store, mut chain, report, .. } =
            OpenOptions::new(folder, params.genesis_hash()).open()?;
        for line in report.lines() {
            output::aside(&line);
        }
        let (tip, beside) = (chain.tip, chain.beside_best_chain());
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
        Ok(Self { running, beside })
    }

    /// The same from the newest checkpoint, to write much: only while there is room.
    pub(in crate::cli) fn open_to_fill(params: &Arc<Params>, folder: &Path) -> Outcome<Self> {
        disk_guard::require_room(folder)?;
        let node = Self::open(params, folder, false)?;
        tokio::spawn(disk_guard::watch(node.running.handle.clone(), folder.to_owned()));
        Ok(node)
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
/// and the state by running them again, from the newest checkpoint or from genesis. What is damaged and counts for nothing
/// today, in the journal or beside the best chain, is told and no failure.
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
    check_beside(&node).await?;
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

/// Reads the bodies of branches that lost: a damaged one is named.
async fn check_beside(node: &OfflineNode) -> Outcome {
    let bar = progress::counting("reading blocks beside the best chain");
    bar.set_length(node.beside.len() as u64);
    let mut damaged = 0;
    for id in &node.beside {
        match node.handle().block(*id).await {
            Ok(_) => {}
            Err(StorageError::Damaged { path, cause, .. }) => {
                output::aside(&format!(
                    "{} is damaged: {cause}. That block is not on the best chain: at the next start its body comes from \
                     the journal, or is forgotten until peers show that its branch is needed",
                    path.display()
                ));
                damaged += 1;
            }
            Err(error) => return Err(error.into()),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !node.beside.is_empty() {
        let read = words::count(node.beside.len() as u32, "block");
        output::aside(&format!("{read} beside the best chain read as well: {damaged} damaged"));
    }
    Ok(())
}
