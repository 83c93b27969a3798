//! What every honest node must hold at each look: its chain, its state, its pool, its tables, its miner's work.

use std::collections::{BTreeMap, HashMap, HashSet};

use cairn::node::Node;
use cairn::primitives::{Address, BlockHash, Work};
use cairn::storage::ChainReader;
use foldhash::fast::FixedState;

use super::oracle::{After, Oracle};
use crate::checks::{Finding, Property};
use crate::engine::{NodeIndex, NodeStore, SimNode, World};

/// Microseconds for which a node may know of more work than it follows: it connects some blocks at a time, and a
/// slow disk holds it up. For as long a miner may have another parent than its node's tip.
const BEHIND_US_MAX: u64 = 15_000_000;

/// Looks at nodes, and remembers since when something is not as it should be.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    /// Since when each node knows of more work than it follows.
    behind_since_us: HashMap<NodeIndex, u64, FixedState>,
    /// Since when each node's miner works on something else than its tip.
    astray_since_us: HashMap<NodeIndex, u64, FixedState>,
}

impl Inspector {
    /// Looks at one node that runs.
    pub(super) fn look(
        &mut self,
        world: &mut World,
        oracle: &mut Oracle,
        node: NodeIndex,
    ) -> Result<(), Finding> {
        let Some(core) = world.node(node).core.as_ref() else {
            self.behind_since_us.remove(&node);
            self.astray_since_us.remove(&node);
            return Ok(());
        };
        let tip = core.tip().hash;
        let unknown = || Property::Rules.broken(format!("node {node} follows a block that breaks a rule"));
        let after = oracle.after(&tip).ok_or_else(unknown)?;
        Property::State.ensure(core.recomputed_state_root() == after.root, || {
            format!("node {node} has another state at height {} than a replay", after.height)
        })?;
        check_shown(world, oracle, node)?;
        check_caps(core, node)?;
        check_pool(core, node, after)?;
        check_time(world, node)?;
        self.check_most_work(world, oracle, node, after.work)?;
        self.check_mining(world, node, tip)?;
        let chain = oracle.chain(tip);
        let is_on = |id: &_| oracle.is_on(id, &chain);
        world.account_for_pool(node, is_on)
    }

    fn check_most_work(
        &mut self,
        world: &World,
        oracle: &Oracle,
        node: NodeIndex,
        followed: Work,
    ) -> Result<(), Finding> {
        let store = &world.node(node).store;
        let mut linked: HashSet<BlockHash, FixedState> = HashSet::default();
        linked.insert(world.params().genesis_hash());
        let mut most = Work::ZERO;
        for track in world.tracks() {
            let has_body = store.block(track.id).is_ok_and(|block| block.is_some());
            if has_body && linked.contains(&track.parent) {
                linked.insert(track.id.hash);
                most = most.max(oracle.after(&track.id.hash).map_or(Work::ZERO, |after| after.work));
            }
        }
        let is_well = most <= followed || world.is_paused(node);
        let lasts = lasts(&mut self.behind_since_us, node, world.now_us(), is_well);
        Property::MostWork.ensure(!lasts, || {
            let seconds = BEHIND_US_MAX / 1_000_000;
            format!("node {node} has had blocks of more work than it follows for {seconds} s")
        })
    }

    /// Who is not far behind works on what its node follows.
    fn check_mining(&mut self, world: &World, node: NodeIndex, tip: BlockHash) -> Result<(), Finding> {
        let SimNode { template, view, hash_rate, .. } = world.node(node);
        let is_behind = view.as_ref().is_none_or(|view| view.initial_block_download);
        let works_on = template.as_ref().map(|template| template.previous());
        let is_well = *hash_rate == 0.0 || is_behind || world.is_paused(node) || works_on == Some(tip);
        let lasts = lasts(&mut self.astray_since_us, node, world.now_us(), is_well);
        Property::Mining.ensure(!lasts, || format!("node {node} mines on something else than its tip"))
    }
}

/// Whether something has not been well for too long.
fn lasts(
    since_us: &mut HashMap<NodeIndex, u64, FixedState>,
    node: NodeIndex,
    now_us: u64,
    is_well: bool,
) -> bool {
    if is_well {
        since_us.remove(&node);
        return false;
    }
    now_us - *since_us.entry(node).or_insert(now_us) > BEHIND_US_MAX
}

/// What a node shows is what it reported last, and as much work as there is in it.
fn check_shown(world: &World, oracle: &Oracle, node: NodeIndex) -> Result<(), Finding> {
    let Some(view) = &world.node(node).view else { return Ok(()) };
    let work = oracle.after(&view.tip.id.hash).map(|after| after.work);
    Property::Work.ensure(work == Some(view.tip.work), || {
        format!("node {node} shows other work at height {} than there is", view.tip.id.height.0)
    })?;
    let reported = world.reported_tip(node);
    Property::Reports.ensure(reported.is_none_or(|tip| tip == view.tip.id.hash), || {
        format!("node {node} shows a tip that it did not report, at height {}", view.tip.id.height.0)
    })
}

fn check_caps(core: &Node<NodeStore>, node: NodeIndex) -> Result<(), Finding> {
    let over = core.holdings().into_iter().find(|holding| holding.held > holding.cap);
    over.map_or(Ok(()), |over| {
        let what = format!("node {node} holds {} {}, at most {}", over.held, over.what, over.cap);
        Err(Property::Caps.broken(what))
    })
}

/// Whatever waits could stand in the next blocks: none is confirmed, and each account holds what it would spend.
fn check_pool(core: &Node<NodeStore>, node: NodeIndex, after: &After) -> Result<(), Finding> {
    let mut spending: BTreeMap<Address, i128> = BTreeMap::new();
    for pooled in core.mempool().iter_by_fee_rate() {
        let (_, sent) = after.model.account(&pooled.sender);
        Property::Pool.ensure(pooled.transaction.nonce >= sent, || {
            format!("node {node} keeps transaction {}, whose nonce is used", pooled.hashes.id)
        })?;
        *spending.entry(pooled.sender).or_default() += i128::from(pooled.cost().0);
    }
    let short = spending.iter().find(|(sender, spent)| **spent > after.model.account(sender).0);
    let what = || format!("node {node} lets an account spend more in its pool than it holds");
    Property::Pool.ensure(short.is_none(), what)
}

/// No block that a node follows was further in the future than the rules allow, by the fastest that its clock ever was.
fn check_time(world: &World, node: NodeIndex) -> Result<(), Finding> {
    let Some(core) = world.node(node).core.as_ref() else { return Ok(()) };
    let tip = core.tip();
    let Some(track) = world.tracks().iter().rev().find(|track| track.id == tip) else { return Ok(()) };
    let latest = world.node(node).fastest_now(world.now_us()).timestamp();
    let latest = latest.plus(world.params().future_limit_seconds);
    let what = || format!("node {node} follows a block from further in the future than the rules allow");
    Property::Time.ensure(track.block.header.time <= latest, what)
}
