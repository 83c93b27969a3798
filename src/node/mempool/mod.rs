//! Transactions that wait to be mined.
//!
//! They are kept by account, in nonce order. One is let in only if the account's confirmed balance covers everything
//! that then waits in its name, so no transaction depends on another account's: any choice of accounts, each up to
//! any nonce, is a valid block. One order over all of them (`queue`) decides who is mined and who is evicted.
//!
//! | question | answered by |
//! | --- | --- |
//! | Is this one let in, and who has to go for it? | `admission`, with the prices of `fees` |
//! | What does a new tip change? | `tip_change` |
//! | Who comes first? | `queue` within an account, `book` over all |
//! | Why was it refused? | `refusal` |
//! | Was this signature checked before? | `verdicts` |

mod admission;
mod book;
mod fees;
#[cfg(test)]
mod properties;
mod queue;
mod refusal;
#[cfg(test)]
pub(in crate::node) mod testing;
#[cfg(test)]
mod tests;
mod tip_change;
mod verdicts;

use std::sync::Arc;

pub use admission::Admitted;
use book::Book;
use fees::FeeFloor;
pub use fees::{FEE_PER_NEW_ACCOUNT, FEE_RATE_MIN, FeeRate};
use queue::{Arrival, Queue};
pub use refusal::ALREADY_KNOWN;
pub use tip_change::Dropped;
use verdicts::SignatureVerdicts;

use super::now::Now;
use super::query::{MempoolEntry, Rejection};
use super::view::MempoolSummary;
use crate::consensus::accounts::Account;
use crate::consensus::violation::Violation;
use crate::primitives::look_up::AT_ONCE;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Address, Amount, Height, LeafHash, Transaction, TransactionId};
use refusal::Refusal;

/// Encoded bytes of all waiting transactions: sixteen full blocks.
pub const BYTES_MAX: usize = 64 << 20;

/// Waiting transactions: what a busy LAN sends in some minutes; more cost memory beyond their bytes.
pub const TRANSACTIONS_MAX: usize = 50_000;

/// Waiting transactions of one account: a block's worth for a person, and little for one who wants to fill the pool.
pub const PENDING_PER_ACCOUNT_MAX: usize = 64;

/// How far a nonce may be ahead of the account's next: gossip mixes up the order of a burst, but not more than this.
pub const NONCE_GAP_MAX: u64 = 16;

/// How long one may wait: three times the expiry that wallets set, so that only what never expires meets this.
pub const WAIT_MAX_HOURS: u64 = 72;

/// The bounds of a pool, smaller in tests.
#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: usize,
    transactions: usize,
    pending_per_account: usize,
    nonce_gap: u64,
}

/// What the pool must know of the moment: everything that admission depends on besides the pool itself.
#[derive(Debug)]
pub struct PoolContext<'a, A> {
    /// The accounts after the tip.
    pub accounts: &'a A,
    /// The tip's height and one.
    pub next_height: Height,
    /// The moment.
    pub now: Now,
}

/// A waiting transaction. Its signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolTransaction {
    /// The transaction.
    pub transaction: Arc<Transaction>,
    /// Its hashes and size.
    pub hashes: TransactionHashes,
    /// The sender's address.
    pub sender: Address,
    /// When it was let in.
    pub admitted: Now,
    arrival: Arrival,
}

/// What waits for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Sum of what others and itself pay to it.
    pub incoming: Amount,
    /// Sum of its outputs and fees.
    pub outgoing: Amount,
    /// The nonce a next transaction must have.
    pub next_nonce: u64,
}

/// All waiting transactions.
#[derive(Debug, Clone)]
pub struct Mempool {
    limits: Limits,
    book: Book,
    floor: FeeFloor,
    verdicts: SignatureVerdicts,
    arrivals: u64,
}

