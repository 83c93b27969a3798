//! Looks at a node after each of its steps: at its tables, its choice and its manners always, at its state and its pool
//! whenever its chain or its pool changed. What follows from blocks alone the oracle finds once, for all nodes.

use std::collections::HashMap;

use cairn::node::{Effect, Input, Node, Now};
use cairn::primitives::{Address, BlockHash, Timestamp};
use foldhash::fast::FixedState;

use super::choice::Choice;
use super::manners::Manners;
use super::oracle::{After, Oracle};
use super::{Finding, Property};
use crate::engine::{NodeIndex, NodeStore, SimNode, World};

/// Microseconds for which a miner may work on something else than its node's tip: a node that takes itself for far
/// behind makes no templates, and it may learn that it is not without any block coming.
const ASTRAY_US_MAX: u64 = 15_000_000;

/// Sees every step of every honest node.
#[derive(Debug, Default)]
pub(crate) struct Overseer {
    oracle: Oracle,
    watches: HashMap<NodeIndex, Watch, FixedState>,
}

/// What is known of one node, in one of its lives.
#[derive(Debug, Default)]
struct Watch {
    choice: Choice,
    manners: Manners,
    tip: Option<BlockHash>,
    shown: Option<BlockHash>,
    /// Milliseconds at which its tip moved last.
    moved_ms: u64,
    /// Transactions in its pool and their bytes.
    pool: (usize, usize),
    /// Whether its pool is still to be accounted for.
    is_account_due: bool,
    /// Since when its miner works on something else than its tip.
    astray_since_us: Option<u64>,
    /// What sums of its pool are counted in.
    spending: HashMap<Address, i128, FixedState>,
}

impl Overseer {
    /// What follows from the blocks alone.
    pub(crate) fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// A node is about to begin a life with what is on its disk.
    pub(crate) fn begin(&mut self, world: &mut World, node: NodeIndex) {
        self.learn(world);
        let genesis = world.params().genesis_hash();
        let Some(work) = self.oracle.after(&genesis).map(|after| after.work) else { return };
        let mut watch = Watch { choice: Choice::at_genesis(genesis, work), ..Watch::default() };
        watch.manners.know(genesis);
        let stored = world.node(node).store.stored_chain();
        for header in &stored.headers {
            watch.manners.know(header.id.hash);
        }
        let parents: HashMap<_, _, FixedState> =
            stored.headers.iter().map(|header| (header.id.hash, header.header.previous)).collect();
        for block in &stored.bodies {
            if let Some(parent) = parents.get(&block.hash) {
                watch.choice.recall(block.hash, *parent, &self.oracle);
            }
        }
        self.watches.insert(node, watch);
    }

    /// A node's life is over.
    pub(crate) fn end(&mut self, node: NodeIndex) {
        self.watches.remove(&node);
    }

    /// Something is about to come to a node.
    pub(crate) fn hear(&mut self, world: &mut World, node: NodeIndex, now: Now, input: &Input) {
        self.learn(world);
        if let Some(watch) = self.watches.get_mut(&node) {
            watch.manners.hear(now, latest(world, now), input, &self.oracle);
        }
    }

    /// What it does upon that.
    pub(crate) fn note(&mut self, node: NodeIndex, now: Now, effects: &[Effect]) {
        let Some(watch) = self.watches.get_mut(&node) else { return };
        for effect in effects {
            watch.manners.note(now, effect);
            if let Effect::Commit(commit) = effect {
                for (id, block) in &commit.bodies {
                    watch.choice.learn(id.hash, block.header.previous, &self.oracle);
                }
            }
        }
    }

    /// Looks at a node after a step. Nothing is looked at any more once something was found.
    pub(crate) fn look(&mut self, world: &mut World, node: NodeIndex) {
        if !world.violations().is_empty() || !world.is_honest(node) {
            return;
        }
        if let Err(finding) = self.look_at(world, node) {
            world.find(&finding);
        }
    }

    fn learn(&mut self, world: &mut World) {
        if let Err(finding) = self.oracle.learn(world) {
            world.find(&finding);
        }
    }

