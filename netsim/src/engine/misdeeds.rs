//! Nodes that misbehave: the core is the honest one, and what it says is bent on its way out.

use std::collections::VecDeque;
use std::sync::Arc;

use cairn::node::input::RequestId;
use cairn::node::message::{CompactBlock, Gossip, Status, SyncRequest, SyncResponse};
use cairn::primitives::{Address, BlockHash, Header, Height, List, Work};
use rand::RngExt;

use super::NodeIndex;
use super::event::What;
use super::traffic::Letter;
use super::world::World;

/// How many blocks more than it has a boaster claims.
const BOASTED_BLOCKS: u32 = 100;
/// Microseconds between two times that a node tells of blocks without parents.
const ORPHANS_US: u64 = 5_000_000;
/// How many it tells of each time.
const ORPHANS: usize = 4;

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misdeed {
    /// Pays itself in every block it sends on request.
    ForeignBodies,
    /// Never answers a question.
    Silent,
    /// Refuses to send blocks, or says that it has none; transactions of blocks it refuses too.
    Refuser,
    /// Claims more work than there is.
    Boaster,
    /// Forwards nothing.
    Freeloader,
    /// Finds blocks that break a rule: one in two.
    RuleBreaker,
    /// Tells of blocks whose parents do not exist, without end.
    Orphans,
    /// Keeps the blocks it finds until they hurt most (Eyal and Sirer, "Majority is not enough", 2014).
    SelfishMiner,
    /// Keeps every rule. What a scenario lets it do is an attack, and its blocks count as an attacker's.
    Attacker,
}

/// What a selfish miner keeps back.
#[derive(Debug, Default)]
pub(crate) struct Withheld {
    blocks: VecDeque<Arc<CompactBlock>>,
    /// The height at which a block of its own is out against another: the next one it finds decides.
    racing_at: Option<Height>,
}

impl World {
    /// Lets a node misbehave from now.
    pub fn misbehave(&mut self, node: NodeIndex, misdeed: Misdeed) {
        self.nodes[node].misdeeds.push(misdeed);
        if misdeed == Misdeed::Orphans && self.nodes[node].is_running() {
            self.happen(ORPHANS_US, node, What::Orphans);
        }
    }

    /// A node begins its life: what it does by the clock begins, too.
    pub(super) fn begin_mischief(&mut self, node: NodeIndex) {
        if self.does(node, Misdeed::Orphans) {
            self.happen(ORPHANS_US, node, What::Orphans);
        }
    }

    /// A node tells of blocks without parents, as it does from time to time.
    pub(super) fn tell_of_orphans(&mut self, node: NodeIndex) {
        self.publish_orphans(node, ORPHANS);
        self.happen(ORPHANS_US, node, What::Orphans);
    }

    /// What a node says instead of an answer that it does not want to give; `None` if it gives it.
    pub(super) fn refusal(
        &mut self,
        node: NodeIndex,
        request: RequestId,
        body: &SyncResponse,
    ) -> Option<Letter> {
        if !self.does(node, Misdeed::Refuser) {
            return None;
        }
        match body {
            SyncResponse::Blocks(_) if self.chance.mischief.random() => {
                Some(Letter::Answer(request, SyncResponse::Blocks(List::default())))
            }
            SyncResponse::Blocks(_) | SyncResponse::BlockTransactions(_) => Some(Letter::Refusal(request)),
            SyncResponse::Status(_) | SyncResponse::Headers(_) | SyncResponse::Mempool(_) => None,
        }
    }

    /// Whether a node misbehaves in any way.
    pub fn is_honest(&self, node: NodeIndex) -> bool {
        self.nodes[node].misdeeds.is_empty()
    }

    pub(crate) fn does(&self, node: NodeIndex, misdeed: Misdeed) -> bool {
        self.nodes[node].misdeeds.contains(&misdeed)
    }

