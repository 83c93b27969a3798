//! What must hold of everything a node shows and reports, looked at when it does.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cairn::node::event::TipChange;
use cairn::node::penalty::Offence;
use cairn::node::{Event, View};
use cairn::primitives::{Block, BlockHash, BlockId, TransactionId, Work};
use foldhash::fast::FixedState;

use super::NodeIndex;
use super::node::SimNode;
use super::world::World;
use crate::checks::{Finding, Property};

/// What a node showed and reported last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audit {
    /// The tip of its last picture; kept over a kill.
    shown: Option<(BlockHash, Work)>,
    /// The tip that its reports led to, in this life.
    pub(crate) reported: Option<BlockHash>,
    /// Whether it has reported anything of its chain or its pool since that was last looked at.
    pub(crate) has_news: bool,
    /// Whether it has shown anything in this life.
    has_begun: bool,
    /// The order in which it committed bodies in this life: that in which they were checked.
    bodies: HashMap<BlockHash, usize, FixedState>,
    /// Transactions that it let into its pool in this life, or took back from a branch that it left, and that were
    /// neither dropped for a reason nor seen on its chain since.
    owed: BTreeSet<TransactionId>,
    /// Transactions that it dropped since its last report of the tip: what a branch took along is dropped before the
    /// report of that branch.
    dropped: BTreeSet<TransactionId>,
}

impl Audit {
    /// A new life begins: what was shown in the last one still binds. Its pool is gone, and nobody answers for that.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self { shown: self.shown, ..Self::default() };
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
    pub fn violations(&self) -> &[Finding] {
        &self.observer.violations
    }

    /// Notes what should not have been.
    pub(crate) fn find(&mut self, finding: &Finding) {
        self.violate(finding.property, &finding.what);
    }

    /// Every transaction that a node took on is in its pool, on its chain, or was dropped for a reason. What its chain
    /// holds counts as settled: it is owed again when a branch is left. False: it cannot be told yet.
    pub(crate) fn account_for_pool(
        &mut self,
        node: NodeIndex,
        is_on_chain: impl Fn(&TransactionId) -> bool,
    ) -> Result<bool, Finding> {
        let SimNode { audit, writing, core, .. } = &mut self.nodes[node];
        audit.has_news = false;
        // What is said of it may still wait for the disk.
        let Some(core) = core.as_ref().filter(|_| writing.is_empty()) else { return Ok(false) };
        audit.owed.retain(|id| !is_on_chain(id));
        let lost = audit.owed.iter().find(|id| core.mempool().get(id).is_none());
        lost.map_or(Ok(true), |id| {
            let what = format!("node {node} took transaction {id} on and has it no more");
            Err(Property::Accounting.broken(what))
        })
    }

    /// Work never falls; on equal work what was checked first stays; a restart comes back at or above what was shown;
    /// what is shown is on the disk.
    pub(super) fn audit_view(&mut self, node: NodeIndex, view: &View) {
        let opens_at = self.nodes[node].store.tip().map_or(self.params.genesis_hash(), |tip| tip.hash);
        if view.tip.id.hash != opens_at {
            let what = format!("node {node} shows block {} and would not open at it", view.tip.id.hash);
            self.violate(Property::Durability, &what);
        }
        let (hash, work) = (view.tip.id.hash, view.tip.work);
        let audit = &mut self.nodes[node].audit;
        let before = audit.shown.replace((hash, work));
        let begins = !std::mem::replace(&mut audit.has_begun, true);
        if begins {
            audit.reported = Some(hash);
        }
        let Some((shown, shown_work)) = before else { return };
        if work < shown_work && begins {
            self.violate(Property::Restart, &format!("node {node} reopened below what it had shown"));
        } else if work < shown_work {
            self.violate(Property::Work, &format!("node {node} went to less work"));
        } else if work == shown_work && self.nodes[node].audit.was_checked_later(&hash, &shown) {
            let what = format!("node {node} left its tip for one of equal work that was checked later");
            self.violate(Property::FirstSeen, &what);
        }
    }

    /// Reports of the tip follow on each other without a gap: nothing that was confirmed goes without being reported.
    pub(super) fn audit_event(&mut self, node: NodeIndex, event: &Event) {
        self.nodes[node].audit.has_news = true;
        match event {
            Event::TipChanged(change) => self.audit_tip_change(node, change),
            Event::TransactionDropped { id, .. } => {
                let audit = &mut self.nodes[node].audit;
                audit.owed.remove(id);
                audit.dropped.insert(*id);
                self.observer.dropped.insert(*id);
            }
            Event::TransactionAdmitted { id, .. } => {
                let audit = &mut self.nodes[node].audit;
                audit.owed.insert(*id);
                audit.dropped.remove(id);
            }
            Event::BlockInvalid { .. }
            | Event::PeerReady { .. }
            | Event::ClockOffset { .. }
            | Event::SyncStarted { .. }
            | Event::SyncFinished { .. }
            | Event::SyncStalled { .. }
            | Event::PeerBanned { .. } => {}
        }
    }

    /// Honest nodes leave each other only for answers that did not come: links lose them.
    pub(super) fn audit_parting(&mut self, node: NodeIndex, other: NodeIndex, reason: &str) {
        let is_excused = reason == Offence::NoAnswer.words() || reason == "banned";
        if self.is_honest(node) && self.is_honest(other) && !is_excused {
            self.violate(Property::Blame, &format!("node {node} left node {other}, since it {reason}"));
        }
    }

    fn audit_tip_change(&mut self, node: NodeIndex, change: &TipChange) {
        let store = &self.nodes[node].store;
        if let Some(lacks) = change.connected.iter().find(|connected| !store.has_whole(connected.id)) {
            let what = format!("node {node} reports block {} and has it not on its disk", lacks.id.hash);
            self.violate(Property::Durability, &what);
        }
        let is_unknown = |hash: &BlockHash| self.observer.block(hash).is_none();
        if let Some(broken) = change.connected.iter().find(|connected| is_unknown(&connected.id.hash)) {
            let what = format!("node {node} follows block {}, which breaks a rule", broken.id.hash);
            return self.violate(Property::Rules, &what);
        }
        let from = self.nodes[node].audit.reported;
        if let Some(Err(why)) = from.map(|from| self.follow(from, change)) {
            self.violate(Property::Reports, &format!("node {node} reported a change of its tip {why}"));
        }
        let last = change.connected.last().map(|block| block.id.hash);
        self.nodes[node].audit.reported = last.or(from);
        let genesis = self.params.genesis_hash();
        for track in change.disconnected.iter().filter_map(|id| self.observer.block(&id.hash)) {
            let ids = track.block.transactions.iter().map(|transaction| transaction.id(&genesis));
            let Audit { owed, dropped, .. } = &mut self.nodes[node].audit;
            owed.extend(ids.filter(|id| !dropped.contains(id)));
        }
        self.nodes[node].audit.dropped.clear();
    }

    fn violate(&mut self, property: Property, what: &str) {
        let what = format!("{what}, at {} us", self.now_us);
        self.observer.violations.push(property.broken(what));
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
