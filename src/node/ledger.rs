//! The state at the tip, its tree, and the roots that the next blocks must commit.

use std::sync::Arc;

use super::sorted_map::SortedMap;
use crate::consensus::accounts::{AccountTable, Accounts};
use crate::consensus::check_block::{BlockContext, CheckedBlock, check_block_in_context};
use crate::consensus::params::Params;
use crate::consensus::reward::subsidy;
use crate::consensus::state::{State, Undo};
use crate::consensus::state_root::{GROUP_BITS, STATE_ROOT_INTERVAL, state_root};
use crate::consensus::state_tree::StateTree;
use crate::consensus::violation::Violation;
use crate::primitives::{Address, Amount, BlockId, Height, StateRoot};
use crate::storage::{Checkpoint, CheckpointDelta};

/// Blocks after which a checkpoint is taken even when little changed: bounds the replay at start.
const CHECKPOINT_BLOCKS_MAX: u32 = 1_024;
/// A checkpoint writes every group that changed, so one is worth its bytes once about this share of the accounts
/// may have changed; until then the journal is cheaper.
const CHECKPOINT_TOUCHED_SHARE: usize = 2;
/// Roots kept below the tip. Disconnecting a block gives back the root it committed, so two would do.
const ROOTS_KEPT: usize = 4;

/// Everything that executing blocks needs and changes.
#[derive(Debug)]
pub(super) struct Ledger {
    params: Arc<Params>,
    state: State<AccountTable>,
    tree: StateTree,
    /// Accounts touched since the tree was brought up to date, by connecting or undoing alike; repeats are fine.
    touched: Vec<Address>,
    /// Root of the state after the block at height 64 · key.
    roots: SortedMap<u32, StateRoot>,
    changed_groups: GroupSet,
    touched_since_checkpoint: usize,
    checkpoint_height: Height,
}

impl Ledger {
    /// The state after genesis. Whatever checkpoint a store may hold, the next one must be whole.
    pub(super) fn genesis(params: Arc<Params>) -> Self {
        let state = State::genesis(&params);
        Self { changed_groups: GroupSet::All, ..Self::new(params, state) }
    }

    /// The state after the block of a checkpoint.
    pub(super) fn from_checkpoint(params: Arc<Params>, checkpoint: Checkpoint, height: Height) -> Self {
        let accounts = checkpoint.accounts.into_iter().collect();
        Self::new(params, State::new(accounts, checkpoint.maturing, height))
    }

    fn new(params: Arc<Params>, state: State<AccountTable>) -> Self {
        let tree = StateTree::build(state.accounts().sorted());
        let height = state.height();
        let root = state_root(tree.root(), state.maturing());
        Self {
            params,
            state,
            tree,
            touched: Vec::new(),
            roots: SortedMap::of(height.0 / STATE_ROOT_INTERVAL, root),
            changed_groups: GroupSet::none(),
            touched_since_checkpoint: 0,
            checkpoint_height: height,
        }
    }

    /// Whether there is as much money as began and was issued: what damages a state rarely keeps the sum.
    pub(super) fn money_adds_up(&self) -> bool {
        let sum = |amounts: &mut dyn Iterator<Item = Amount>| -> u128 {
            amounts.map(|amount| u128::from(amount.0)).sum()
        };
        let held = self.state.accounts().total()
            + sum(&mut self.state.maturing().iter().map(|reward| reward.amount));
        let made = sum(&mut self.params.prefund.iter().map(|(_, amount)| *amount))
            + sum(&mut (1..=self.state.height().0).map(|height| subsidy(Height(height))));
        held == made
    }

    /// Whether this is the state that had `root`, when it is at a height where the chain commits one.
    pub(super) fn has_root(&self, root: StateRoot) -> bool {
        self.expected_root(self.state.height().next()) == Some(root)
    }

    /// The state after the tip.
    pub(super) fn state(&self) -> &State<AccountTable> {
        &self.state
    }

