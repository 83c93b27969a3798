//! Answering peers, and the account kept of what they do wrong.

use std::sync::Arc;

use super::Node;
use super::effect::{Effect, Serve};
use super::event::Event;
use super::input::RequestId;
use super::mempool::PoolTransaction;
use super::message::{
    BLOCKS_ANSWER_BYTES_MAX, BLOCKS_PER_REQUEST_MAX, HEADERS_PER_ANSWER_MAX, LOCATOR_HASHES_MAX, SyncRequest,
    SyncResponse,
};
use super::now::Now;
use super::penalty::{BAN_MS, Offence, Sentence};
use crate::primitives::{BlockHash, Header, Height, List, PeerId, Transaction};
use crate::storage::ChainReader;

/// Milliseconds before a peer that asks again is given the waiting transactions again: collecting up to 4 MiB of them
/// is the one question that costs the core itself more than it costs who asks.
const POOL_INTERVAL_MS: u64 = 2_000;

impl<R: ChainReader> Node<R> {
    pub(super) fn on_request(&mut self, now: Now, peer: PeerId, request: RequestId, body: SyncRequest) {
        match body {
            SyncRequest::Status(status) => {
                let ours = self.status(now);
                self.respond(peer, request, SyncResponse::Status(ours));
                self.on_status_question(now, peer, status);
            }
            SyncRequest::Headers { locator, maximum } => {
                let headers = self.headers_after(&locator, maximum);
                self.respond(peer, request, SyncResponse::Headers(List(headers)));
            }
            SyncRequest::Blocks { hashes } if hashes.len() > BLOCKS_PER_REQUEST_MAX => {
                self.penalise(now, peer, Offence::ExcessiveRequest);
                self.respond(peer, request, SyncResponse::Blocks(List::default()));
            }
            SyncRequest::Blocks { hashes } => self.serve_blocks(peer, request, &hashes),
            SyncRequest::BlockTransactions { indexes, .. }
                if !indexes.is_sorted_by(|one, next| one < next) =>
            {
                // The same transaction many times over would make a short question a very long answer.
                self.penalise(now, peer, Offence::ExcessiveRequest);
                self.respond(peer, request, SyncResponse::BlockTransactions(List::default()));
            }
            SyncRequest::BlockTransactions { block, indexes } => {
                self.serve_transactions(peer, request, block, indexes.0);
            }
            SyncRequest::Mempool => {
                let transactions = self.pool_for(now, peer);
                self.respond(peer, request, SyncResponse::Mempool(List(transactions)));
            }
        }
    }

    fn respond(&mut self, peer: PeerId, request: RequestId, body: SyncResponse) {
        self.outbox.push(Effect::Respond { peer, request, body });
    }

    /// Headers of the followed branch after the first hash of a locator that is on it; genesis always is.
    fn headers_after(&self, locator: &[BlockHash], maximum: u32) -> Vec<Header> {
        let known = locator.iter().take(LOCATOR_HASHES_MAX).filter_map(|hash| self.chain.headers.find(hash));
        let shared = known.into_iter().find(|index| self.chain.is_active(*index));
        let from = shared.map_or(Height::GENESIS, |index| self.chain.headers.height(index)).next();
        let count = maximum.min(HEADERS_PER_ANSWER_MAX);
        let indexes =
            (from.0..from.0.saturating_add(count)).map_while(|height| self.chain.at(Height(height)));
        indexes.map(|index| *self.chain.headers.get(index).header()).collect()
    }

    /// A prefix of what was asked, up to the first block whose body is not here.
    fn serve_blocks(&mut self, peer: PeerId, request: RequestId, hashes: &[BlockHash]) {
        let places = hashes.iter().map_while(|hash| {
            let index = self.chain.headers.find(hash)?;
            self.chain.has_body(index).then(|| self.chain.headers.id(index))
        });
        let what = Serve::Blocks(places.collect());
        self.outbox.push(Effect::Serve { peer, request, what });
    }

    /// From memory, where a fresh block still is, else from the store.
    fn serve_transactions(&mut self, peer: PeerId, request: RequestId, hash: BlockHash, indexes: Vec<u32>) {
        let known = self.chain.headers.find(&hash).filter(|index| self.chain.has_body(*index));
        let Some(index) = known else {
            return self.respond(peer, request, SyncResponse::BlockTransactions(List::default()));
        };
        let what = Serve::Transactions { block: self.chain.headers.id(index), indexes };
        self.outbox.push(Effect::Serve { peer, request, what });
    }

    /// The waiting transactions, or none when this peer was given them just now.
    fn pool_for(&mut self, now: Now, peer: PeerId) -> Vec<Arc<Transaction>> {
        let known = self.peers.connected.get_mut(&peer);
        let Some(known) = known.filter(|known| known.pool_due_ms <= now.monotonic_ms) else {
            return Vec::new();
        };
        known.pool_due_ms = now.monotonic_ms + POOL_INTERVAL_MS;
        self.pool_within(BLOCKS_ANSWER_BYTES_MAX)
    }

    /// Waiting transactions, best fee rates first, up to so many bytes.
    fn pool_within(&self, mut bytes: usize) -> Vec<Arc<Transaction>> {
        let fits = |pooled: &&Arc<PoolTransaction>| {
            let left = bytes.checked_sub(pooled.hashes.size as usize);
            bytes = left.unwrap_or_default();
            left.is_some()
        };
        let best = self.mempool.iter_by_fee_rate().take_while(fits);
        best.map(|pooled| Arc::clone(&pooled.transaction)).collect()
    }

    /// Writes an offence on a peer's account; enough of them end the connection or bring a ban.
    pub(super) fn penalise(&mut self, now: Now, peer: PeerId, offence: Offence) {
        let is_banned = self.peers.is_banned(now, peer);
        let Some(known) = self.peers.connected.get_mut(&peer).filter(|_| !is_banned) else { return };
        self.published.view_changed = true;
        match known.score.charge(offence, now.monotonic_ms) {
            Sentence::Stay => {}
            Sentence::Disconnect => self.outbox.push(Effect::Disconnect { peer, reason: offence.words() }),
            Sentence::Ban => {
                let until_wall_ms = now.wall_ms + BAN_MS;
                self.peers.ban(now, peer, until_wall_ms);
                self.outbox.push(Effect::Ban { peer, until_wall_ms });
                self.outbox.push_durable(Effect::Event(Event::PeerBanned { peer, reason: offence.words() }));
            }
        }
    }
}
