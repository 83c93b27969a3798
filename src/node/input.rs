//! Everything that can happen to a node.

use std::sync::Arc;

use super::message::{Gossip, SyncRequest, SyncResponse};
use super::query::Query;
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::violation::Violation;
use crate::primitives::{Block, PeerId, Transaction};
use crate::storage::Sequence;

/// Names a gossip message until its verdict is given.
pub type GossipId = u64;
/// Names a request; the answer brings it back. Ours and a peer's are numbered apart.
pub type RequestId = u64;
/// Names a question of a client or a heavy check; the answer brings it back.
pub type Ticket = u64;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// A first connection to a peer stands and its protocols are known.
    PeerConnected {
        /// Who.
        peer: PeerId,
        /// Whether this node dialled.
        outbound: bool,
    },
    /// The last connection to a peer is gone; its requests will not be answered.
    PeerDisconnected {
        /// Who.
        peer: PeerId,
    },
    /// A peer forwarded a message. It waits for an [`super::Effect::Verdict`].
    Gossip {
        /// Who forwarded it.
        peer: PeerId,
        /// Names the message.
        message: GossipId,
        /// What it says.
        gossip: Gossip,
    },
    /// A peer sent bytes that are no message of the protocol.
    Undecodable {
        /// Who sent them.
        peer: PeerId,
    },
    /// A peer asks. It waits for an [`super::Effect::Respond`].
    Request {
        /// Who asks.
        peer: PeerId,
        /// Names the question.
        request: RequestId,
        /// The question.
        body: SyncRequest,
    },
    /// A peer answered, or will not.
    Response {
        /// Who was asked.
        peer: PeerId,
        /// The request it answers.
        request: RequestId,
        /// The answer.
        body: Result<SyncResponse, RequestFailure>,
    },
    /// A heavy check is done.
    Verified {
        /// The check's name.
        ticket: Ticket,
        /// What it found.
        result: Verified,
    },
    /// This commit and all before it will survive a loss of power.
    Durable {
        /// The commit's number.
        sequence: Sequence,
    },
    /// A client of this node sends transactions. Answered by [`super::Answer::Transactions`].
    SubmitTransactions {
        /// Names the question.
        ticket: Ticket,
        /// At most [`super::message::GOSSIPED_TRANSACTIONS_MAX`].
        transactions: Vec<Arc<Transaction>>,
        /// Where they come from and what is wanted.
        purpose: Purpose,
    },
    /// A client or a miner of this node sends a block. Answered by [`super::Answer::Block`].
    SubmitBlock {
        /// Names the question.
        ticket: Ticket,
        /// The block.
        block: Arc<Block>,
    },
    /// A client asks.
    Query {
        /// Names the question.
        ticket: Ticket,
        /// The question.
        query: Query,
    },
    /// Whether anybody works on templates from now on. At first nobody does, and none is made but for a query.
    WantTemplates(bool),
    /// The moment of the last [`super::Effect::WakeAt`] has come.
    Wake,
}

/// What a client wants with transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Admit and publish them.
    Admit,
    /// Only say whether they would be admitted.
    Test,
    /// Admit them again after a restart; nobody is told.
    Restore,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFailure {
    /// No answer in time.
    TimedOut,
    /// The connection is gone, or the peer is not connected.
    Disconnected,
    /// The answer was no message of the protocol: the peer's fault.
    Undecodable,
    /// The peer does not speak the protocol, or refused.
    Refused,
}

/// The result of a [`super::VerifyJob`].
#[derive(Debug, Clone)]
pub enum Verified {
    /// Of [`super::VerifyJob::Body`].
    Body(Result<CheckedBlock, Violation>),
    /// Of [`super::VerifyJob::Signatures`]: one entry a block, true when all its signatures hold.
    Signatures(Vec<bool>),
    /// Of [`super::VerifyJob::Transactions`]: one entry a transaction, true when its signature holds.
    Transactions(Vec<bool>),
}
