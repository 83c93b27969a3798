//! Every block that was ever mined, and what a node must think of it: found by replaying its whole branch.

mod fault;

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn::consensus::testing::{TestChain, mine_block, payment};
use cairn::consensus::{
    HeaderContext, HeaderFacts, Violation, check_header_in_context, check_header_in_isolation, next_bits,
};
use cairn::node::message::{Status, SyncRequest, SyncResponse};
use cairn::primitives::keys::verify;
use cairn::primitives::{Address, Amount, Block, BlockHash, List, SecretKey, Timestamp, Transaction};

use super::text::Bytes;
use fault::Fault;

/// Blocks of one input at most.
const TREES_MAX: usize = 48;

/// Who is paid for blocks.
pub const MINERS: [Address; 2] = [Address([7; 32]), Address([8; 32])];

/// Where payments go, besides the accounts that pay.
pub const PAYEES: [Address; 2] = [Address([9; 32]), MINERS[0]];

/// Seconds between a block and its parent.
const TIME_STEPS: [u32; 8] = [10, 10, 0, 1, 25, 600, 3_600, 86_400];

/// The byte from which on a block is stamped by the clock, this far ahead of it and up to seven seconds more: the limit
/// is 120.
const AHEAD_FROM: u8 = 224;
const AHEAD_SECONDS: u32 = 116;

/// A block and what is known of it.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The block.
    pub block: Arc<Block>,
    /// Its header's facts.
    pub facts: HeaderFacts,
    /// The tree it stands on; none for the block that all share.
    pub parent: Option<usize>,
    /// The chain that ends with it, if all of it is valid.
    pub chain: Option<Arc<TestChain>>,
    /// Whether everyone who holds the parent could see that it is bad, without its transactions.
    pub is_plainly_bad: bool,
    /// Whether its header or that of a tree below breaks a rule.
    pub has_bad_header: bool,
}

/// All blocks. The first stands for the last block of a chain that the node begins with.
#[derive(Debug)]
pub struct Forest {
    trees: Vec<Tree>,
    keys: Arc<[SecretKey]>,
}

impl Forest {
    /// The tip of this chain alone. The keys have money on it.
    pub fn new(base: Arc<TestChain>, keys: Arc<[SecretKey]>) -> Self {
        let block = base
            .blocks
            .last()
            .map_or_else(|| Arc::new(base.params.genesis().clone()), |(block, _)| Arc::clone(block.block()));
        let first = Tree {
            block,
            facts: base.tip(),
            parent: None,
            chain: Some(base),
            is_plainly_bad: false,
            has_bad_header: false,
        };
        Self { trees: vec![first], keys }
    }

    /// A tree by its number.
    pub fn tree(&self, at: usize) -> &Tree {
        &self.trees[at]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.trees.len()
    }

    /// Whether there is none, which is never.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// The key with this number.
    pub fn key(&self, number: usize) -> &SecretKey {
        &self.keys[number % self.keys.len()]
    }

    /// The tree of this block, if it is one.
    pub fn find(&self, hash: &BlockHash) -> Option<usize> {
        self.trees.iter().position(|tree| tree.facts.hash == *hash)
    }

    /// One of the newest trees, as a byte says.
    pub fn choose(&self, bytes: &mut Bytes<'_>) -> usize {
        self.trees.len() - 1 - bytes.below(self.trees.len().min(16))
    }

    /// Whether a tree stands on another, or is it.
    pub fn stands_on(&self, mut at: usize, other: usize) -> bool {
        while at > other {
            let Some(parent) = self.trees[at].parent else { return false };
            at = parent;
        }
        at == other
    }

    /// Those whose parents are among them too, down to the first.
    pub fn whole_branches(&self, kept: &BTreeSet<usize>) -> Vec<usize> {
        let mut whole = vec![0];
        for at in kept.iter().skip(1) {
            if self.trees[*at].parent.is_some_and(|parent| whole.contains(&parent)) {
                whole.push(*at);
            }
        }
        whole
    }

    /// The chain that a block makes together with its parent's, unless something breaks a rule.
    fn replay(&self, parent: usize, block: &Arc<Block>) -> Result<TestChain, Violation> {
        let chain = self.trees[parent].chain.as_ref().ok_or(Violation::InvalidParent)?;
        let grandparent = chain.facts.iter().rev().nth(1).copied();
        check_header_in_isolation(&block.header, &block.hash(), &chain.params)?;
        let context = HeaderContext { parent: chain.tip(), grandparent };
        check_header_in_context(&block.header, &context, &chain.params)?;
        let mut chain = TestChain::clone(chain);
        let checked = chain.connect(Arc::clone(block))?;
        verify(&checked.signature_checks(&chain.params.genesis_hash(), |_| false))
            .map_err(|_| Violation::BadSignature)?;
        Ok(chain)
    }

    /// A block made elsewhere, such as from a node's template; answers its number.
    pub fn plant(&mut self, parent: usize, block: Arc<Block>) -> Option<usize> {
        if self.trees.len() >= TREES_MAX {
            return None;
        }
        let replayed = self.replay(parent, &block);
        Some(self.keep(parent, block, replayed, Fault::None))
    }

    /// Mines a block as the bytes say: on which parent, when, with what, and with what fault.
    pub fn mine(&mut self, bytes: &mut Bytes<'_>, now: Timestamp) {
        let (parent, when, content) = (self.choose(bytes), bytes.u8(), bytes.u8());
        let fault = Fault::of(bytes.u8());
        if self.trees.len() >= TREES_MAX {
            return;
        }
        let block = Arc::new(self.block_on(parent, when, content, fault, now));
        if self.find(&block.hash()).is_some() {
            return;
        }
        let replayed = self.replay(parent, &block);
        self.keep(parent, block, replayed, fault);
    }

