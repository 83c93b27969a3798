//! Nodes that break the rules with real work: blocks that no honest node may follow, and blocks that lead nowhere.
//!
//! What they make is told to the neighbours alone, never to the node's own core, which would know better.

use std::sync::Arc;

use cairn::node::Template;
use cairn::node::compact::compact_block;
use cairn::node::message::Gossip;
use cairn::primitives::codec::encoded_len;
use cairn::primitives::merkle::transaction_root;
use cairn::primitives::{Address, Block, BlockHash, BlockId, Timestamp, Transaction};
use rand::{Rng, RngExt};

use super::NodeIndex;
use super::world::World;

/// Seconds beyond what the rules allow by which a block from the future is ahead.
const TOO_FAR_SECONDS: u32 = 60;

/// A rule that a block breaks, or is yet to break.
#[derive(Debug, Clone, Copy)]
enum Broken {
    /// The last transaction carries another signature under the same id.
    Signature,
    /// A transaction is missing that a later one of its sender follows.
    Nonce,
    /// The last transaction stands there twice.
    Again,
    /// It commits to another state.
    StateRoot,
    /// Its header commits to transactions that are not there.
    TransactionRoot,
    /// It is from further in the future than the rules allow: nobody may follow it yet.
    Future,
}

const ALL: [Broken; 6] = [
    Broken::Signature,
    Broken::Nonce,
    Broken::Again,
    Broken::StateRoot,
    Broken::TransactionRoot,
    Broken::Future,
];

impl World {
    /// Tells the neighbours of a block that breaks a rule, as if it were a find like any other.
    pub(super) fn publish_broken(&mut self, node: NodeIndex, template: &Template, block: &Block) {
        let broken = ALL[self.chance.mischief.random_range(0..ALL.len())];
        let now = self.nodes[node].now(self.now_us).timestamp();
        let latest = now.plus(self.params.future_limit_seconds + TOO_FAR_SECONDS);
        let Some(block) = spoil(block.clone(), broken, latest).and_then(solved) else { return };
        if matches!(broken, Broken::Future) {
            // Once it is due it keeps every rule.
            let id = BlockId { height: template.height(), hash: block.header.hash() };
            let bytes = encoded_len(&block);
            let audience = self.audience(node);
            self.observer.found(&Arc::new(block.clone()), id, bytes, node, self.now_us, audience);
        }
        self.publish_whole(node, &block);
    }

    /// Tells the neighbours of so many blocks whose parents do not exist.
    pub(super) fn publish_orphans(&mut self, node: NodeIndex, count: usize) {
        let Some(template) = self.nodes[node].template.clone() else { return };
        for _ in 0..count {
            let mut parent = [0; 32];
            self.chance.mischief.fill_bytes(&mut parent);
            let coinbase = template.coinbase(Address(parent), [0; 16], b"orphan");
            let mut header = template.header(&coinbase, template.time_min);
            header.previous = BlockHash(parent);
            let mut block = template.block(header, coinbase);
            block.transactions.clear();
            if let Some(block) = solved(block) {
                self.publish_whole(node, &block);
            }
        }
    }

    /// Gossips a block with all its transactions: whoever hears of it need not ask anybody.
    fn publish_whole(&mut self, node: NodeIndex, block: &Block) {
        let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
        let compact = compact_block(block, &leaves, 0, |_, _| true);
        self.publish_openly(node, Gossip::Block(Arc::new(compact)));
    }
}

/// A block that breaks a rule, its work not done yet; `None` if it holds nothing to break it with.
fn spoil(mut block: Block, broken: Broken, latest: Timestamp) -> Option<Block> {
    let transactions = &mut block.transactions;
    match broken {
        Broken::Signature => transactions.last_mut()?.signature.0[3] ^= 1,
        Broken::Nonce => {
            let sender = transactions.last()?.sender;
            let first = transactions.iter().position(|each| each.sender == sender)?;
            if first + 1 == transactions.len() {
                return None;
            }
            transactions.remove(first);
        }
        Broken::Again => {
            let last = transactions.last()?.clone();
            transactions.push(last);
        }
        Broken::StateRoot => block.coinbase.state_root.0[0] ^= 1,
        Broken::TransactionRoot | Broken::Future => {}
    }
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    block.coinbase.transaction_root = transaction_root(&leaves);
    match broken {
        Broken::TransactionRoot => block.coinbase.transaction_root.0[0] ^= 1,
        Broken::Future => block.header.time = latest.max(block.header.time),
        Broken::Signature | Broken::Nonce | Broken::Again | Broken::StateRoot => {}
    }
    Some(block)
}

/// The block with a header that commits to it, and work that meets its target.
fn solved(mut block: Block) -> Option<Block> {
    let target = block.header.bits.target().ok()?;
    block.header.commitment = block.coinbase.commitment();
    block.header.nonce = 0;
    while !target.is_met_by(&block.header.hash()) {
        block.header.nonce = block.header.nonce.checked_add(1)?;
    }
    Some(block)
}
