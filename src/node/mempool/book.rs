//! All waiting transactions: a queue for each account, and the look-ups and orders that always agree with them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use hashbrown::hash_table::Entry;

use super::PoolTransaction;
use super::queue::{Arrival, Move, Place, Queue, Rank, Sifted};
use crate::primitives::look_up::LookUp;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Address, Amount, Height, LeafHash, Transaction, TransactionId};

/// The queues and what is derived from them. Every change keeps all parts in agreement.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    queues: LookUp<Address, Queue>,
    index: Index,
}

#[derive(Debug, Clone, Default)]
struct Index {
    /// The leaf hash stands beside, so that it can be compared without following the pointer.
    by_id: LookUp<TransactionId, (LeafHash, Arc<PoolTransaction>)>,
    /// Worst first; of equal ranks, which only one account can hold, the highest nonce first.
    by_rank: BTreeMap<(Rank, Reverse<u64>), Arc<PoolTransaction>>,
    /// Longest waiting first; of equal ones, which only one account can hold, the lowest nonce first.
    by_age: BTreeMap<(Arrival, u64), Arc<PoolTransaction>>,
    /// Those that expire, soonest first.
    by_expiry: BTreeMap<(Height, u64), Arc<PoolTransaction>>,
    incoming: LookUp<Address, Amount>,
    bytes: usize,
}

impl Book {
    pub(super) fn len(&self) -> usize {
        self.index.by_id.len()
    }

    /// Sum of the encoded lengths.
    pub(super) const fn bytes(&self) -> usize {
        self.index.bytes
    }

    pub(super) fn by_id(&self, id: &TransactionId) -> Option<&Arc<PoolTransaction>> {
        self.index.by_id.get(id).map(|(_, pooled)| pooled)
    }

    /// Which transactions are here, the same to the last byte.
    pub(super) fn has_each(&self, hashes: &[TransactionHashes]) -> impl Iterator<Item = bool> {
        let found = self.index.by_id.get_each(hashes.iter().map(|each| &each.id)).into_iter();
        found.zip(hashes).map(|(found, each)| found.is_some_and(|(leaf, _)| *leaf == each.leaf))
    }

    /// All in no order: the table itself is read, since what it points to lies scattered.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (LeafHash, &Arc<Transaction>)> {
        self.index.by_id.values().map(|(leaf, pooled)| (*leaf, &pooled.transaction))
    }

    pub(super) fn queue(&self, sender: &Address) -> Option<&Queue> {
        self.queues.get(sender)
    }

    /// What all waiting transactions pay to an address.
    pub(super) fn incoming(&self, address: &Address) -> Amount {
        self.index.incoming.get(address).copied().unwrap_or_default()
    }

    /// All, worst rank first: within an account by descending nonce.
    pub(super) fn worst_first(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&Rank, &Arc<PoolTransaction>)> + Clone {
        self.index.by_rank.iter().map(|((rank, _), pooled)| (rank, pooled))
    }

    /// All, longest waiting first: within an account by ascending nonce.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = &Arc<PoolTransaction>> {
        self.index.by_age.values()
    }

    /// Those that came in before this moment of monotonic time, with all that they need.
    pub(super) fn waiting_since_before(
        &self,
        monotonic_ms: u64,
    ) -> impl Iterator<Item = &Arc<PoolTransaction>> {
        let end = (Arrival { monotonic_ms, sequence: 0 }, 0);
        self.index.by_age.range(..end).map(|(_, pooled)| pooled)
    }

    /// Those whose last height is below this one.
    pub(super) fn expired_at(&self, height: Height) -> impl Iterator<Item = &Arc<PoolTransaction>> {
        self.index.by_expiry.range(..(height, 0)).map(|(_, pooled)| pooled)
    }

    /// All senders, in ascending order.
    pub(super) fn senders(&self) -> Vec<Address> {
        let mut senders: Vec<_> = self.queues.keys().copied().collect();
        senders.sort_unstable();
        senders
    }

    /// Adds a transaction at a nonce that is free.
    pub(super) fn add(&mut self, pooled: Arc<PoolTransaction>, confirmed_nonce: u64) {
        let queue = self.queues.get_or_insert_with(pooled.sender, || Queue::new(confirmed_nonce));
        self.index.add(&pooled);
        queue.put(pooled);
        queue.settle(confirmed_nonce).into_iter().for_each(|moved| self.index.place(moved));
    }

    /// Removes one transaction of an account that is at this nonce.
    pub(super) fn remove(&mut self, pooled: &PoolTransaction, confirmed_nonce: u64) {
        self.sift(&pooled.sender, confirmed_nonce, |each| (each.hashes.id == pooled.hashes.id).then_some(()));
    }

    /// Looks up what is soon to be removed because a block confirms it: everything that [`Self::remove_only`] will touch.
    pub(super) fn look_ahead(
        &self,
        transactions: &[Transaction],
        hashes: &[TransactionHashes],
        senders: &[Address],
    ) {
        let outputs = transactions.iter().flat_map(Transaction::outputs);
        let queues: Vec<_> = self.queues.get_each(senders).into_iter().flatten().collect();
        let first: Vec<_> = queues.into_iter().filter_map(Queue::first).collect();
        let bytes: usize = first.into_iter().map(|pooled| pooled.hashes.size as usize).sum();
        // Only that they are asked for matters.
        black_box(bytes);
        black_box(self.index.by_id.get_each(hashes.iter().map(|each| &each.id)));
        black_box(self.index.incoming.get_each(outputs.map(|output| &output.to)));
    }

    /// Removes a transaction that a block confirms if nothing else of its sender waits, which is all there is to do
    /// then; false if more waits.
    pub(super) fn remove_only(&mut self, sender: &Address, id: &TransactionId) -> bool {
        let Entry::Occupied(entry) = self.queues.entry(sender) else { return true };
        let Some(out) = entry.get().1.only(id) else { return false };
        entry.remove();
        self.index.remove(&out);
        true
    }

    /// Removes, in nonce order, what `judge` objects to among the transactions of an account that is at this nonce.
    pub(super) fn sift<R>(
        &mut self,
        sender: &Address,
        confirmed_nonce: u64,
        judge: impl FnMut(&PoolTransaction) -> Option<R>,
    ) -> Vec<(Arc<PoolTransaction>, R)> {
        let Some(queue) = self.queues.get_mut(sender) else { return Vec::new() };
        let sifted = queue.sift(judge);
        for out in &sifted {
            self.index.remove(out);
        }
        queue.settle(confirmed_nonce).into_iter().for_each(|moved| self.index.place(moved));
        if queue.is_empty() {
            self.queues.remove(sender);
        }
        sifted.into_iter().map(|out| (out.pooled, out.reason)).collect()
    }
}

