//! The state at the tip, its tree, and the roots that the next blocks must commit.

use std::sync::Arc;

use crate::consensus::account_path::GROUP_BITS;
use crate::consensus::accounts::{AccountTable, Accounts};
use crate::consensus::check_block::{BlockContext, CheckedBlock, check_block_in_context};
use crate::consensus::params::Params;
use crate::consensus::reward::subsidy;
use crate::consensus::state::{State, Undo};
use crate::consensus::state_root::{STATE_ROOT_INTERVAL, state_root};
use crate::consensus::state_tree::StateTree;
use crate::consensus::violation::Violation;
use crate::primitives::{Address, Amount, BlockId, Height, StateRoot};
use crate::storage::{Checkpoint, CheckpointDelta};

/// Blocks after which a checkpoint is taken even when little changed: bounds the replay at start.
const CHECKPOINT_BLOCKS_MAX: u32 = 1_024;
/// A checkpoint writes every group that changed, so one is worth its bytes once about this share of the accounts
/// may have changed; until then the journal is cheaper.
const CHECKPOINT_TOUCHED_SHARE: usize = 2;

/// Everything that executing blocks needs and changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ledger {
    params: Arc<Params>,
    state: State<AccountTable>,
    tree: StateTree,
    /// Accounts touched since the tree was brought up to date, by connecting or undoing alike; repeats are fine.
    touched: Vec<Address>,
    /// What the next block must commit: the root after the last block at a height that is a multiple of 64.
    committed_root: StateRoot,
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
        Self {
            params,
            committed_root: state_root(tree.root(), state.maturing()),
            state,
            tree,
            touched: Vec::new(),
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

    /// The state after the tip.
    pub(super) fn state(&self) -> &State<AccountTable> {
        &self.state
    }

    /// The root of the state after the tip, computed anew from every account.
    pub(super) fn recomputed_root(&self) -> StateRoot {
        state_root(StateTree::build(self.state.accounts().sorted()).root(), self.state.maturing())
    }

    /// The root that the next block must commit: of the state after its last ancestor at a checkpoint height.
    pub(super) const fn committed_root(&self) -> StateRoot {
        self.committed_root
    }

    /// Checks the next block in its context and executes it. On a violation nothing changes.
    pub(super) fn connect(&mut self, block: &CheckedBlock) -> Result<Undo, Violation> {
        let height = self.state.height().next();
        check_block_in_context(block, &BlockContext { height, expected_state_root: self.committed_root })?;
        let undo = self.state.apply(block, &self.params)?;
        self.touched.extend(undo.touched(block));
        if height.0.is_multiple_of(STATE_ROOT_INTERVAL) {
            self.bring_tree_up_to_date();
            self.committed_root = state_root(self.tree.root(), self.state.maturing());
        }
        Ok(undo)
    }

    /// Takes the tip's block back. Its own commitment tells the root that holds below it.
    pub(super) fn disconnect(&mut self, block: &CheckedBlock, undo: &Undo) {
        self.committed_root = block.coinbase().state_root;
        self.state.undo(block, undo);
        self.touched.extend(undo.touched(block));
    }

    /// Whether the tip's height allows a checkpoint, and enough has changed to be worth it.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        let height = self.state.height();
        let enough = height.since(self.checkpoint_height) >= CHECKPOINT_BLOCKS_MAX
            || self.touched_since_checkpoint * CHECKPOINT_TOUCHED_SHARE > self.state.accounts().len();
        height.0.is_multiple_of(STATE_ROOT_INTERVAL) && self.touched.is_empty() && enough
    }

    /// A checkpoint at the tip.
    pub(super) fn take_checkpoint(&mut self, at: BlockId) -> CheckpointDelta {
        self.checkpoint_height = at.height;
        self.touched_since_checkpoint = 0;
        let groups = std::mem::replace(&mut self.changed_groups, GroupSet::none());
        CheckpointDelta {
            at,
            root: self.committed_root,
            groups: groups
                .ascending()
                .map(|group| (group, self.tree.accounts_in_group(group).collect()))
                .collect(),
            maturing: self.state.maturing().iter().copied().collect(),
        }
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
#[derive(Debug, Clone, PartialEq)]
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
