//! Transactions from clients and from gossip: cheap checks, then signatures off the core, then the pool.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Node;
use super::chain::Chain;
use super::checks::Running;
use super::effect::{Effect, Verdict, VerifyJob};
use super::event::Event;
use super::input::{GossipId, Purpose, Ticket};
use super::mempool::{ALREADY_KNOWN, Dropped, PoolContext};
use super::message::{GOSSIPED_TRANSACTIONS_MAX, Gossip};
use super::now::Now;
use super::penalty::Offence;
use super::query::{Answer, Rejection};
use super::timers::Timer;
use crate::consensus::accounts::AccountTable;
use crate::consensus::violation::{GossipVerdict, Violation};
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{List, PeerId, Transaction, TransactionId};
use crate::storage::ChainReader;

/// The one refusal of a first look that what comes before in the same message may cure.
const NONCE_GAP: &str = Violation::NonceGap.name();
/// Milliseconds for which transactions of clients are collected into one message.
const COLLECT_MS: u64 = 25;

/// Who waits for the verdicts.
#[derive(Debug)]
pub(super) enum TransactionsFrom {
    /// A client.
    Client { ticket: Ticket, purpose: Purpose, verdicts: Verdicts },
    /// A forwarder.
    Gossip { peer: PeerId, message: GossipId, verdicts: Verdicts },
    /// A peer that was asked for its pool.
    Pool { peer: PeerId, verdicts: Verdicts },
}

/// A transaction with its hashes.
pub(super) type Hashed = (Arc<Transaction>, TransactionHashes);

/// One entry a transaction, in order; `None` while its signature is being checked.
pub(super) type Verdicts = Vec<Option<Result<TransactionId, Rejection>>>;

/// Transactions of clients, collected for one message.
#[derive(Debug, Default)]
pub(super) struct Outgoing(Vec<Arc<Transaction>>);

impl<R: ChainReader> Node<R> {
    pub(super) fn on_submit_transactions(
        &mut self,
        now: Now,
        ticket: Ticket,
        transactions: &[Arc<Transaction>],
        purpose: Purpose,
    ) {
        let (verdicts, unsure) = self.first_look(now, transactions);
        let from = TransactionsFrom::Client { ticket, purpose, verdicts };
        self.check_transaction_signatures(now, unsure, from);
    }

    pub(super) fn on_gossiped_transactions(
        &mut self,
        now: Now,
        peer: PeerId,
        message: GossipId,
        transactions: &List<Arc<Transaction>>,
    ) {
        if transactions.is_empty() || transactions.len() > GOSSIPED_TRANSACTIONS_MAX {
            return self.judge_transactions(now, peer, message, Verdict::Reject);
        }
        let (verdicts, unsure) = self.first_look(now, transactions);
        let from = TransactionsFrom::Gossip { peer, message, verdicts };
        self.check_transaction_signatures(now, unsure, from);
    }

    pub(super) fn on_mempool(&mut self, now: Now, peer: PeerId, transactions: &[Arc<Transaction>]) {
        let (verdicts, unsure) = self.first_look(now, transactions);
        self.check_transaction_signatures(now, unsure, TransactionsFrom::Pool { peer, verdicts });
    }

    /// Everything about transactions that is cheap; answers verdicts and those whose signature must be checked.
    fn first_look(&mut self, now: Now, transactions: &[Arc<Transaction>]) -> (Verdicts, Vec<Hashed>) {
        let mut verdicts = Vec::with_capacity(transactions.len());
        let mut unsure = Vec::new();
        let mut senders = BTreeSet::new();
        for transaction in transactions {
            let hashes = TransactionHashes::of(transaction, &self.params.genesis_hash());
            match self.mempool.check(transaction, &hashes, &self.pool_context(now)) {
                // The gap may be filled by what the same message brought before.
                Err(rejection) if rejection.reason != NONCE_GAP || !senders.contains(&transaction.sender) => {
                    verdicts.push(Some(Err(rejection)));
                }
                Ok(()) | Err(_) => {
                    verdicts.push(None);
                    senders.insert(transaction.sender);
                    unsure.push((Arc::clone(transaction), hashes));
                }
            }
        }
        (verdicts, unsure)
    }

    fn check_transaction_signatures(&mut self, now: Now, unsure: Vec<Hashed>, from: TransactionsFrom) {
        if unsure.is_empty() {
            return self.conclude_transactions(now, from);
        }
        let job = VerifyJob::Transactions(unsure.clone());
        let ticket = self.checks.start(Running::Transactions { transactions: unsure, from });
        self.outbox.push(Effect::Verify { ticket, job });
    }

