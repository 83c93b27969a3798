//! Every known header as a tree, with what is known of its body. Nothing here costs a walk along the whole chain.
//!
//! Each header points to its parent and to one ancestor further up, chosen so that jumps double on the way (Myers'
//! skew-binary jump pointers): any ancestor is found in logarithmic time.
//!
//! What follows from a header's content lies apart from what this node makes of it: simulated nodes share the former.

use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::chunks::{Chunk, Chunks};
use crate::consensus::check_header::HeaderContext;
use crate::consensus::facts::HeaderFacts;
use crate::consensus::violation::Violation;
use crate::primitives::{BlockHash, BlockId, Header, Height, Work};
use crate::storage::StoredHeader;

/// A header's place in the tree. Stays valid until the header is evicted, which none with a body ever is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Index(NonZeroU32);

/// Genesis.
pub(super) const GENESIS: Index = Index(NonZeroU32::MIN);

impl Index {
    fn of(place: usize) -> Self {
        let number = u32::try_from(place + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("2^32 headers do not fit memory"))
    }

    fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// What is known of a block's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Not here.
    Missing,
    /// Here, being checked.
    Checking,
    /// Checked in isolation, signatures included, and committed.
    Checked {
        /// Place in the order in which bodies were checked: on equal work the first wins.
        order: u32,
    },
}

/// One header and what hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    record: Arc<StoredHeader>,
    pub(super) height: Height,
    pub(super) parent: Option<Index>,
    pub(super) body: Body,
    /// Whether this body and those of all ancestors are checked.
    pub(super) linked: bool,
    /// The rule it or an ancestor broke.
    pub(super) violation: Option<Violation>,
    jump: Index,
    first_child: Option<Index>,
    next_sibling: Option<Index>,
}

impl Entry {
    pub(super) fn stored(&self) -> StoredHeader {
        *self.record
    }

    pub(super) fn header(&self) -> &Header {
        &self.record.header
    }

    pub(super) fn id(&self) -> BlockId {
        self.record.id
    }

    pub(super) fn hash(&self) -> BlockHash {
        self.record.id.hash
    }

    pub(super) fn work(&self) -> Work {
        self.record.work
    }

    pub(super) fn facts(&self) -> HeaderFacts {
        let StoredHeader { id, header, work } = &*self.record;
        HeaderFacts { height: id.height, hash: id.hash, time: header.time, bits: header.bits, work: *work }
    }

    /// The record of a header that has this one as its parent.
    pub(super) fn child(&self, header: &Header, hash: BlockHash) -> StoredHeader {
        let facts = self.facts().child(header, hash);
        StoredHeader { id: facts.id(), header: *header, work: facts.work }
    }

    fn order(&self) -> Option<u32> {
        match self.body {
            Body::Checked { order } => Some(order),
            Body::Missing | Body::Checking => None,
        }
    }
}

/// All known headers.
#[derive(Debug)]
pub(super) struct HeaderTree {
    entries: Chunks<Entry>,
    /// By hash, which the entries tell themselves.
    by_hash: HashTable<Index>,
    hasher: RandomState,
    best: Index,
    /// Places of evicted headers, to be used again.
    free: Vec<Index>,
    /// How often headers came, went or turned out invalid.
    changes: u64,
}

impl HeaderTree {
    /// A tree of genesis alone.
    pub(super) fn new(genesis: Arc<StoredHeader>) -> Self {
        let hash = genesis.id.hash;
        let entry = Entry {
            height: genesis.id.height,
            record: genesis,
            parent: None,
            body: Body::Checked { order: 0 },
            linked: true,
            violation: None,
            jump: GENESIS,
            first_child: None,
            next_sibling: None,
        };
        let mut tree = Self {
            entries: Chunks::of(entry),
            by_hash: HashTable::new(),
            hasher: RandomState::default(),
            best: GENESIS,
            free: Vec::new(),
            changes: 0,
        };
        tree.name(hash, GENESIS);
        tree
    }

