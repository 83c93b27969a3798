//! Answering clients of this node: blocks they made, and questions about accounts, blocks and the pool.

use std::sync::Arc;

use super::Node;
use super::checks::BodyFrom;
use super::effect::Effect;
use super::headers::{Body, Index};
use super::input::Ticket;
use super::now::Now;
use super::query::{AccountView, Answer, BlockOutcome, BlockPlace, ChainTip, Query, Supply};
use super::waiting::{Early, WAITING_BLOCKS_MAX};
use crate::consensus::accounts::Accounts;
use crate::consensus::reward::subsidy;
use crate::consensus::violation::Violation;
use crate::primitives::codec::encoded_len;
use crate::primitives::{Address, Amount, Block, Header, Height};
use crate::storage::ChainReader;

/// Headers in one answer to a client at most.
const HEADERS_PER_QUERY_MAX: u32 = 2_000;

impl<R: ChainReader> Node<R> {
    pub(super) fn on_submit_block(&mut self, now: Now, ticket: Ticket, block: Arc<Block>) {
        let outcome = match self.chain.accept_header(&block.header, now.timestamp(), &mut self.outbox) {
            Ok((index, _)) => match self.chain.headers.get(index).body {
                Body::Missing | Body::Checking => {
                    self.check_for_client(index, ticket, block);
                    return self.take_waiting_blocks(now);
                }
                Body::Checked { .. } => BlockOutcome::Duplicate,
            },
            Err(violation) => {
                self.keep_if_early(block, violation);
                BlockOutcome::Invalid(violation)
            }
        };
        self.outbox.push_durable(Effect::Answer { ticket, answer: Answer::Block(outcome) });
    }

    /// A block that came before its parent or its time waits.
    fn keep_if_early(&mut self, block: Arc<Block>, violation: Violation) {
        if matches!(violation, Violation::TimeTooFarAhead | Violation::UnknownParent) {
            let (hash, size) = (block.hash(), encoded_len(block.as_ref()));
            self.waiting.keep(hash, Early::Whole(block), size);
        }
    }

    /// Looks again at blocks whose parents have become known and whose time has come.
    pub(super) fn take_waiting_blocks(&mut self, now: Now) {
        let latest = now.timestamp().plus(self.params.future_limit_seconds);
        for _ in 0..WAITING_BLOCKS_MAX {
            let headers = &self.chain.headers;
            let is_ready =
                |header: &Header| header.time <= latest && headers.find(&header.previous).is_some();
            let Some(early) = self.waiting.first_ready(is_ready).and_then(|hash| self.waiting.take(&hash))
            else {
                return;
            };
            self.on_no_longer_early(now, early);
        }
    }

    fn on_no_longer_early(&mut self, now: Now, early: Early) {
        match early {
            Early::Compact { from, block } => self.on_compact_no_longer_early(now, from, &block),
            Early::Whole(block) => {
                match self.chain.accept_header(&block.header, now.timestamp(), &mut self.outbox) {
                    Ok((index, _)) => {
                        self.relay.note_made_here(block.hash());
                        self.check_body(index, block, BodyFrom::Client);
                    }
                    Err(violation) => self.keep_if_early(block, violation),
                }
            }
        }
    }

    pub(super) fn on_query(&mut self, ticket: Ticket, query: &Query) {
        let answer = match query {
            Query::Account(address) => Answer::Account(self.account(address)),
            Query::BlockAt(height) => {
                Answer::BlockPlace(self.chain.at(*height).map(|index| self.place(index)))
            }
            Query::BlockByHash(hash) => {
                Answer::BlockPlace(self.chain.headers.find(hash).map(|index| self.place(index)))
            }
            Query::Headers { from, count } => {
                let count = (*count).min(HEADERS_PER_QUERY_MAX);
                let heights = from.0..from.0.saturating_add(count);
                let indexes = heights.map_while(|height| self.chain.at(Height(height)));
                Answer::Headers(indexes.map(|index| self.chain.headers.get(index).stored()).collect())
            }
            Query::ChainTips => Answer::ChainTips(self.chain_tips()),
            Query::Mempool => Answer::Mempool(self.mempool.entries()),
            Query::MempoolEntry(id) => Answer::MempoolEntry(self.mempool.entry(id)),
            Query::Template => Answer::Template(Arc::new(self.template())),
            Query::Supply => Answer::Supply(self.supply()),
        };
        self.outbox.push_durable(Effect::Answer { ticket, answer });
    }

    fn account(&self, address: &Address) -> AccountView {
        let state = self.chain.ledger.state();
        let account = state.account(address);
        let immature = state.maturing().iter().filter(|reward| reward.miner == *address);
        let pending = self.mempool.pending(address, account);
        AccountView {
            confirmed: account.balance,
            immature: Amount::checked_sum(immature.map(|reward| reward.amount)).unwrap_or(Amount::MAX),
            pending_in: pending.incoming,
            pending_out: pending.outgoing,
            nonce: account.nonce,
            next_nonce: pending.next_nonce,
            tip: Some(self.chain.tip_id()),
        }
    }

    fn place(&self, index: Index) -> BlockPlace {
        let entry = self.chain.headers.get(index);
        let active = self.chain.is_active(index);
        let height = entry.height;
        BlockPlace {
            header: entry.stored(),
            confirmations: if active { self.chain.height().since(height) + 1 } else { 0 },
            next: active
                .then(|| self.chain.at(height.next()))
                .flatten()
                .map(|next| self.chain.headers.id(next).hash),
            has_body: self.chain.has_body(index),
            violation: entry.violation,
        }
    }

    fn chain_tips(&self) -> Vec<ChainTip> {
        let leaves = self.chain.headers.indexes().rev().filter(|index| self.chain.headers.is_leaf(*index));
        let tip = |index| {
            let entry = self.chain.headers.get(index);
            let status = match (entry.violation, entry.linked) {
                (Some(_), _) => "invalid",
                (None, _) if index == self.chain.tip() => "active",
                (None, true) => "valid-fork",
                (None, false) => "headers-only",
            };
            let shared = self.chain.headers.height(self.chain.fork_point(index));
            ChainTip { id: entry.id(), branch_length: entry.height.since(shared), status }
        };
        let mut tips: Vec<_> = leaves.map(tip).collect();
        // While headers are ahead of the bodies, the tip itself is no leaf.
        if !self.chain.headers.is_leaf(self.chain.tip()) {
            tips.push(ChainTip { id: self.chain.tip_id(), branch_length: 0, status: "active" });
        }
        tips
    }

    fn supply(&self) -> Supply {
        let state = self.chain.ledger.state();
        let sum =
            |amounts: &mut dyn Iterator<Item = Amount>| Amount::checked_sum(amounts).unwrap_or(Amount::MAX);
        Supply {
            circulating: u64::try_from(state.accounts().total()).map_or(Amount::MAX, Amount),
            maturing: sum(&mut state.maturing().iter().map(|reward| reward.amount)),
            prefund: sum(&mut self.params.prefund.iter().map(|(_, amount)| *amount)),
            issued: sum(&mut (1..=self.chain.height().0).map(|height| subsidy(Height(height)))),
            accounts: state.accounts().len() as u64,
        }
    }
}
