//! A node's store: which blocks it has is its own, what they hold is shared with all nodes of the world.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use cairn::consensus::account_path::GROUP_BITS;
use cairn::consensus::undo::Undo;
use cairn::consensus::violation::Violation;
use cairn::primitives::{Block, BlockHash, BlockId};
use cairn::storage::{
    ChainReader, ChainStore, Checkpoint, CheckpointDelta, Commit, Step, StorageError, StoredChain,
    StoredHeader,
};
use foldhash::fast::FixedState;

use super::steps::Steps;

const HEADER: u8 = 1;
const BODY: u8 = 2;
const UNDO: u8 = 4;
const INVALID: u8 = 8;

/// Checkpoints among which a node's new one is looked for.
const CHECKPOINTS_SHARED_MAX: usize = 16;

/// What any node ever committed, once. An undo record follows from its block alone, so it is the same at all nodes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Library(Rc<RefCell<Shelves>>);

#[derive(Debug, Default)]
struct Shelves {
    works: Vec<Work>,
    by_id: HashMap<BlockId, u32, FixedState>,
    /// What the cores keep of each header.
    headers: HashMap<BlockHash, Arc<StoredHeader>, FixedState>,
    /// The newest different checkpoints: nodes that had the same history take the same ones.
    checkpoints: VecDeque<Arc<CheckpointDelta>>,
    /// What came of executing blocks, if nodes share that.
    steps: Option<Steps>,
}

#[derive(Debug)]
struct Work {
    id: BlockId,
    header: Option<StoredHeader>,
    block: Option<Arc<Block>>,
    undo: Option<Undo>,
}

/// One node's store. Clones are the same store, and are its readers too.
#[derive(Debug, Clone)]
pub struct NodeStore {
    library: Library,
    own: Rc<RefCell<Own>>,
}

/// What a node committed itself: a byte of marks for each work of the library.
#[derive(Debug, Default)]
struct Own {
    marks: Vec<u8>,
    invalid: BTreeMap<u32, Violation>,
    tip: Option<BlockId>,
    /// Oldest first, from the newest one on that is whole.
    checkpoints: Vec<Arc<CheckpointDelta>>,
}

impl Library {
    /// An empty library. Its readers may share the states that executing blocks leads to.
    pub(crate) fn new(shares_states: bool) -> Self {
        let library = Self::default();
        library.0.borrow_mut().steps = shares_states.then(Steps::default);
        library
    }
}

impl NodeStore {
    /// An empty store over a library.
    pub(crate) fn new(library: Library) -> Self {
        Self { library, own: Rc::default() }
    }

    /// What a store on disk would hand over if it were opened now.
    pub(crate) fn stored_chain(&self) -> StoredChain {
        let (own, shelves) = (self.own.borrow(), self.library.0.borrow());
        let with = |mark: u8| {
            let marked = own.marks.iter().zip(&shelves.works).filter(move |(marks, _)| **marks & mark != 0);
            marked.map(|(_, work)| work)
        };
        let mut headers: Vec<_> = with(HEADER).filter_map(|work| work.header).collect();
        headers.sort_unstable_by_key(|header| header.id);
        let mut bodies: Vec<_> = with(BODY).map(|work| work.id).collect();
        bodies.sort_unstable();
        let invalid = own.invalid.iter().map(|(number, why)| (shelves.works[*number as usize].id, *why));
        StoredChain {
            headers,
            bodies,
            invalid: invalid.collect(),
            tip: own.tip,
            checkpoint: own.checkpoint(),
        }
    }

    /// Takes one commit over.
    pub(crate) fn apply(&self, commit: Commit) {
        let mut own = self.own.borrow_mut();
        let mut shelves = self.library.0.borrow_mut();
        for header in commit.headers {
            let number = own.mark(shelves.number(header.id), HEADER);
            shelves.works[number].header = Some(header);
        }
        for (id, block) in commit.bodies {
            let number = own.mark(shelves.number(id), BODY);
            shelves.works[number].block.get_or_insert(block);
        }
        for (id, undo) in commit.undo {
            let number = own.mark(shelves.number(id), UNDO);
            shelves.works[number].undo.get_or_insert(undo);
        }
        for (id, violation) in commit.invalid {
            let number = own.mark(shelves.number(id), INVALID);
            own.invalid.insert(number as u32, violation);
        }
        own.tip = commit.tip.or(own.tip);
        if let Some(delta) = commit.checkpoint {
            own.take_checkpoint(shelves.same_checkpoint(delta));
        }
    }

    /// Whether a block is here with all that it takes to follow and to leave it.
    pub(crate) fn has_whole(&self, id: BlockId) -> bool {
        self.read(id, HEADER | BODY | UNDO, |_| Some(())).is_some()
    }

    /// The tip that a node would open at.
    pub(crate) fn tip(&self) -> Option<BlockId> {
        self.own.borrow().tip
    }

