//! What the wallet index answers, against a walk over the whole chain.

use cairn::consensus::testing::{TestChain, dev_key, payment};
use cairn::primitives::{Action, Address, Amount, Anchor, BlockId, Height, Text, Transaction, TransactionId};
use cairn::storage::{
    ChainStore, Direction, HistoryEntry, OpenOptions, SledStore, TransactionPlace, WalletIndex,
};

use crate::chains::{commits_of, dev, open, options};

fn alice() -> Address {
    Address::of(&dev_key(0).public_key())
}

fn bob() -> Address {
    Address::of(&dev_key(1).public_key())
}

fn anchor(chain: &TestChain, nonce: u64, digest: u8) -> Transaction {
    let action = Action::Anchor(Anchor { digest: [digest; 32], label: Text::default() });
    Transaction::signed(
        &dev_key(0),
        &chain.params.genesis_hash(),
        nonce,
        Amount(10_000),
        Height::GENESIS,
        action,
    )
}

/// Grows a chain in which alice, who mines every third block, pays bob or anchors something.
fn grow(chain: &mut TestChain, blocks: u32) {
    for _ in 0..blocks {
        let height = chain.tip().height.0 + 1;
        let nonce = chain.state.account(&alice()).nonce;
        let first = payment(&dev_key(0), &chain.params, nonce, bob(), Amount(u64::from(height)));
        let second = if height.is_multiple_of(2) {
            anchor(chain, nonce + 1, (height / 4) as u8)
        } else {
            payment(&dev_key(0), &chain.params, nonce + 1, alice(), Amount(7))
        };
        let miner = if height.is_multiple_of(3) { alice() } else { Address([3; 32]) };
        chain.grow(miner, vec![first, second]).unwrap();
    }
}

/// Everything an address did, newest first, by walking the chain.
fn history_by_walking(chain: &TestChain, address: Address) -> Vec<HistoryEntry> {
    let mut history = Vec::new();
    for (block, facts) in chain.blocks.iter().map(|(block, _)| block).zip(&chain.facts[1..]) {
        let mut add = |position, direction| {
            let entry = HistoryEntry { block: facts.id(), position, direction };
            if history.last() != Some(&entry) {
                history.push(entry);
            }
        };
        if block.coinbase().miner == address {
            add(0, Direction::Earned);
        }
        for (position, transaction) in (0..).zip(block.transactions()) {
            for _ in transaction.outputs().iter().filter(|output| output.to == address) {
                add(position, Direction::Received);
            }
            if transaction.sender_address() == address {
                add(position, Direction::Sent);
            }
        }
    }
    history.reverse();
    history
}

/// The whole history, read in pages of three.
fn history_in_pages(index: &WalletIndex, address: Address) -> Vec<HistoryEntry> {
    let mut history = Vec::new();
    let mut cursor = None;
    loop {
        let page = index.history(&address, cursor, 3).unwrap();
        assert!(page.entries.len() <= 3);
        history.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            return history;
        }
    }
}

fn assert_answers(index: &WalletIndex, chain: &TestChain) {
    let genesis = chain.params.genesis_hash();
    for (block, facts) in chain.blocks.iter().map(|(block, _)| block).zip(&chain.facts[1..]) {
        for (position, transaction) in (0..).zip(block.transactions()) {
            let place = TransactionPlace { block: facts.id(), position };
            assert_eq!(index.transaction(transaction.id(&genesis)).unwrap(), Some(place));
        }
    }
    for address in [alice(), bob(), Address([3; 32]), Address([4; 32])] {
        assert_eq!(history_in_pages(index, address), history_by_walking(chain, address));
    }
    for digest in 0..=20 {
        let is_it = |transaction: &Transaction| match &transaction.action {
            Action::Anchor(anchor) => anchor.digest == [digest; 32],
            Action::Transfer(_) => false,
        };
        let first = chain.blocks.iter().zip(&chain.facts[1..]).find_map(|((block, _), facts)| {
            let position = block.transactions().iter().position(is_it)? as u32;
            Some(TransactionPlace { block: facts.id(), position })
        });
        assert_eq!(index.anchor(&[digest; 32]).unwrap(), first, "digest {digest}");
    }
}

fn tip_of(chain: &TestChain) -> BlockId {
    chain.tip().id()
}

fn commit_all(store: &mut SledStore, chain: &TestChain) {
    store.commit(&commits_of(chain)).unwrap();
}

#[test]
fn an_index_answers_what_a_walk_over_the_chain_finds() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(dev());
    grow(&mut chain, 30);
    let mut store = open(folder.path()).store;
    let index = store.start_index(false).unwrap();
    commit_all(&mut store, &chain);
    assert!(index.wait_for(tip_of(&chain)));
    assert_answers(&index, &chain);
    assert_eq!(index.position().lag(), 0);
    assert_eq!(index.transaction(TransactionId([5; 32])).unwrap(), None);
}

#[test]
fn an_index_follows_a_reorganisation_and_equals_a_rebuilt_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(dev());
    grow(&mut chain, 20);
    let (mut store, mut fork) = (open(folder.path()).store, chain.clone());
    let index = store.start_index(false).unwrap();
    commit_all(&mut store, &chain);
    assert!(index.wait_for(tip_of(&chain)));
    for _ in 0..5 {
        fork.shrink();
    }
    // Another miner's block makes the rest of the branch differ, while some transactions stay the same.
    fork.grow(Address([4; 32]), Vec::new()).unwrap();
    grow(&mut fork, 7);
    commit_all(&mut store, &fork);
    assert!(index.wait_for(tip_of(&fork)));
    assert_answers(&index, &fork);
    for (block, _) in &chain.blocks[15..] {
        for transaction in block.transactions() {
            let place = index.transaction(transaction.id(&dev().genesis_hash())).unwrap();
            assert!(place.is_none_or(|place| fork.facts[place.block.height.0 as usize].id() == place.block));
        }
    }
    drop(index);
    store.close().unwrap();
    let mut store = patiently(folder.path());
    let rebuilt = store.start_index(true).unwrap();
    assert!(rebuilt.wait_for(tip_of(&fork)));
    assert_answers(&rebuilt, &fork);
}

/// Opens a folder whose last readers may still be letting go of it.
fn patiently(folder: &std::path::Path) -> SledStore {
    OpenOptions { lock_retries: 16, ..options(folder) }.open().unwrap().store
}

#[test]
fn an_index_that_was_written_goes_back_behind_what_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(dev());
    for round in 0..20 {
        let mut store = patiently(folder.path());
        let index = store.start_index(false).unwrap();
        grow(&mut chain, 2);
        for _ in 0..round % 4 {
            chain.shrink();
        }
        chain.grow(Address([round + 10; 32]), Vec::new()).unwrap();
        commit_all(&mut store, &chain);
        assert!(index.wait_for(tip_of(&chain)));
        assert_answers(&index, &chain);
        drop(index);
        store.close().unwrap();
    }
}

#[test]
fn an_index_that_was_off_catches_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut chain = TestChain::new(dev());
    grow(&mut chain, 10);
    let mut store = open(folder.path()).store;
    commit_all(&mut store, &chain);
    store.close().unwrap();
    let mut store = patiently(folder.path());
    let index = store.start_index(false).unwrap();
    assert!(index.wait_for(tip_of(&chain)));
    assert_answers(&index, &chain);
}
