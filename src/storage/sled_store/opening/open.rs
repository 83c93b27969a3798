//! Opening a data folder, whatever state the last run has left it in.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open_table::set_aside;
use super::options::{DATABASE_FOLDER, JOURNAL_FOLDER, OpenOptions, Opened};
use super::report::OpenReport;
use crate::primitives::{BlockId, Header, Height};
use crate::storage::chain_store::{StorageError, StoredChain};
use crate::storage::commit::Checkpoint;
use crate::storage::journal::{self, Journal, Position, Replayed};
use crate::storage::segment::make_folder;
use crate::storage::sled_store::apply::{self, Append};
use crate::storage::sled_store::backlog::Backlog;
use crate::storage::sled_store::bodies::files::{self, BodyFiles, Place};
use crate::storage::sled_store::bodies::found::{self, FoundBodies};
use crate::storage::sled_store::bodies::lost::{self, Suspects};
use crate::storage::sled_store::bodies::scan;
use crate::storage::sled_store::bodies::writer::BodyWriter;
use crate::storage::sled_store::database::checkpoint::Checkpoints;
use crate::storage::sled_store::database::entries;
use crate::storage::sled_store::database::folder_lock::FolderLock;
use crate::storage::sled_store::database::load;
use crate::storage::sled_store::database::records::Records;
use crate::storage::sled_store::database::schema::{FORMAT, Kind, Network, get_one, put_one};
use crate::storage::sled_store::database::table::{Batch, Database};
use crate::storage::sled_store::database_writer::{DatabaseWriter, Unsynced, put_ends};
use crate::storage::sled_store::store::SledStore;
use crate::storage::sled_store::upkeep::swap;

impl OpenOptions {
    /// Opens the data folder. What is damaged is set aside and rebuilt as far as the journal reaches.
    pub fn open(&self) -> Result<Opened, StorageError> {
        let (lock, mut report) = self.lock()?;
        let folder = self.data_dir.join(DATABASE_FOLDER);
        let opened = self.open_or_rebuild(&folder, &lock, &mut report)?;
        Ok(Opened { report, ..opened })
    }

    /// Reads the whole journal, also what opening does not need, and says what is wrong with it.
    pub fn check_journal(&self) -> Result<Vec<String>, StorageError> {
        let damaged = journal::damaged_segments(&self.data_dir.join(JOURNAL_FOLDER))?;
        let line = |(_, path, offset): (u64, PathBuf, u64)| {
            format!(
                "{} is damaged after byte {offset}: should the database be damaged too, what follows is fetched again \
                 from peers",
                path.display()
            )
        };
        Ok(damaged.into_iter().map(line).collect())
    }

    /// Takes the folder for this process, with no compaction under way in it.
    pub(in crate::storage::sled_store) fn lock(&self) -> Result<(Arc<FolderLock>, OpenReport), StorageError> {
        make_folder(&self.data_dir)?;
        let lock = FolderLock::acquire(&self.data_dir, &self.holder, self.lock_retries)?;
        swap::finish_interrupted(&self.data_dir)?;
        Ok((Arc::new(lock), OpenReport::default()))
    }

    pub(in crate::storage::sled_store) fn open_or_rebuild(
        &self,
        folder: &Path,
        lock: &Arc<FolderLock>,
        report: &mut OpenReport,
    ) -> Result<Opened, StorageError> {
        match self.open_database(folder, lock, report) {
            Err(StorageError::Damaged { path, cause, .. }) if path.starts_with(folder) => {
                tracing::info!("{} is damaged: {cause}", folder.display());
                set_aside(folder, cause, report)?;
                self.open_database(folder, lock, report)
            }
            opened => opened,
        }
    }

