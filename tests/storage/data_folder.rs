//! What a data folder gives back after each way of ending a run.

use std::fs;
use std::sync::Arc;

use cairn::consensus::testing::{TestChain, dev_key};
use cairn::consensus::{Account, Violation};
use cairn::primitives::{
    Action, Address, Amount, Block, BlockHash, BlockId, Height, List, Output, StateRoot, Text, Transaction,
    Transfer,
};
use cairn::storage::{ChainStore, CheckpointDelta, OpenOptions, StorageError, StoredChain};

use crate::chains::{
    assert_reads, assert_same, chain_of, commits_of, dev, expected, image_of, open, options,
};

#[test]
fn a_new_folder_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(&folder.path().join("deep/below"));
    assert_same(&opened.chain, &StoredChain::default());
    assert!(opened.report.lines().is_empty());
}

#[test]
fn a_closed_store_opens_with_all_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let mut commits = commits_of(&chain_of(20));
    let culprit = commits[3].headers[0].id;
    commits[5].invalid.push((culprit, Violation::WrongStateRoot));
    let mut opened = open(folder.path());
    opened.store.commit(&commits[..7]).unwrap();
    opened.store.commit(&commits[7..]).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    let reopened = open(folder.path());
    assert_same(&reopened.chain, &expected(&commits));
    assert_reads(&reopened.store.reader(), &commits);
    assert!(reopened.report.lines().is_empty(), "{:?}", reopened.report);
    assert_eq!(reopened.report.replayed.records, 0);
}

#[test]
fn readers_see_a_commit_before_it_reaches_the_database_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(10));
    let mut store = open(folder.path()).store;
    let reader = store.reader();
    for commit in &commits {
        store.commit(std::slice::from_ref(commit)).unwrap();
        assert_reads(&reader, std::slice::from_ref(commit));
    }
    store.close().unwrap();
    assert_reads(&reader, &commits);
}

#[test]
fn a_kill_after_any_commit_loses_none() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(12));
    let mut opened = open(folder.path());
    for (index, commit) in commits.iter().enumerate() {
        opened.store.commit(std::slice::from_ref(commit)).unwrap();
        let image = image_of(folder.path());
        let reopened = open(image.path());
        assert_same(&reopened.chain, &expected(&commits[..=index]));
        assert_reads(&reopened.store.reader(), &commits[..=index]);
    }
}

#[test]
fn a_torn_journal_gives_back_the_commits_before() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(3));
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    let image = image_of(folder.path());
    let segment = image.path().join("journal/0000000001.log");
    let whole = fs::read(&segment).unwrap();
    fs::write(&segment, &whole[..whole.len() - 1]).unwrap();
    // As if nothing had come further than the journal: from where it did, the last block would come back.
    for name in ["sled", "bodies"] {
        fs::remove_dir_all(image.path().join(name)).unwrap();
    }
    let reopened = open(image.path());
    assert_same(&reopened.chain, &expected(&commits[..2]));
    assert_eq!(reopened.report.lines().len(), 1, "{:?}", reopened.report);
}

#[test]
fn a_lost_database_is_built_anew_from_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(20));
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let reopened = open(folder.path());
    assert_same(&reopened.chain, &expected(&commits));
    assert_reads(&reopened.store.reader(), &commits);
}

#[test]
fn headers_without_their_ancestors_are_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(6));
    let mut opened = open(folder.path());
    opened.store.commit(&commits[..2]).unwrap();
    opened.store.commit(&commits[3..]).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    let mut reopened = open(folder.path());
    assert_eq!(reopened.report.orphans, 3);
    assert_eq!(reopened.chain.headers.len(), 2);
    assert_eq!(reopened.chain.tip, None);
    reopened.store.commit(&commits[2..]).unwrap();
    reopened.store.close().unwrap();
    drop(reopened.records);
    assert_same(&open(folder.path()).chain, &expected(&commits));
}

#[test]
fn an_unfinished_snapshot_of_sled_is_removed_and_told() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).store.close().unwrap();
    let left_behind = folder.path().join("sled/snap.0000000000000042.generating");
    fs::write(&left_behind, b"half").unwrap();
    let reopened = open(folder.path());
    assert!(!left_behind.exists());
    assert_eq!(reopened.report.removed, [left_behind]);
}

#[test]
fn a_damaged_snapshot_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(5));
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    drop(open(folder.path()));
    for entry in fs::read_dir(folder.path().join("sled")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::write(entry.path(), [0xa5; 100]).unwrap();
        }
    }
    let reopened = open(folder.path());
    assert_same(&reopened.chain, &expected(&commits));
    assert!(reopened.report.set_aside.is_empty(), "{:?}", reopened.report);
}

