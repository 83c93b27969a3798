//! Transactions that several calls bring at the same moment, handed to the core together.
//!
//! Signatures that are checked in one batch cost half of what they cost alone, and waking the core and the checkers
//! for each costs more than its signature. So one group is under way at a time, and what comes meanwhile is the next.

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
}

impl Intake {
    /// Admits a transaction to the pool, or says why not. Those of one caller are judged in the order of their calls.
    pub(super) async fn admit(
        &self,
        node: &NodeHandle,
        transaction: Arc<Transaction>,
    ) -> Result<Verdict, NodeStopped> {
        let (sender, verdict) = oneshot::channel();
        let was_carried = {
            let mut waiting = self.lock();
            waiting.transactions.push_back((transaction, sender));
            std::mem::replace(&mut waiting.is_carried, true)
        };
        if !was_carried {
            // A task of its own: a client that goes away takes nobody else's transaction along.
            tokio::spawn(self.clone().carry(node.clone()));
        }
        verdict.await.map_err(|_| NodeStopped)
    }

    async fn carry(self, node: NodeHandle) {
        // The other calls of the same batch bring theirs first.
        tokio::task::yield_now().await;
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

    /// As many as the core takes at once; none when all are carried.
    fn next_group(&self) -> Option<Vec<(Arc<Transaction>, oneshot::Sender<Verdict>)>> {
        let mut waiting = self.lock();
        let count = waiting.transactions.len().min(GOSSIPED_TRANSACTIONS_MAX);
        waiting.is_carried = count > 0;
        (count > 0).then(|| waiting.transactions.drain(..count).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
