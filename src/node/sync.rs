//! Finding out who knows more: statuses, then headers from the best claim. A claim only orders the asking.

use super::Node;
use super::claims::Standing;
use super::effect::Effect;
use super::event::Event;
use super::headers::Index;
use super::holdings::Holding;
use super::input::{RequestFailure, RequestId};
use super::message::{HEADERS_PER_ANSWER_MAX, LOCATOR_HASHES_MAX, Status, SyncRequest, SyncResponse};
use super::now::Now;
use super::peers::{Asked, Claim, IdStart, Peers};
use super::penalty::Offence;
use super::timers::Timer;
use crate::consensus::violation::{Blame, Violation};
use crate::primitives::{BlockHash, Header, Height, List, PeerId, Work};
use crate::storage::ChainReader;

/// Milliseconds between two questions where a peer stands: catches what gossip missed.
const STATUS_INTERVAL_MS: u64 = 15_000;
/// Milliseconds after which a peer is asked that dialled us and did not ask: mostly its questions tell us enough.
const STATUS_PATIENCE_MS: u64 = 20_000;
/// Milliseconds after which headers are asked from someone else.
const HEADERS_STALL_MS: u64 = 8_000;
/// Seconds between clocks above which people are told.
const CLOCK_OFFSET_MAX_SECONDS: u64 = 60;
/// Headers in a row that lead nowhere, besides as many as the best chain has, after which no more are taken from a
/// peer: one alone cannot fill the room that all side branches share.
const SIDE_HEADERS_PER_PEER_MAX: usize = 5_000;

/// How far syncing is.
#[derive(Debug, Default)]
pub(super) struct Sync {
    /// The question for headers that is under way.
    headers: Option<(PeerId, RequestId)>,
    /// Whom people were told we sync from, until it is done.
    pub(super) announced: bool,
    pub(super) last_progress_ms: u64,
    /// How things stood when nobody was found to ask for headers.
    nobody_to_ask: Option<Standing>,
}

impl Sync {
    /// A question for headers that waits for an answer which nobody owes would wait for ever.
    pub(super) fn question_to_nobody(&self, peers: &Peers) -> Holding {
        let waits = self.headers.is_some_and(|(_, request)| !peers.requests.contains_key(&request));
        Holding::new("questions for headers to nobody", usize::from(waits), 0)
    }
}

impl<R: ChainReader> Node<R> {
    pub(super) fn on_peer_connected(&mut self, now: Now, peer: PeerId, outbound: bool) {
        if self.peers.is_banned(now, peer) {
            self.outbox.push(Effect::Disconnect { peer, reason: "banned" });
            return;
        }
        self.peers.connect(peer, outbound);
        self.published.view_changed = true;
        self.ask_status(now, peer);
    }

    pub(super) fn on_peer_disconnected(&mut self, now: Now, peer: PeerId) {
        for pending in self.peers.disconnect(now, peer) {
            self.give_up(now, peer, &pending.asked);
        }
        if self.sync.headers.is_some_and(|(asked, _)| asked == peer) {
            self.sync.headers = None;
        }
        self.published.view_changed = true;
        self.ask_headers(now);
        self.schedule_downloads(now);
    }

    /// Sends a question and notes who owes the answer.
    pub(super) fn ask(&mut self, peer: PeerId, asked: Asked, body: SyncRequest) -> RequestId {
        let request = self.peers.ask(peer, asked);
        self.outbox.push(Effect::Request { peer, request, body });
        request
    }

    /// Asks the peers where they stand whose time has come. Those that have told us meanwhile have their time later.
    pub(super) fn ask_due_statuses(&mut self, now: Now, start: IdStart) {
        let such: Vec<_> =
            self.peers.with_start(start).map(|(peer, known)| (*peer, known.status_due_ms)).collect();
        for (peer, due_ms) in such {
            if due_ms <= now.monotonic_ms {
                self.ask_status(now, peer);
            } else {
                self.timers.set(due_ms, Timer::AskStatus(start));
            }
        }
    }