    pub(super) fn find(&self, hash: &BlockHash) -> Option<Index> {
        let is_it = |index: &Index| self.get(*index).hash() == *hash;
        self.by_hash.find(self.hasher.hash_one(hash), is_it).copied()
    }

    pub(super) fn get(&self, index: Index) -> &Entry {
        &self.entries[index.place()]
    }

    pub(super) fn id(&self, index: Index) -> BlockId {
        self.get(index).id()
    }

    pub(super) fn height(&self, index: Index) -> Height {
        self.get(index).height
    }

    pub(super) fn work(&self, index: Index) -> Work {
        self.get(index).work()
    }

    /// Number of headers, genesis included.
    pub(super) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// How often headers came, went or turned out invalid.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The valid header with most work; on equal work the first seen.
    pub(super) fn best(&self) -> Index {
        self.best
    }

    /// Everything the rules must know to check a child of `parent`.
    pub(super) fn context(&self, parent: Index) -> HeaderContext {
        let entry = self.get(parent);
        HeaderContext {
            parent: entry.facts(),
            grandparent: entry.parent.map(|index| self.get(index).facts()),
        }
    }

    /// Adds a checked header, which [`Entry::child`] of its parent made a record of. A child of an invalid block is
    /// invalid.
    pub(super) fn insert(&mut self, parent: Index, record: Arc<StoredHeader>) -> Index {
        let (hash, work) = (record.id.hash, record.work);
        let above = self.get(parent);
        let violation = above.violation.map(|_| Violation::InvalidParent);
        let entry = Entry {
            height: record.id.height,
            record,
            parent: Some(parent),
            body: Body::Missing,
            linked: false,
            violation,
            jump: self.jump_below(parent),
            first_child: None,
            next_sibling: above.first_child,
        };
        let index = self.place(entry);
        self.changes += 1;
        self.get_mut(parent).first_child = Some(index);
        self.name(hash, index);
        if violation.is_none() && work > self.work(self.best) {
            self.best = index;
        }
        index
    }

    pub(super) fn set_body(&mut self, index: Index, body: Body) {
        self.get_mut(index).body = body;
    }

    /// Notes a checked body and answers all blocks that are linked by it, ancestors first.
    pub(super) fn link(&mut self, index: Index, order: u32) -> Vec<(Index, u32)> {
        self.get_mut(index).body = Body::Checked { order };
        let parent_linked = self.get(index).parent.is_none_or(|parent| self.get(parent).linked);
        let mut newly = Vec::new();
        let mut pending = if parent_linked { vec![index] } else { Vec::new() };
        while let Some(next) = pending.pop() {
            let Some(order) = self.get(next).order() else { continue };
            if self.get(next).linked || self.get(next).violation.is_some() {
                continue;
            }
            self.get_mut(next).linked = true;
            newly.push((next, order));
            pending.extend(self.children(next));
        }
        newly
    }

    /// Notes that a body is gone after all: it and its descendants are linked again when it comes back.
    pub(super) fn lose_body(&mut self, index: Index) {
        self.set_body(index, Body::Missing);
        let mut pending = vec![index];
        while let Some(next) = pending.pop() {
            self.get_mut(next).linked = false;
            pending.extend(self.children(next));
        }
    }

    /// Marks a block and all its descendants invalid; answers those that were not yet known to be.
    pub(super) fn invalidate(&mut self, index: Index, violation: Violation) -> Vec<Index> {
        self.changes += 1;
        let mut marked = Vec::new();
        let mut pending = vec![(index, violation)];
        while let Some((next, violation)) = pending.pop() {
            if self.get(next).violation.is_none() {
                self.get_mut(next).violation = Some(violation);
                marked.push(next);
            }
            pending.extend(self.children(next).map(|child| (child, Violation::InvalidParent)));
        }
        if self.get(self.best).violation.is_some() {
            self.best = self.best_by_scan();
        }
        marked
    }

    /// The ancestor at a height, `index` itself if it is no higher.
    pub(super) fn ancestor(&self, mut index: Index, height: Height) -> Index {
        while self.height(index) > height {
            let entry = self.get(index);
            let Some(parent) = entry.parent else { break };
            index = if self.height(entry.jump) >= height { entry.jump } else { parent };
        }
        index
    }

