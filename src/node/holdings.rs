//! How much a node holds of what others can make it hold, each beside its cap: for audits.

use super::Node;
use super::mempool::{self, Mempool};
use crate::storage::ChainReader;

/// Something that must not grow without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// What it is.
    pub what: &'static str,
    /// How much of it there is.
    pub held: usize,
    /// How much there may be.
    pub cap: usize,
}

impl Holding {
    pub(super) const fn new(what: &'static str, held: usize, cap: usize) -> Self {
        Self { what, held, cap }
    }
}

impl<R: ChainReader> Node<R> {
    /// Every queue and table that peers and clients fill.
    pub fn holdings(&self) -> Vec<Holding> {
        let mut all = vec![
            Holding::new("waiting transactions", self.mempool.len(), mempool::TRANSACTIONS_MAX),
            Holding::new("bytes of waiting transactions", self.mempool.bytes(), mempool::BYTES_MAX),
            self.chain.side_headers(),
            self.checks.waiting_gossip(),
            self.sync.question_to_nobody(&self.peers),
            self.download.asked_of_nobody(&self.peers),
        ];
        all.extend(self.waiting.holdings());
        all.extend(self.relay.holdings());
        all.extend(self.peers.holdings());
        all
    }

    /// What waits to be mined.
    pub const fn mempool(&self) -> &Mempool {
        &self.mempool
    }
}