    fn open_database(
        &self,
        folder: &Path,
        lock: &Arc<FolderLock>,
        report: &mut OpenReport,
    ) -> Result<Opened, StorageError> {
        let database = self.open_table(folder, lock, report)?;
        let is_new = self.check_network(&database, folder)?;
        let recorded: Position = get_one(&database, Kind::JournalPosition)?.unwrap_or_default();
        let (mut bodies, headers) = self.open_bodies(&database, is_new)?;
        if is_new && self.data_dir.join(JOURNAL_FOLDER).exists() {
            // Also what follows damage in the journal, before that is set aside. Bodies that last bring their headers along.
            self.put_all_that_is_kept(&database, &mut bodies)?;
            bodies.sync()?;
        }
        let (mut journal, replayed) = self.replay(&database, &mut bodies, recorded)?;
        // A database that was closed well has been compared with what it was then.
        if !database.is_as_left() && self.is_behind_journal(&database)? {
            report.restored = true;
            self.put_all_that_is_kept(&database, &mut bodies)?;
            // What came last counts, and writing goes on where the journal ends, whatever is damaged before: a hole would
            // make the next opening set aside what follows it.
            (journal, _) = self.replay(&database, &mut bodies, recorded)?;
        }
        found::put_headers(&database, &headers, self.genesis)?;
        let (whole, lost) = self.repair_bodies(&database, &mut bodies, report)?;
        put_one(&database, Kind::Network, &Network { format: FORMAT, genesis: self.genesis })?;
        bodies.sync()?;
        database.sync()?;
        // Only now is it true: what was replayed is durable, and need not be replayed again after the next kill.
        let mut batch = Batch::default();
        put_ends(&mut batch, journal.end(), bodies.end());
        database.apply(batch)?;
        if is_new {
            // From now on what a kill has torn can be told from what is damaged.
            database.sync()?;
        }
        let (checkpoints, checkpoint) = Checkpoints::load(&database)?;
        let (chain, orphans) = self.load_chain(&database, &mut bodies, checkpoint, whole, lost, report)?;
        report.add_replayed(&replayed, orphans);
        let writer = DatabaseWriter {
            backlog: Arc::new(Backlog::default()),
            journal_folder: self.data_dir.join(JOURNAL_FOLDER),
            checkpoints,
            undo_pruned_below: get_one(&database, Kind::UndoPruned)?.unwrap_or(Height::GENESIS),
            tip: chain.tip,
            written: journal.end(),
            recorded: journal.end(),
            unsynced: Unsynced::default(),
            thresholds: self.thresholds,
            database: database.clone(),
            bodies,
        };
        let store = SledStore::start(journal, writer, self.genesis)?;
        Ok(Opened { store, chain, records: Records::new(database), report: OpenReport::default() })
    }

    /// Opens the files of bodies, and puts into the database where those lie that it need not know of. Gives back their
    /// headers if the database is new.
    pub(in crate::storage::sled_store) fn open_bodies(
        &self,
        database: &Database,
        is_new: bool,
    ) -> Result<(BodyWriter, BTreeMap<BlockId, Header>), StorageError> {
        let files = Arc::new(BodyFiles::new(self.data_dir.join(files::FOLDER)));
        let from = get_one(database, Kind::BodiesEnd)?.unwrap_or_default();
        let mut found = if is_new { FoundBodies::in_new(database)? } else { FoundBodies::new(database) };
        let file_bytes = self.thresholds.body_file_bytes;
        let add = &mut |id, place, body: &[u8]| found.add(id, place, body);
        let bodies = BodyWriter::open(files, self.genesis, from, file_bytes, add)?;
        Ok((bodies, found.finish()?))
    }

    /// Takes bodies that are known to be damaged or gone from the journal; gives back the blocks of all that are here,
    /// ascending, and of those that are not.
    fn repair_bodies(
        &self,
        database: &Database,
        bodies: &mut BodyWriter,
        report: &mut OpenReport,
    ) -> Result<(Vec<BlockId>, BTreeSet<BlockId>), StorageError> {
        let (suspects, mut whole) = Suspects::find(database, bodies.files())?;
        suspects.take_from(&self.data_dir.join(JOURNAL_FOLDER), database, bodies)?;
        let settled = suspects.settle(database, bodies.files())?;
        report.repaired_bodies = settled.repaired;
        if !settled.whole.is_empty() {
            whole.extend(settled.whole);
            whole.sort_unstable();
        }
        Ok((whole, settled.lost))
    }

