//! What follows from the blocks alone, found in another way than the node finds it.

use std::collections::HashMap;

use cairn::consensus::check_block::CheckedBlock;
use cairn::consensus::params::Params;
use cairn::consensus::state::State;
use cairn::consensus::{STATE_ROOT_INTERVAL, check_expiry};
use cairn::primitives::keys::verify;
use cairn::primitives::{BlockHash, Header, StateRoot, Timestamp, TransactionId, Work};
use foldhash::fast::FixedState;

use super::model::{Model, check_difficulty};
use super::{Finding, Property};
use crate::engine::{Track, World};

/// Everything that was found, by honest rules and replayed block by block.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    after: HashMap<BlockHash, After, FixedState>,
    /// The blocks in which a transaction stands.
    blocks_of: HashMap<TransactionId, Vec<BlockHash>, FixedState>,
}

/// What holds after a block.
#[derive(Debug, Clone)]
pub(super) struct After {
    /// By the dull model.
    pub(super) model: Model,
    /// Its root.
    pub(super) root: StateRoot,
    /// Of the whole chain.
    pub(super) work: Work,
    pub(super) height: u32,
    header: Header,
    /// What blocks above must carry: the root of the last state at a checkpoint height.
    committed: StateRoot,
    /// By the node's own code.
    state: State,
}

impl Oracle {
    /// Looks at every block that was found since.
    pub(super) fn learn(&mut self, world: &World) -> Result<(), Finding> {
        if self.after.is_empty() {
            let params = world.params();
            self.after.insert(params.genesis_hash(), After::genesis(params));
        }
        let known = self.after.len() - 1;
        world.tracks()[known..].iter().try_for_each(|track| self.learn_block(track, world.params()))
    }

    /// What holds after a block.
    pub(super) fn after(&self, block: &BlockHash) -> Option<&After> {
        self.after.get(block)
    }

    /// Whether a transaction stands on the chain that ends with a block. Most are asked about near its end.
    pub(crate) fn is_on(&self, id: &TransactionId, tip: BlockHash) -> bool {
        self.blocks_of.get(id).is_some_and(|blocks| blocks.iter().any(|block| self.is_under(block, tip)))
    }

    /// Whether a block is another or one of its ancestors.
    fn is_under(&self, block: &BlockHash, tip: BlockHash) -> bool {
        let Some(height) = self.after.get(block).map(|after| after.height) else { return false };
        let mut at = tip;
        while let Some(after) = self.after.get(&at).filter(|after| after.height > height) {
            at = after.header.previous;
        }
        at == *block
    }

    fn learn_block(&mut self, track: &Track, params: &Params) -> Result<(), Finding> {
        let named = |finding: Finding| Finding {
            what: format!("block {} of node {}: {}", track.id.hash, track.miner, finding.what),
            ..finding
        };
        let Some(parent) = self.after.get(&track.parent) else {
            return Err(named(Property::Rules.broken("it was found on an unknown parent")));
        };
        let grandparent = self.after.get(&parent.header.previous);
        let block = CheckedBlock::trusted(track.block.clone(), params);
        let after = parent.child(&block, grandparent, params).map_err(named)?;
        for hashes in block.hashes() {
            if self.is_on(&hashes.id, track.parent) {
                let what = format!("transaction {} stands on its chain already", hashes.id);
                return Err(named(Property::Twice.broken(what)));
            }
            self.blocks_of.entry(hashes.id).or_default().push(track.id.hash);
        }
        if self.after.insert(track.id.hash, after).is_some() {
            return Err(named(Property::Twice.broken("it was found before")));
        }
        Ok(())
    }
}

impl After {
    /// When the block says it was found.
    pub(super) fn time(&self) -> Timestamp {
        self.header.time
    }

    fn genesis(params: &Params) -> Self {
        let model = Model::genesis(params);
        let root = model.root();
        Self {
            root,
            committed: root,
            work: work_of(&params.genesis().header),
            height: 0,
            header: params.genesis().header,
            state: State::genesis(params),
            model,
        }
    }

    /// What holds after a block on this one, which must keep every rule.
    fn child(
        &self,
        block: &CheckedBlock,
        grandparent: Option<&Self>,
        params: &Params,
    ) -> Result<Self, Finding> {
        self.check_rules(block, grandparent, params)?;
        let mut model = self.model.clone();
        model.apply(block.block(), params)?;
        let state = self.executed(block, params)?;
        let (root, height) = (model.root(), self.height + 1);
        Ok(Self {
            root,
            committed: if height.is_multiple_of(STATE_ROOT_INTERVAL) { root } else { self.committed },
            work: self.work.plus(work_of(block.header())),
            height,
            header: *block.header(),
            state,
            model,
        })
    }

    fn check_rules(
        &self,
        block: &CheckedBlock,
        grandparent: Option<&Self>,
        params: &Params,
    ) -> Result<(), Finding> {
        let header = block.header();
        let rules = |holds: bool, what: &str| Property::Rules.ensure(holds, || what.into());
        let target = header.bits.target().map_err(|why| Property::Rules.broken(why.to_string()))?;
        rules(target.is_met_by(&header.hash()), "its work is missing")?;
        rules(header.time >= self.header.time, "its time is before its parent's")?;
        rules(block.height().0 == self.height + 1, "it names another height")?;
        rules(block.coinbase().state_root == self.committed, "it commits to another state")?;
        rules(block.coinbase().commitment() == header.commitment, "its header is another block's")?;
        let has_expired = |transaction| check_expiry(transaction, block.height()).is_err();
        rules(!block.transactions().iter().any(has_expired), "a transaction has expired")?;
        let signatures = block.signature_checks(&params.genesis_hash(), |_| false);
        rules(verify(&signatures).is_ok(), "a signature is bad")?;
        let solve_seconds =
            grandparent.map_or(0, |grandparent| self.header.time.since(grandparent.header.time));
        if self.height < 2 {
            return rules(header.bits == params.first_bits, "it is not as hard as the first ones");
        }
        check_difficulty(params, header.bits, self.header.bits, solve_seconds)
    }

    /// Executes a block with the node's own code, there, back, and there again.
    fn executed(&self, block: &CheckedBlock, params: &Params) -> Result<State, Finding> {
        let breaks = |why| Property::Rules.broken(format!("it breaks {why}"));
        let mut state = self.state.clone();
        let undo = state.apply(block, params).map_err(breaks)?;
        state.undo(block, &undo);
        let is_back = state.accounts().sorted() == self.state.accounts().sorted()
            && state.maturing() == self.state.maturing()
            && state.height() == self.state.height();
        Property::Undo.ensure(is_back, || "taken back, it leaves another state than it met".into())?;
        let mut state = self.state.clone();
        state.apply(block, params).map_err(breaks)?;
        Ok(state)
    }
}

fn work_of(header: &Header) -> Work {
    header.bits.target().map_or(Work::ZERO, cairn::primitives::Target::work)
}