impl Mempool {
    fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            book: Book::default(),
            floor: FeeFloor::default(),
            verdicts: SignatureVerdicts::new(),
            arrivals: 0,
        }
    }

    /// Number of waiting transactions.
    pub fn len(&self) -> usize {
        self.book.len()
    }

    /// Sum of their encoded lengths.
    pub const fn bytes(&self) -> usize {
        self.book.bytes()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.book.len() == 0
    }

    /// The waiting transaction with this id.
    pub fn get(&self, id: &TransactionId) -> Option<&Arc<PoolTransaction>> {
        self.book.by_id(id)
    }

    /// All, best for miners first; an account's own by ascending nonce. Those that miss an earlier nonce come last.
    pub fn iter_by_fee_rate(&self) -> impl Iterator<Item = &Arc<PoolTransaction>> {
        self.book.worst_first().rev().map(|(_, pooled)| pooled)
    }

    /// All, longest waiting first; an account's own by ascending nonce.
    pub fn iter_by_age(&self) -> impl Iterator<Item = &Arc<PoolTransaction>> {
        self.book.oldest_first()
    }

    /// All by leaf hash in no order, for rebuilding compact blocks.
    pub fn leaves(&self) -> impl Iterator<Item = (LeafHash, &Arc<Transaction>)> {
        self.book.leaves()
    }

    /// What waits for an account that looks like this on the chain.
    pub fn pending(&self, address: &Address, confirmed: Account) -> Pending {
        let queue = self.book.queue(address);
        Pending {
            incoming: self.book.incoming(address),
            outgoing: queue.map_or(Amount::ZERO, Queue::spending),
            next_nonce: queue.map_or(confirmed.nonce, Queue::next_nonce),
        }
    }

    /// A waiting transaction as clients see it.
    pub fn entry(&self, id: &TransactionId) -> Option<MempoolEntry> {
        self.get(id).map(|pooled| self.entry_of(pooled))
    }

    /// All as clients see them, best fee rate first.
    pub fn entries(&self) -> Vec<MempoolEntry> {
        self.iter_by_fee_rate().map(|pooled| self.entry_of(pooled)).collect()
    }

    /// The pool in numbers.
    pub fn summary(&self, now: Now) -> MempoolSummary {
        MempoolSummary {
            transactions: self.len(),
            bytes: self.book.bytes(),
            fee_rate_min: self.floor.at(now.monotonic_ms).0,
        }
    }

    /// Which of these very transactions were found to carry a good signature, here or before they left.
    pub fn have_good_signatures(&self, hashes: &[TransactionHashes]) -> impl Iterator<Item = bool> {
        hashes.chunks(AT_ONCE).flat_map(|some| {
            let here = self.book.has_each(some).zip(some);
            here.map(|(is_here, each)| is_here || self.verdicts.is_good(&each.leaf))
        })
    }

    /// Notes that a transaction's signature is bad, and answers what to tell its sender.
    pub fn refuse_signature(&mut self, hashes: &TransactionHashes) -> Rejection {
        self.verdicts.remember(hashes.leaf, false);
        Refusal::Rule(Violation::BadSignature).of(hashes.id)
    }

    fn entry_of(&self, pooled: &PoolTransaction) -> MempoolEntry {
        let next_nonce = self.book.queue(&pooled.sender).map_or(0, Queue::next_nonce);
        MempoolEntry {
            transaction: Arc::clone(&pooled.transaction),
            hashes: pooled.hashes,
            admitted_wall_ms: pooled.admitted.wall_ms,
            ready: pooled.nonce() < next_nonce,
        }
    }

    /// The arrival of a transaction that comes now.
    const fn arrival(&self, now: Now) -> Arrival {
        Arrival { monotonic_ms: now.monotonic_ms, sequence: self.arrivals }
    }
}

impl PoolTransaction {
    /// Fee by size.
    pub fn fee_rate(&self) -> FeeRate {
        FeeRate::of(self.transaction.fee, self.hashes.size)
    }

    /// Its place among the sender's.
    pub fn nonce(&self) -> u64 {
        self.transaction.nonce
    }

    /// What it takes from the sender: fee and outputs.
    pub fn cost(&self) -> Amount {
        cost(&self.transaction)
    }
}

/// Fee and outputs; more than anybody can hold where a `u64` does not hold it.
fn cost(transaction: &Transaction) -> Amount {
    let sum = transaction.total_output().and_then(|outputs| outputs.checked_add(transaction.fee));
    sum.unwrap_or(Amount(u64::MAX))
}

/// An empty pool.
impl Default for Mempool {
    fn default() -> Self {
        Self::with_limits(Limits::default())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: BYTES_MAX,
            transactions: TRANSACTIONS_MAX,
            pending_per_account: PENDING_PER_ACCOUNT_MAX,
            nonce_gap: NONCE_GAP_MAX,
        }
    }
}
