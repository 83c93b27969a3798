//! What peers do: one tells the truth, two say anything.

use std::sync::Arc;

use cairn::node::Input;
use cairn::node::compact::compact_block;
use cairn::node::input::RequestFailure;
use cairn::node::message::{Gossip, Status, SyncRequest, SyncResponse};
use cairn::primitives::{Block, List, PeerId, Transaction, Work};

use super::super::text::Bytes;
use super::{HONEST, LIARS, Life, tampered};

impl Life {
    /// Gossips a block that an honest forwarder may have taken for good.
    pub(super) fn gossip_honestly(&mut self, bytes: &mut Bytes<'_>) {
        let (at, whole) = (self.forest.choose(bytes), bytes.u8());
        if at != 0 && !self.forest.tree(at).is_plainly_bad {
            let block = Arc::clone(&self.forest.tree(at).block);
            self.lab.gossip(HONEST, compact(&block, whole));
        }
    }

    pub(super) fn gossip_anything(&mut self, bytes: &mut Bytes<'_>) {
        let (at, whole, tamper) = (self.forest.choose(bytes), bytes.u8(), bytes.u8());
        let liar = LIARS[usize::from(tamper) % 2];
        if self.connected.contains(&liar) {
            let (block, _) = tampered(&self.forest.tree(at).block, tamper >> 1);
            self.lab.gossip(liar, compact(&block, whole));
        }
    }

    /// The honest peer hears of a valid block from elsewhere, and says so.
    pub(super) fn tell_honest(&mut self, bytes: &mut Bytes<'_>) {
        let at = self.forest.choose(bytes);
        if self.forest.tree(at).chain.is_some() {
            self.told.push(at);
            self.claim_honestly();
        }
    }

    pub(super) fn claim_honestly(&mut self) {
        let status = self.forest.status(self.forest.best_of(&self.told), self.lab.now.timestamp());
        let request = self.lab.name();
        self.lab.input(Input::Request { peer: HONEST, request, body: SyncRequest::Status(status) });
    }

    /// A liar says that it stands somewhere.
    pub(super) fn claim_anything(&mut self, bytes: &mut Bytes<'_>) {
        let (at, kind) = (self.forest.choose(bytes), bytes.u8());
        let liar = LIARS[usize::from(kind) % 2];
        if !self.connected.contains(&liar) {
            return;
        }
        let truth = self.forest.status(at, self.lab.now.timestamp());
        let work = if kind & 2 == 0 { truth.work } else { Work::from_be_bytes([kind; 32]) };
        let request = self.lab.name();
        let body = SyncRequest::Status(Status { work, ..truth });
        self.lab.input(Input::Request { peer: liar, request, body });
    }

    /// A liar answers something of what it was asked.
    pub(super) fn answer_anything(&mut self, bytes: &mut Bytes<'_>) {
        let (which, how, at) = (bytes.u8(), bytes.u8(), self.forest.choose(bytes));
        let owed: Vec<_> =
            (0..self.lab.asked.len()).filter(|at| LIARS.contains(&self.lab.asked[*at].0)).collect();
        if owed.is_empty() {
            return;
        }
        let (peer, request, question) = self.lab.asked.remove(owed[usize::from(which) % owed.len()]);
        let body = match how % 12 {
            0 => Err(RequestFailure::TimedOut),
            1 => Err(RequestFailure::Refused),
            2 => Err(RequestFailure::Undecodable),
            3 => Ok(SyncResponse::Headers(self.branch(at).iter().map(|block| block.header).collect())),
            4 => {
                let blocks = self.branch(at).iter().map(|block| tampered(block, how / 12).0).collect();
                Ok(SyncResponse::Blocks(blocks))
            }
            5 => Ok(SyncResponse::BlockTransactions(self.transactions_of(at))),
            6 | 7 => Ok(self.answer_by_hash(&question)),
            _ => {
                let all: Vec<_> = (0..self.forest.len()).collect();
                let tip = if self.forest.tree(at).chain.is_some() { at } else { 0 };
                Ok(self.forest.answer(tip, &all, &question, self.lab.now.timestamp()))
            }
        };
        self.lab.input(Input::Response { peer, request, body });
    }

    /// Everything that was mined on the way to a tree, valid or not.
    pub(super) fn branch(&self, at: usize) -> Vec<Arc<Block>> {
        let mut path: Vec<_> = std::iter::successors(Some(at), |at| self.forest.tree(*at).parent)
            .filter(|at| *at != 0)
            .collect();
        path.reverse();
        path.into_iter().map(|at| Arc::clone(&self.forest.tree(at).block)).collect()
    }

    pub(super) fn transactions_of(&self, at: usize) -> List<Arc<Transaction>> {
        self.forest.tree(at).block.transactions.iter().cloned().map(Arc::new).collect()
    }

    /// What a peer says that has every block there is, the invalid ones too.
    pub(super) fn answer_by_hash(&self, question: &SyncRequest) -> SyncResponse {
        let SyncRequest::Blocks { hashes } = question else {
            let best = self.branch(self.forest.len() - 1);
            return SyncResponse::Headers(best.iter().map(|block| block.header).collect());
        };
        let trees = hashes.iter().filter_map(|hash| self.forest.find(hash));
        SyncResponse::Blocks(trees.map(|at| Arc::clone(&self.forest.tree(at).block)).collect())
    }

    pub(super) fn come_and_go(&mut self, bytes: &mut Bytes<'_>) {
        let liar = LIARS[bytes.below(2)];
        if self.connected.contains(&liar) {
            self.leave(liar);
        } else if !self.lab.banned.contains(&liar) {
            self.connected.insert(liar);
            self.lab.input(Input::PeerConnected { peer: liar, outbound: false });
        }
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.connected.remove(&peer);
        self.lab.asked.retain(|(asked, _, _)| *asked != peer);
        self.lab.input(Input::PeerDisconnected { peer });
    }

    /// Carries out what the node decided about connections.
    pub(super) fn hang_up(&mut self) {
        for peer in std::mem::take(&mut self.lab.closed) {
            assert_ne!(peer, HONEST, "an honest peer is sent away");
            self.leave(peer);
        }
    }

    pub(super) fn meet_honest(&mut self) {
        self.connected.insert(HONEST);
        self.lab.input(Input::PeerConnected { peer: HONEST, outbound: true });
        self.claim_honestly();
        self.serve_honestly();
    }

    /// The honest peer answers whatever it is asked.
    pub(super) fn serve_honestly(&mut self) {
        while let Some(at) = self.lab.asked.iter().position(|(peer, _, _)| *peer == HONEST) {
            let (peer, request, question) = self.lab.asked.remove(at);
            let tip = self.forest.best_of(&self.told);
            let answer = self.forest.answer(tip, &self.told, &question, self.lab.now.timestamp());
            self.lab.input(Input::Response { peer, request, body: Ok(answer) });
        }
    }
}

/// A block told by ids, each transaction whole whose bit is set.
fn compact(block: &Block, whole: u8) -> Gossip {
    let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
    let told = compact_block(block, &leaves, u64::from(whole), |index, _| whole >> (index % 8) & 1 == 1);
    Gossip::Block(Arc::new(told))
}
