//! The port between the core and whatever keeps its chain.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit::{Checkpoint, Commit, StoredHeader};
use crate::consensus::undo::Undo;
use crate::consensus::violation::Violation;
use crate::primitives::{Block, BlockHash, BlockId};

/// Reads what was committed. Cheap to clone; used by the core and by everyone who serves blocks.
///
/// A reader sees every commit that the store's writer has accepted, durable or not.
pub trait ChainReader: Clone {
    /// A header that was committed.
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError>;
    /// A body that was committed: checked in isolation, signatures included.
    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError>;
    /// The undo record of a block that was connected once.
    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError>;

    /// A header as the core keeps it. Where many cores share one process, one copy may serve them all.
    fn share_header(&self, header: StoredHeader) -> Arc<StoredHeader> {
        Arc::new(header)
    }

    /// Takes a step that every core takes alike: what comes of it follows from the value and the step alone. Where many
    /// cores share one process, those that hold one value need take it only once, and hold one value again.
    fn take_step<T, O>(&self, value: &mut Arc<T>, _step: Step, take: impl FnOnce(&mut T) -> O) -> O
    where
        T: Clone + PartialEq + Send + Sync + 'static,
        O: Clone + 'static,
    {
        take(Arc::make_mut(value))
    }
}

/// From a value to the next, by the block that says all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A block is executed.
    Connect(BlockHash),
    /// A block is taken back.
    Disconnect(BlockHash),
    /// A checkpoint is taken after a block.
    Checkpoint(BlockHash),
    /// A run of headers from this one on stays as it is: no more is likely to change about it.
    Settle(BlockHash),
}

/// Takes commits, in order, and makes them last.
pub trait ChainStore {
    /// What reads from this store.
    type Reader: ChainReader;

    /// A reader of this store.
    fn reader(&self) -> Self::Reader;

    /// Makes a group of commits durable with one flush. An error is final: the node must stop.
    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError>;

    /// What has gone wrong behind the commits, if something has: just as final.
    fn failure(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

/// What a store knows of its chain when it is opened. All of it is empty in a new one.
#[derive(Debug, Clone, Default)]
pub struct StoredChain {
    /// Every header, by ascending height (parents before children). Genesis is not among them.
    pub headers: Vec<StoredHeader>,
    /// Which of them have a body, in the same order.
    pub bodies: Vec<BlockId>,
    /// Blocks known to break a rule.
    pub invalid: Vec<(BlockId, Violation)>,
    /// The committed tip.
    pub tip: Option<BlockId>,
    /// The newest whole checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

impl StoredChain {
    /// The headers of the best chain from its tip down, as far as they are here.
    pub fn best_chain(&self) -> impl Iterator<Item = &StoredHeader> {
        let mut next = self.tip;
        // They are sorted by height: every parent comes before its children.
        self.headers.iter().rev().filter(move |header| {
            let is_next = next == Some(header.id);
            if is_next {
                next = Some(header.parent());
            }
            is_next
        })
    }

    /// The blocks with a body that are not on the best chain, ascending.
    pub fn beside_best_chain(&self) -> Vec<BlockId> {
        let mut best = self.best_chain().map(|header| header.id).peekable();
        let mut beside = Vec::new();
        for id in self.bodies.iter().rev() {
            while best.next_if(|of_best| of_best > id).is_some() {}
            if best.peek() != Some(id) {
                beside.push(*id);
            }
        }
        beside.reverse();
        beside
    }
}

/// Why something cannot be kept or found again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The operating system refused a file operation.
    #[error("{path}: {cause}. {next_step}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: String,
        /// What a person can do.
        next_step: String,
    },
    /// What was read is not what was written.
    #[error("{path} is damaged: {cause}. {next_step}")]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// What a person can do.
        next_step: String,
    },
    /// Another process has the folder open.
    #[error("{path} is in use by {holder}. Stop that node first, or give another --data-dir")]
    InUse {
        /// The data folder.
        path: PathBuf,
        /// Who holds it, as far as it said.
        holder: String,
    },
    /// The folder belongs to another network.
    #[error(
        "{path} holds the chain of another network (genesis {found}, expected {expected}). \
         Give another --data-dir or --network"
    )]
    OtherNetwork {
        /// The data folder.
        path: PathBuf,
        /// The genesis found there.
        found: String,
        /// The genesis expected.
        expected: String,
    },
    /// The folder was written by a version with another layout.
    #[error(
        "{path} is laid out in format {found}, and this version knows format {known}. \
         Start the version that wrote it, or give another --data-dir"
    )]
    OtherFormat {
        /// The database's folder.
        path: PathBuf,
        /// The format found there.
        found: u16,
        /// The format of this version.
        known: u16,
    },
}

impl StorageError {
    /// What the system said about a file operation, with what a person can do about it.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        let next_step = if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            "Free some space on this disk, then start again"
        } else if error.kind() == ErrorKind::PermissionDenied {
            "Give the user who runs the node the right to write there"
        } else if error.kind() == ErrorKind::ReadOnlyFilesystem {
            "Mount it for writing, or give another --data-dir"
        } else {
            "Check this disk and its file system, then start again"
        };
        Self::Io { path: path.to_owned(), cause: error.to_string(), next_step: next_step.to_owned() }
    }
}
