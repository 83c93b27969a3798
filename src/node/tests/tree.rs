//! Random trees of blocks, valid and not, with different work in each; and a dull model of which block is followed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::Index;

use super::chains::WALL_MS;
use crate::consensus::check_header::{
    HeaderContext, check_header_in_context, check_header_in_isolation, check_header_time,
};
use crate::consensus::dev_accounts::{DEV_ADDRESSES, DEV_PREFUND};
use crate::consensus::difficulty::next_bits;
use crate::consensus::facts::HeaderFacts;
use crate::consensus::params::{Params, ParamsOverride, PrefundOverride};
use crate::consensus::testing::{TestChain, dev_key, mine_block, payment, solve, test_key};
use crate::primitives::keys::verify;
use crate::primitives::{
    Address, AddressKind, Amount, Block, BlockHash, CompactTarget, Height, List, SecretKey, StateRoot,
    Timestamp, Transaction, Work,
};

/// Blocks below every tree: so many that the trees reach over the height whose state is committed next.
const BASE_BLOCKS: u64 = 60;

/// The target of the base: work of 256 a block, which time makes less or more.
const FIRST_BITS: u32 = 0x2000_ffff;

/// What the trees grow on.
pub(super) static BASE: LazyLock<TestChain> = LazyLock::new(|| {
    let account = |address: Address| PrefundOverride {
        address: address.to_text(AddressKind::Standard),
        amount: DEV_PREFUND,
    };
    let overrides = ParamsOverride {
        first_bits: Some(FIRST_BITS),
        limit_bits: Some(0x207f_ffff),
        prefund: Some(DEV_ADDRESSES.map(account).to_vec()),
        ..ParamsOverride::default()
    };
    let mut chain = TestChain::new(Params::with_overrides("trees", &overrides).unwrap());
    for nonce in 0..BASE_BLOCKS {
        let pay = payment(&KEYS[0], &chain.params, nonce, Address([1; 32]), Amount(nonce + 1));
        chain.grow(Address([2; 32]), vec![pay]).unwrap();
    }
    chain
});

static KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| (0..4).map(dev_key).collect());

/// What is wrong with a block, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    BadSignature,
    LongTag,
    WrongHeight,
    WrongStateRoot,
    NonceGap,
    NoMoney,
    WrongBits,
    BeforeItsParent,
}

/// A block to be made: below which other, how long after it, who pays, and what is wrong with it.
#[derive(Debug, Clone)]
pub(super) struct Sprout {
    parent: Index,
    seconds: u32,
    payers: Vec<usize>,
    flaw: Flaw,
}

/// Up to so many blocks; most of them grow near the end, so that branches become long.
pub(super) fn sprouts(blocks: usize) -> impl Strategy<Value = Vec<Sprout>> {
    let flaws = [
        Flaw::BadSignature,
        Flaw::LongTag,
        Flaw::WrongHeight,
        Flaw::WrongStateRoot,
        Flaw::NonceGap,
        Flaw::NoMoney,
        Flaw::WrongBits,
        Flaw::BeforeItsParent,
    ];
    let flaw = prop_oneof![8 => Just(Flaw::None), 1 => prop::sample::select(flaws.to_vec())];
    let seconds = prop::sample::select(vec![0, 1, 10, 10, 30, 300, 900]);
    let payers = prop::collection::vec(0..KEYS.len(), 0..3);
    let sprout = (any::<Index>(), seconds, payers, flaw);
    let sprout = sprout.prop_map(|(parent, seconds, payers, flaw)| Sprout { parent, seconds, payers, flaw });
    prop::collection::vec(sprout, 1..blocks)
}

/// Where a block can be put: the facts of the last two headers, and the chain up to the last valid one of them.
#[derive(Clone)]
struct Place {
    parent: HeaderFacts,
    grandparent: HeaderFacts,
    chain: TestChain,
}

