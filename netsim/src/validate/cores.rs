//! Real cores without a network between them: whoever holds them decides which block each hears of, and when.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};
use cairn::consensus::testing::solve;
use cairn::node::verify::execute;
use cairn::node::{Effect, Input, Node, Now, Template};
use cairn::primitives::{Address, Block, BlockHash, BlockId};
use cairn::storage::{ChainStore, MemoryStore};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

/// Wall-clock time at the beginning in milliseconds: some time after genesis.
const EPOCH_WALL_MS: u64 = 1_767_225_600_000 + 3_600_000;

/// The ticket of what nobody waits for.
const NOBODY_WAITS: u64 = 0;

/// Parameters of a network of easy blocks whose target never moves.
pub(super) fn steady_params() -> Arc<Params> {
    let easiest = Some(0x207f_ffff);
    let overrides = ParamsOverride {
        retarget: Some(false),
        first_bits: easiest,
        limit_bits: easiest,
        ..ParamsOverride::default()
    };
    Arc::new(Params::with_overrides("netsim", &overrides).expect("the parameters hold"))
}

/// A core that mines, on a store in memory. Checks and commits take no time.
pub(super) struct Miner {
    core: Node<MemoryStore>,
    store: MemoryStore,
    params: Arc<Params>,
    address: Address,
    template: Option<Arc<Template>>,
    found: u64,
}

impl Miner {
    /// A miner at genesis; no two may have the same number.
    pub(super) fn new(number: u8, params: &Arc<Params>) -> Self {
        let store = MemoryStore::new();
        let (stored, seed) = (store.stored_chain(), [number; 32]);
        let opened = Node::open(
            Arc::clone(params),
            store.clone(),
            stored,
            BTreeMap::new(),
            seed,
            at(0),
            &mut |_, _| {},
        );
        let (core, effects) = opened.expect("a store in memory can always be read");
        let (params, address) = (Arc::clone(params), Address([number; 32]));
        let mut miner = Self { core, store, params, address, template: None, found: 0 };
        miner.carry_out(effects, 0);
        miner.handle(Input::WantTemplates(true), 0);
        miner
    }

    /// Finds a block on what it works on, and takes it.
    pub(super) fn mine(&mut self, now_us: u64) -> Arc<Block> {
        self.found += 1;
        let mut extra_nonce = [0; 16];
        extra_nonce[..8].copy_from_slice(&self.found.to_le_bytes());
        let template = self.template();
        let coinbase = template.coinbase(self.address, extra_nonce, b"netsim");
        let header = solve(template.header(&coinbase, at(now_us).timestamp()));
        let block = Arc::new(template.block(header, coinbase));
        self.take(&block, now_us);
        block
    }

    /// Hears of a block.
    pub(super) fn take(&mut self, block: &Arc<Block>, now_us: u64) {
        self.handle(Input::SubmitBlock { ticket: NOBODY_WAITS, block: Arc::clone(block) }, now_us);
    }

    /// The block it builds on.
    pub(super) fn tip(&self) -> BlockId {
        self.template().parent
    }

    /// What it works on.
    pub(super) fn template(&self) -> &Template {
        self.template.as_ref().expect("a core that was asked for templates has one")
    }

    fn handle(&mut self, input: Input, now_us: u64) {
        let effects = self.core.handle(at(now_us), input).expect("a store in memory can always be read");
        self.carry_out(effects, now_us);
    }

    /// There are no peers and no clients: of all that a core asks for, checks, commits and templates are left.
    fn carry_out(&mut self, effects: Vec<Effect>, now_us: u64) {
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            let answer = if let Effect::Verify { ticket, job } = effect {
                Input::Verified { ticket, result: execute(&job, &self.params) }
            } else if let Effect::Commit(commit) = effect {
                let sequence = commit.sequence;
                self.store.commit(&[commit]).expect("a store in memory takes every commit");
                Input::Durable { sequence }
            } else {
                if let Effect::Template(template) = effect {
                    self.template = Some(template);
                }
                continue;
            };
            waiting
                .extend(self.core.handle(at(now_us), answer).expect("a store in memory can always be read"));
        }
    }
}

/// Who found what on what.
#[derive(Debug, Default)]
pub(super) struct Genealogy {
    known: HashMap<BlockHash, (BlockHash, bool)>,
}

impl Genealogy {
    /// Notes a block, and whether the attacker found it.
    pub(super) fn note(&mut self, block: &Block, is_attackers: bool) {
        self.known.insert(block.hash(), (block.header.previous, is_attackers));
    }

    /// Whether the attacker found a block.
    pub(super) fn is_attackers(&self, hash: &BlockHash) -> bool {
        self.known.get(hash).is_some_and(|(_, is_attackers)| *is_attackers)
    }

    /// The chain from a block down to the first.
    pub(super) fn down_from(&self, tip: BlockHash) -> impl Iterator<Item = BlockHash> {
        let known = |hash: &BlockHash| self.known.contains_key(hash);
        std::iter::successors(Some(tip), |hash| self.known.get(hash).map(|(parent, _)| *parent)).filter(known)
    }
}

/// An exponential time of this mean.
pub(super) fn exponential(mean: f64, random: &mut ChaCha12Rng) -> f64 {
    let uniform: f64 = random.random();
    -(1.0 - uniform).ln() * mean
}

fn at(now_us: u64) -> Now {
    let monotonic_ms = now_us / 1_000;
    Now { monotonic_ms, wall_ms: EPOCH_WALL_MS + monotonic_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_builds_on_what_it_heard_first_and_then_on_the_longer_chain() {
        let params = steady_params();
        let (mut alice, mut bob) = (Miner::new(1, &params), Miner::new(2, &params));
        let (hers, his) = (alice.mine(0), bob.mine(0));
        alice.take(&his, 0);
        bob.take(&hers, 0);
        assert_eq!((alice.tip().hash, bob.tip().hash), (hers.hash(), his.hash()));
        let second = bob.mine(0);
        alice.take(&second, 0);
        assert_eq!(alice.tip().hash, second.hash());
        assert_eq!(alice.tip().height.0, 2);
    }

    #[test]
    fn a_chain_is_walked_down_to_its_first_block() {
        let params = steady_params();
        let mut alice = Miner::new(1, &params);
        let mut genealogy = Genealogy::default();
        for number in 0..3 {
            genealogy.note(&alice.mine(0), number == 1);
        }
        let chain: Vec<_> = genealogy.down_from(alice.tip().hash).collect();
        assert_eq!(chain.len(), 3);
        assert_eq!(chain.iter().filter(|hash| genealogy.is_attackers(hash)).count(), 1);
    }
}