    /// A peer told where it stands when it asked us. Whoever dialled goes on asking, so that one side does for both.
    pub(super) fn on_status_question(&mut self, now: Now, peer: PeerId, status: Status) {
        if let Some(known) = self.peers.connected.get_mut(&peer).filter(|known| !known.outbound) {
            known.status_due_ms = now.monotonic_ms + STATUS_PATIENCE_MS;
        }
        self.on_status(now, peer, status);
        self.ask_headers(now);
        self.schedule_downloads(now);
    }

    /// Asks a peer where it stands, now and from time to time as long as it is connected.
    fn ask_status(&mut self, now: Now, peer: PeerId) {
        let known = self.peers.connected.get_mut(&peer);
        let Some(known) = known.filter(|known| known.status_due_ms <= now.monotonic_ms) else { return };
        known.status_due_ms = now.monotonic_ms + STATUS_INTERVAL_MS;
        self.timers.set(known.status_due_ms, Timer::AskStatus(IdStart::of(peer)));
        self.send_status(now, peer);
    }

    pub(super) fn send_status(&mut self, now: Now, peer: PeerId) {
        if !self.peers.owes(peer, |asked| *asked == Asked::Status) {
            let status = self.status(now);
            self.ask(peer, Asked::Status, SyncRequest::Status(status));
        }
    }

    /// Where this node stands.
    pub(super) fn status(&self, now: Now) -> Status {
        let tip = self.chain.headers.get(self.chain.tip());
        Status {
            genesis: self.params.genesis_hash(),
            block_one: self.chain.block_one().unwrap_or(BlockHash::ZERO),
            tip: tip.hash(),
            height: tip.height,
            work: tip.work(),
            time: now.wall_ms / 1_000,
        }
    }

    pub(super) fn on_response(
        &mut self,
        now: Now,
        peer: PeerId,
        request: RequestId,
        body: Result<SyncResponse, RequestFailure>,
    ) {
        let Some(asked) = self.peers.answered(peer, request) else { return };
        if self.sync.headers == Some((peer, request)) {
            self.sync.headers = None;
        }
        match (asked, body) {
            (Asked::Status, Ok(SyncResponse::Status(status))) => self.on_status(now, peer, status),
            (Asked::Headers { above, claimed }, Ok(SyncResponse::Headers(headers))) => {
                self.on_headers(now, peer, above, claimed, &headers);
            }
            (Asked::Blocks(hashes), Ok(SyncResponse::Blocks(blocks))) => {
                self.on_blocks(now, peer, &hashes, blocks);
            }
            (
                Asked::BlockTransactions { block, indexes },
                Ok(SyncResponse::BlockTransactions(transactions)),
            ) => {
                self.on_block_transactions(now, peer, block, &indexes, transactions);
            }
            (Asked::Mempool, Ok(SyncResponse::Mempool(transactions))) => {
                self.on_mempool(now, peer, &transactions);
            }
            (asked, Ok(_)) => {
                self.penalise(now, peer, Offence::WrongAnswer);
                self.give_up(now, peer, &asked);
            }
            (asked, Err(failure)) => {
                if let Some(offence) = Offence::of_request(failure) {
                    self.penalise(now, peer, offence);
                }
                // What fails at once would be asked for again at once, without end.
                if asked.is_blocks() && failure != RequestFailure::TimedOut {
                    self.note_lack(now, peer);
                }
                self.give_up(now, peer, &asked);
            }
        }
        self.ask_headers(now);
        self.schedule_downloads(now);
    }

    /// What was asked will not come from this peer.
    fn give_up(&mut self, now: Now, peer: PeerId, asked: &Asked) {
        match asked {
            Asked::Blocks(hashes) => self.release_blocks(peer, hashes),
            Asked::BlockTransactions { block, .. } => self.on_compact_stalled(now, *block),
            Asked::Headers { .. } => self.lower_claim(peer),
            Asked::Status | Asked::Mempool => {}
        }
    }