/// Makes the blocks, parents before children. What grows on an invalid block is well made otherwise.
pub(super) fn grow(sprouts: &[Sprout]) -> Vec<Arc<Block>> {
    let tip = BASE.facts.len() - 1;
    let root = Place { parent: BASE.facts[tip], grandparent: BASE.facts[tip - 1], chain: BASE.clone() };
    let mut places = vec![root];
    let mut blocks = Vec::new();
    for (number, sprout) in sprouts.iter().enumerate() {
        // Half of the blocks extend one of the last three.
        let newest = places.len() - places.len().min(3);
        let from = if number % 2 == 0 { newest } else { 0 };
        let place = &places[from + sprout.parent.index(places.len() - from)];
        let block = Arc::new(make(place, sprout, number as u8));
        let mut chain = place.chain.clone();
        if place.chain.tip().hash == place.parent.hash && sprout.flaw == Flaw::None {
            chain.connect(Arc::clone(&block)).unwrap();
        }
        let facts = place.parent.child(&block.header, block.hash());
        places.push(Place { parent: facts, grandparent: place.parent, chain });
        blocks.push(block);
    }
    blocks
}

fn make(place: &Place, sprout: &Sprout, number: u8) -> Block {
    let Place { parent, grandparent, chain } = place;
    let mut time = parent.time.plus(sprout.seconds);
    let mut bits = next_bits(&chain.params, parent, Some(grandparent));
    let mut root = chain.expected_state_root();
    let mut height = parent.height.next();
    let mut transactions = payments(chain, &sprout.payers);
    match sprout.flaw {
        Flaw::None | Flaw::LongTag => {}
        Flaw::BadSignature => {
            let mut forged =
                pay(chain, &KEYS[0], transactions.iter().filter(|each| is_from(each, 0)).count());
            forged.signature.0[5] ^= 1;
            transactions.push(forged);
        }
        Flaw::WrongHeight => height = height.next(),
        Flaw::WrongStateRoot => root = StateRoot([number; 32]),
        Flaw::NonceGap => transactions.push(pay(chain, &KEYS[1], 9)),
        Flaw::NoMoney => transactions.push(pay(chain, &test_key(1), 0)),
        Flaw::WrongBits => bits = CompactTarget(bits.0 - 1),
        Flaw::BeforeItsParent => time = Timestamp(parent.time.0 - 1),
    }
    let mut block = mine_block(parent.hash, time, bits, root, height, Address([number; 32]), transactions);
    if sprout.flaw == Flaw::LongTag {
        block.coinbase.tag = List(vec![0; 65]);
        block.header.commitment = block.coinbase.commitment();
        block.header = solve(block.header);
    }
    block
}

fn payments(chain: &TestChain, payers: &[usize]) -> Vec<Transaction> {
    let earlier =
        |position: usize| payers[..position].iter().filter(|payer| **payer == payers[position]).count();
    let pay_at = |(position, payer): (usize, &usize)| pay(chain, &KEYS[*payer], earlier(position));
    payers.iter().enumerate().map(pay_at).collect()
}

/// A payment whose nonce is so many above the account's.
fn pay(chain: &TestChain, key: &SecretKey, ahead: usize) -> Transaction {
    let nonce = chain.state.account(&Address::of(&key.public_key())).nonce + ahead as u64;
    payment(key, &chain.params, nonce, Address([nonce as u8; 32]), Amount(nonce + 1))
}

fn is_from(transaction: &Transaction, payer: usize) -> bool {
    transaction.sender == KEYS[payer].public_key()
}

/// What a node must follow, by the words of the protocol and nothing else: each block is judged by executing all that
/// lead to it, and the best is looked for among all of them each time.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// Blocks whose header keeps the rules, parents before children.
    known: Vec<Arc<Block>>,
    /// Blocks before their parent.
    early: Vec<Arc<Block>>,
    /// What each block leads to; none when it is invalid or below an invalid one.
    judged: BTreeMap<BlockHash, Option<(Work, Height, StateRoot)>>,
}