    /// The signatures are checked: good ones enter the pool, and whoever waits hears of all.
    pub(super) fn admit_verified(
        &mut self,
        now: Now,
        transactions: Vec<Hashed>,
        mut from: TransactionsFrom,
        good: &[bool],
    ) {
        let purpose = match &from {
            TransactionsFrom::Client { purpose, .. } => Some(*purpose),
            TransactionsFrom::Gossip { .. } | TransactionsFrom::Pool { .. } => None,
        };
        let mut results = Vec::with_capacity(transactions.len());
        for ((transaction, hashes), good) in transactions.into_iter().zip(good) {
            let result = if !good {
                Err(self.mempool.refuse_signature(&hashes))
            } else if purpose == Some(Purpose::Test) {
                self.mempool.check(&transaction, &hashes, &self.pool_context(now))
            } else {
                self.admit(now, transaction, hashes, purpose)
            };
            results.push(result.map(|()| hashes.id));
        }
        let (TransactionsFrom::Client { verdicts, .. }
        | TransactionsFrom::Gossip { verdicts, .. }
        | TransactionsFrom::Pool { verdicts, .. }) = &mut from;
        let unsure = verdicts.iter_mut().filter(|verdict| verdict.is_none());
        unsure.zip(results).for_each(|(verdict, result)| *verdict = Some(result));
        self.conclude_transactions(now, from);
    }

    fn admit(
        &mut self,
        now: Now,
        transaction: Arc<Transaction>,
        hashes: TransactionHashes,
        purpose: Option<Purpose>,
    ) -> Result<(), Rejection> {
        let context = pool_context(&self.chain, now);
        let admitted = self.mempool.insert(Arc::clone(&transaction), hashes, &context)?;
        for Dropped { id, reason } in admitted.dropped() {
            self.outbox.push_durable(Effect::Event(Event::TransactionDropped { id, reason }));
        }
        if purpose == Some(Purpose::Admit) {
            self.collect_for_publishing(now, transaction);
        }
        self.outbox.push_durable(Effect::Event(Event::TransactionAdmitted { id: hashes.id, purpose }));
        self.published.view_changed = true;
        self.template_outdated(now);
        Ok(())
    }

    fn pool_context(&self, now: Now) -> PoolContext<'_, AccountTable> {
        pool_context(&self.chain, now)
    }

    fn conclude_transactions(&mut self, now: Now, from: TransactionsFrom) {
        match from {
            TransactionsFrom::Client { ticket, verdicts, .. } => {
                let verdicts = verdicts.into_iter().flatten().map(known_is_fine).collect();
                self.outbox.push_durable(Effect::Answer { ticket, answer: Answer::Transactions(verdicts) });
            }
            TransactionsFrom::Gossip { peer, message, verdicts } => {
                let verdict = gossip_verdict(&verdicts);
                self.judge_transactions(now, peer, message, verdict);
            }
            TransactionsFrom::Pool { peer, verdicts } => {
                if gossip_verdict(&verdicts) == Verdict::Reject {
                    self.penalise(now, peer, Offence::InvalidTransactionGossip);
                }
            }
        }
    }

    fn judge_transactions(&mut self, now: Now, peer: PeerId, message: GossipId, verdict: Verdict) {
        self.outbox.push(Effect::Verdict { message, verdict });
        if verdict == Verdict::Reject {
            self.penalise(now, peer, Offence::InvalidTransactionGossip);
        }
    }

    fn collect_for_publishing(&mut self, now: Now, transaction: Arc<Transaction>) {
        if self.outgoing.0.is_empty() {
            self.timers.set(now.monotonic_ms + COLLECT_MS, Timer::PublishTransactions);
        }
        self.outgoing.0.push(transaction);
        if self.outgoing.0.len() >= GOSSIPED_TRANSACTIONS_MAX {
            self.publish_transactions();
        }
    }

    pub(super) fn publish_transactions(&mut self) {
        let collected = std::mem::take(&mut self.outgoing.0);
        if !collected.is_empty() {
            self.outbox.push(Effect::Publish(Gossip::Transactions(List(collected))));
        }
    }
}

/// What the pool must know of the chain at this moment.
pub(super) fn pool_context<R: ChainReader>(chain: &Chain<R>, now: Now) -> PoolContext<'_, AccountTable> {
    PoolContext { accounts: chain.ledger.state().accounts(), next_height: chain.height().next(), now }
}

/// Sending a transaction again that waits already is no error: its id is the answer.
fn known_is_fine(verdict: Result<TransactionId, Rejection>) -> Result<TransactionId, Rejection> {
    match verdict {
        Err(rejection) if rejection.reason == ALREADY_KNOWN => Ok(rejection.id),
        other => other,
    }
}

/// Any fault that every forwarder could have seen rejects a message; it is forwarded when at least half is news.
fn gossip_verdict(verdicts: &[Option<Result<TransactionId, Rejection>>]) -> Verdict {
    let rejections = verdicts.iter().flatten().filter_map(|verdict| verdict.as_ref().err());
    let visible = |rejection: &Rejection| {
        Violation::from_name(rejection.reason)
            .is_some_and(|violation| violation.gossip_verdict() == GossipVerdict::Reject)
    };
    if rejections.into_iter().any(visible) {
        return Verdict::Reject;
    }
    let admitted = verdicts.iter().flatten().filter(|verdict| verdict.is_ok()).count();
    if admitted * 2 >= verdicts.len() { Verdict::Accept } else { Verdict::Ignore }
}
