//! Opening a data folder, with progress when it takes long.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::kept_bans;
use super::logging::story;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::progress;
use crate::consensus::params::Params;
use crate::runtime::{self, Restored, Running, StartError};
use crate::storage::{OpenOptions, Opened, Records, StorageError, WalletIndex};

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
    let bar = progress::counting(&format!("opening {}", folder.display()));
    let opened = OpenOptions { lock_retries, ..OpenOptions::new(folder, params.genesis_hash()) }.open()?;
    let Opened { mut store, chain, records, report } = opened;
    for line in report.lines() {
        tracing::warn!(target: super::logging::STORY, "{line}");
    }
    let index = if with_index { Some(store.start_index(false)?) } else { None };
    let restored = Restored { chain, bans: kept_bans::load(&records) };
    let running = runtime::start(Arc::clone(params), store, restored, &mut |done, total| {
        bar.set_length(total.into());
        bar.set_position(done.into());
        bar.set_message("running blocks again");
    })?;
    bar.finish_and_clear();
    Ok(OpenedNode { running, records, index, folder: folder.to_owned() })
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
