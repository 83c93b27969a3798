//! Transactions that several calls bring at the same moment, handed to the core together.
//!
//! Signatures that are checked in one batch cost half of what they cost alone, and waking the core and the checkers
//! for each costs more than its signature. So one group is under way at a time, and what comes meanwhile is the next;
//! and the calls of a batch are one group.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::node::input::Purpose;
use crate::node::message::GOSSIPED_TRANSACTIONS_MAX;
use crate::node::query::Rejection;
use crate::primitives::{Transaction, TransactionId};
use crate::runtime::{NodeHandle, NodeStopped};

/// What the core says of one transaction.
type Verdict = Result<TransactionId, Rejection>;

/// The transactions that wait to be handed over. They are no more than there are calls under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Intake {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    transactions: VecDeque<(Arc<Transaction>, oneshot::Sender<Verdict>)>,
    /// Whether a task is at work that takes them in turn.
    is_carried: bool,
    /// How many callers are about to bring more.
    holds: usize,
}

/// As long as this lives, no group is begun: more is to come.
#[derive(Debug)]
pub(super) struct Hold<'a> {
    intake: &'a Intake,
    node: &'a NodeHandle,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.intake.lock().holds -= 1;
        self.intake.carry_on(self.node);
    }
}

impl Intake {
    /// Admits a transaction to the pool, or says why not. Those of one caller are judged in the order of their calls.
    pub(super) async fn admit(
        &self,
        node: &NodeHandle,
        transaction: Arc<Transaction>,
    ) -> Result<Verdict, NodeStopped> {
        let (sender, verdict) = oneshot::channel();
        self.lock().transactions.push_back((transaction, sender));
        self.carry_on(node);
        verdict.await.map_err(|_| node.gone())
    }

    /// Begins no group until the hold is dropped.
    pub(super) fn hold<'a>(&'a self, node: &'a NodeHandle) -> Hold<'a> {
        self.lock().holds += 1;
        Hold { intake: self, node }
    }

    fn carry_on(&self, node: &NodeHandle) {
        let mut waiting = self.lock();
        if !waiting.is_carried && waiting.holds == 0 && !waiting.transactions.is_empty() {
            waiting.is_carried = true;
            // A task of its own: a client that goes away takes nobody else's transaction along.
            tokio::spawn(self.clone().carry(node.clone()));
        }
    }

    async fn carry(self, node: NodeHandle) {
        while let Some(group) = self.next_group() {
            let (transactions, senders): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            // Nothing is sent when the node stops: dropping the senders says so.
            let Ok(verdicts) = node.submit_transactions(transactions, Purpose::Admit).await else { continue };
            for (sender, verdict) in senders.into_iter().zip(verdicts) {
                // A client that went away does not want its answer any more.
                let _ = sender.send(verdict);
            }
        }
    }

    /// As many as the core takes at once; none when all are carried, or more is to come at once.
    fn next_group(&self) -> Option<Vec<(Arc<Transaction>, oneshot::Sender<Verdict>)>> {
        let mut waiting = self.lock();
        let ready = if waiting.holds == 0 { waiting.transactions.len() } else { 0 };
        let count = ready.min(GOSSIPED_TRANSACTIONS_MAX);
        waiting.is_carried = count > 0;
        (count > 0).then(|| waiting.transactions.drain(..count).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::consensus::params::Params;
    use crate::consensus::testing::{dev_key, payment};
    use crate::node::Input;
    use crate::primitives::{Address, Amount};

    #[tokio::test]
    async fn what_a_batch_brings_reaches_the_core_in_one_piece() {
        let params = Arc::new(Params::named("dev").unwrap());
        let (node, mut inputs, _commands) = NodeHandle::detached(Arc::clone(&params));
        let intake = Intake::default();
        let pay = |nonce| Arc::new(payment(&dev_key(0), &params, nonce, Address::default(), Amount(1)));
        let admit_all = join_all((0..50).map(|nonce| intake.admit(&node, pay(nonce))));
        let mut admit_all = std::pin::pin!(admit_all);
        let hold = intake.hold(&node);
        assert!(futures::poll!(admit_all.as_mut()).is_pending());
        drop(hold);
        let Some(Input::SubmitTransactions { transactions, .. }) = inputs.recv().await else {
            panic!("transactions come first")
        };
        let nonces: Vec<_> = transactions.iter().map(|each| each.nonce).collect();
        assert_eq!(nonces, (0..50).collect::<Vec<_>>());
    }
}