    fn read<T>(&self, id: BlockId, mark: u8, what: impl FnOnce(&Work) -> Option<T>) -> Option<T> {
        let shelves = self.library.0.borrow();
        let number = *shelves.by_id.get(&id)? as usize;
        let is_here = self.own.borrow().marks.get(number).is_some_and(|marks| marks & mark == mark);
        if is_here { what(&shelves.works[number]) } else { None }
    }
}

impl ChainStore for NodeStore {
    type Reader = Self;

    fn reader(&self) -> Self {
        self.clone()
    }

    fn commit(&mut self, group: &[Commit]) -> Result<(), StorageError> {
        for commit in group {
            self.apply(commit.clone());
        }
        Ok(())
    }
}

impl ChainReader for NodeStore {
    fn header(&self, id: BlockId) -> Result<Option<StoredHeader>, StorageError> {
        Ok(self.read(id, HEADER, |work| work.header))
    }

    fn block(&self, id: BlockId) -> Result<Option<Arc<Block>>, StorageError> {
        Ok(self.read(id, BODY, |work| work.block.clone()))
    }

    fn undo(&self, id: BlockId) -> Result<Option<Undo>, StorageError> {
        Ok(self.read(id, UNDO, |work| work.undo))
    }

    fn share_header(&self, header: StoredHeader) -> Arc<StoredHeader> {
        self.library.0.borrow_mut().same_header(header)
    }

    fn take_step<T, O>(&self, value: &mut Arc<T>, step: Step, take: impl FnOnce(&mut T) -> O) -> O
    where
        T: Clone + PartialEq + Send + Sync + 'static,
        O: Clone + 'static,
    {
        let shelves = || self.library.0.borrow_mut();
        if shelves().steps.is_none() {
            return take(Arc::make_mut(value));
        }
        if let Some((after, outcome)) = shelves().steps.as_ref().and_then(|steps| steps.find(step, value)) {
            *value = after;
            return outcome;
        }
        let before = Arc::downgrade(value);
        let outcome = take(Arc::make_mut(value));
        if let Some(steps) = &mut shelves().steps {
            steps.note(step, before, value, outcome.clone());
        }
        outcome
    }
}

impl Shelves {
    fn number(&mut self, id: BlockId) -> usize {
        let works = &mut self.works;
        let number = self.by_id.entry(id).or_insert_with(|| {
            works.push(Work { id, header: None, block: None, undo: None });
            works.len() as u32 - 1
        });
        *number as usize
    }
}

impl Shelves {
    /// Everything in a record follows from the header's hash, but what is compared need not be believed.
    fn same_header(&mut self, header: StoredHeader) -> Arc<StoredHeader> {
        let known = self.headers.entry(header.id.hash).or_insert_with(|| Arc::new(header));
        if **known == header { Arc::clone(known) } else { Arc::new(header) }
    }

    fn same_checkpoint(&mut self, delta: Arc<CheckpointDelta>) -> Arc<CheckpointDelta> {
        if let Some(known) = self.checkpoints.iter().rev().find(|known| **known == delta) {
            return Arc::clone(known);
        }
        self.checkpoints.push_back(Arc::clone(&delta));
        if self.checkpoints.len() > CHECKPOINTS_SHARED_MAX {
            self.checkpoints.pop_front();
        }
        delta
    }
}

impl Own {
    fn mark(&mut self, number: usize, mark: u8) -> usize {
        if self.marks.len() <= number {
            self.marks.resize(number + 1, 0);
        }
        self.marks[number] |= mark;
        number
    }

    fn take_checkpoint(&mut self, delta: Arc<CheckpointDelta>) {
        if delta.groups.len() == 1 << GROUP_BITS {
            self.checkpoints.clear();
        }
        self.checkpoints.push(delta);
    }