impl Model {
    pub(super) fn deliver(&mut self, block: &Arc<Block>) {
        let is_same = |other: &Arc<Block>| other.hash() == block.hash();
        if self.known.iter().chain(&self.early).any(is_same) {
            return;
        }
        self.early.push(Arc::clone(block));
        // The block that was just delivered comes first, then what waits for it, in the order in which it came.
        let mut next = self.parent_is_known(block).then(|| self.early.len() - 1);
        while let Some(place) = next {
            let block = self.early.remove(place);
            if self.keeps_the_rules_of_headers(&block) {
                self.known.push(block);
            }
            next = self.early.iter().position(|early| self.parent_is_known(early));
        }
    }

    /// Blocks before their parent are kept in memory alone.
    pub(super) fn forget_early(&mut self) {
        self.early.clear();
    }

    /// The hash of the block to be followed, its height, and the root of the state after it. On equal work it is the
    /// one that was checked first: signatures of many blocks are checked at once, so only the node knows the order.
    pub(super) fn best(&mut self, checked: &[BlockHash]) -> (BlockHash, Height, StateRoot) {
        let base = (BASE.tip().work, BASE.tip().height, BASE.root());
        let mut best = (base.0, Reverse(0), BASE.tip().hash, base);
        for place in 0..self.known.len() {
            let hash = self.known[place].hash();
            let order = checked.iter().position(|checked| *checked == hash).unwrap_or(usize::MAX);
            if let Some(judged) = self.judge(hash) {
                best = best.max((judged.0, Reverse(order), hash, judged));
            }
        }
        let (_, _, hash, (_, height, root)) = best;
        (hash, height, root)
    }

    /// Whether no other valid block has as much work as the best.
    pub(super) fn is_unique(&mut self) -> bool {
        let hashes: Vec<_> = self.known.iter().map(|block| block.hash()).collect();
        let works: Vec<_> =
            hashes.into_iter().filter_map(|hash| self.judge(hash)).map(|judged| judged.0).collect();
        let most = works.iter().max().copied().unwrap_or(Work::ZERO).max(BASE.tip().work);
        works.iter().chain([&BASE.tip().work]).filter(|work| **work == most).count() == 1
    }

    /// The blocks from the base to this one; none when one is missing.
    fn path(&self, mut hash: BlockHash) -> Vec<Arc<Block>> {
        let mut path = Vec::new();
        while let Some(block) = self.known.iter().find(|block| block.hash() == hash) {
            path.push(Arc::clone(block));
            hash = block.header.previous;
        }
        path.reverse();
        path
    }

    fn parent_is_known(&self, block: &Block) -> bool {
        let parent = block.header.previous;
        BASE.facts.iter().any(|facts| facts.hash == parent)
            || self.known.iter().any(|each| each.hash() == parent)
    }

    fn keeps_the_rules_of_headers(&self, block: &Block) -> bool {
        let (header, params) = (&block.header, &BASE.params);
        let mut facts = BASE.facts.clone();
        for block in self.path(header.previous) {
            facts.push(facts[facts.len() - 1].child(&block.header, block.hash()));
        }
        let context =
            HeaderContext { parent: facts[facts.len() - 1], grandparent: Some(facts[facts.len() - 2]) };
        check_header_in_isolation(header, &block.hash(), params).is_ok()
            && check_header_in_context(header, &context, params).is_ok()
            && check_header_time(header, Timestamp((WALL_MS / 1_000) as u32), params).is_ok()
    }

    fn judge(&mut self, hash: BlockHash) -> Option<(Work, Height, StateRoot)> {
        if !self.judged.contains_key(&hash) {
            let judged = executed(self.path(hash));
            self.judged.insert(hash, judged);
        }
        self.judged[&hash]
    }
}

/// Executes blocks on a fresh copy of the base, signatures and all.
fn executed(path: Vec<Arc<Block>>) -> Option<(Work, Height, StateRoot)> {
    let mut chain = BASE.clone();
    for block in path {
        let checked = chain.connect(block).ok()?;
        verify(&checked.signature_checks(&chain.params.genesis_hash(), |_| false)).ok()?;
    }
    Some((chain.tip().work, chain.tip().height, chain.root()))
}
