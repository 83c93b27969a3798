//! What people want to hear of: log lines, subscriptions and waiting clients are made from these.

use std::sync::Arc;

use super::input::Purpose;
use crate::consensus::violation::Violation;
use crate::primitives::{Address, Amount, BlockId, Height, PeerId, Timestamp, TransactionId};

/// Something that happened, once it cannot be lost any more.
#[derive(Debug, Clone)]
pub enum Event {
    /// The best chain changed.
    TipChanged(Arc<TipChange>),
    /// A transaction entered the pool.
    TransactionAdmitted {
        /// Which.
        id: TransactionId,
        /// `None` when it came from a peer.
        purpose: Option<Purpose>,
    },
    /// A transaction left the pool without being on the chain.
    TransactionDropped {
        /// Which.
        id: TransactionId,
        /// Why, in kebab case.
        reason: &'static str,
    },
    /// A block broke a rule.
    BlockInvalid {
        /// Which.
        id: BlockId,
        /// The rule.
        violation: Violation,
    },
    /// A peer told where it stands.
    PeerReady {
        /// Who.
        peer: PeerId,
        /// Its height.
        height: Height,
    },
    /// A peer's clock is more than a minute off ours.
    ClockOffset {
        /// Who.
        peer: PeerId,
        /// Its clock minus ours, in seconds.
        seconds: i64,
    },
    /// Many blocks are behind: fetching begins.
    SyncStarted {
        /// From whom the best claim is.
        peer: PeerId,
        /// Our height.
        from: Height,
        /// The claimed height.
        to: Height,
    },
    /// The best known chain is connected.
    SyncFinished {
        /// Our height.
        height: Height,
    },
    /// Someone claims more work but nothing came of it for long: other peers are asked.
    SyncStalled {
        /// Who made the claim.
        peer: PeerId,
    },
    /// A peer was banned.
    PeerBanned {
        /// Who.
        peer: PeerId,
        /// The last offence, in plain words.
        reason: &'static str,
    },
}

/// How the best chain changed.
#[derive(Debug, Clone)]
pub struct TipChange {
    /// Blocks that left it, highest first. Empty unless a branch was switched.
    pub disconnected: Vec<BlockId>,
    /// Blocks that joined it, lowest first.
    pub connected: Vec<ConnectedSummary>,
    /// Transactions of the lost branch that wait again.
    pub returned_transactions: usize,
}

/// What a log line says of a block.
#[derive(Debug, Clone)]
pub struct ConnectedSummary {
    /// Which.
    pub id: BlockId,
    /// Who earned it.
    pub miner: Address,
    /// When it says it was made.
    pub time: Timestamp,
    /// Its transactions, in order.
    pub transactions: Arc<[TransactionId]>,
    /// Sum of its fees.
    pub fees: Amount,
    /// Encoded length in bytes.
    pub size: u32,
    /// The peer that told of it first; `None` when it was made here or came by bulk sync.
    pub from: Option<PeerId>,
}
