//! What must hold of everything a node shows and reports, looked at when it does.

use std::collections::HashMap;
use std::sync::Arc;

use cairn::node::event::TipChange;
use cairn::node::{Event, View};
use cairn::primitives::{Block, BlockHash, BlockId, Work};
use foldhash::fast::FixedState;

use super::NodeIndex;
use super::world::World;

/// What a node showed and reported last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    /// The tip of its last picture; kept over a kill.
    shown: Option<(BlockHash, Work)>,
    /// The tip that its reports led to, in this life.
    reported: Option<BlockHash>,
    /// Whether it has shown anything in this life.
    has_begun: bool,
    /// The order in which it committed bodies in this life: that in which they were checked.
    bodies: HashMap<BlockHash, usize, FixedState>,
}

impl Audit {
    /// A new life begins: what was shown in the last one still binds.
    pub(crate) fn begin_anew(&mut self) {
        self.has_begun = false;
        self.reported = None;
        self.bodies.clear();
    }

    /// Bodies are found to keep every rule that needs no other block.
    pub(crate) fn note_checked(&mut self, bodies: &[(BlockId, Arc<Block>)]) {
        for (id, _) in bodies {
            let order = self.bodies.len();
            self.bodies.entry(id.hash).or_insert(order);
        }
    }

    /// Whether the first of two blocks was surely checked after the second.
    fn was_checked_later(&self, block: &BlockHash, other: &BlockHash) -> bool {
        matches!((self.bodies.get(block), self.bodies.get(other)), (Some(one), Some(two)) if one > two)
    }
}

impl World {
    /// What should not have been, so far.
    pub fn violations(&self) -> &[String] {
        &self.observer.violations
    }

    /// Notes that something does not hold.
    pub(crate) fn violate(&mut self, what: String) {
        self.observer.violations.push(what);
    }

    /// Work never falls; on equal work what was checked first stays; a restart comes back at or above what was shown.
    pub(super) fn audit_view(&mut self, node: NodeIndex, view: &View) {
        let (hash, work) = (view.tip.id.hash, view.tip.work);
        let audit = &mut self.nodes[node].audit;
        let before = audit.shown.replace((hash, work));
        let begins = !std::mem::replace(&mut audit.has_begun, true);
        if begins {
            audit.reported = Some(hash);
        }
        let Some((shown, shown_work)) = before else { return };
        if work < shown_work {
            let how = if begins { "reopened below what it had shown" } else { "went to less work" };
            self.violate(format!("node {node} {how}, at {}", self.now_us));
        } else if work == shown_work && self.nodes[node].audit.was_checked_later(&hash, &shown) {
            let what = "left its tip for one of equal work that was checked later";
            self.violate(format!("node {node} {what}, at {}", self.now_us));
        }
    }

    /// Reports of the tip follow on each other without a gap: nothing that was confirmed goes without being reported.
    pub(super) fn audit_event(&mut self, node: NodeIndex, event: &Event) {
        match event {
            Event::TipChanged(change) => {
                let from = self.nodes[node].audit.reported;
                if let Some(Err(why)) = from.map(|from| self.follow(from, change)) {
                    self.violate(format!(
                        "node {node} reported a change of its tip {why}, at {}",
                        self.now_us
                    ));
                }
                let last = change.connected.last().map(|block| block.id.hash);
                self.nodes[node].audit.reported = last.or(from);
            }
            Event::TransactionDropped { id, .. } => {
                self.observer.dropped.insert(*id);
            }
            Event::TransactionAdmitted { .. }
            | Event::BlockInvalid { .. }
            | Event::PeerReady { .. }
            | Event::ClockOffset { .. }
            | Event::SyncStarted { .. }
            | Event::SyncFinished { .. }
            | Event::SyncStalled { .. }
            | Event::PeerBanned { .. } => {}
        }
    }

    fn follow(&self, mut at: BlockHash, change: &TipChange) -> Result<(), &'static str> {
        for id in &change.disconnected {
            let Some(block) = self.observer.block(&id.hash).filter(|_| id.hash == at) else {
                return Err("that takes back another block than the tip");
            };
            at = block.parent;
        }
        for connected in &change.connected {
            let parent = self.observer.block(&connected.id.hash).map(|block| block.parent);
            if parent != Some(at) {
                return Err("that does not follow on the one before");
            }
            at = connected.id.hash;
        }
        Ok(())
    }
}
