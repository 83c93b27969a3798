//! Chains as commits, and what a store should make of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cairn::consensus::testing::{TestChain, dev_key, payment};
use cairn::consensus::{CheckedBlock, HeaderFacts, Params, Undo};
use cairn::primitives::{Address, Amount};
use cairn::storage::{
    ChainReader, ChainStore, Commit, MemoryStore, OpenOptions, Opened, StoredChain, StoredHeader,
};

pub(crate) fn dev() -> Params {
    Params::named("dev").unwrap()
}

/// A chain of blocks, of which each fifth holds a payment.
pub(crate) fn chain_of(blocks: u64) -> TestChain {
    let mut chain = TestChain::new(dev());
    for height in 1..=blocks {
        let nonce = height / 5;
        let payments = if height % 5 == 0 {
            vec![payment(&dev_key(0), &chain.params, nonce - 1, Address([9; 32]), Amount(5))]
        } else {
            Vec::new()
        };
        chain.grow(Address([1; 32]), payments).unwrap();
    }
    chain
}

/// One commit a block: header, body, undo, tip.
pub(crate) fn commits_of(chain: &TestChain) -> Vec<Commit> {
    let with_facts = chain.blocks.iter().zip(&chain.facts[1..]);
    (1..)
        .zip(with_facts)
        .map(|(sequence, ((block, undo), facts))| commit_of(sequence, block, undo, facts))
        .collect()
}

fn commit_of(sequence: u64, block: &CheckedBlock, undo: &Undo, facts: &HeaderFacts) -> Commit {
    let header = StoredHeader { id: facts.id(), header: *block.header(), work: facts.work };
    Commit {
        sequence,
        headers: vec![header],
        bodies: vec![(header.id, Arc::clone(block.block()))],
        undo: vec![(header.id, *undo)],
        tip: Some(header.id),
        ..Commit::default()
    }
}

pub(crate) fn options(folder: &Path) -> OpenOptions {
    OpenOptions { lock_retries: 0, ..OpenOptions::new(folder, dev().genesis_hash()) }
}

pub(crate) fn open(folder: &Path) -> Opened {
    options(folder).open().unwrap()
}

/// What a store that never forgets gives back after the same commits.
pub(crate) fn expected(commits: &[Commit]) -> StoredChain {
    let mut store = MemoryStore::new();
    store.commit(commits).unwrap();
    store.stored_chain()
}

pub(crate) fn assert_same(found: &StoredChain, expected: &StoredChain) {
    assert_eq!(found.headers, expected.headers);
    assert_eq!(found.bodies, expected.bodies);
    assert_eq!(found.invalid, expected.invalid);
    assert_eq!(found.tip, expected.tip);
    assert_eq!(found.checkpoint, expected.checkpoint);
}

pub(crate) fn assert_reads(reader: &impl ChainReader, commits: &[Commit]) {
    for commit in commits {
        for header in &commit.headers {
            assert_eq!(reader.header(header.id).unwrap(), Some(*header));
        }
        for (id, block) in &commit.bodies {
            assert_eq!(reader.block(*id).unwrap().as_ref(), Some(block));
        }
        for (id, undo) in &commit.undo {
            assert_eq!(reader.undo(*id).unwrap().as_ref(), Some(undo));
        }
    }
}

/// A copy of a data folder as a kill at this moment would leave it.
pub(crate) fn image_of(folder: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let image = tempfile::tempdir().unwrap();
    copy(folder, image.path());
    image
}
