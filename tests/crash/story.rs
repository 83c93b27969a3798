//! What the recorded node lives through: a chain of 200 blocks with three reorganisations, always the same.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cairn::consensus::testing::{TestChain, dev_key, easy_params};
use cairn::consensus::{CheckedBlock, Params, Undo};
use cairn::primitives::{
    Action, Address, Amount, Anchor, Block, BlockHash, BlockId, Height, List, Output, SecretKey, StateRoot,
    Text, Transaction, Transfer, Work,
};

/// Its network.
pub(crate) const NETWORK: &str = "crash";
/// Blocks of the chain that wins in the end.
pub(crate) const HEIGHT: u32 = 200;
/// Height at which the chain is left, and how far the other branch goes back: across no checkpoint, across one, and
/// with a checkpoint on the branch that is left.
const REORGANISATIONS: [(u32, u32); 3] = [(45, 3), (100, 7), (131, 5)];
/// Height of a branch of two blocks that never wins.
const SIDE_BRANCH: u32 = 160;
/// Height of a block that takes several values of the database.
const LARGE_BLOCK: u32 = 70;
/// Payers, and others who are paid.
const PAYERS: u32 = 4;
const PAYEES: u8 = 20;
/// Their keys: making one takes a while.
static PAYER_KEYS: LazyLock<Vec<SecretKey>> = LazyLock::new(|| (0..PAYERS).map(dev_key).collect());
/// Anchored digests.
pub(crate) const DIGESTS: u8 = 25;

/// One block, and everything that follows from its ancestors.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) id: BlockId,
    pub(crate) block: CheckedBlock,
    pub(crate) undo: Undo,
    /// Of the state after it.
    pub(crate) root: StateRoot,
    pub(crate) work: Work,
}

/// All blocks.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) params: Arc<Params>,
    /// In the order in which the node gets them.
    pub(crate) order: Vec<Arc<Block>>,
    scenes: HashMap<BlockHash, Scene>,
    genesis: (BlockId, StateRoot, Work),
}

impl Story {
    /// Makes it. The same each time.
    pub(crate) fn new() -> Self {
        let mut chain = TestChain::new(easy_params(NETWORK));
        let start = chain.tip();
        let mut story = Self {
            params: Arc::new(chain.params.clone()),
            order: Vec::new(),
            scenes: HashMap::new(),
            genesis: (start.id(), chain.root(), start.work),
        };
        for (height, depth) in REORGANISATIONS {
            story.grow(&mut chain, height, 1);
            (0..depth).for_each(|_| assert!(chain.shrink()));
            story.grow(&mut chain, height + 1, 2);
        }
        story.grow(&mut chain, SIDE_BRANCH, 1);
        let mut side = chain.clone();
        (0..4).for_each(|_| assert!(side.shrink()));
        story.grow(&mut side, SIDE_BRANCH - 2, 3);
        story.grow(&mut chain, HEIGHT, 1);
        story
    }

    /// Everyone who ever had to do with money.
    pub(crate) fn addresses() -> impl Iterator<Item = Address> {
        let payers = PAYER_KEYS.iter().map(|key| Address::of(&key.public_key()));
        payers.chain((1..=PAYEES).map(|byte| Address([byte; 32])))
    }

    /// A block of the story.
    pub(crate) fn scene(&self, hash: &BlockHash) -> Option<&Scene> {
        self.scenes.get(hash)
    }

    /// The root of the state after a block, and the work up to it.
    pub(crate) fn facts(&self, id: BlockId) -> Option<(StateRoot, Work)> {
        let (genesis, root, work) = self.genesis;
        if id == genesis {
            Some((root, work))
        } else {
            self.scene(&id.hash).map(|scene| (scene.root, scene.work))
        }
    }

    /// From block 1 to a tip.
    pub(crate) fn path(&self, tip: BlockId) -> Vec<&Scene> {
        let parent = |scene: &&Scene| self.scene(&scene.block.header().previous);
        let mut path: Vec<_> = std::iter::successors(self.scene(&tip.hash), parent).collect();
        path.reverse();
        path
    }

    /// The tip in the end.
    pub(crate) fn last(&self) -> &Scene {
        let last = self.order.last().expect("there are blocks");
        &self.scenes[&last.header.hash()]
    }

    fn grow(&mut self, chain: &mut TestChain, to: u32, branch: u8) {
        while chain.tip().height.0 < to {
            let height = chain.tip().height.0 + 1;
            let miner = Address([1 + (height as u8 + branch) % PAYEES; 32]);
            let block = chain.grow(miner, transactions(chain, height, branch)).unwrap();
            let (_, undo) = chain.blocks.last().expect("it has just grown").clone();
            self.order.push(Arc::clone(block.block()));
            let (id, root, work) = (block.id(), chain.root(), chain.tip().work);
            self.scenes.insert(id.hash, Scene { id, block, undo, root, work });
        }
    }
}

fn transactions(chain: &TestChain, height: u32, branch: u8) -> Vec<Transaction> {
    if height == LARGE_BLOCK {
        return (0..PAYERS - 1).map(|payer| signed(chain, payer, transfer(height, branch, 256))).collect();
    }
    let anchor = || {
        let digest = [(height % u32::from(DIGESTS)) as u8; 32];
        Action::Anchor(Anchor { digest, label: Text::default() })
    };
    let mut transactions = vec![signed(chain, height % PAYERS, transfer(height, branch, 2))];
    if height.is_multiple_of(4) {
        transactions.push(signed(chain, (height + 1) % PAYERS, anchor()));
    }
    transactions
}

fn transfer(height: u32, branch: u8, outputs: u32) -> Action {
    let to = |index: u32| Address([1 + ((height + index * 7) % u32::from(PAYEES)) as u8; 32]);
    let outputs = (0..outputs)
        .map(|index| Output { to: to(index), amount: Amount(u64::from(height) + u64::from(branch)) });
    Action::Transfer(Transfer { outputs: List(outputs.collect()), memo: Text::default() })
}

fn signed(chain: &TestChain, payer: u32, action: Action) -> Transaction {
    let key = &PAYER_KEYS[payer as usize];
    let nonce = chain.state.account(&Address::of(&key.public_key())).nonce;
    Transaction::signed(key, &chain.params.genesis_hash(), nonce, Amount(10_000), Height::GENESIS, action)
}
