//! What clients of the node do: blocks, payments, mining.

use std::sync::Arc;

use cairn::consensus::Violation;
use cairn::consensus::testing::{payment, solve};
use cairn::node::Answer;
use cairn::node::message::Gossip;
use cairn::node::query::BlockOutcome;
use cairn::primitives::{Address, Amount, List, PeerId, Transaction};

use super::super::forest::{MINERS, PAYEES};
use super::super::text::Bytes;
use super::{HONEST, LIARS, Life, PARAMS, tampered};

impl Life {
    /// A client brings a block, sometimes with another body.
    pub(super) fn submit(&mut self, bytes: &mut Bytes<'_>) {
        let at = self.forest.choose(bytes);
        let (block, is_tampered) = tampered(&self.forest.tree(at).block, bytes.u8());
        let ticket = self.lab.submit_block(block);
        self.submitted.insert(ticket, (at, is_tampered));
    }

    pub(super) fn take_answers(&mut self) {
        for (ticket, answer) in std::mem::take(&mut self.lab.answers) {
            let (Answer::Block(outcome), Some((at, is_tampered))) = (answer, self.submitted.remove(&ticket))
            else {
                continue;
            };
            self.judge_outcome(at, is_tampered, outcome);
        }
    }

    pub(super) fn judge_outcome(&mut self, at: usize, is_tampered: bool, outcome: BlockOutcome) {
        let tree = self.forest.tree(at);
        let is_valid = tree.chain.is_some();
        match outcome {
            BlockOutcome::Connected | BlockOutcome::SideBranch => {
                assert!(!is_tampered, "another body than the header's is taken");
                assert!(is_valid || outcome == BlockOutcome::SideBranch, "an invalid block is connected");
                assert!(!tree.has_bad_header, "a bad header is kept");
                self.kept.insert(at);
            }
            BlockOutcome::Duplicate => assert!(!tree.has_bad_header, "a bad header is known"),
            BlockOutcome::Invalid(violation) => {
                let is_early = matches!(violation, Violation::UnknownParent | Violation::TimeTooFarAhead);
                let is_other_body =
                    matches!(violation, Violation::WrongCommitment | Violation::WrongTransactionRoot);
                assert!(
                    !is_valid || is_early || (is_tampered && is_other_body),
                    "a valid block is {violation}"
                );
                if violation == Violation::UnknownParent {
                    let parent = tree.parent.expect("the first block is known");
                    assert!(!self.kept.contains(&parent), "a parent that was kept is forgotten");
                }
            }
        }
    }

    /// Payments by clients and peers: next in line, far ahead, twice, too dear, badly signed.
    pub(super) fn pay(&mut self, bytes: &mut Bytes<'_>) {
        let (who, ahead, kind) = (bytes.u8(), u64::from(bytes.u8() % 20), bytes.u8());
        let key = self.forest.key(usize::from(who)).clone();
        let sender = Address::of(&key.public_key());
        let tip = self.forest.find(&self.lab.view().tip.id.hash).unwrap_or_default();
        let chain = self.forest.tree(tip).chain.clone().expect("a tip is valid");
        let nonce = (chain.state.account(&sender).nonce + ahead).saturating_sub(u64::from(kind % 3));
        let amount =
            if kind & 0x20 == 0 { u64::from(kind) } else { chain.state.account(&sender).balance.0 / 2 };
        let mut transaction = payment(&key, &PARAMS, nonce, PAYEES[usize::from(who >> 7)], Amount(amount));
        match kind >> 6 {
            0 | 1 => {
                self.lab.submit_transaction(transaction);
            }
            2 if amount > 0 => self.gossip_transaction(HONEST, transaction),
            _ => {
                transaction.signature.0[0] ^= 1;
                self.gossip_transaction(LIARS[0], transaction);
            }
        }
    }

    pub(super) fn gossip_transaction(&mut self, peer: PeerId, transaction: Transaction) {
        if self.connected.contains(&peer) {
            self.lab.gossip(peer, Gossip::Transactions(List(vec![Arc::new(transaction)])));
        }
    }

    /// The miner of this node finds the block of its template: the core's own work must be valid.
    pub(super) fn mine_template(&mut self) {
        let template = Arc::clone(self.lab.template());
        let Some(parent) = self.forest.find(&template.previous()) else {
            panic!("a template stands on a block that nobody mined");
        };
        let coinbase = template.coinbase(MINERS[1], [0; 16], b"template");
        let header = template.header(&coinbase, self.lab.now.timestamp());
        let header = solve(header);
        let block = Arc::new(template.block(header, coinbase));
        if self.forest.find(&block.hash()).is_some() {
            return;
        }
        let Some(at) = self.forest.plant(parent, Arc::clone(&block)) else { return };
        let replayed = self.forest.tree(at).chain.is_some();
        assert!(replayed, "the template makes an invalid block: {block:?}");
        let ticket = self.lab.submit_block(block);
        self.submitted.insert(ticket, (at, false));
    }
}