impl Index {
    fn add(&mut self, pooled: &Arc<PoolTransaction>) {
        self.by_id.insert(pooled.hashes.id, (pooled.hashes.leaf, Arc::clone(pooled)));
        if let Some(key) = expiry_key(pooled) {
            self.by_expiry.insert(key, Arc::clone(pooled));
        }
        for output in pooled.transaction.outputs() {
            let incoming = self.incoming.get_or_insert_with(output.to, Amount::default);
            *incoming = Amount(incoming.0.saturating_add(output.amount.0));
        }
        self.bytes += pooled.hashes.size as usize;
    }

    fn remove<R>(&mut self, out: &Sifted<R>) {
        let pooled = &out.pooled;
        self.by_id.remove(&pooled.hashes.id);
        if let Some(key) = expiry_key(pooled) {
            self.by_expiry.remove(&key);
        }
        self.remove_incoming(&pooled.transaction);
        self.bytes -= pooled.hashes.size as usize;
        if let Some(place) = out.place {
            self.displace(place, pooled.nonce());
        }
    }

    fn remove_incoming(&mut self, transaction: &Transaction) {
        for output in transaction.outputs() {
            let Some(incoming) = self.incoming.get_mut(&output.to) else { continue };
            *incoming = Amount(incoming.0.saturating_sub(output.amount.0));
            if *incoming == Amount::ZERO {
                self.incoming.remove(&output.to);
            }
        }
    }

    fn place(&mut self, moved: Move) {
        let nonce = moved.pooled.nonce();
        if let Some(from) = moved.from {
            self.displace(from, nonce);
        }
        self.by_rank.insert((moved.to.rank, Reverse(nonce)), Arc::clone(&moved.pooled));
        self.by_age.insert((moved.to.waiting_since, nonce), moved.pooled);
    }

    fn displace(&mut self, place: Place, nonce: u64) {
        self.by_rank.remove(&(place.rank, Reverse(nonce)));
        self.by_age.remove(&(place.waiting_since, nonce));
    }
}

/// Where a transaction stands among those that expire.
fn expiry_key(pooled: &PoolTransaction) -> Option<(Height, u64)> {
    let expires_at = pooled.transaction.expires_at;
    (expires_at != Height::GENESIS).then_some((expires_at, pooled.arrival.sequence))
}