    /// What is known of the chain, up to where its bodies are here.
    fn load_chain(
        &self,
        database: &Database,
        bodies: &mut BodyWriter,
        checkpoint: Option<Checkpoint>,
        whole: Vec<BlockId>,
        mut lost: BTreeSet<BlockId>,
        report: &mut OpenReport,
    ) -> Result<(StoredChain, usize), StorageError> {
        let (mut chain, mut orphans) = load::load_chain(database, self.genesis, checkpoint, whole)?;
        // A database that was closed well has been compared with what it was then.
        let forgotten = if database.is_as_left() { None } else { Suspects::forgotten(&chain, &lost) };
        if let Some(forgotten) = forgotten {
            report.restored = true;
            let mut found = FoundBodies::new(database);
            let add = &mut |id, place, body: &[u8]| found.add(id, place, body);
            scan::scan(bodies.files(), self.genesis, Position::default(), add)?;
            found.finish()?;
            forgotten.take_from(&self.data_dir.join(JOURNAL_FOLDER), database, bodies)?;
            lost.extend(forgotten.settle(database, bodies.files())?.lost);
            let whole = load::load_bodies(database)?;
            (chain, orphans) = load::load_chain(database, self.genesis, chain.checkpoint.take(), whole)?;
            if Suspects::forgotten(&chain, &lost).is_some() {
                // Asked for one by one they are there: damage inside sled's tree can end a walk through it early.
                return Err(database.damaged("it does not list all the bodies that it knows".to_owned()));
            }
        }
        let ended = lost::end_before(database, &mut chain, &lost)?;
        let path_of = |place: Place| (bodies.files().path_of(place.at.segment), place.at.offset);
        report.lost_bodies_at = ended.first_place.map(path_of);
        report.lost_bodies = ended.needed;
        report.forgotten_bodies = ended.forgotten;
        Ok((chain, orphans))
    }

    /// Refuses the database of another version or network; says whether it is new.
    fn check_network(&self, database: &Database, folder: &Path) -> Result<bool, StorageError> {
        let Some(network) = get_one::<Network>(database, Kind::Network)? else { return Ok(true) };
        if network.format != FORMAT {
            return Err(StorageError::OtherFormat {
                path: folder.to_owned(),
                found: network.format,
                known: FORMAT,
            });
        }
        if network.genesis != self.genesis {
            return Err(StorageError::OtherNetwork {
                path: self.data_dir.clone(),
                found: network.genesis.to_string(),
                expected: self.genesis.to_string(),
            });
        }
        Ok(false)
    }

    /// Whether damage has brought back an older state of the database than the journal knows of.
    fn is_behind_journal(&self, database: &Database) -> Result<bool, StorageError> {
        let newest = journal::newest(&self.data_dir.join(JOURNAL_FOLDER), entries::tip_in)?;
        newest.map_or(Ok(false), |tip| load::is_behind(database, tip))
    }

    /// Puts everything into the database that the journal still has, of each segment up to what is damaged there.
    fn put_all_that_is_kept(&self, database: &Database, bodies: &mut BodyWriter) -> Result<(), StorageError> {
        let mut batch = Batch::default();
        journal::visit(&self.data_dir.join(JOURNAL_FOLDER), &mut |payload| {
            apply::apply(database, bodies, &mut batch, iter::once(payload), Append::Missing)
        })?;
        database.apply(batch)
    }

    /// Puts what the journal has beyond `from` into the database. Doing so again changes nothing.
    fn replay(
        &self,
        database: &Database,
        bodies: &mut BodyWriter,
        from: Position,
    ) -> Result<(Journal, Replayed), StorageError> {
        let mut batch = Batch::default();
        let folder = self.data_dir.join(JOURNAL_FOLDER);
        let opened = Journal::open(&folder, self.genesis, from, |payload, _| {
            apply::apply(database, bodies, &mut batch, iter::once(payload), Append::Missing)
        })?;
        database.apply(batch)?;
        let (journal, replayed) = opened;
        Ok((journal.with_segment_bytes(self.thresholds.segment_bytes), replayed))
    }
}
