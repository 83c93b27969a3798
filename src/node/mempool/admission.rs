//! Who is let in, and who has to go for it.

use std::sync::Arc;

use super::fees::{FeeRate, fee_min, replacement_fee_min};
use super::queue::{Queue, Rank};
use super::refusal::{Refusal, ensure};
use super::{Dropped, Limits, Mempool, PoolContext, PoolTransaction, cost};
use crate::consensus::accounts::{Account, Accounts};
use crate::consensus::check_transaction::{check_expiry, check_transaction_in_isolation};
use crate::consensus::violation::Violation;
use crate::node::query::Rejection;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Address, Amount, Transaction, TransactionId};

/// Why a replaced transaction left the pool.
const REPLACED: &str = "replaced";

/// What letting one in changed besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// The transaction of the same account and nonce that had to go.
    pub replaced: Option<TransactionId>,
    /// Those that had to go for lack of room, worst first.
    pub evicted: Vec<TransactionId>,
}

/// What letting one in would change.
struct Plan<'a> {
    sender: Address,
    account: Account,
    replaced: Option<&'a Arc<PoolTransaction>>,
    evicted: Vec<(Rank, &'a Arc<PoolTransaction>)>,
}

impl Admitted {
    /// All that had to go, with the reasons.
    pub fn dropped(&self) -> impl Iterator<Item = Dropped> {
        let replaced = self.replaced.iter().map(|id| Dropped { id: *id, reason: REPLACED });
        let full = Refusal::MempoolFull { rate_min: FeeRate::default() }.reason();
        replaced.chain(self.evicted.iter().map(move |id| Dropped { id: *id, reason: full }))
    }
}

impl Mempool {
    /// Whether a transaction would be let in if its signature is good: cheap, so done before that is checked.
    pub fn check<A: Accounts>(
        &self,
        transaction: &Transaction,
        hashes: &TransactionHashes,
        context: &PoolContext<'_, A>,
    ) -> Result<(), Rejection> {
        self.plan(transaction, hashes, context).map(|_| ()).map_err(|refusal| refusal.of(hashes.id))
    }

    /// Lets a transaction in. Its signature must have been found good, which is remembered even if it is refused now.
    pub fn insert<A: Accounts>(
        &mut self,
        transaction: Arc<Transaction>,
        hashes: TransactionHashes,
        context: &PoolContext<'_, A>,
    ) -> Result<Admitted, Rejection> {
        self.verdicts.remember(hashes.leaf, true);
        let plan = self.plan(&transaction, &hashes, context).map_err(|refusal| refusal.of(hashes.id))?;
        let (sender, nonce) = (plan.sender, plan.account.nonce);
        let replaced = plan.replaced.cloned();
        let evicted: Vec<_> = plan.evicted.iter().map(|(rank, pooled)| (*rank, Arc::clone(pooled))).collect();

        for (rank, pooled) in &evicted {
            self.evict(*rank, pooled, context);
        }
        if let Some(replaced) = &replaced {
            self.book.remove(replaced, nonce);
        }
        let (admitted, arrival) = (context.now, self.arrival(context.now));
        self.add(PoolTransaction { transaction, hashes, sender, admitted, arrival }, nonce);
        Ok(Admitted {
            replaced: replaced.map(|pooled| pooled.hashes.id),
            evicted: evicted.iter().map(|(_, pooled)| pooled.hashes.id).collect(),
        })
    }

    pub(super) fn add(&mut self, pooled: PoolTransaction, confirmed_nonce: u64) {
        self.arrivals += 1;
        self.book.add(Arc::new(pooled), confirmed_nonce);
    }

    /// Removes a transaction for lack of room. Only a ready one shows what room is worth.
    pub(super) fn evict<A: Accounts>(
        &mut self,
        rank: Rank,
        pooled: &PoolTransaction,
        context: &PoolContext<'_, A>,
    ) {
        if rank.ready {
            self.floor.raise_above(rank.rate, context.now.monotonic_ms);
        }
        self.book.remove(pooled, context.accounts.get(&pooled.sender).nonce);
    }

