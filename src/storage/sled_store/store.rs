//! The store on disk: a commit is durable when the journal has it, and reaches the database behind that.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::backlog::{Backlog, Pending, Shown};
use super::bodies::files::BodyFiles;
use super::database::entries;
use super::database::table::Database;
use super::database_writer::DatabaseWriter;
use super::index::follower::Follower;
use super::index::wallet_index::WalletIndex;
use super::reader::SledReader;
use super::thresholds::Thresholds;
use super::tip_watch::TipWatch;
use crate::primitives::BlockHash;
use crate::storage::chain_store::{ChainStore, StorageError};
use crate::storage::commit::Commit;
use crate::storage::journal::{Group, Journal};

/// How often a thread of a store that has failed is looked at, and how many times until it is left behind: two seconds in
/// all. The journal has what was acknowledged, and sled has been seen to wait for ever for a write that found no room.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOOKS_MAX: usize = 200;

/// The writer's side of the store. There is one for a data folder.
#[derive(Debug)]
pub struct SledStore {
    database: Database,
    bodies: Arc<BodyFiles>,
    backlog: Arc<Backlog>,
    tips: Arc<TipWatch>,
    genesis: BlockHash,
    journal: Journal,
    thresholds: Thresholds,
    followers: Vec<JoinHandle<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SledStore {
    /// Starts the thread that writes to the database.
    pub(super) fn start(
        journal: Journal,
        writer: DatabaseWriter,
        genesis: BlockHash,
    ) -> Result<Self, StorageError> {
        let (database, backlog) = (writer.database.clone(), Arc::clone(&writer.backlog));
        let bodies = Arc::clone(writer.bodies.files());
        let (tips, thresholds) = (Arc::new(TipWatch::new(writer.tip)), writer.thresholds);
        let thread = Some(spawn("database", move || writer.run())?);
        let followers = Vec::new();
        Ok(Self { database, bodies, backlog, tips, genesis, journal, thresholds, followers, thread })
    }

    /// Starts the wallet index, which follows the durable tip from where it was left, or from genesis to be rebuilt.
    /// Start it once at most; it is off otherwise, and catches up when it is on again.
    pub fn start_index(&mut self, rebuild: bool) -> Result<WalletIndex, StorageError> {
        let tips = Arc::clone(&self.tips);
        let (database, blocks_max) = (self.database.clone(), self.thresholds.index_blocks);
        let follower = Follower::open(database, self.reader(), tips, self.genesis, rebuild, blocks_max)?;
        let index = WalletIndex(follower.shared());
        self.followers.push(spawn("wallet index", move || follower.run())?);
        Ok(index)
    }

    /// Writes everything to the database, makes it last there, and says whether that went well.
    pub fn close(mut self) -> Result<(), StorageError> {
        self.finish();
        self.backlog.failure()
    }

    fn finish(&mut self) {
        self.tips.close();
        for follower in self.followers.drain(..) {
            if wait_for(follower, &self.backlog).is_err() {
                tracing::error!("the wallet index has failed");
            }
        }
        self.backlog.close();
        if let Some(thread) = self.thread.take() {
            // A panic was caught inside the thread and is the backlog's failure.
            let _ = wait_for(thread, &self.backlog);
        }
    }

    fn try_commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        let mut records = Group::default();
        for commit in group.iter().filter(|commit| entries::has_entries(commit)) {
            records.add(|payload| entries::encode(commit, payload));
        }
        let end = if records.is_empty() { self.journal.end() } else { self.journal.append(&records)? };
        let tip = group.iter().rev().find_map(|commit| commit.tip);
        let checkpoints = group.iter().filter_map(|commit| commit.checkpoint.clone()).collect();
        self.backlog.push(Pending { records, end, checkpoints, tip, shown: Shown::of(group) })?;
        if let Some(tip) = tip {
            self.tips.set(tip);
        }
        Ok(())
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StorageError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| StorageError::io(Path::new(name), &error))
}

/// Waits until a thread has ended; once the store has failed, only for a while.
fn wait_for(thread: JoinHandle<()>, backlog: &Backlog) -> thread::Result<()> {
    let mut looks = 0;
    while !thread.is_finished() && backlog.failure().is_err() {
        if looks == LOOKS_MAX {
            tracing::warn!("a thread of the database does not end and is left behind");
            return Ok(());
        }
        looks += 1;
        thread::sleep(LOOK_EVERY);
    }
    thread.join()
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.finish();
    }
}

impl ChainStore for SledStore {
    type Reader = SledReader;

