//! Folders as damage leaves them, and what opening makes of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::options::{OpenOptions, Opened};
use crate::consensus::Params;
use crate::consensus::testing::TestChain;
use crate::primitives::Address;
use crate::primitives::{BlockId, codec};
use crate::storage::commit::StoredHeader;
use crate::storage::sled_store::database::entries::tip_key;
use crate::storage::sled_store::database::schema::{Kind, block_key};
use crate::storage::sled_store::database::table::{Batch, Database};
use crate::storage::sled_store::database::values;
use crate::storage::{ChainReader, ChainStore, Commit};

/// A closed folder with eight blocks.
fn closed_chain() -> (tempfile::TempDir, TestChain) {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(Params::named("dev").unwrap());
    let mut store = OpenOptions::new(folder.path(), chain.params.genesis_hash()).open().unwrap().store;
    for _ in 0..8 {
        chain.grow(Address([7; 32]), Vec::new()).unwrap();
        store.commit(&[commit_of(&chain, chain.blocks.len())]).unwrap();
    }
    store.close().unwrap();
    (folder, chain)
}

/// What makes a block of the chain the tip.
fn commit_of(chain: &TestChain, height: usize) -> Commit {
    let (facts, block) = (&chain.facts[height], chain.blocks[height - 1].0.block());
    let header = StoredHeader { id: facts.id(), header: block.header, work: facts.work };
    let bodies = vec![(header.id, Arc::clone(block))];
    Commit { headers: vec![header], bodies, tip: Some(header.id), ..Commit::default() }
}

/// What a kill leaves of an open folder, now.
fn killed(folder: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    copy(folder, image.path());
    image
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry, &to);
        } else {
            fs::copy(entry, to).unwrap();
        }
    }
}

/// A database as a flipped bit leaves it that makes sled drop what it wrote last, but not where the journal was.
fn go_back_to(id: BlockId, lost: BlockId, database: &Database) {
    let (mut batch, mut sealed) = (Batch::default(), Vec::new());
    values::seal(&tip_key(), &mut sealed, |value| value.extend(codec::encode(&id)));
    values::put_sealed(database, &mut batch, &tip_key(), &sealed).unwrap();
    for kind in [Kind::Header, Kind::Undo] {
        values::remove(database, &mut batch, &block_key(kind, lost)).unwrap();
    }
    batch.remove(&block_key(Kind::BodyPlace, lost));
    database.apply(batch).unwrap();
}

#[test]
fn what_a_damaged_database_has_lost_comes_back_from_the_journal_and_is_told() {
    let (folder, chain) = closed_chain();
    let options = OpenOptions::new(folder.path(), chain.params.genesis_hash());
    let Opened { store, records, .. } = options.open().unwrap();
    let (database, tip) = (store.reader().database, chain.tip().id());
    store.close().unwrap();
    go_back_to(chain.facts[5].id(), chain.facts[7].id(), &database);
    drop((database, records));

    let Opened { store, chain: stored, report, records } = options.open().unwrap();
    assert_eq!((stored.tip, stored.headers.len(), stored.bodies.len()), (Some(tip), 8, 8));
    assert!(stored.bodies.iter().all(|id| store.reader().block(*id).unwrap().is_some()));
    assert!(report.restored && report.lines().len() == 1, "{report:?}");
    store.close().unwrap();
    drop(records);
    assert!(options.open().unwrap().report.lines().is_empty());
}

#[test]
fn a_body_whose_place_a_damaged_database_has_lost_is_found_again_in_its_file() {
    let (folder, chain) = closed_chain();
    let options = OpenOptions::new(folder.path(), chain.params.genesis_hash());
    let Opened { store, records, .. } = options.open().unwrap();
    let (database, lost) = (store.reader().database, chain.facts[3].id());
    store.close().unwrap();
    let mut batch = Batch::default();
    batch.remove(&block_key(Kind::BodyPlace, lost));
    database.apply(batch).unwrap();
    // Neither closed well nor compared: it leaves no sums. Nor does the journal have it any longer.
    drop((database, records));
    fs::remove_dir_all(folder.path().join("journal")).unwrap();

    let Opened { store, chain: stored, report, .. } = options.open().unwrap();
    assert_eq!((stored.tip, stored.bodies.len()), (Some(chain.tip().id()), 8));
    assert!(store.reader().block(lost).unwrap().is_some());
    assert!(report.restored && report.lines().len() == 1, "{report:?}");
}

#[test]
fn what_follows_the_recovery_from_a_damaged_journal_and_database_outlives_a_kill() {
    let (folder, mut chain) = closed_chain();
    let options = OpenOptions::new(folder.path(), chain.params.genesis_hash());
    let Opened { store, records, .. } = options.open().unwrap();
    let database = store.reader().database;
    store.close().unwrap();
    go_back_to(chain.facts[5].id(), chain.facts[7].id(), &database);
    drop((database, records));
    // Before the place up to which the database says that it has the journal: in the last block's record.
    let segment = folder.path().join("journal/0000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&segment, bytes).unwrap();

    let Opened { mut store, chain: stored, .. } = options.open().unwrap();
    assert_eq!(stored.tip, Some(chain.facts[7].id()), "the journal has it before the damage");
    chain.grow(Address([7; 32]), Vec::new()).unwrap();
    for height in [8, 9] {
        store.commit(&[commit_of(&chain, height)]).unwrap();
        let image = killed(folder.path());
        let opened = OpenOptions::new(image.path(), chain.params.genesis_hash()).open().unwrap();
        assert_eq!(opened.chain.tip, Some(chain.facts[height].id()), "it was acknowledged");
        assert_eq!(opened.report.replayed.set_aside, Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_database_built_anew_knows_also_what_follows_a_hole_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(Params::named("dev").unwrap());
    let mut options = OpenOptions::new(folder.path(), chain.params.genesis_hash());
    options.thresholds.segment_bytes = 1;
    let mut store = options.open().unwrap().store;
    for height in 1..=8 {
        chain.grow(Address([7; 32]), Vec::new()).unwrap();
        store.commit(&[commit_of(&chain, height)]).unwrap();
    }
    store.close().unwrap();
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    fs::remove_file(folder.path().join("journal/0000000003.log")).unwrap();
    // The bodies of the newest blocks had not reached their file.
    let bodies = folder.path().join("bodies/0000000001.log");
    let bytes = fs::read(&bodies).unwrap();
    let seventh = bytes.windows(32).position(|bytes| bytes == chain.facts[7].id().hash.0).unwrap();
    fs::write(&bodies, &bytes[..seventh]).unwrap();

    let Opened { store, chain: stored, report, .. } = options.open().unwrap();
    assert!(!report.replayed.set_aside.is_empty(), "there is a hole: {report:?}");
    assert_eq!((stored.headers.len(), stored.bodies.len()), (8, 8));
    assert!(store.reader().block(chain.tip().id()).unwrap().is_some());
}
