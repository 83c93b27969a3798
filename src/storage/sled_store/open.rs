//! Opening a data folder, whatever state the last run has left it in.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::backlog::Backlog;
use super::checkpoint::Checkpoints;
use super::compact;
use super::database::{self, Batch, Database, OpenFailure};
use super::database_writer::{DatabaseWriter, Unsynced};
use super::entries;
use super::file_sums::{self, Compared};
use super::folder_lock::FolderLock;
use super::load;
use super::open_report::OpenReport;
use super::records::Records;
use super::schema::{FORMAT, Kind, Network, get_one, put_one};
use super::store::SledStore;
use super::thresholds::Thresholds;
use crate::primitives::{BlockHash, Height};
use crate::storage::chain_store::{StorageError, StoredChain};
use crate::storage::journal::{self, Journal, Position, Replayed};
use crate::storage::journal_scan::free_name;
use crate::storage::segment::make_folder;

/// The database's folder inside the data folder.
pub(super) const DATABASE_FOLDER: &str = "sled";
/// The journal's folder inside the data folder.
const JOURNAL_FOLDER: &str = "journal";
/// Pause before sled is asked again for a lock that it is just letting go of.
const HELD_PAUSE: Duration = Duration::from_millis(100);
/// How often it is asked.
const HELD_TRIES: u32 = 50;

/// What to open, and for whom.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The data folder; made if it does not exist.
    pub data_dir: PathBuf,
    /// The network's genesis.
    pub genesis: BlockHash,
    /// Who opens it, as others will be told: `process 4242, running since …`.
    pub holder: String,
    /// How often to try again, every quarter of a second, while another process has the folder.
    pub lock_retries: u32,
    /// When the store syncs, and begins and deletes files.
    pub thresholds: Thresholds,
}

/// An open data folder.
#[derive(Debug)]
pub struct Opened {
    /// Takes commits, makes readers.
    pub store: SledStore,
    /// What was known of the chain.
    pub chain: StoredChain,
    /// Small records of other layers.
    pub records: Records,
    /// What had to be repaired.
    pub report: OpenReport,
}

impl OpenOptions {
    /// Options for this process: told to others by its number, four seconds of patience.
    pub fn new(data_dir: impl Into<PathBuf>, genesis: BlockHash) -> Self {
        let holder = format!("process {}", std::process::id());
        Self {
            data_dir: data_dir.into(),
            genesis,
            holder,
            lock_retries: 16,
            thresholds: Thresholds::default(),
        }
    }

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
    pub(super) fn lock(&self) -> Result<(Arc<FolderLock>, OpenReport), StorageError> {
        make_folder(&self.data_dir)?;
        let lock = FolderLock::acquire(&self.data_dir, &self.holder, self.lock_retries)?;
        compact::finish_interrupted(&self.data_dir)?;
        Ok((Arc::new(lock), OpenReport::default()))
    }