    /// Takes a peer's word on where it stands. Whether to ask for headers is to be looked at afterwards.
    pub(super) fn on_status(&mut self, now: Now, peer: PeerId, status: Status) {
        if status.genesis != self.params.genesis_hash() {
            return self.penalise(now, peer, Offence::OtherNetwork);
        }
        let offset = status.time.cast_signed().saturating_sub((now.wall_ms / 1_000).cast_signed());
        let is_known =
            status.tip == self.chain.tip_id().hash || self.chain.headers.find(&status.tip).is_some();
        let claim = Claim { work: status.work, shown: Some(status.tip), headers_due: !is_known };
        self.change_claim(peer, |before, _| *before = claim);
        let Some(known) = self.peers.connected.get_mut(&peer) else { return };
        let first = !std::mem::replace(&mut known.has_told, true);
        known.unknown_tip = (!is_known).then(|| Box::new(status.tip));
        // Clocks tell whole seconds, so that a second more or less is no news.
        let offset = known.clock_offset_seconds.filter(|known| known.abs_diff(offset) <= 1).unwrap_or(offset);
        // Most statuses say what was known before: no reader needs a new picture for them.
        self.published.view_changed |=
            known.height != Some(status.height) || known.clock_offset_seconds != Some(offset);
        known.height = Some(status.height);
        known.clock_offset_seconds = Some(offset);
        if clock_is_off(offset) && !std::mem::replace(&mut known.clock_told, true) {
            self.outbox.push(Effect::Event(Event::ClockOffset { peer, seconds: offset }));
        }
        if first {
            self.outbox.push(Effect::Event(Event::PeerReady { peer, height: status.height }));
            // What waits at a peer far ahead makes sense only once we are there.
            if !self.is_behind_of(status.height) {
                self.ask(peer, Asked::Mempool, SyncRequest::Mempool);
            }
        }
    }

    /// Asks the best claim for headers, unless someone is asked already or nobody claims more than we know. A branch
    /// with less work than the best header but more than the tip counts too: the best may turn out not to be had.
    pub(super) fn ask_headers(&mut self, now: Now) {
        let standing = self.standing();
        if self.sync.headers.is_some() || self.sync.nobody_to_ask == Some(standing) {
            return;
        }
        let known_work = self.chain.headers.work(self.chain.headers.best());
        let tip_work = self.chain.headers.work(self.chain.tip());
        let claims = self.peers.connected.iter().filter(|(id, peer)| {
            let claim = peer.claim();
            let is_news = claim.work > known_work || claim.headers_due && claim.work > tip_work;
            is_news && !self.peers.owes(**id, Asked::is_headers)
        });
        let best = claims.max_by_key(|(id, peer)| (peer.claim().work, std::cmp::Reverse(**id)));
        match best.map(|(id, _)| *id) {
            Some(peer) => self.ask_headers_of(now, peer),
            None => self.sync.nobody_to_ask = Some(standing),
        }
    }

    /// Asks one peer for what follows the best header known.
    pub(super) fn ask_headers_of(&mut self, now: Now, peer: PeerId) {
        self.ask_headers_above(now, peer, self.chain.headers.best(), Height::GENESIS);
    }

    /// Asks one peer for what follows a header. `above` is how far its answers have led so far.
    fn ask_headers_above(&mut self, now: Now, peer: PeerId, from: Index, above: Height) {
        if self.peers.owes(peer, Asked::is_headers) {
            return;
        }
        let Some(claimed) = self.peers.connected.get(&peer).map(|known| known.claim().work) else { return };
        self.change_claim(peer, |claim, _| claim.headers_due = false);
        let body = SyncRequest::Headers { locator: self.locator(from), maximum: HEADERS_PER_ANSWER_MAX };
        let request = self.ask(peer, Asked::Headers { above, claimed }, body);
        self.sync.headers = Some((peer, request));
        self.timers.set(now.monotonic_ms + HEADERS_STALL_MS, Timer::RequestStalled(request));
    }