    fn look_at(&mut self, world: &mut World, node: NodeIndex) -> Result<(), Finding> {
        let Some(watch) = self.watches.get_mut(&node) else { return Ok(()) };
        let now = world.node(node).now(world.now_us());
        let latest = latest(world, now);
        let Some(core) = world.node(node).core.as_ref() else { return Ok(()) };
        check_caps(core, node)?;
        let tip = core.tip().hash;
        let unknown = || Property::Rules.broken(format!("node {node} follows a block that breaks a rule"));
        let after = self.oracle.after(&tip).ok_or_else(unknown)?;
        let has_moved = watch.tip != Some(tip);
        if has_moved {
            watch.tip = Some(tip);
            watch.moved_ms = now.monotonic_ms;
            check_followed(world, core, node, after)?;
        }
        // Who has much to connect rests after some blocks, for a millisecond.
        if watch.moved_ms != now.monotonic_ms {
            watch.choice.check(node, tip, after.work)?;
        }
        watch.manners.check(node, now, latest, after.work)?;
        watch.check_shown(world, &self.oracle, node)?;
        watch.check_mining(world, node, tip)?;
        let pool = (core.mempool().len(), core.mempool().bytes());
        let has_changed = has_moved || watch.pool != pool || world.node(node).audit.has_news;
        if has_changed {
            watch.pool = pool;
            watch.check_pool(core, node, after)?;
        }
        watch.is_account_due |= has_changed;
        if watch.is_account_due {
            let oracle = &self.oracle;
            watch.is_account_due = !world.account_for_pool(node, |id| oracle.is_on(id, tip))?;
        }
        Ok(())
    }
}

impl Watch {
    /// What a node shows is on its disk, is what it reported last, and is as much work as there is in it.
    fn check_shown(&mut self, world: &World, oracle: &Oracle, node: NodeIndex) -> Result<(), Finding> {
        let SimNode { view: Some(view), store, audit, .. } = world.node(node) else { return Ok(()) };
        let shown = view.tip.id;
        let opens_at = store.tip().map_or(world.params().genesis_hash(), |tip| tip.hash);
        Property::Durability.ensure(shown.hash == opens_at, || {
            format!("node {node} shows block {} and would open at {opens_at}", shown.hash)
        })?;
        Property::Reports.ensure(audit.reported.is_none_or(|reported| reported == shown.hash), || {
            format!("node {node} shows a tip that it did not report, at height {}", shown.height.0)
        })?;
        if self.shown.replace(shown.hash) == Some(shown.hash) {
            return Ok(());
        }
        let work = oracle.after(&shown.hash).map(|after| after.work);
        Property::Work.ensure(work == Some(view.tip.work), || {
            format!("node {node} shows other work at height {} than there is", shown.height.0)
        })
    }

    /// Who is not far behind works on what its node follows.
    fn check_mining(&mut self, world: &World, node: NodeIndex, tip: BlockHash) -> Result<(), Finding> {
        let SimNode { template, view, hash_rate, .. } = world.node(node);
        let is_behind = view.as_ref().is_none_or(|view| view.initial_block_download);
        let works_on = template.as_ref().map(|template| template.previous());
        if *hash_rate == 0.0 || is_behind || works_on == Some(tip) {
            self.astray_since_us = None;
            return Ok(());
        }
        let since_us = *self.astray_since_us.get_or_insert(world.now_us());
        Property::Mining.ensure(world.now_us() <= since_us + ASTRAY_US_MAX, || {
            format!("node {node} mines on something else than its tip")
        })
    }

    /// Whatever waits could stand in the next blocks: none is confirmed, and each account holds what it would spend.
    fn check_pool(&mut self, core: &Node<NodeStore>, node: NodeIndex, after: &After) -> Result<(), Finding> {
        self.spending.clear();
        for pooled in core.mempool().iter_by_age() {
            let (balance, sent) = after.model.account(&pooled.sender);
            Property::Pool.ensure(pooled.transaction.nonce >= sent, || {
                format!("node {node} keeps transaction {}, whose nonce is used", pooled.hashes.id)
            })?;
            let spending = self.spending.entry(pooled.sender).or_default();
            *spending += i128::from(pooled.cost().0);
            Property::Pool.ensure(*spending <= balance, || {
                format!("node {node} lets an account spend more in its pool than it holds")
            })?;
        }
        Ok(())
    }
}

/// The latest time that a block may carry which is taken now.
fn latest(world: &World, now: Now) -> Timestamp {
    now.timestamp().plus(world.params().future_limit_seconds)
}

fn check_caps(core: &Node<NodeStore>, node: NodeIndex) -> Result<(), Finding> {
    let over = core.holdings().into_iter().find(|holding| holding.held > holding.cap);
    over.map_or(Ok(()), |over| {
        let what = format!("node {node} holds {} {}, at most {}", over.held, over.what, over.cap);
        Err(Property::Caps.broken(what))
    })
}

/// A new tip's state is that of a replay, and its time is not further in the future than the rules allow, by the
/// fastest that the node's clock ever was.
fn check_followed(
    world: &World,
    core: &Node<NodeStore>,
    node: NodeIndex,
    after: &After,
) -> Result<(), Finding> {
    Property::State.ensure(core.recomputed_state_root() == after.root, || {
        format!("node {node} has another state at height {} than a replay", after.height)
    })?;
    let latest = latest(world, world.node(node).fastest_now(world.now_us()));
    Property::Time.ensure(after.time() <= latest, || {
        format!("node {node} follows a block from further in the future than the rules allow")
    })
}