    pub(super) fn open_or_rebuild(
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
        self.check_network(&database, folder)?;
        let recorded: Position = get_one(&database, Kind::JournalPosition)?.unwrap_or_default();
        let (journal, replayed) = self.replay(&database, recorded)?;
        // A database that was closed well has been compared with what it was then.
        let (journal, replayed) = if !database.is_as_left() && self.is_behind_journal(&database)? {
            report.restored = true;
            self.replay(&database, self.start_of_whole_journal()?)?
        } else {
            (journal, replayed)
        };
        put_one(&database, Kind::Network, &Network { format: FORMAT, genesis: self.genesis })?;
        database.sync()?;
        // Only now is it true: what was replayed is durable, and need not be replayed again after the next kill.
        put_one(&database, Kind::JournalPosition, &journal.end())?;
        let (checkpoints, checkpoint) = Checkpoints::load(&database)?;
        let (chain, orphans) = load::load_chain(&database, self.genesis, checkpoint)?;
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
        };
        report.add_replayed(&replayed, orphans);
        let store = SledStore::start(journal, writer, self.genesis)?;
        Ok(Opened { store, chain, records: Records::new(database), report: OpenReport::default() })
    }

    fn check_network(&self, database: &Database, folder: &Path) -> Result<(), StorageError> {
        let Some(network) = get_one::<Network>(database, Kind::Network)? else { return Ok(()) };
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
        Ok(())
    }

    /// Whether damage has brought back an older state of the database than the journal knows of.
    fn is_behind_journal(&self, database: &Database) -> Result<bool, StorageError> {
        let newest = journal::newest(&self.data_dir.join(JOURNAL_FOLDER), entries::tip_in)?;
        newest.map_or(Ok(false), |tip| load::is_behind(database, tip))
    }

    /// From where on all segments of the journal are whole.
    fn start_of_whole_journal(&self) -> Result<Position, StorageError> {
        let damaged = journal::damaged_segments(&self.data_dir.join(JOURNAL_FOLDER))?;
        Ok(damaged
            .last()
            .map_or(Position::default(), |(number, ..)| Position { segment: number + 1, offset: 0 }))
    }

    /// Puts what the journal has beyond `from` into the database. Doing so again changes nothing.
    fn replay(&self, database: &Database, from: Position) -> Result<(Journal, Replayed), StorageError> {
        let mut batch = Batch::default();
        let folder = self.data_dir.join(JOURNAL_FOLDER);
        let opened = Journal::open(&folder, self.genesis, from, |payload, _| {
            entries::apply(database, &mut batch, payload)
        })?;
        database.apply(batch)?;
        let (journal, replayed) = opened;
        Ok((journal.with_segment_bytes(self.thresholds.segment_bytes), replayed))
    }

    /// Opens the database, clearing away what is known to keep sled from opening, or all of it in the end.
    pub(super) fn open_table(
        &self,
        folder: &Path,
        lock: &Arc<FolderLock>,
        report: &mut OpenReport,
    ) -> Result<Database, StorageError> {
        report.removed.extend(database::remove_unfinished_snapshots(folder)?);
        if database::is_marked_as_damaged(folder) {
            set_aside(folder, "an earlier run found damage while reading it".to_owned(), report)?;
        }
        let compared = file_sums::take(folder)?;
        if let Compared::Different(cause) = &compared {
            set_aside(folder, cause.clone(), report)?;
        }
        let cause = match self.open_patiently(folder, lock) {
            Err(OpenFailure::Broken(cause)) => cause,
            Err(failure) => return Err(refusal(folder, failure)),
            Ok(database) => {
                if compared == Compared::Same {
                    database.set_as_left();
                }
                return Ok(database);
            }
        };
        tracing::info!("{} does not open: {cause}. Trying again without its snapshots", folder.display());
        report.removed.extend(database::remove_snapshots(folder)?);
        match self.open_patiently(folder, lock) {
            Err(OpenFailure::Broken(_)) => set_aside(folder, cause, report)?,
            ended => return ended.map_err(|failure| refusal(folder, failure)),
        }
        self.open_patiently(folder, lock).map_err(|failure| refusal(folder, failure))
    }

    /// Waits a little for sled's own lock: our own is held, so it is only a handle that is just being dropped.
    fn open_patiently(&self, folder: &Path, lock: &Arc<FolderLock>) -> Result<Database, OpenFailure> {
        for _ in 0..HELD_TRIES {
            match Database::open(folder, Arc::clone(lock), self.thresholds.database_segment_bytes) {
                Err(OpenFailure::Held) => thread::sleep(HELD_PAUSE),
                ended => return ended,
            }
        }
        Err(OpenFailure::Held)
    }
}

pub(super) fn refusal(folder: &Path, failure: OpenFailure) -> StorageError {
    match failure {
        OpenFailure::Held => StorageError::InUse {
            path: folder.to_owned(),
            holder: "a process that does not say its name".to_owned(),
        },
        OpenFailure::System(error) => error,
        OpenFailure::Broken(cause) => StorageError::Damaged {
            path: folder.to_owned(),
            cause,
            next_step: "A new database cannot be made there: check this disk, or give another --data-dir"
                .to_owned(),
        },
    }
}

fn set_aside(folder: &Path, cause: String, report: &mut OpenReport) -> Result<(), StorageError> {
    let kept_as = free_name(folder);
    fs::rename(folder, &kept_as).map_err(|error| StorageError::io(folder, &error))?;
    report.set_aside.push((kept_as, cause));
    Ok(())
}