    /// Hashes from a header downwards: ten in a row, then each step twice as long, genesis last.
    fn locator(&self, mut at: Index) -> List<BlockHash> {
        let mut hashes = Vec::new();
        let mut step = 1;
        loop {
            let id = self.chain.headers.id(at);
            hashes.push(id.hash);
            if id.height.0 == 0 || hashes.len() >= LOCATOR_HASHES_MAX {
                return List(hashes);
            }
            if hashes.len() > 10 {
                step *= 2;
            }
            at = self.chain.headers.ancestor(at, id.height.minus(step));
        }
    }

    fn on_headers(&mut self, now: Now, peer: PeerId, above: Height, claimed: Work, headers: &[Header]) {
        let mut more_follow = headers.len() == HEADERS_PER_ANSWER_MAX as usize;
        let mut last = None;
        let mut news = false;
        for (position, header) in headers.iter().enumerate() {
            let follows = position == 0 || header.previous == headers[position - 1].hash();
            if !follows || headers.len() > HEADERS_PER_ANSWER_MAX as usize {
                return self.penalise(now, peer, Offence::WrongAnswer);
            }
            if self.brought_too_much(peer) {
                self.lower_claim(peer);
                more_follow = false;
                break;
            }
            match self.chain.accept_header(header, now.timestamp(), &mut self.outbox) {
                Ok((index, new)) => {
                    last = Some(index);
                    news |= new;
                    self.count_side_header(peer, index, new);
                }
                Err(violation) => {
                    self.on_bad_header(now, peer, violation);
                    more_follow = false;
                    break;
                }
            }
        }
        if let Some(last) = last {
            self.note_height(peer, last);
        }
        if news {
            self.published.view_changed = true;
            self.note_progress(now);
            self.announce_sync(peer);
            self.take_waiting_blocks(now);
        }
        match last.map(|last| (last, self.chain.headers.height(last))) {
            // The way to more work may lead along a branch that has less so far, and through headers known before.
            Some((last, height)) if more_follow && height > above && (news || self.claims_more(peer)) => {
                self.ask_headers_above(now, peer, last, height);
            }
            Some(_) | None => self.judge_claim(now, peer, claimed),
        }
    }

    /// Whether the headers of a peer have led nowhere for too long.
    fn brought_too_much(&self, peer: PeerId) -> bool {
        let best = self.chain.headers.height(self.chain.headers.best()).0 as usize;
        let side_headers = self.peers.connected.get(&peer).map_or(0, |known| known.side_headers);
        side_headers as usize >= best + SIDE_HEADERS_PER_PEER_MAX
    }

    fn count_side_header(&mut self, peer: PeerId, index: Index, new: bool) {
        let Some(known) = self.peers.connected.get_mut(&peer) else { return };
        if index == self.chain.headers.best() {
            known.side_headers = 0;
        } else if new {
            known.side_headers += 1;
        }
    }

    fn on_bad_header(&mut self, now: Now, peer: PeerId, violation: Violation) {
        match violation.blame() {
            Blame::Miner | Blame::Sender => self.penalise(now, peer, Offence::InvalidHeaders),
            // Headers that follow nothing we named prove nothing.
            Blame::Nobody if violation == Violation::UnknownParent => return,
            Blame::Nobody => {}
        }
        self.lower_claim(peer);
    }

    pub(super) fn on_request_stalled(&mut self, now: Now, request: RequestId) {
        let Some(pending) = self.peers.requests.get(&request) else { return };
        let (peer, asked) = (pending.peer, pending.asked.clone());
        match asked {
            Asked::Headers { .. } => {
                if self.sync.headers == Some((peer, request)) {
                    self.sync.headers = None;
                    self.lower_claim(peer);
                    self.ask_headers(now);
                }
            }
            Asked::Blocks(hashes) => {
                self.on_blocks_stalled(peer);
                self.release_blocks(peer, &hashes);
                self.schedule_downloads(now);
            }
            Asked::Status | Asked::Mempool | Asked::BlockTransactions { .. } => {}
        }
    }
}

fn clock_is_off(seconds: i64) -> bool {
    seconds.unsigned_abs() > CLOCK_OFFSET_MAX_SECONDS
}
