//! What follows when the tip moves: the pool, the miners' template, what people hear, and the picture they see.

use std::sync::Arc;

use super::Node;
use super::chain::TipMove;
use super::checks::WaitingClient;
use super::effect::{Effect, Verdict};
use super::event::{ConnectedSummary, Event, TipChange};
use super::headers::{Body, Index};
use super::mempool::Dropped;
use super::now::Now;
use super::query::{Answer, BlockOutcome};
use super::template::Template;
use super::template_builder::{TemplateContext, build_template};
use super::timers::Timer;
use super::transactions::pool_context;
use super::view::View;
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::difficulty::next_bits;
use crate::consensus::violation::Violation;
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::{ChainReader, StorageError};

/// Milliseconds between two templates that differ in fees alone.
const TEMPLATE_REFRESH_MS: u64 = 1_000;
/// Headers ahead of the tip beyond which the node counts as catching up: no template, no relaying of old news.
const BEHIND_BLOCKS: u32 = 24;

/// What must be shown to the world again.
#[derive(Debug, Default)]
pub(super) struct Published {
    pub(super) view_changed: bool,
    /// Whether connecting stopped early and goes on later.
    pub(super) unfinished: bool,
    templates: Templates,
}

/// The miners' templates.
#[derive(Debug, Default)]
struct Templates {
    /// Whether anybody works on them: to choose among a full pool takes as long as to connect several blocks.
    are_wanted: bool,
    /// Whether one is due that differs in fees alone.
    is_due: bool,
    /// What the last one builds on.
    parent: Option<BlockId>,
}

impl<R: ChainReader> Node<R> {
    /// Follows the best branch and tells everyone concerned.
    pub(super) fn advance(&mut self, now: Now) -> Result<(), StorageError> {
        let change = self.chain.advance(&mut self.outbox)?;
        self.published.unfinished = change.unfinished;
        if change.unfinished && !change.waits_for_disk {
            // Not at once: other inputs get their turn.
            self.timers.set(now.monotonic_ms + 1, Timer::Advance);
        }
        for (id, violation) in &change.invalid {
            self.note_invalid(*id, *violation);
        }
        if !change.connected.is_empty() || !change.disconnected.is_empty() {
            self.on_tip_moved(now, &change);
        }
        if !change.unfinished {
            self.settle_waiting_blocks();
        }
        if self.published.templates.parent != Some(self.chain.tip_id()) {
            self.refresh_template();
        }
        self.schedule_downloads(now);
        Ok(())
    }

    fn on_tip_moved(&mut self, now: Now, change: &TipMove) {
        self.published.view_changed = true;
        let returned = self.update_mempool(now, change);
        let connected: Vec<_> = change.connected.iter().map(|block| self.summary(block)).collect();
        let disconnected = change.disconnected.iter().map(CheckedBlock::id).collect();
        let event = TipChange { disconnected, connected, returned_transactions: returned };
        self.outbox.push_durable(Effect::Event(Event::TipChanged(Arc::new(event))));
        if !self.is_behind() {
            self.refresh_template();
            self.announce_tip(now, change);
        }
        self.note_progress(now);
    }

    /// Takes what the chain confirmed out of the pool and what it lost back in; answers how many came back.
    fn update_mempool(&mut self, now: Now, change: &TipMove) -> usize {
        let context = pool_context(&self.chain, now);
        for Dropped { id, reason } in
            self.mempool.on_tip_change(&change.disconnected, &change.connected, &context)
        {
            self.outbox.push_durable(Effect::Event(Event::TransactionDropped { id, reason }));
        }
        let lost = change.disconnected.iter().flat_map(CheckedBlock::hashes);
        lost.filter(|hashes| self.mempool.get(&hashes.id).is_some()).count()
    }

    fn summary(&mut self, block: &CheckedBlock) -> ConnectedSummary {
        ConnectedSummary {
            id: block.id(),
            miner: block.coinbase().miner,
            time: block.header().time,
            transactions: block.hashes().iter().map(|hashes| hashes.id).collect(),
            fees: block.total_fees(),
            size: block.size() as u32,
            from: self.relay.told_by(&block.hash()),
        }
    }

    /// Whether many blocks are still to be fetched. Headers whose bodies nobody has do not count: miners would wait
    /// for them for ever.
    pub(super) fn is_behind(&self) -> bool {
        let goal = self.best_to_be_had().map(|goal| self.chain.headers.height(goal));
        goal.is_some_and(|height| self.is_behind_of(height)) || self.published.unfinished
    }

    /// Whether many blocks lie between the tip and a height.
    pub(super) fn is_behind_of(&self, height: Height) -> bool {
        height.since(self.chain.height()) > BEHIND_BLOCKS
    }

    /// Who comes to work gets a template at once.
    pub(super) fn on_want_templates(&mut self, wanted: bool) {
        self.published.templates.are_wanted = wanted;
        self.refresh_template();
    }

