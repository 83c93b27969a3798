//! The waiting transactions of one account, in nonce order, and how far each may hope to be mined.

use std::cmp::Reverse;
use std::sync::Arc;

use super::PoolTransaction;
use super::fees::FeeRate;
use crate::primitives::{Amount, TransactionId};

/// When a transaction came in; no two are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) monotonic_ms: u64,
    pub(super) sequence: u64,
}

/// How good a transaction is to miners; the greatest is mined first, the least is evicted first.
///
/// It is never above that of an earlier nonce of the same account, without which it cannot be mined: so one order
/// over all accounts is also the order of nonces within each, and a dear transaction cannot shelter cheap ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// Whether all earlier nonces are on the chain or here.
    pub(super) ready: bool,
    /// The lowest rate from the account's first waiting transaction up to this one.
    pub(super) rate: FeeRate,
    /// Among equal rates who came first is better.
    pub(super) arrival: Reverse<Arrival>,
}

/// Where a transaction stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) rank: Rank,
    /// When it and all earlier nonces of its account had come in: nobody is served before what it needs.
    pub(super) waiting_since: Arrival,
}

/// A transaction whose place changed; it had none if it is new.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) pooled: Arc<PoolTransaction>,
    pub(super) from: Option<Place>,
    pub(super) to: Place,
}

/// A transaction that was taken out.
#[derive(Debug)]
pub(super) struct Sifted<R> {
    pub(super) pooled: Arc<PoolTransaction>,
    pub(super) place: Option<Place>,
    pub(super) reason: R,
}

/// The waiting transactions of one account.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    /// The first nonce that is neither on the chain nor here.
    next_nonce: u64,
    /// Sum of all fees and outputs.
    spending: Amount,
    /// By ascending nonce, none twice.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    pooled: Arc<PoolTransaction>,
    place: Option<Place>,
}

impl Rank {
    /// The rank of one that needs another. One that is ready needs only ready ones.
    fn behind(self, needed: Self) -> Self {
        let (rate, arrival) = (self.rate, self.arrival).min((needed.rate, needed.arrival));
        Self { rate, arrival, ..self }
    }
}

impl Queue {
    pub(super) const fn new(confirmed_nonce: u64) -> Self {
        Self { next_nonce: confirmed_nonce, spending: Amount::ZERO, entries: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) const fn next_nonce(&self) -> u64 {
        self.next_nonce
    }

    pub(super) const fn spending(&self) -> Amount {
        self.spending
    }

    pub(super) fn get(&self, nonce: u64) -> Option<&Arc<PoolTransaction>> {
        self.position(nonce).ok().map(|position| &self.entries[position].pooled)
    }

    /// The one with the lowest nonce.
    pub(super) fn first(&self) -> Option<&Arc<PoolTransaction>> {
        self.entries.first().map(|entry| &entry.pooled)
    }

    /// The rank a transaction would have here.
    pub(super) fn rank_of(&self, nonce: u64, rate: FeeRate, arrival: Arrival) -> Rank {
        let own = Rank { ready: nonce <= self.next_nonce, rate, arrival: Reverse(arrival) };
        let position = self.position(nonce).unwrap_or_else(|position| position);
        let before = position.checked_sub(1).and_then(|before| self.entries[before].place);
        before.map_or(own, |before| own.behind(before.rank))
    }

    /// Puts a transaction at its nonce, which must be free; it has no place until the queue is settled.
    pub(super) fn put(&mut self, pooled: Arc<PoolTransaction>) {
        if let Err(position) = self.position(pooled.nonce()) {
            self.spending = Amount(self.spending.0.saturating_add(pooled.cost().0));
            self.entries.insert(position, Entry { pooled, place: None });
        }
    }

    /// The transaction with this id, if it is the only one here.
    pub(super) fn only(&self, id: &TransactionId) -> Option<Sifted<()>> {
        let [Entry { pooled, place }] = self.entries.as_slice() else { return None };
        (pooled.hashes.id == *id).then(|| Sifted { pooled: Arc::clone(pooled), place: *place, reason: () })
    }

    /// Takes out, in nonce order, whatever `judge` objects to.
    pub(super) fn sift<R>(&mut self, mut judge: impl FnMut(&PoolTransaction) -> Option<R>) -> Vec<Sifted<R>> {
        let mut out = Vec::new();
        self.entries.retain(|entry| match judge(&entry.pooled) {
            None => true,
            Some(reason) => {
                out.push(Sifted { pooled: Arc::clone(&entry.pooled), place: entry.place, reason });
                false
            }
        });
        for sifted in &out {
            self.spending = Amount(self.spending.0.saturating_sub(sifted.pooled.cost().0));
        }
        out
    }

    /// Gives every transaction its place, now that the account is at this nonce, and says what moved.
    pub(super) fn settle(&mut self, confirmed_nonce: u64) -> Vec<Move> {
        self.next_nonce = confirmed_nonce;
        let mut moves = Vec::new();
        let mut before: Option<Place> = None;
        for entry in &mut self.entries {
            let ready = entry.pooled.nonce() == self.next_nonce;
            self.next_nonce += u64::from(ready);
            let to = entry.pooled.place_after(before, ready);
            before = Some(to);
            if entry.place != Some(to) {
                moves.push(Move { pooled: Arc::clone(&entry.pooled), from: entry.place.replace(to), to });
            }
        }
        moves
    }

    fn position(&self, nonce: u64) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&nonce, |entry| entry.pooled.nonce())
    }
}

impl PoolTransaction {
    /// The place behind an account's transaction at `before`.
    fn place_after(&self, before: Option<Place>, ready: bool) -> Place {
        let rank = Rank { ready, rate: self.fee_rate(), arrival: Reverse(self.arrival) };
        match before {
            None => Place { rank, waiting_since: self.arrival },
            Some(before) => Place {
                rank: rank.behind(before.rank),
                waiting_since: self.arrival.max(before.waiting_since),
            },
        }
    }
}
