//! What queries and the thread that keeps the index share.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::indexed::{Indexed, Manifest};
use super::progress::Progress;
use crate::primitives::BlockHash;
use crate::storage::sled_store::database::table::Database;
use crate::storage::sled_store::reader::SledReader;

/// What queries and the follower share.
#[derive(Debug)]
pub(in crate::storage::sled_store) struct Shared {
    pub(super) database: Database,
    pub(super) reader: SledReader,
    pub(super) genesis: BlockHash,
    pub(super) progress: Progress,
    state: RwLock<Indexed>,
}

impl Shared {
    /// The index as the database has it.
    pub(super) fn new(
        database: Database,
        reader: SledReader,
        genesis: BlockHash,
        manifest: Manifest,
        progress: Progress,
    ) -> Self {
        let state = RwLock::new(Indexed::new(manifest));
        Self { database, reader, genesis, progress, state }
    }

    /// For look-ups.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Indexed> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the follower.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Indexed> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
