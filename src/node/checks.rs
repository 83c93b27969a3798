//! Heavy checks on their way: bodies first, then the signatures that the pool has not seen, in batches across blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Node;
use super::effect::{Effect, VerifyJob};
use super::headers::{Body, Index};
use super::holdings::Holding;
use super::input::{GossipId, Ticket, Verified};
use super::now::Now;
use super::penalty::Offence;
use super::query::BlockOutcome;
use super::sorted_map::SortedMap;
use super::transactions::{Hashed, TransactionsFrom};
use crate::consensus::check_block::CheckedBlock;
use crate::consensus::violation::{Blame, Violation};
use crate::primitives::codec::encoded_len;
use crate::primitives::{Block, BlockHash, PeerId};
use crate::storage::{ChainReader, StorageError};

/// Signatures worth a batch of their own while more bodies are on their way.
const BATCH_SIGNATURES_MIN: usize = 1_024;

/// Gossiped blocks that may wait for their verdict.
const WAITING_VERDICTS_MAX: usize = 64;

/// Where a body came from: who answers for it when it does not belong to its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFrom {
    /// A client or miner of this node.
    Client,
    /// Rebuilt from a gossiped compact block: forwarded unseen, so nobody is blamed.
    Gossip,
    /// Sent whole by a peer.
    Peer(PeerId),
}

/// A check that runs off the core.
#[derive(Debug)]
pub(super) enum Running {
    Body { index: Index, from: BodyFrom, size: usize },
    Signatures(Vec<(Index, CheckedBlock)>),
    Transactions { transactions: Vec<Hashed>, from: TransactionsFrom },
}

/// A client who waits for what becomes of a block.
#[derive(Debug)]
pub(super) struct WaitingClient {
    pub(super) ticket: Ticket,
    /// The block as this client has it, if another body of the same header was being checked when it came.
    pub(super) late: Option<Arc<Block>>,
}

/// Checks on their way.
#[derive(Debug, Default)]
pub(super) struct Checks {
    running: SortedMap<Ticket, Running>,
    next_ticket: Ticket,
    bodies_running: usize,
    unsigned: Vec<(Index, CheckedBlock, Vec<u32>)>,
    unsigned_signatures: usize,
    /// Encoded length of all bodies that are not decided yet.
    bytes: usize,
    /// Clients and, on development networks, forwarders who wait for what becomes of a block.
    pub(super) waiting_clients: BTreeMap<BlockHash, Vec<WaitingClient>>,
    pub(super) waiting_verdicts: BTreeMap<BlockHash, GossipId>,
}

impl Checks {
    pub(super) fn start(&mut self, running: Running) -> Ticket {
        self.next_ticket += 1;
        self.running.insert(self.next_ticket, running);
        self.next_ticket
    }

    /// Bodies that are not decided yet.
    pub(super) fn bodies(&self) -> usize {
        self.bodies_running + self.unsigned.len()
    }

    /// Their encoded length, and that of bodies whose signatures are being checked.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets a client wait for what becomes of a block.
    pub(super) fn hold_client(&mut self, hash: BlockHash, ticket: Ticket, late: Option<Arc<Block>>) {
        self.waiting_clients.entry(hash).or_default().push(WaitingClient { ticket, late });
    }

    /// Those whose own bodies nobody has looked at, who need not share the fate of the one that was.
    fn take_late_clients(&mut self, hash: BlockHash) -> Vec<WaitingClient> {
        let waiting = self.waiting_clients.get_mut(&hash);
        waiting
            .map_or_else(Vec::new, |clients| clients.extract_if(.., |client| client.late.is_some()).collect())
    }

    /// Lets a message wait for what becomes of its block; answers one that must not wait any longer.
    pub(super) fn hold_verdict(&mut self, hash: BlockHash, message: GossipId) -> Option<GossipId> {
        let replaced = self.waiting_verdicts.insert(hash, message);
        if self.waiting_verdicts.len() <= WAITING_VERDICTS_MAX {
            return replaced;
        }
        self.waiting_verdicts.pop_first().map(|(_, message)| message)
    }

    /// Messages that wait for what becomes of their block.
    pub(super) fn waiting_gossip(&self) -> Holding {
        Holding::new("gossiped blocks without a verdict", self.waiting_verdicts.len(), WAITING_VERDICTS_MAX)
    }
}

impl<R: ChainReader> Node<R> {
    /// Sends a body whose header is known to be checked, unless one is here already.
    pub(super) fn check_body(&mut self, index: Index, block: Arc<Block>, from: BodyFrom) {
        if self.chain.headers.get(index).body != Body::Missing {
            return;
        }
        self.chain.headers.set_body(index, Body::Checking);
        let size = encoded_len(block.as_ref());
        self.checks.bodies_running += 1;
        self.checks.bytes += size;
        let ticket = self.checks.start(Running::Body { index, from, size });
        self.outbox.push(Effect::Verify { ticket, job: VerifyJob::Body(block) });
    }

