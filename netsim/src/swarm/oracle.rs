//! What a node should hold, found in another way: blocks replayed one by one, roots by their definition.

use std::collections::{HashMap, HashSet};

use cairn::consensus::check_block::CheckedBlock;
use cairn::consensus::params::Params;
use cairn::consensus::state::State;
use cairn::consensus::state_root_by_definition;
use cairn::primitives::{Address, BlockHash, StateRoot, Work};
use cairn::storage::ChainReader;
use foldhash::fast::FixedState;

use crate::engine::{NodeIndex, World};

/// Microseconds for which a node may know of more work than it follows: it connects some blocks at a time, and a
/// slow disk holds it up.
const BEHIND_US_MAX: u64 = 15_000_000;

/// Everything that follows from the blocks alone.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    after: HashMap<BlockHash, After, FixedState>,
    /// Since when each node knows of more work than it follows.
    behind_since_us: HashMap<NodeIndex, u64, FixedState>,
}

/// What holds after a block.
#[derive(Debug, Clone)]
struct After {
    state: State,
    work: Work,
    /// Transactions on the chain by sender.
    sent: HashMap<Address, u64, FixedState>,
}

impl Oracle {
    /// Looks at every block that was found since.
    pub(super) fn learn(&mut self, world: &World) -> Result<(), String> {
        let params = world.params();
        if self.after.is_empty() {
            let state: State = State::genesis(params);
            let after = After { state, work: genesis_work(params), sent: HashMap::default() };
            self.after.insert(params.genesis_hash(), after);
        }
        let known = self.after.len() - 1;
        for track in &world.tracks()[known..] {
            let Some(mut after) = self.after.get(&track.parent).cloned() else {
                return Err(format!("block {} was found on an unknown parent", track.id.hash));
            };
            let block = CheckedBlock::trusted(track.block.clone(), params);
            after
                .state
                .apply(&block, params)
                .map_err(|why| format!("block {} breaks {why}", track.id.hash))?;
            let target = track.block.header.bits.target().map_err(|why| why.to_string())?;
            after.work = after.work.plus(target.work());
            for sender in block.senders() {
                *after.sent.entry(*sender).or_default() += 1;
            }
            check_nonces(&after).map_err(|why| format!("after block {}: {why}", track.id.hash))?;
            self.after.insert(track.id.hash, after);
        }
        Ok(())
    }

    /// Holds a running node to what follows from its tip's chain, and to the most work among what it has.
    pub(super) fn check(&mut self, world: &World, node: NodeIndex) -> Result<(), String> {
        let Some(core) = world.node(node).core.as_ref() else {
            self.behind_since_us.remove(&node);
            return Ok(());
        };
        let tip = core.tip();
        let after =
            self.after.get(&tip.hash).ok_or_else(|| format!("node {node} follows an unknown block"))?;
        if core.recomputed_state_root() != root(&after.state) {
            return Err(format!("node {node} has another state at height {} than a replay", tip.height.0));
        }
        self.check_most_work(world, node, after.work)
    }

    /// Holds a node whose clock never jumped to the rule on blocks from the future.
    pub(super) fn check_time(world: &World, node: NodeIndex) -> Result<(), String> {
        let Some(core) = world.node(node).core.as_ref() else { return Ok(()) };
        let tip = core.tip();
        let Some(track) = world.tracks().iter().rev().find(|track| track.id == tip) else { return Ok(()) };
        let latest =
            world.node(node).now(world.now_us()).timestamp().plus(world.params().future_limit_seconds);
        if track.block.header.time <= latest {
            return Ok(());
        }
        Err(format!("node {node} follows a block from further in the future than the rules allow"))
    }

    fn check_most_work(&mut self, world: &World, node: NodeIndex, followed: Work) -> Result<(), String> {
        let store = &world.node(node).store;
        let mut linked: HashSet<BlockHash, FixedState> = HashSet::default();
        linked.insert(world.params().genesis_hash());
        let mut most = Work::ZERO;
        for track in world.tracks() {
            let has_body = store.block(track.id).is_ok_and(|block| block.is_some());
            if has_body && linked.contains(&track.parent) {
                linked.insert(track.id.hash);
                most = most.max(self.after.get(&track.id.hash).map_or(Work::ZERO, |after| after.work));
            }
        }
        if most <= followed || world.is_paused(node) {
            self.behind_since_us.remove(&node);
            return Ok(());
        }
        let since_us = *self.behind_since_us.entry(node).or_insert(world.now_us());
        if world.now_us() - since_us <= BEHIND_US_MAX {
            return Ok(());
        }
        Err(format!(
            "node {node} has had blocks of more work than it follows for {} s",
            BEHIND_US_MAX / 1_000_000
        ))
    }
}

/// An account's nonce is the number of its transactions on the chain.
fn check_nonces(after: &After) -> Result<(), String> {
    for (address, account) in after.state.accounts().sorted() {
        let sent = after.sent.get(&address).copied().unwrap_or_default();
        if account.nonce != sent {
            return Err(format!("an account of {sent} transactions has nonce {}", account.nonce));
        }
    }
    Ok(())
}

fn root(state: &State) -> StateRoot {
    state_root_by_definition(state.accounts().sorted(), state.maturing())
}

fn genesis_work(params: &Params) -> Work {
    params.first_bits.target().map_or(Work::ZERO, cairn::primitives::Target::work)
}