    /// Forgets up to `count` headers without a body that lead nowhere, least work first, but neither the best one nor
    /// `spared`; answers how many.
    pub(super) fn evict(&mut self, count: usize, spared: Index) -> usize {
        let mut ends: Vec<_> = self.indexes().filter(|index| self.may_go(*index, spared)).collect();
        ends.sort_by_key(|index| self.work(*index));
        let mut evicted = 0;
        for end in ends {
            let mut next = Some(end);
            while let Some(index) = next.filter(|index| evicted < count && self.may_go(*index, spared)) {
                next = self.get(index).parent;
                self.remove_leaf(index);
                evicted += 1;
            }
        }
        evicted
    }

    /// Lets the next run of headers below one that is settled be exchanged for an equal one, by the hash of its first.
    pub(super) fn settle(&mut self, below: Index, exchange: impl FnOnce(BlockHash, &mut Chunk<Entry>)) {
        self.entries.settle(below.place(), |chunk| exchange(chunk[0].hash(), chunk));
    }

    /// All headers, in no order that means anything.
    pub(super) fn indexes(&self) -> impl DoubleEndedIterator<Item = Index> + '_ {
        let all = (0..self.entries.len()).map(Index::of);
        all.filter(|index| *index == GENESIS || self.get(*index).parent.is_some())
    }

    /// Whether nothing is known to follow.
    pub(super) fn is_leaf(&self, index: Index) -> bool {
        self.get(index).first_child.is_none()
    }

    fn get_mut(&mut self, index: Index) -> &mut Entry {
        &mut self.entries[index.place()]
    }

    fn children(&self, index: Index) -> impl Iterator<Item = Index> + '_ {
        std::iter::successors(self.get(index).first_child, |child| self.get(*child).next_sibling)
    }

    /// Where a child of `parent` jumps to: two equal jumps in a row become one of double length.
    fn jump_below(&self, parent: Index) -> Index {
        let first = self.get(parent).jump;
        let second = self.get(first).jump;
        let length = |from: Index, to: Index| self.height(from).since(self.height(to));
        if length(parent, first) == length(first, second) { second } else { parent }
    }

    fn place(&mut self, entry: Entry) -> Index {
        if let Some(index) = self.free.pop() {
            self.entries[index.place()] = entry;
            return index;
        }
        let index = Index::of(self.entries.len());
        self.entries.push(entry);
        index
    }

    fn name(&mut self, hash: BlockHash, index: Index) {
        let Self { entries, by_hash, hasher, .. } = self;
        let rehash = |index: &Index| hasher.hash_one(entries[index.place()].hash());
        by_hash.insert_unique(hasher.hash_one(hash), index, rehash);
    }

    fn forget_name(&mut self, hash: BlockHash) {
        let Self { entries, by_hash, hasher, .. } = self;
        let is_it = |index: &Index| entries[index.place()].hash() == hash;
        if let Ok(entry) = by_hash.find_entry(hasher.hash_one(hash), is_it) {
            entry.remove();
        }
    }

    fn may_go(&self, index: Index, spared: Index) -> bool {
        self.is_leaf(index) && self.get(index).body == Body::Missing && index != self.best && index != spared
    }

    fn remove_leaf(&mut self, index: Index) {
        let (hash, next) = (self.get(index).hash(), self.get(index).next_sibling);
        let Some(parent) = self.get_mut(index).parent.take() else { return };
        let before = self.children(parent).find(|child| self.get(*child).next_sibling == Some(index));
        match before {
            Some(sibling) => self.get_mut(sibling).next_sibling = next,
            None => self.get_mut(parent).first_child = next,
        }
        self.changes += 1;
        self.forget_name(hash);
        self.free.push(index);
    }

    fn best_by_scan(&self) -> Index {
        let mut best = GENESIS;
        for index in self.indexes() {
            if self.get(index).violation.is_none() && self.work(index) > self.work(best) {
                best = index;
            }
        }
        best
    }
}