    /// Every condition of admission, cheap ones first.
    fn plan<A: Accounts>(
        &self,
        transaction: &Transaction,
        hashes: &TransactionHashes,
        context: &PoolContext<'_, A>,
    ) -> Result<Plan<'_>, Refusal> {
        self.check_new(hashes)?;
        check_transaction_in_isolation(transaction).map_err(Refusal::Rule)?;
        check_not_expired(transaction, context)?;
        let sender = transaction.sender_address();
        let account = context.accounts.get(&sender);
        let empty = Queue::new(account.nonce);
        let queue = self.book.queue(&sender).unwrap_or(&empty);
        let replaced = self.book.queue(&sender).and_then(|queue| queue.get(transaction.nonce));
        self.check_nonce(transaction, account, queue)?;
        self.check_fee(transaction, hashes, context)?;
        check_replacement(transaction, hashes, replaced)?;
        self.check_count(queue, replaced)?;
        check_balance(transaction, account, queue, replaced)?;
        let rate = FeeRate::of(transaction.fee, hashes.size);
        let rank = queue.rank_of(transaction.nonce, rate, self.arrival(context.now));
        let evicted = self.make_room(rank, hashes.size, replaced)?;
        Ok(Plan { sender, account, replaced, evicted })
    }

    fn check_new(&self, hashes: &TransactionHashes) -> Result<(), Refusal> {
        if self.verdicts.is_bad(&hashes.leaf) {
            return Err(Refusal::Rule(Violation::BadSignature));
        }
        ensure(self.get(&hashes.id).is_none(), Refusal::AlreadyKnown)
    }

    fn check_nonce(&self, transaction: &Transaction, account: Account, queue: &Queue) -> Result<(), Refusal> {
        let (nonce, expected, next) = (transaction.nonce, account.nonce, queue.next_nonce());
        let gap_max = self.limits.nonce_gap;
        ensure(nonce >= expected, Refusal::NonceTooLow { nonce, expected })?;
        ensure(nonce.saturating_sub(next) <= gap_max, Refusal::NonceGap { nonce, next, gap_max })
    }

    fn check_fee<A: Accounts>(
        &self,
        transaction: &Transaction,
        hashes: &TransactionHashes,
        context: &PoolContext<'_, A>,
    ) -> Result<(), Refusal> {
        let (fee, fee_min) = (transaction.fee, fee_min(transaction, hashes.size, context.accounts));
        ensure(fee >= fee_min, Refusal::FeeTooLow { fee, fee_min })?;
        let rate_min = self.floor.at(context.now.monotonic_ms);
        ensure(FeeRate::of(fee, hashes.size) >= rate_min, Refusal::MempoolFull { rate_min })
    }

    fn check_count(&self, queue: &Queue, replaced: Option<&Arc<PoolTransaction>>) -> Result<(), Refusal> {
        let pending_max = self.limits.pending_per_account;
        ensure(replaced.is_some() || queue.len() < pending_max, Refusal::TooManyPending { pending_max })
    }

    /// The worst ones that must go for a newcomer of this rank and size; refused when one of them is no worse.
    ///
    /// Being a suffix of the order of ranks, they leave no gap in any account.
    fn make_room(
        &self,
        rank: Rank,
        size: u32,
        replaced: Option<&Arc<PoolTransaction>>,
    ) -> Result<Vec<(Rank, &Arc<PoolTransaction>)>, Refusal> {
        let freed = replaced.map_or(0, |pooled| pooled.hashes.size as usize);
        let mut bytes = self.book.bytes() + size as usize - freed;
        let mut count = self.book.len() + 1 - usize::from(replaced.is_some());
        let mut evicted = Vec::new();
        let is_replaced = |pooled: &Arc<_>| replaced.is_some_and(|replaced| Arc::ptr_eq(replaced, pooled));
        let others = self.book.worst_first().filter(|(_, pooled)| !is_replaced(pooled));
        for (worst, pooled) in others {
            if self.limits.hold(count, bytes) {
                break;
            }
            ensure(*worst < rank, Refusal::MempoolFull { rate_min: worst.rate.next() })?;
            bytes -= pooled.hashes.size as usize;
            count -= 1;
            evicted.push((*worst, pooled));
        }
        Ok(evicted)
    }
}

impl Limits {
    /// Whether so many transactions of so many bytes are within the bounds.
    pub(super) const fn hold(&self, count: usize, bytes: usize) -> bool {
        count <= self.transactions && bytes <= self.bytes
    }
}

fn check_not_expired<A>(transaction: &Transaction, context: &PoolContext<'_, A>) -> Result<(), Refusal> {
    let (expires_at, next_height) = (transaction.expires_at, context.next_height);
    check_expiry(transaction, next_height).map_err(|_| Refusal::Expired { expires_at, next_height })
}

fn check_replacement(
    transaction: &Transaction,
    hashes: &TransactionHashes,
    replaced: Option<&Arc<PoolTransaction>>,
) -> Result<(), Refusal> {
    let Some(replaced) = replaced else { return Ok(()) };
    let fee = transaction.fee;
    let fee_min = replacement_fee_min(replaced.transaction.fee, hashes.size);
    ensure(fee >= fee_min, Refusal::ReplacementFeeTooLow { fee, fee_min })
}

fn check_balance(
    transaction: &Transaction,
    account: Account,
    queue: &Queue,
    replaced: Option<&Arc<PoolTransaction>>,
) -> Result<(), Refusal> {
    let freed = replaced.map_or(0, |pooled| pooled.cost().0);
    let pending = Amount(queue.spending().0.saturating_sub(freed));
    let (balance, cost) = (account.balance, cost(transaction));
    let covered = pending.checked_add(cost).is_some_and(|sum| sum <= balance);
    ensure(covered, Refusal::InsufficientBalance { balance, pending, cost })
}
