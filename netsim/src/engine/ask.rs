//! Being a client of a node: asking, sending transactions, making blocks.

use std::sync::Arc;

use cairn::node::input::Purpose;
use cairn::node::query::Rejection;
use cairn::node::{Answer, Input, Query};
use cairn::primitives::{Transaction, TransactionId};

use super::NodeIndex;
use super::world::World;

/// The ticket of questions whose answer nobody reads.
pub(super) const NOBODY_WAITS: u64 = 1 << 32;
/// Virtual microseconds that a question may take to be answered.
const ANSWER_PATIENCE_US: u64 = 1_000_000;

impl World {
    /// Lets time pass.
    pub fn run_for(&mut self, microseconds: u64) {
        self.run_to(self.now_us + microseconds);
    }

    /// Lets time pass up to a moment.
    pub fn run_to(&mut self, until_us: u64) {
        while self.step(until_us) {}
        self.now_us = self.now_us.max(until_us);
    }

    /// Lets time pass until something holds; false when it does not within so many microseconds.
    pub fn run_until(&mut self, patience_us: u64, holds: impl Fn(&Self) -> bool) -> bool {
        let until = self.now_us + patience_us;
        while !holds(self) {
            if !self.step(until) {
                self.now_us = until;
                return holds(self);
            }
        }
        true
    }

    /// Mines one block at a node, now.
    pub fn mine_at(&mut self, node: NodeIndex) {
        if let Some(Answer::Template(template)) = self.ask(node, Query::Template) {
            self.find_block_on(node, &template);
        }
    }

    /// Hands a client's transaction to a node and waits for its verdict. `None`: it does not run.
    pub fn submit(
        &mut self,
        node: NodeIndex,
        transaction: Transaction,
    ) -> Option<Result<TransactionId, Rejection>> {
        let ticket = self.ticket();
        self.submit_under(ticket, node, vec![Arc::new(transaction)]);
        match self.answer(node, ticket) {
            Some(Answer::Transactions(mut verdicts)) => verdicts.pop(),
            _ => None,
        }
    }

    /// Hands clients' transactions to a node and does not wait.
    pub fn submit_all(&mut self, node: NodeIndex, transactions: Vec<Arc<Transaction>>) {
        self.submit_under(NOBODY_WAITS, node, transactions);
    }

    /// Asks a node and waits for its answer. `None`: it does not run.
    pub fn ask(&mut self, node: NodeIndex, query: Query) -> Option<Answer> {
        let ticket = self.ticket();
        self.input(node, Input::Query { ticket, query });
        self.answer(node, ticket)
    }

    fn submit_under(&mut self, ticket: u64, node: NodeIndex, transactions: Vec<Arc<Transaction>>) {
        self.input(node, Input::SubmitTransactions { ticket, transactions, purpose: Purpose::Admit });
    }

    fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    fn answer(&mut self, node: NodeIndex, ticket: u64) -> Option<Answer> {
        if self.nodes[node].is_running() {
            self.run_until(ANSWER_PATIENCE_US, |world| world.nodes[node].answers.contains_key(&ticket));
        }
        self.nodes[node].answers.remove(&ticket)
    }
}