    /// Sends a client's body to be checked, or lets the client wait for the one that is being checked.
    pub(super) fn check_for_client(&mut self, index: Index, ticket: Ticket, block: Arc<Block>) {
        let (hash, is_first) =
            (self.chain.headers.id(index).hash, self.chain.headers.get(index).body == Body::Missing);
        self.checks.hold_client(hash, ticket, (!is_first).then(|| Arc::clone(&block)));
        if is_first {
            self.relay.note_made_here(hash);
            self.check_body(index, block, BodyFrom::Client);
        }
    }

    pub(super) fn on_verified(
        &mut self,
        now: Now,
        ticket: Ticket,
        result: Verified,
    ) -> Result<(), StorageError> {
        match (self.checks.running.remove(&ticket), result) {
            (Some(Running::Body { index, from, size }), Verified::Body(result)) => {
                self.checks.bodies_running -= 1;
                self.checks.bytes -= size;
                match result {
                    Ok(block) => {
                        self.note_body_size(block.size());
                        self.want_signatures(index, block);
                    }
                    Err(violation) => self.reject_body(now, index, from, violation),
                }
                self.check_signatures();
            }
            (Some(Running::Signatures(blocks)), Verified::Signatures(verdicts)) => {
                for ((index, block), good) in blocks.into_iter().zip(verdicts) {
                    self.checks.bytes -= block.size();
                    if good {
                        self.chain.accept_body(index, block, &mut self.outbox);
                    } else {
                        self.condemn(index, Violation::BadSignature);
                    }
                }
            }
            (Some(Running::Transactions { transactions, from }), Verified::Transactions(verdicts)) => {
                self.admit_verified(now, transactions, from, &verdicts);
                return Ok(());
            }
            // An answer to nothing that was asked: its question was dropped.
            (Some(_) | None, _) => return Ok(()),
        }
        self.advance(now)
    }

    /// Notes which signatures of a body are still unknown; with none, the body is accepted.
    fn want_signatures(&mut self, index: Index, block: CheckedBlock) {
        let known = self.mempool.have_good_signatures(block.hashes());
        let unknown = (0..).zip(known).filter(|(_, is_known)| !is_known);
        let positions: Vec<u32> = unknown.map(|(position, _)| position).collect();
        if positions.is_empty() {
            self.chain.accept_body(index, block, &mut self.outbox);
        } else {
            self.checks.bytes += block.size();
            self.checks.unsigned_signatures += positions.len();
            self.checks.unsigned.push((index, block, positions));
        }
    }

    /// Sends waiting signatures to be checked once they make a good batch, or nothing more is coming.
    fn check_signatures(&mut self) {
        let checks = &mut self.checks;
        if checks.unsigned.is_empty()
            || (checks.unsigned_signatures < BATCH_SIGNATURES_MIN && checks.bodies_running > 0)
        {
            return;
        }
        checks.unsigned_signatures = 0;
        let (blocks, job): (Vec<_>, Vec<_>) = std::mem::take(&mut checks.unsigned)
            .into_iter()
            .map(|(index, block, positions)| ((index, block.clone()), (block, positions)))
            .unzip();
        let ticket = checks.start(Running::Signatures(blocks));
        self.outbox.push(Effect::Verify { ticket, job: VerifyJob::Signatures(job) });
    }

    /// A body that does not belong to its header costs its sender; any other fault condemns the header.
    fn reject_body(&mut self, now: Now, index: Index, from: BodyFrom, violation: Violation) {
        match violation.blame() {
            Blame::Sender | Blame::Nobody => {
                self.chain.headers.set_body(index, Body::Missing);
                let hash = self.chain.headers.id(index).hash;
                let late = self.checks.take_late_clients(hash);
                self.answer_block_clients(hash, BlockOutcome::Invalid(violation));
                match from {
                    BodyFrom::Peer(peer) => self.penalise(now, peer, Offence::ForeignBody),
                    BodyFrom::Gossip => self.fetch_whole(now, &hash),
                    BodyFrom::Client => {}
                }
                for WaitingClient { ticket, late } in late {
                    self.check_for_client(index, ticket, late.expect("those are late who brought their own"));
                }
            }
            Blame::Miner => self.condemn(index, violation),
        }
    }

    pub(super) fn condemn(&mut self, index: Index, violation: Violation) {
        self.chain.condemn(index, violation, &mut self.outbox);
        self.note_invalid(self.chain.headers.id(index), violation);
    }
}
