//! What a new tip does to the pool: it confirms, returns and invalidates.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::fees::FeeRate;
use super::refusal::{Refusal, ensure};
use super::{Limits, Mempool, PoolContext, PoolTransaction, WAIT_MAX_HOURS};
use crate::consensus::accounts::Accounts;
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::check_transaction::check_expiry;
use crate::primitives::look_up::AT_ONCE;
use crate::primitives::{Address, Amount, Transaction, TransactionId};

const WAIT_MAX_MS: u64 = WAIT_MAX_HOURS * 3_600_000;

/// A transaction that left the pool, or did not return to it, without being on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Which.
    pub id: TransactionId,
    /// Why, in kebab case.
    pub reason: &'static str,
}

/// The ids of transactions that are on the chain now.
type Confirmed = HashSet<TransactionId, RandomState>;

impl Mempool {
    /// Follows the chain to a new tip, whose accounts and next height the context gives: afterwards nothing waits
    /// that this tip makes invalid, and what was lost with a branch waits again where it can.
    ///
    /// `disconnected` are the blocks that left the chain, highest first. The lowest of them may be left out if there
    /// are too many to read, but not all.
    pub fn on_tip_change<A: Accounts>(
        &mut self,
        disconnected: &[CheckedBlock],
        connected: &[CheckedBlock],
        context: &PoolContext<'_, A>,
    ) -> Vec<Dropped> {
        if self.is_empty() && disconnected.is_empty() {
            return Vec::new();
        }
        let mut dropped = Vec::new();
        if disconnected.is_empty() {
            let senders = self.remove_confirmed(connected, context);
            if !senders.is_empty() {
                self.review_all(&senders, &ids_of(connected), context, &mut dropped);
            }
            return dropped;
        }
        let confirmed = ids_of(connected);
        for block in disconnected.iter().rev() {
            self.take_back(block, &confirmed, context, &mut dropped);
        }
        self.review_all(&self.book.senders(), &confirmed, context, &mut dropped);
        self.shrink_to_limits(context, &mut dropped);
        dropped
    }

    /// Puts the transactions of a disconnected block back, as far as the account of each may hold them.
    fn take_back<A: Accounts>(
        &mut self,
        block: &CheckedBlock,
        confirmed: &Confirmed,
        context: &PoolContext<'_, A>,
        dropped: &mut Vec<Dropped>,
    ) {
        let all = block.transactions().iter().zip(block.hashes()).zip(block.senders());
        for ((transaction, hashes), sender) in all {
            if confirmed.contains(&hashes.id) || self.get(&hashes.id).is_some() {
                continue;
            }
            let confirmed_nonce = context.accounts.get(sender).nonce;
            if let Err(refusal) = self.check_return(transaction, sender, confirmed_nonce) {
                dropped.push(Dropped { id: hashes.id, reason: refusal.reason() });
                continue;
            }
            let transaction = Arc::new(transaction.clone());
            let (hashes, sender, admitted) = (*hashes, *sender, context.now);
            let arrival = self.arrival(context.now);
            self.add(PoolTransaction { transaction, hashes, sender, admitted, arrival }, confirmed_nonce);
        }
    }

    /// What would make a return pointless, whatever else the account has waiting.
    fn check_return(
        &self,
        transaction: &Transaction,
        sender: &Address,
        expected: u64,
    ) -> Result<(), Refusal> {
        let nonce = transaction.nonce;
        let ahead = nonce.checked_sub(expected).ok_or(Refusal::NonceTooLow { nonce, expected })?;
        let pending_max = self.limits.pending_per_account;
        ensure(ahead < pending_max as u64, Refusal::TooManyPending { pending_max })?;
        let Some(waiting) = self.book.queue(sender).and_then(|queue| queue.get(nonce)) else { return Ok(()) };
        let (fee, fee_min) = (transaction.fee, waiting.transaction.fee);
        Err(Refusal::ReplacementFeeTooLow { fee, fee_min })
    }

    /// Removes what blocks that only extend the chain confirm of senders with nothing else here: nearly all. Answers,
    /// ascending, the senders whose other transactions the blocks, or time, can have made invalid.
    fn remove_confirmed<A>(
        &mut self,
        connected: &[CheckedBlock],
        context: &PoolContext<'_, A>,
    ) -> Vec<Address> {
        let mut senders = Vec::new();
        for block in connected {
            let parts = block.transactions().chunks(AT_ONCE).zip(block.hashes().chunks(AT_ONCE));
            for ((transactions, hashes), senders_of) in parts.zip(block.senders().chunks(AT_ONCE)) {
                self.book.look_ahead(transactions, hashes, senders_of);
                let confirmed = senders_of.iter().zip(hashes);
                let others = confirmed.filter(|(sender, hashes)| !self.book.remove_only(sender, &hashes.id));
                senders.extend(others.map(|(sender, _)| *sender));
            }
        }
        let expired = self.book.expired_at(context.next_height);
        let aged = self.book.waiting_since_before(context.now.monotonic_ms.saturating_sub(WAIT_MAX_MS));
        senders.extend(expired.chain(aged).map(|pooled| pooled.sender));
        senders.retain(|sender| self.book.queue(sender).is_some());
        senders.sort_unstable();
        senders.dedup();
        senders
    }

