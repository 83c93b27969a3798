//! Opening a data folder, with progress when it takes long, and checking what it holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::kept_bans;
use super::logging::story;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::output;
use crate::cli::words;
use crate::consensus::params::Params;
use crate::rpc::types::ChainVerification;
use crate::runtime::{self, Restored, Running, StartError, clock};
use crate::storage::{OpenOptions, Opened, Records, StorageError, WalletIndex};

/// Silence up to this long needs no progress bar.
const QUIET_MS: u64 = 700;

/// How often the bar moves while nothing is counted.
const TICK: Duration = Duration::from_millis(150);

/// A node whose threads run, and the folder it keeps everything in.
#[derive(Debug)]
pub(super) struct OpenedNode {
    pub(super) running: Running,
    pub(super) records: Records,
    pub(super) index: Option<WalletIndex>,
    pub(super) folder: PathBuf,
}

/// Opens the first of the folders that no other process has.
pub(super) fn open(params: &Arc<Params>, folders: &[PathBuf], with_index: bool) -> Outcome<OpenedNode> {
    let (last, others) = folders.split_last().expect("there is always a folder to try");
    for folder in others {
        // Another node is known to run there, so waiting for its lock would only take time.
        match open_folder(params, folder, with_index, 0) {
            Err(StartError::Storage(StorageError::InUse { holder, .. })) => {
                story!(folder = %folder.display(), "{} is in use by {holder}; taking the next folder", folder.display());
            }
            other => return Ok(other?),
        }
    }
    let patience = OpenOptions::new(last, params.genesis_hash()).lock_retries;
    Ok(open_folder(params, last, with_index, patience)?)
}

fn open_folder(
    params: &Arc<Params>,
    folder: &Path,
    with_index: bool,
    lock_retries: u32,
) -> Result<OpenedNode, StartError> {
    let bar = bar(&format!("opening {}", folder.display()));
    let opened = OpenOptions { lock_retries, ..OpenOptions::new(folder, params.genesis_hash()) }.open()?;
    let Opened { mut store, chain, records, report } = opened;
    for line in report.lines() {
        tracing::warn!(target: super::logging::STORY, "{line}");
    }
    let index = if with_index { Some(store.start_index(false)?) } else { None };
    let restored = Restored { chain, bans: kept_bans::load(&records) };
    let running = runtime::start(Arc::clone(params), store, restored, &mut |done, total| {
        show_replay(&bar, done, total);
    })?;
    bar.finish_and_clear();
    Ok(OpenedNode { running, records, index, folder: folder.to_owned() })
}

/// A bar that shows only when there is something to wait for, and nothing where nobody looks.
fn bar(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} ({eta})");
    let bar =
        ProgressBar::new(0).with_style(style.expect("the template is right")).with_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    bar
}

fn show_replay(bar: &ProgressBar, done: u32, total: u32) {
    bar.set_length(total.into());
    bar.set_position(done.into());
    bar.set_message("running blocks again");
}

/// Checks everything that a folder holds, while no node runs on it: headers, work, bodies and signatures of every block,
/// and the state by running them again, from the newest checkpoint or from genesis.
pub(in crate::cli) async fn verify_offline(
    params: &Arc<Params>,
    folder: &Path,
    from_genesis: bool,
) -> Outcome<ChainVerification> {
    let started_ms = clock::now().monotonic_ms;
    let Opened { store, mut chain, report, .. } = OpenOptions::new(folder, params.genesis_hash()).open()?;
    for line in report.lines() {
        output::aside(&line);
    }
    let tip = chain.tip;
    if from_genesis {
        chain.checkpoint = None;
    }
    let bar = bar("running blocks again");
    let running =
        runtime::start(Arc::clone(params), store, chain, &mut |done, total| show_replay(&bar, done, total))?;
    let reached = running.handle.view().tip.id;
    if let Some(tip) = tip.filter(|tip| *tip != reached) {
        return Err(Failure::new(
            format!("the chain breaks a rule after block #{}; its tip was #{}", reached.height, tip.height),
            "start the node: it fetches what follows from peers; or `cairn chain reset`",
        )
        .because("chain-broken"));
    }
    bar.set_message(format!("checking {}", words::count(reached.height.0, "block")));
    let verified = crate::rpc::verify_chain(&running.handle, 0).await;
    bar.finish_and_clear();
    running.handle.stop("the check is done");
    // Joined elsewhere, because the last threads may still have to flush.
    let _ = tokio::task::spawn_blocking(move || running.threads.join()).await;
    let elapsed_ms = clock::now().monotonic_ms - started_ms;
    if elapsed_ms > QUIET_MS {
        output::aside(&format!("checked in {}", words::duration(elapsed_ms / 1_000)));
    }
    verified.map_err(|error| Failure::new(&error, error.hint.clone()))
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        // These errors say themselves what to do.
        let reason = match &error {
            StorageError::Io { .. } => "storage-failed",
            StorageError::Damaged { .. } => "storage-damaged",
            StorageError::InUse { .. } => "folder-in-use",
            StorageError::OtherNetwork { .. } => "other-network",
            StorageError::OtherFormat { .. } => "other-format",
        };
        Self::new(error, "").because(reason)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Storage(error) => error.into(),
            StartError::Thread(_) => Self::new(error, ""),
        }
    }
}