    /// The accounts of each group as the newest checkpoint that holds the group has them.
    fn checkpoint(&self) -> Option<Checkpoint> {
        let newest = self.checkpoints.last()?;
        let deltas = self.checkpoints.iter().flat_map(|delta| &delta.groups);
        let groups: BTreeMap<u16, _> = deltas.map(|(group, accounts)| (*group, accounts)).collect();
        Some(Checkpoint {
            at: Some(newest.at),
            root: Some(newest.root),
            accounts: groups.into_values().flatten().copied().collect(),
            maturing: newest.maturing.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use cairn::consensus::params::{Params, ParamsOverride};
    use cairn::consensus::testing::TestChain;
    use cairn::primitives::{Address, Height, StateRoot};
    use cairn::storage::MemoryStore;

    use super::*;
    use crate::{LinkSpec, Sharing, World, WorldConfig};

    fn commits(blocks: u32) -> Vec<Commit> {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        (0..blocks).for_each(|_| drop(chain.grow(Address([1; 32]), Vec::new()).unwrap()));
        let commit = |((block, undo), facts): (&(_, Undo), &cairn::consensus::HeaderFacts)| {
            let block: &cairn::consensus::check_block::CheckedBlock = block;
            let header = StoredHeader { id: facts.id(), header: *block.header(), work: facts.work };
            let checkpoint = CheckpointDelta {
                at: header.id,
                root: StateRoot([1; 32]),
                groups: vec![(1, Vec::new())],
                maturing: Vec::new(),
            };
            Commit {
                headers: vec![header],
                bodies: vec![(header.id, Arc::clone(block.block()))],
                undo: vec![(header.id, *undo)],
                tip: Some(header.id),
                checkpoint: Some(Arc::new(checkpoint)),
                ..Commit::default()
            }
        };
        chain.blocks.iter().zip(&chain.facts[1..]).map(commit).collect()
    }

    #[test]
    fn it_hands_over_and_reads_what_a_plain_store_does() {
        let (mut ours, mut plain) = (NodeStore::new(Library::default()), MemoryStore::new());
        for commit in commits(3).into_iter().rev() {
            let id = commit.tip.unwrap();
            assert_eq!(ours.block(id).unwrap(), None);
            plain.commit(std::slice::from_ref(&commit)).unwrap();
            ours.commit(std::slice::from_ref(&commit)).unwrap();
            assert_eq!(ours.block(id).unwrap(), plain.block(id).unwrap());
            assert_eq!(ours.undo(id).unwrap(), plain.undo(id).unwrap());
            assert_eq!(ours.header(id).unwrap(), plain.header(id).unwrap());
        }
        let (ours, plain) = (ours.stored_chain(), plain.stored_chain());
        assert_eq!((ours.headers, ours.bodies), (plain.headers, plain.bodies));
        assert_eq!((ours.tip, ours.checkpoint), (plain.tip, plain.checkpoint));
    }

    #[test]
    fn cores_share_the_record_of_a_header_but_never_one_that_says_something_else() {
        let library = Library::default();
        let (alice, bob) = (NodeStore::new(library.clone()), NodeStore::new(library));
        let record = commits(1).remove(0).headers.remove(0);
        let shared = alice.share_header(record);
        assert!(Arc::ptr_eq(&shared, &bob.share_header(record)));
        let other = StoredHeader { work: record.work.plus(record.work), ..record };
        assert_eq!(*bob.share_header(other), other);
        assert!(!Arc::ptr_eq(&shared, &NodeStore::new(Library::default()).share_header(record)));
    }

    /// How many hold each value that some step led to, when four nodes have so many blocks and agreed but for one fork.
    fn holders(blocks: usize, sharing: Sharing, step: impl Fn(&World) -> Step) -> Vec<usize> {
        let easiest = Some(0x207f_ffff);
        let overrides = ParamsOverride {
            retarget: Some(false),
            first_bits: easiest,
            limit_bits: easiest,
            ..ParamsOverride::default()
        };
        let config = WorldConfig { sharing, ..WorldConfig::new(1, overrides) };
        let mut world = World::complete(config, 4, LinkSpec::of_latency(50_000));
        for number in 0..blocks {
            world.mine_at(number % 4);
            if number == 20 {
                world.mine_at(3);
            }
            world.run_for(2_000_000);
        }
        assert!(world.agree() && world.tips()[0].height == Height(blocks as u32));
        let shelves = world.library.0.borrow();
        shelves.steps.as_ref().map(|steps| steps.holders(step(&world))).unwrap_or_default()
    }

    fn last_state(world: &World) -> Step {
        Step::Connect(world.tips()[0].hash)
    }

    #[test]
    fn nodes_that_agree_hold_one_state_between_them_if_they_share_states() {
        assert_eq!(holders(20, Sharing::Everything, last_state), [4]);
        assert!(holders(20, Sharing::Checks, last_state).is_empty());
    }

    #[test]
    fn nodes_that_went_different_ways_hold_one_state_again_after_the_next_checkpoint() {
        assert_eq!(holders(22, Sharing::Everything, last_state).len(), 2);
        assert_eq!(holders(66, Sharing::Everything, last_state), [4]);
    }

    #[test]
    fn nodes_hold_the_headers_below_their_tip_between_them() {
        let first = |world: &World| Step::Settle(world.params().genesis_hash());
        assert_eq!(holders(30, Sharing::Everything, first), [4]);
    }

    #[test]
    fn a_node_reads_only_what_it_committed_itself() {
        let library = Library::default();
        let (alice, bob) = (NodeStore::new(library.clone()), NodeStore::new(library));
        let commit = commits(1).remove(0);
        let id = commit.tip.unwrap();
        alice.apply(commit);
        assert_eq!(bob.block(id).unwrap(), None);
        assert!(bob.stored_chain().headers.is_empty());
        assert_eq!(alice.stored_chain().tip.map(|tip| tip.height), Some(Height(1)));
    }
}
