//! Whether catching up moves: what people are told of it, and what is tried when it does not.

use super::Node;
use super::effect::Effect;
use super::event::Event;
use super::headers::Body;
use super::message::SyncRequest;
use super::now::Now;
use super::peers::Asked;
use super::timers::Timer;
use crate::primitives::{PeerId, Work};
use crate::storage::ChainReader;

/// Milliseconds between two looks at whether syncing moves.
pub(super) const WATCH_MS: u64 = 2_000;
/// Block intervals without progress, while someone claims more work, after which other peers are tried.
const STALLED_INTERVALS: u64 = 10;

impl<R: ChainReader> Node<R> {
    pub(super) fn note_progress(&mut self, now: Now) {
        self.sync.last_progress_ms = now.monotonic_ms;
        if self.sync.announced && !self.is_behind() && self.best_to_be_had().is_none() {
            self.sync.announced = false;
            let height = self.chain.height();
            self.outbox.push_durable(Effect::Event(Event::SyncFinished { height }));
            let ahead = self.peers.connected.iter().find(|(_, peer)| peer.height >= Some(height));
            if let Some(peer) = ahead.map(|(id, _)| *id) {
                self.ask(peer, Asked::Mempool, SyncRequest::Mempool);
            }
        }
    }

    pub(super) fn announce_sync(&mut self, peer: PeerId) {
        if !self.sync.announced && self.is_behind() {
            self.sync.announced = true;
            let to = self.chain.headers.height(self.chain.headers.best());
            self.outbox.push(Effect::Event(Event::SyncStarted { peer, from: self.chain.height(), to }));
        }
    }

    /// Tries again what got stuck, and other peers when nothing moves although someone claims more.
    pub(super) fn watch_progress(&mut self, now: Now) {
        self.timers.set(now.monotonic_ms + WATCH_MS, Timer::WatchProgress);
        self.take_waiting_blocks(now);
        self.ask_headers(now);
        self.schedule_downloads(now);
        let patience = STALLED_INTERVALS * 1_000 * u64::from(self.params.interval_seconds);
        let best = self.chain.headers.best();
        let stuck = self.chain.tip() != best
            && self.chain.headers.get(best).body == Body::Missing
            && now.monotonic_ms.saturating_sub(self.sync.last_progress_ms) > patience;
        if stuck {
            self.sync.last_progress_ms = now.monotonic_ms;
            let work: Work = self.chain.headers.work(best);
            let claims = self.peers.connected.iter().filter(|(_, peer)| peer.claim().work >= work);
            if let Some(peer) = claims.map(|(id, _)| *id).next() {
                self.outbox.push(Effect::Event(Event::SyncStalled { peer }));
            }
            self.forget_who_lacks_blocks();
        }
    }
}