#[test]
fn a_damaged_database_is_set_aside_and_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let commits = commits_of(&chain_of(20));
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    for name in ["db", "conf"] {
        let path = folder.path().join("sled").join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes.iter_mut().skip(8).step_by(3).for_each(|byte| *byte ^= 0x5a);
        fs::write(path, bytes).unwrap();
    }
    let reopened = open(folder.path());
    assert_same(&reopened.chain, &expected(&commits));
    assert_reads(&reopened.store.reader(), &commits);
    assert_eq!(reopened.report.set_aside.len(), 1, "{:?}", reopened.report);
    assert!(reopened.report.set_aside[0].0.exists());
}

#[test]
fn a_second_open_is_refused_and_names_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let holder = OpenOptions { holder: "process 7, running since noon".into(), ..options(folder.path()) };
    let _opened = holder.open().unwrap();
    let refused = options(folder.path()).open().unwrap_err();
    assert!(refused.to_string().contains("process 7, running since noon"), "{refused}");
    assert!(matches!(refused, StorageError::InUse { .. }));
}

#[test]
fn the_folder_of_another_network_is_refused_with_both_names() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).store.close().unwrap();
    let other = OpenOptions { genesis: BlockHash([3; 32]), ..options(folder.path()) };
    let refused = other.open().unwrap_err();
    assert!(refused.to_string().contains(&dev().genesis_hash().to_string()), "{refused}");
    assert!(matches!(refused, StorageError::OtherNetwork { .. }));
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    assert!(
        matches!(other.open().unwrap_err(), StorageError::OtherNetwork { .. }),
        "the journal knows it too"
    );
}

/// A block of about 200 KB: twenty transfers of 256 outputs.
fn large_block(chain: &TestChain) -> Arc<Block> {
    let outputs =
        |seed: u8| (0..=255).map(|i| Output { to: Address([seed ^ i; 32]), amount: Amount(1) }).collect();
    let transfer = |seed: u8| {
        let transfer = Transfer { outputs: List(outputs(seed)), memo: Text::default() };
        let (key, genesis) = (dev_key(0), chain.params.genesis_hash());
        let nonce = u64::from(seed);
        Transaction::signed(&key, &genesis, nonce, Amount(1), Height::GENESIS, Action::Transfer(transfer))
    };
    chain.mine(Address([1; 32]), (0..20).map(transfer).collect())
}

#[test]
fn a_block_far_longer_than_others_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(dev());
    chain.connect(large_block(&chain)).unwrap();
    let commits = commits_of(&chain);
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    assert!(!folder.path().join("sled/blobs").read_dir().is_ok_and(|mut blobs| blobs.next().is_some()));
    let reopened = open(folder.path());
    assert_reads(&reopened.store.reader(), &commits);
}

#[test]
fn checkpoints_come_back_whole_and_newest() {
    let folder = tempfile::tempdir().unwrap();
    let chain = chain_of(6);
    let mut commits = commits_of(&chain);
    let many = |group: u16, balance| {
        let accounts = (0..2_000_u16).map(|i| {
            let mut address = [0; 32];
            address[..4].copy_from_slice(&[group.to_be_bytes(), i.to_be_bytes()].concat());
            (Address(address), Account { balance: Amount(balance), nonce: 1 })
        });
        (group, accounts.collect::<Vec<_>>())
    };
    let delta = |at: BlockId, groups| {
        let root = StateRoot([at.height.0 as u8; 32]);
        Some(Arc::new(CheckpointDelta { at, root, groups, maturing: Vec::new() }))
    };
    commits[1].checkpoint = delta(commits[1].headers[0].id, vec![many(1, 5), many(2, 6), many(7, 7)]);
    commits[3].checkpoint = delta(commits[3].headers[0].id, vec![many(1, 8), (2, Vec::new())]);
    commits[5].checkpoint = delta(commits[5].headers[0].id, vec![many(9, 9)]);
    let expected = expected(&commits);
    let mut opened = open(folder.path());
    opened.store.commit(&commits).unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    for _ in 0..2 {
        let reopened = open(folder.path());
        assert_same(&reopened.chain, &expected);
        reopened.store.close().unwrap();
    }
}

#[test]
fn records_of_any_length_are_replaced_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let long: Vec<u8> = (0..200_000_u32).map(|i| i as u8).collect();
    let opened = open(folder.path());
    opened.records.put("peer/otter", b"first").unwrap();
    opened.records.put("peer/otter", &long).unwrap();
    opened.records.put("peer/badger", b"").unwrap();
    opened.records.put("mempool", b"three").unwrap();
    opened.records.put("gone", &long).unwrap();
    opened.records.remove("gone").unwrap();
    opened.store.close().unwrap();
    drop(opened.records);
    let records = open(folder.path()).records;
    assert_eq!(records.list("peer/").unwrap(), ["peer/badger", "peer/otter"]);
    assert_eq!(records.get("peer/otter").unwrap(), Some(long));
    assert_eq!(records.get("peer/badger").unwrap(), Some(Vec::new()));
    assert_eq!(records.get("gone").unwrap(), None);
}