    /// What a node really sends instead of what its core would.
    pub(super) fn bend(&self, node: NodeIndex, letter: Letter) -> Letter {
        if self.nodes[node].misdeeds.is_empty() {
            return letter;
        }
        match letter {
            Letter::Question(request, SyncRequest::Status(status)) => {
                Letter::Question(request, SyncRequest::Status(self.bend_status(node, status)))
            }
            Letter::Answer(request, SyncResponse::Status(status)) => {
                Letter::Answer(request, SyncResponse::Status(self.bend_status(node, status)))
            }
            Letter::Answer(request, SyncResponse::Headers(mut headers)) => {
                self.nodes[node].withheld.hide(&mut headers);
                Letter::Answer(request, SyncResponse::Headers(headers))
            }
            Letter::Answer(request, SyncResponse::Blocks(mut blocks))
                if self.does(node, Misdeed::ForeignBodies) =>
            {
                for block in blocks.iter_mut() {
                    Arc::make_mut(block).coinbase.miner = Address(self.nodes[node].peer.0);
                }
                Letter::Answer(request, SyncResponse::Blocks(blocks))
            }
            other @ (Letter::Question(..) | Letter::Answer(..) | Letter::Refusal(_)) => other,
        }
    }

    fn bend_status(&self, node: NodeIndex, status: Status) -> Status {
        let mut status = self.nodes[node].withheld.hidden_from(status);
        if self.does(node, Misdeed::Boaster) {
            status.height = status.height.plus(BOASTED_BLOCKS);
            status.work = status.work.plus(status.work);
            status.tip = BlockHash([0xb0; 32]);
        }
        status
    }

    /// A selfish miner found a block: it keeps it, unless it decides a race.
    pub(super) fn withhold(&mut self, node: NodeIndex, block: &Arc<CompactBlock>) {
        let height = block.coinbase.height;
        let withheld = &mut self.nodes[node].withheld;
        if withheld.racing_at.take().is_some_and(|racing| racing.next() == height) {
            self.publish_openly(node, Gossip::Block(Arc::clone(block)));
        } else {
            withheld.blocks.push_back(Arc::clone(block));
        }
    }

    /// A selfish miner hears of a block that another found at this height.
    pub(super) fn react(&mut self, node: NodeIndex, height: Height) {
        let withheld = &mut self.nodes[node].withheld;
        if withheld.racing_at.is_some_and(|racing| height > racing) {
            withheld.racing_at = None;
        }
        let (Some(first), Some(last)) = (withheld.blocks.front(), withheld.blocks.back()) else { return };
        let (first, last) = (first.coinbase.height, last.coinbase.height);
        if height < first {
            return;
        }
        if height > last {
            withheld.blocks.clear();
            return;
        }
        let lead = last.since(height);
        let up_to = if lead <= 1 { last } else { height };
        if lead == 0 {
            withheld.racing_at = Some(last);
        }
        while let Some(block) = self.nodes[node].withheld.next_up_to(up_to) {
            self.publish_openly(node, Gossip::Block(block));
        }
    }
}

impl Withheld {
    fn next_up_to(&mut self, height: Height) -> Option<Arc<CompactBlock>> {
        let is_due = self.blocks.front().is_some_and(|block| block.coinbase.height <= height);
        if is_due { self.blocks.pop_front() } else { None }
    }

    /// Where a miner stands but for what it keeps back.
    fn hidden_from(&self, mut status: Status) -> Status {
        if let Some(first) = self.blocks.front() {
            let works = self.blocks.iter().filter_map(|block| block.header.bits.target().ok());
            let hidden = works.fold(Work::ZERO, |sum, target| sum.plus(target.work()));
            status.tip = first.header.previous;
            status.height = first.coinbase.height.minus(1);
            status.work = status.work.minus(hidden);
        }
        status
    }

    fn hide(&self, headers: &mut Vec<Header>) {
        if let Some(first) = self.blocks.front() {
            let secret = headers.iter().position(|header| *header == first.header);
            headers.truncate(secret.unwrap_or(headers.len()));
        }
    }
}