    fn review_all<A: Accounts>(
        &mut self,
        senders: &[Address],
        confirmed: &Confirmed,
        context: &PoolContext<'_, A>,
        dropped: &mut Vec<Dropped>,
    ) {
        for sender in senders {
            self.review(sender, confirmed, context, dropped);
        }
    }

    /// Keeps of an account's transactions what admission would let in one after the other.
    fn review<A: Accounts>(
        &mut self,
        sender: &Address,
        confirmed: &Confirmed,
        context: &PoolContext<'_, A>,
        dropped: &mut Vec<Dropped>,
    ) {
        let account = context.accounts.get(sender);
        let mut review = Review {
            limits: self.limits,
            expected: account.nonce,
            next: account.nonce,
            balance: account.balance,
            pending: Amount::ZERO,
            kept: 0,
        };
        let sifted = self.book.sift(sender, account.nonce, |pooled| review.judge(pooled, context).err());
        let lost = sifted.iter().filter(|(pooled, _)| !confirmed.contains(&pooled.hashes.id));
        dropped
            .extend(lost.map(|(pooled, refusal)| Dropped { id: pooled.hashes.id, reason: refusal.reason() }));
    }

    /// Evicts the worst until the bounds hold: what returned may have been too much.
    fn shrink_to_limits<A: Accounts>(&mut self, context: &PoolContext<'_, A>, dropped: &mut Vec<Dropped>) {
        while !self.limits.hold(self.book.len(), self.book.bytes()) {
            let worst = self.book.worst_first().next().map(|(rank, pooled)| (*rank, Arc::clone(pooled)));
            let Some((rank, pooled)) = worst else { return };
            self.evict(rank, &pooled, context);
            let refusal = Refusal::MempoolFull { rate_min: FeeRate::default() };
            dropped.push(Dropped { id: pooled.hashes.id, reason: refusal.reason() });
        }
    }
}

fn ids_of(blocks: &[CheckedBlock]) -> Confirmed {
    blocks.iter().flat_map(CheckedBlock::hashes).map(|hashes| hashes.id).collect()
}

/// A walk along an account's waiting transactions by ascending nonce.
struct Review {
    limits: Limits,
    /// The account's nonce on the chain.
    expected: u64,
    /// The first nonce missing so far.
    next: u64,
    balance: Amount,
    /// What those kept so far cost.
    pending: Amount,
    kept: usize,
}

impl Review {
    fn judge<A>(&mut self, pooled: &PoolTransaction, context: &PoolContext<'_, A>) -> Result<(), Refusal> {
        self.check_nonce(pooled.nonce())?;
        check_time(pooled, context)?;
        let (balance, pending, cost) = (self.balance, self.pending, pooled.cost());
        let sum = pending.checked_add(cost).filter(|sum| *sum <= balance);
        self.pending = sum.ok_or(Refusal::InsufficientBalance { balance, pending, cost })?;
        self.kept += 1;
        self.next += u64::from(self.next == pooled.nonce());
        Ok(())
    }

    fn check_nonce(&self, nonce: u64) -> Result<(), Refusal> {
        let (expected, next, gap_max) = (self.expected, self.next, self.limits.nonce_gap);
        let pending_max = self.limits.pending_per_account;
        ensure(nonce >= expected, Refusal::NonceTooLow { nonce, expected })?;
        ensure(nonce - next <= gap_max, Refusal::NonceGap { nonce, next, gap_max })?;
        ensure(self.kept < pending_max, Refusal::TooManyPending { pending_max })
    }
}

fn check_time<A>(pooled: &PoolTransaction, context: &PoolContext<'_, A>) -> Result<(), Refusal> {
    let (expires_at, next_height) = (pooled.transaction.expires_at, context.next_height);
    check_expiry(&pooled.transaction, next_height)
        .map_err(|_| Refusal::Expired { expires_at, next_height })?;
    let waited_ms = context.now.monotonic_ms.saturating_sub(pooled.arrival.monotonic_ms);
    ensure(waited_ms <= WAIT_MAX_MS, Refusal::WaitedTooLong { hours: WAIT_MAX_HOURS })
}
