//! One atomic change of what lasts.

use std::sync::Arc;

use crate::consensus::undo::Undo;
use crate::consensus::violation::Violation;
use crate::consensus::{Account, MaturingReward};
use crate::primitives::{Address, Block, BlockId, Header, StateRoot, Work};

/// Commits are numbered in the order in which the core made them, from 1 after each open.
pub type Sequence = u64;

/// A header with the facts that would cost a walk along the chain to find again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredHeader {
    /// Height and hash.
    pub id: BlockId,
    /// The header.
    pub header: Header,
    /// Cumulative work, genesis and this block included.
    pub work: Work,
}

impl StoredHeader {
    /// The block that it follows.
    pub fn parent(&self) -> BlockId {
        BlockId { height: self.id.height.minus(1), hash: self.header.previous }
    }
}

/// What the core wants to last, all of it or nothing.
///
/// Headers, bodies and undo records are only ever added; the tip and the checkpoint replace their predecessors.
/// So a reorganisation of any length commits one small tip record beside the undo of what it connected.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The commit's number.
    pub sequence: Sequence,
    /// Headers newly known, parents before children. Their work has been checked.
    pub headers: Vec<StoredHeader>,
    /// Bodies newly checked in isolation, signatures included; on any branch.
    pub bodies: Vec<(BlockId, Arc<Block>)>,
    /// Undo records of blocks newly connected.
    pub undo: Vec<(BlockId, Undo)>,
    /// Blocks found invalid, with the rule they broke.
    pub invalid: Vec<(BlockId, Violation)>,
    /// The new tip.
    pub tip: Option<BlockId>,
    /// A new checkpoint of the state.
    pub checkpoint: Option<Arc<CheckpointDelta>>,
}

impl Commit {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
            && self.bodies.is_empty()
            && self.undo.is_empty()
            && self.invalid.is_empty()
            && self.tip.is_none()
            && self.checkpoint.is_none()
    }
}

/// The state after a block, as the difference from the checkpoint before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointDelta {
    /// The block after which this is the state. Its height is a multiple of the state root's interval.
    pub at: BlockId,
    /// Its root, as blocks commit it.
    pub root: StateRoot,
    /// Whole account groups that changed since the checkpoint before, in ascending order; an empty one is gone.
    /// The group of an account is the first 12 bits of its path in the state tree.
    pub groups: Vec<(u16, Vec<(Address, Account)>)>,
    /// All rewards not yet spendable, oldest first.
    pub maturing: Vec<MaturingReward>,
}

/// A whole checkpoint, as it was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The block after which this is the state.
    pub at: Option<BlockId>,
    /// The root that the state had when it was written.
    pub root: Option<StateRoot>,
    /// All accounts.
    pub accounts: Vec<(Address, Account)>,
    /// All rewards not yet spendable, oldest first.
    pub maturing: Vec<MaturingReward>,
}