    /// Miners get a new template when fees change, though not at every transaction.
    pub(super) fn template_outdated(&mut self, now: Now) {
        if self.published.templates.are_wanted && !self.published.templates.is_due {
            self.published.templates.is_due = true;
            self.timers.set(now.monotonic_ms + TEMPLATE_REFRESH_MS, Timer::RefreshTemplate);
        }
    }

    pub(super) fn refresh_template(&mut self) {
        self.published.templates.is_due = false;
        if self.published.templates.are_wanted && !self.is_behind() {
            let template = self.template();
            self.published.templates.parent = Some(template.parent);
            self.outbox.push(Effect::Template(Arc::new(template)));
        }
    }

    pub(super) fn template(&self) -> Template {
        let tip = self.chain.tip();
        let parent = self.chain.headers.id(tip);
        let context = self.chain.headers.context(tip);
        let context = TemplateContext {
            parent,
            bits: next_bits(&self.params, &context.parent, context.grandparent.as_ref()),
            time_min: context.parent.time,
            state_root: self.chain.ledger.committed_root(),
        };
        build_template(&self.mempool, self.chain.ledger.state().accounts(), &context)
    }

    pub(super) fn note_invalid(&mut self, id: BlockId, violation: Violation) {
        self.outbox.push_durable(Effect::Event(Event::BlockInvalid { id, violation }));
        self.published.view_changed = true;
        self.forget_invalid_claims();
        self.answer_block_clients(id.hash, BlockOutcome::Invalid(violation));
    }

    /// Tells clients, and on development networks forwarders, what became of a block they wait for.
    pub(super) fn answer_block_clients(&mut self, hash: BlockHash, outcome: BlockOutcome) {
        for WaitingClient { ticket, late } in self.checks.waiting_clients.remove(&hash).unwrap_or_default() {
            let is_kept = matches!(outcome, BlockOutcome::Connected | BlockOutcome::SideBranch);
            let outcome = if is_kept && late.is_some() { BlockOutcome::Duplicate } else { outcome };
            self.outbox.push_durable(Effect::Answer { ticket, answer: Answer::Block(outcome) });
        }
        // What forwarders can see was looked at before: for the rest nobody blames them.
        let verdict =
            if matches!(outcome, BlockOutcome::Invalid(_)) { Verdict::Ignore } else { Verdict::Accept };
        if let Some(message) = self.checks.waiting_verdicts.remove(&hash) {
            self.outbox.push(Effect::Verdict { message, verdict });
        }
    }

    /// Answers everyone whose block is decided by now.
    fn settle_waiting_blocks(&mut self) {
        let waiting = self.checks.waiting_clients.keys().chain(self.checks.waiting_verdicts.keys());
        let decided: Vec<_> = waiting.filter_map(|hash| Some((*hash, self.decided(hash)?))).collect();
        for (hash, outcome) in decided {
            self.answer_block_clients(hash, outcome);
        }
    }

    fn decided(&self, hash: &BlockHash) -> Option<BlockOutcome> {
        let index = self.chain.headers.find(hash)?;
        let entry = self.chain.headers.get(index);
        match (entry.violation, entry.body) {
            (Some(violation), _) => Some(BlockOutcome::Invalid(violation)),
            (None, Body::Checked { .. }) if self.chain.is_active(index) => Some(BlockOutcome::Connected),
            (None, Body::Checked { .. }) if self.has_ancestor_in_check(index) => None,
            (None, Body::Checked { .. }) => Some(BlockOutcome::SideBranch),
            (None, Body::Missing | Body::Checking) => None,
        }
    }

    /// Whether the body that a checked block must be linked to first is just being checked: checks end in any order. One
    /// that is missing may never come.
    fn has_ancestor_in_check(&self, mut index: Index) -> bool {
        while let Body::Checked { .. } = self.chain.headers.get(index).body {
            match self.chain.headers.get(index).parent {
                Some(parent) if !self.chain.headers.get(index).linked => index = parent,
                Some(_) | None => return false,
            }
        }
        self.chain.headers.get(index).body == Body::Checking
    }

    /// Shows the newest picture when something changed.
    pub(super) fn publish_view(&mut self, now: Now) {
        if !std::mem::take(&mut self.published.view_changed) {
            return;
        }
        let tip = self.chain.tip();
        let context = self.chain.headers.context(tip);
        let view = View {
            tip: self.chain.headers.get(tip).stored(),
            next_bits: next_bits(&self.params, &context.parent, context.grandparent.as_ref()),
            block_one: self.chain.block_one(),
            best_header: self.chain.headers.height(self.chain.headers.best()),
            initial_block_download: self.is_behind(),
            mempool: self.mempool.summary(now),
            peers: self.peers.views(now),
            bans: self.peers.bans.iter().map(|(peer, until)| (*peer, *until)).collect(),
        };
        self.outbox.push_durable_first(Effect::View(Arc::new(view)));
    }
}