    /// The root of the state after the tip, computed anew from every account.
    pub(super) fn recomputed_root(&self) -> StateRoot {
        state_root(StateTree::build(self.state.accounts().sorted()).root(), self.state.maturing())
    }

    /// The root that a block at `height` must commit: of the state after its last ancestor at a checkpoint height.
    /// `None` only for heights that do not follow the tip.
    pub(super) fn expected_root(&self, height: Height) -> Option<StateRoot> {
        self.roots.get(&(height.0.checked_sub(1)? / STATE_ROOT_INTERVAL)).copied()
    }

    /// Checks the next block in its context and executes it. On a violation nothing changes.
    pub(super) fn connect(&mut self, block: &CheckedBlock) -> Result<Undo, Violation> {
        let height = self.state.height().next();
        let expected_state_root = self.expected_root(height).expect("the tip's root is always known");
        check_block_in_context(block, &BlockContext { height, expected_state_root })?;
        let undo = self.state.apply(block, &self.params)?;
        self.touched.extend(undo.touched(block));
        if height.0.is_multiple_of(STATE_ROOT_INTERVAL) {
            self.bring_tree_up_to_date();
            self.roots
                .insert(height.0 / STATE_ROOT_INTERVAL, state_root(self.tree.root(), self.state.maturing()));
            while self.roots.len() > ROOTS_KEPT {
                self.roots.pop_first();
            }
        }
        Ok(undo)
    }

    /// Takes the tip's block back. Its own commitment tells the root that holds below it.
    pub(super) fn disconnect(&mut self, block: &CheckedBlock, undo: &Undo) {
        let height = self.state.height();
        if height.0.is_multiple_of(STATE_ROOT_INTERVAL) {
            self.roots.remove(&(height.0 / STATE_ROOT_INTERVAL));
        }
        let below = height.0.saturating_sub(1) / STATE_ROOT_INTERVAL;
        self.roots.insert(below, block.coinbase().state_root);
        self.state.undo(block, undo);
        self.touched.extend(undo.touched(block));
    }

    /// A checkpoint at the tip, when its height allows one and enough has changed to be worth it.
    pub(super) fn take_checkpoint(&mut self, at: BlockId) -> Option<CheckpointDelta> {
        let due = self.state.height().since(self.checkpoint_height) >= CHECKPOINT_BLOCKS_MAX
            || self.touched_since_checkpoint * CHECKPOINT_TOUCHED_SHARE > self.state.accounts().len();
        if !at.height.0.is_multiple_of(STATE_ROOT_INTERVAL) || !self.touched.is_empty() || !due {
            return None;
        }
        self.checkpoint_height = at.height;
        self.touched_since_checkpoint = 0;
        let groups = std::mem::replace(&mut self.changed_groups, GroupSet::none());
        Some(CheckpointDelta {
            at,
            root: self.expected_root(at.height.next())?,
            groups: groups
                .ascending()
                .map(|group| (group, self.tree.accounts_in_group(group).collect()))
                .collect(),
            maturing: self.state.maturing().iter().copied().collect(),
        })
    }

    fn bring_tree_up_to_date(&mut self) {
        self.touched_since_checkpoint += self.touched.len();
        for group in self.tree.update(&self.touched, self.state.accounts()) {
            self.changed_groups.insert(group);
        }
        self.touched.clear();
    }
}

/// A set of account groups: as small as it is empty, since a simulation holds thousands of ledgers.
#[derive(Debug)]
enum GroupSet {
    All,
    /// Ascending.
    These(Vec<u16>),
}

impl GroupSet {
    const fn none() -> Self {
        Self::These(Vec::new())
    }

    fn insert(&mut self, group: u16) {
        if let Self::These(groups) = self
            && let Err(place) = groups.binary_search(&group)
        {
            groups.insert(place, group);
        }
    }

    fn ascending(&self) -> impl Iterator<Item = u16> + '_ {
        let (all, these) = match self {
            Self::All => (0..1 << GROUP_BITS, &[][..]),
            Self::These(groups) => (0..0, &groups[..]),
        };
        all.chain(these.iter().copied())
    }
}