    fn keep(
        &mut self,
        parent: usize,
        block: Arc<Block>,
        replayed: Result<TestChain, Violation>,
        fault: Fault,
    ) -> usize {
        let facts = self.trees[parent].facts.child(&block.header, block.hash());
        let chain = replayed.ok().map(Arc::new);
        let below = &self.trees[parent];
        let is_plainly_bad = below.is_plainly_bad || fault.is_plain();
        let has_bad_header = below.has_bad_header || fault.is_in_header();
        self.trees.push(Tree { block, facts, parent: Some(parent), chain, is_plainly_bad, has_bad_header });
        self.trees.len() - 1
    }

    fn block_on(&self, parent: usize, when: u8, content: u8, fault: Fault, now: Timestamp) -> Block {
        let tree = &self.trees[parent];
        let base = self.trees[0].chain.as_ref().expect("the first tree is valid");
        let grandparent = match &tree.chain {
            Some(chain) => chain.facts.iter().rev().nth(1).copied(),
            None => tree.parent.map(|at| self.trees[at].facts),
        };
        let bits = next_bits(&base.params, &tree.facts, grandparent.as_ref());
        let root = tree.chain.as_ref().map(|chain| chain.expected_state_root());
        let mut block = mine_block(
            tree.facts.hash,
            time_after(tree, when, now),
            bits,
            root.unwrap_or(tree.block.coinbase.state_root),
            tree.facts.height.next(),
            MINERS[usize::from(content >> 7)],
            self.payments(tree.chain.as_ref().unwrap_or(base), content, fault),
        );
        fault.spoil(&mut block, tree.facts.time);
        block
    }

    /// Up to three payments, and what the fault does to them.
    fn payments(&self, chain: &TestChain, content: u8, fault: Fault) -> Vec<Transaction> {
        let (count, first) = (usize::from(content % 4), usize::from(content >> 2));
        let mut made: Vec<Transaction> = Vec::new();
        for number in 0..count {
            let key = self.key(first + number / 2);
            let sender = Address::of(&key.public_key());
            let earlier = made.iter().filter(|each| each.sender_address() == sender).count() as u64;
            let nonce = chain.state.account(&sender).nonce + earlier;
            made.push(payment(key, &chain.params, nonce, PAYEES[number % 2], Amount(5 + u64::from(content))));
        }
        if let Fault::Payment(fault) = fault {
            fault.spoil(&mut made, self.key(first + count.saturating_sub(1) / 2), chain);
        }
        made
    }

    /// The best chain among these trees, by work and then by which was told first.
    pub fn best_of<'a>(&self, told: impl IntoIterator<Item = &'a usize>) -> usize {
        let valid = told.into_iter().copied().filter(|at| self.trees[*at].chain.is_some());
        valid.fold(
            0,
            |best, at| if self.trees[at].facts.work > self.trees[best].facts.work { at } else { best },
        )
    }

    /// What a node answers whose tip is this valid tree and that has the bodies of these and all below them.
    pub fn answer(&self, tip: usize, has: &[usize], question: &SyncRequest, now: Timestamp) -> SyncResponse {
        let chain = self.trees[tip].chain.as_ref().expect("a node's tip is valid");
        let known = |hash: &BlockHash| -> Option<Arc<Block>> {
            let has_it = |at: &usize| has.iter().any(|told| self.stands_on(*told, *at));
            let planted = self.find(hash).filter(has_it).map(|at| Arc::clone(&self.trees[at].block));
            let below = chain.blocks.iter().find(|(block, _)| block.hash() == *hash);
            planted.or_else(|| below.map(|(block, _)| Arc::clone(block.block())))
        };
        match question {
            SyncRequest::Status(_) => SyncResponse::Status(self.status(tip, now)),
            SyncRequest::Headers { locator, maximum } => {
                let place = |hash: &BlockHash| chain.facts.iter().rposition(|facts| facts.hash == *hash);
                let after = chain.blocks.iter().skip(locator.iter().find_map(place).unwrap_or_default());
                SyncResponse::Headers(
                    after.take(*maximum as usize).map(|(block, _)| *block.header()).collect(),
                )
            }
            SyncRequest::Blocks { hashes } => SyncResponse::Blocks(hashes.iter().map_while(known).collect()),
            SyncRequest::BlockTransactions { block, indexes } => {
                let block = known(block);
                let transaction =
                    |index: &u32| block.as_ref()?.transactions.get(*index as usize).cloned().map(Arc::new);
                let found: Option<List<_>> = indexes.iter().map(transaction).collect();
                SyncResponse::BlockTransactions(found.unwrap_or_default())
            }
            SyncRequest::Mempool => SyncResponse::Mempool(List::default()),
        }
    }

    /// Where a node stands whose tip is this valid tree.
    pub fn status(&self, tip: usize, now: Timestamp) -> Status {
        let (tree, base) = (&self.trees[tip], self.trees[0].chain.as_ref().expect("the first tree is valid"));
        let chain = tree.chain.as_ref().unwrap_or(base);
        Status {
            genesis: chain.params.genesis_hash(),
            block_one: chain.facts.get(1).map_or(BlockHash::ZERO, |facts| facts.hash),
            tip: tree.facts.hash,
            height: tree.facts.height,
            work: tree.facts.work,
            time: u64::from(now.0),
        }
    }
}

/// Some while after the parent, or as far ahead of the clock as is allowed, and a little further.
fn time_after(parent: &Tree, when: u8, now: Timestamp) -> Timestamp {
    let step = usize::from(when % 8);
    if when < AHEAD_FROM {
        parent.facts.time.plus(TIME_STEPS[step])
    } else {
        parent.facts.time.max(now.plus(AHEAD_SECONDS + step as u32))
    }
}
