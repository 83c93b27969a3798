//! Everything a node can do.

use std::sync::Arc;

use super::event::Event;
use super::input::{GossipId, RequestId, Ticket};
use super::message::{Gossip, SyncRequest, SyncResponse};
use super::query::Answer;
use super::template::Template;
use super::view::View;
use crate::consensus::check_block::CheckedBlock;
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{Block, BlockId, PeerId, Transaction};
use crate::storage::Commit;

/// Something to be done by whoever runs the core, in the order given.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Check something heavy off the core; answered by [`super::Input::Verified`].
    Verify {
        /// The check's name.
        ticket: Ticket,
        /// What to check.
        job: VerifyJob,
    },
    /// Make this last; answered by [`super::Input::Durable`]. Visible to readers of the store at once.
    Commit(Commit),
    /// Gossip this.
    Publish(Gossip),
    /// Say whether a gossiped message may be forwarded.
    Verdict {
        /// The message.
        message: GossipId,
        /// The verdict.
        verdict: Verdict,
    },
    /// Ask a peer; answered by [`super::Input::Response`].
    Request {
        /// Whom.
        peer: PeerId,
        /// Names the request.
        request: RequestId,
        /// The question.
        body: SyncRequest,
    },
    /// Answer a peer from what the core knows.
    Respond {
        /// Whom.
        peer: PeerId,
        /// The question.
        request: RequestId,
        /// The answer.
        body: SyncResponse,
    },
    /// Answer a peer from the store, off the core.
    Serve {
        /// Whom.
        peer: PeerId,
        /// The question.
        request: RequestId,
        /// What to read.
        what: Serve,
    },
    /// Close all connections to a peer.
    Disconnect {
        /// Whom.
        peer: PeerId,
        /// Why, in plain words.
        reason: &'static str,
    },
    /// Close all connections to a peer and accept none until then.
    Ban {
        /// Whom.
        peer: PeerId,
        /// End of the ban in milliseconds of wall-clock time since 1970.
        until_wall_ms: u64,
    },
    /// What miners work on from now. Follows the tip in memory, while [`super::Input::WantTemplates`] said so.
    Template(Arc<Template>),
    /// What readers see from now. Follows the durable tip.
    View(Arc<View>),
    /// Something people want to know. Follows the durable tip.
    Event(Event),
    /// Answer a client. Follows the durable tip.
    Answer {
        /// The question.
        ticket: Ticket,
        /// The answer.
        answer: Answer,
    },
    /// Give [`super::Input::Wake`] at this moment of monotonic time, in milliseconds; replaces the last wish.
    WakeAt(u64),
}

/// A check that would hold up the core.
#[derive(Debug, Clone)]
pub enum VerifyJob {
    /// Everything about a block that needs no context, except signatures.
    Body(Arc<Block>),
    /// The signatures at these positions of these blocks, in batches across blocks.
    Signatures(Vec<(CheckedBlock, Vec<u32>)>),
    /// The signatures of transactions.
    Transactions(Vec<(Arc<Transaction>, TransactionHashes)>),
}

/// What to read from the store for a peer.
#[derive(Debug, Clone)]
pub enum Serve {
    /// A [`SyncResponse::Blocks`] with as many of these as fit, in order.
    Blocks(Vec<BlockId>),
    /// A [`SyncResponse::BlockTransactions`].
    Transactions {
        /// Of this block.
        block: BlockId,
        /// At these positions.
        indexes: Vec<u32>,
    },
}

/// What happens to a gossiped message, and to who forwarded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Forward it.
    Accept,
    /// Drop it; nobody is at fault.
    Ignore,
    /// Drop it; the forwarder could have known better.
    Reject,
}