    fn reader(&self) -> SledReader {
        let (bodies, backlog) = (Arc::clone(&self.bodies), Arc::clone(&self.backlog));
        SledReader { database: self.database.clone(), bodies, backlog }
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        self.backlog.show(group);
        self.backlog.failure()?;
        self.try_commit(group).inspect_err(|error| self.backlog.fail(error.clone()))
    }

    fn failure(&self) -> Result<(), StorageError> {
        self.backlog.failure()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::primitives::{BlockId, Header, Height};
    use crate::storage::chain_store::ChainReader;
    use crate::storage::commit::StoredHeader;
    use crate::storage::sled_store::database::schema::{self, FORMAT, Kind, Network, block_key};
    use crate::storage::sled_store::database::table::Batch;
    use crate::storage::sled_store::database::values;
    use crate::storage::sled_store::opening::options::{OpenOptions, Opened};

    fn commit_of_one_header(previous: BlockHash) -> Commit {
        let header = Header { previous, ..genesis_header() };
        let id = BlockId { height: Height(1), hash: header.hash() };
        let header = StoredHeader { id, header, work: crate::primitives::Work::ZERO };
        Commit { headers: vec![header], tip: Some(id), ..Commit::default() }
    }

    fn genesis_header() -> Header {
        crate::consensus::Params::named("dev").unwrap().genesis().header
    }

    #[test]
    fn damage_found_while_reading_is_named_and_repaired_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let genesis = genesis_header().hash();
        let mut opened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        let commit = commit_of_one_header(genesis);
        opened.store.commit(std::slice::from_ref(&commit)).unwrap();
        let (reader, id) = (opened.store.reader(), commit.headers[0].id);
        opened.store.close().unwrap();
        let mut batch = Batch::default();
        batch.put(&values::part_key(&block_key(Kind::Header, id), 0), b"not what was written");
        reader.database.apply(batch).unwrap();
        let error = reader.header(id).unwrap_err();
        assert!(matches!(error, StorageError::Damaged { .. }), "{error}");
        drop((reader, opened.records));

        let reopened = OpenOptions::new(folder.path(), genesis).open().unwrap();
        assert_eq!(reopened.chain.headers, commit.headers);
        assert_eq!(reopened.store.reader().header(id).unwrap(), Some(commit.headers[0]));
        assert_eq!(reopened.report.set_aside.len(), 1, "{:?}", reopened.report);
    }

    #[test]
    fn a_folder_laid_out_by_another_version_is_refused_with_both_formats() {
        let folder = tempfile::tempdir().unwrap();
        let options = OpenOptions::new(folder.path(), genesis_header().hash());
        let Opened { store, records, .. } = options.open().unwrap();
        let older = Network { format: FORMAT - 1, genesis: options.genesis };
        schema::put_one(&store.reader().database, Kind::Network, &older).unwrap();
        store.close().unwrap();
        drop(records);
        let refused = options.open().unwrap_err();
        let (found, known) = (FORMAT - 1, FORMAT);
        assert!(
            matches!(refused, StorageError::OtherFormat { found: f, known: k, .. } if (f, k) == (found, known)),
            "{refused}"
        );
        let said = refused.to_string();
        assert!(said.contains("Start the version that wrote it, or give another --data-dir"), "{said}");
    }

    #[test]
    fn a_store_that_has_failed_does_not_wait_for_ever_for_a_thread_that_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = OpenOptions::new(folder.path(), genesis_header().hash()).open().unwrap().store;
        store.backlog.fail(StorageError::Io {
            path: "disk".into(),
            cause: "full".into(),
            next_step: String::new(),
        });
        let (let_go, hanging) = mpsc::sync_channel::<()>(0);
        store.followers.push(spawn("hangs", move || assert!(hanging.recv().is_err())).unwrap());
        let (ended, end) = mpsc::sync_channel(1);
        thread::spawn(move || {
            drop(store);
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_mins(1)).expect("the store is left within a bounded time");
        drop(let_go);
    }

    #[test]
    fn after_an_error_nothing_more_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let genesis = genesis_header().hash();
        let mut store = OpenOptions::new(folder.path(), genesis).open().unwrap().store;
        let failure =
            StorageError::Io { path: "disk".into(), cause: "gone".into(), next_step: String::new() };
        store.backlog.fail(failure);
        let refused = store.commit(&[commit_of_one_header(genesis)]).unwrap_err();
        assert!(refused.to_string().contains("gone"), "{refused}");
        assert!(store.close().is_err());
    }
}
