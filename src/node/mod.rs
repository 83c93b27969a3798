//! The node core: a deterministic state machine without sockets, disks, clocks, threads or async.
//!
//! `Node::handle(now, Input) -> Effects`: to learn what a node can suffer read [`input`]; to learn what it can do
//! read [`effect`]. Same inputs, same effects, in the same order.
//!
//! | what happens | where it is decided |
//! | --- | --- |
//! | a header or a body comes in | `chain`, over `headers` (the tree) and `ledger` (the state at the tip) |
//! | a body or a signature must be checked | `checks` |
//! | the tip moves | `tip` |
//! | a block or a transaction is gossiped | `relay`, `transactions` |
//! | others know more than we do | `claims` (who says so), `sync` (headers), `download` (bodies), `progress` (whether it moves) |
//! | a peer asks, or misbehaves | `serving`, `peers`, `penalty` |
//! | a client asks | `clients` |
//! | time passes | `timers` |

mod candidates;
mod chain;
mod checks;
mod chunks;
mod claims;
mod clients;
pub mod compact;
mod download;
pub mod effect;
pub mod event;
mod half_life;
mod headers;
pub mod holdings;
pub mod input;
mod ledger;
pub mod mempool;
pub mod message;
pub mod now;
mod outbox;
mod overlay;
mod peers;
pub mod penalty;
mod progress;
pub mod query;
mod relay;
mod restore;
pub mod serve;
mod serving;
mod sorted_map;
mod sync;
pub mod template;
pub mod template_builder;
#[cfg(test)]
mod tests;
mod timers;
mod tip;
mod transactions;
pub mod verify;
pub mod view;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

pub use effect::{Effect, Verdict, VerifyJob};
pub use event::Event;
pub use holdings::Holding;
pub use input::{Input, Verified};
pub use now::Now;
pub use query::{Answer, Query};
pub use restore::Progress;
pub use template::Template;
pub use view::View;

use crate::consensus::params::Params;
use crate::primitives::{BlockId, PeerId, StateRoot};
use crate::storage::{ChainReader, StorageError, StoredChain};
use chain::Chain;
use checks::Checks;
use download::Download;
use mempool::Mempool;
use outbox::Outbox;
use peers::Peers;
use relay::Relay;
use sync::Sync;
use timers::{Timer, Timers};
use tip::Published;
use transactions::Outgoing;
use waiting::WaitingBlocks;

/// A node without its threads, sockets and disk.
#[derive(Debug)]
pub struct Node<R> {
    params: Arc<Params>,
    chain: Chain<R>,
    checks: Checks,
    mempool: Mempool,
    peers: Peers,
    sync: Sync,
    download: Download,
    relay: Relay,
    waiting: WaitingBlocks,
    outgoing: Outgoing,
    published: Published,
    timers: Timers,
    outbox: Outbox,
    random: ChaCha12Rng,
}

impl<R: ChainReader> Node<R> {
    /// A node at the place where its store left off. `seed` feeds all its randomness. `bans` are those of
    /// [`View::bans`] before the restart: each peer's with its end.
    ///
    /// Fails when the store cannot be read.
    pub fn open(
        params: Arc<Params>,
        reader: R,
        stored: StoredChain,
        bans: BTreeMap<PeerId, u64>,
        seed: [u8; 32],
        now: Now,
        progress: Progress<'_>,
    ) -> Result<(Self, Vec<Effect>), StorageError> {
        let mut chain = Chain::new(Arc::clone(&params), reader);
        chain.restore(stored, progress)?;
        let mut node = Self {
            mempool: Mempool::default(),
            params,
            chain,
            checks: Checks::default(),
            published: Published::default(),
            peers: Peers::new(bans),
            sync: Sync::default(),
            download: Download::default(),
            relay: Relay::default(),
            waiting: WaitingBlocks::default(),
            outgoing: Outgoing::default(),
            timers: Timers::default(),
            outbox: Outbox::default(),
            random: ChaCha12Rng::from_seed(seed),
        };
        node.timers.set(now.monotonic_ms + progress::WATCH_MS, Timer::WatchProgress);
        // What was durable is shown at once; a better branch that may follow from here must become durable first.
        node.published.view_changed = true;
        node.publish_view(now);
        let mut effects = node.outbox.finish();
        node.advance(now)?;
        effects.extend(node.finish(now));
        Ok((node, effects))
    }

    /// Takes one thing that happened, and answers what is to be done about it, in order.
    ///
    /// An error means that the store cannot be read: the node must stop.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<Vec<Effect>, StorageError> {
        match input {
            Input::PeerConnected { peer, outbound } => self.on_peer_connected(now, peer, outbound),
            Input::PeerDisconnected { peer } => self.on_peer_disconnected(now, peer),
            Input::Gossip { peer, message, gossip } => self.on_gossip(now, peer, message, &gossip),
            Input::Undecodable { peer } => self.penalise(now, peer, penalty::Offence::Undecodable),
            Input::Request { peer, request, body } => self.on_request(now, peer, request, body),
            Input::Response { peer, request, body } => self.on_response(now, peer, request, body),
            Input::Verified { ticket, result } => self.on_verified(now, ticket, result)?,
            Input::Durable { sequence } => self.on_durable(now, sequence),
            Input::SubmitTransactions { ticket, transactions, purpose } => {
                self.on_submit_transactions(now, ticket, &transactions, purpose);
            }
            Input::SubmitBlock { ticket, block } => self.on_submit_block(now, ticket, block),
            Input::Query { ticket, query } => self.on_query(ticket, &query),
            Input::WantTemplates(wanted) => self.on_want_templates(wanted),
            Input::Wake => self.timers.woken(),
        }
        self.run_due_timers(now)?;
        Ok(self.finish(now))
    }

    /// The tip in memory, durable or not: for audits. Whoever follows the node takes [`View::tip`].
    pub fn tip(&self) -> BlockId {
        self.chain.tip_id()
    }

    /// The root of the state after the tip, computed anew from every account: for audits, since that takes its time.
    pub fn recomputed_state_root(&self) -> StateRoot {
        self.chain.ledger.recomputed_root()
    }

    fn run_due_timers(&mut self, now: Now) -> Result<(), StorageError> {
        while let Some(timer) = self.timers.pop_due(now.monotonic_ms) {
            match timer {
                Timer::Advance => self.advance(now)?,
                Timer::RequestStalled(request) => self.on_request_stalled(now, request),
                Timer::CompactStalled(index) => {
                    self.on_compact_stalled(now, self.chain.headers.id(index).hash);
                }
                Timer::PublishTransactions => self.publish_transactions(),
                Timer::RefreshTemplate => self.refresh_template(),
                Timer::AskStatus(start) => self.ask_due_statuses(now, start),
                Timer::WatchProgress => self.watch_progress(now),
            }
        }
        Ok(())
    }

    fn finish(&mut self, now: Now) -> Vec<Effect> {
        self.publish_view(now);
        let mut effects = self.outbox.finish();
        effects.extend(self.timers.announce().map(Effect::WakeAt));
        effects
    }

    fn on_durable(&mut self, now: Now, sequence: crate::storage::Sequence) {
        self.outbox.on_durable(sequence);
        self.chain.overlay.on_durable(self.outbox.durable());
        if self.published.unfinished {
            self.timers.set(now.monotonic_ms, Timer::Advance);
        } else {
            // What the disk held up may go on.
            self.schedule_downloads(now);
        }
    }
}
