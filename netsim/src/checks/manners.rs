//! How a node treats its peers and what waits: nobody who refuses is asked again and again, and what can go on goes on.

use std::collections::{BTreeMap, HashMap, HashSet};

use cairn::node::input::{RequestFailure, RequestId};
use cairn::node::message::{Gossip, HEADERS_PER_ANSWER_MAX, SyncRequest, SyncResponse};
use cairn::node::{Effect, Input, Now};
use cairn::primitives::{BlockHash, Header, PeerId, Timestamp, Work};
use foldhash::fast::FixedState;

use super::oracle::Oracle;
use super::{Finding, Property};
use crate::engine::NodeIndex;

/// Milliseconds for which a peer that refused blocks is left alone.
const LEFT_ALONE_MS: u64 = 5_000;
/// Questions for blocks to a peer that has just refused: when nothing moves for long all are tried again, each with as
/// many questions as it may be asked at a time.
const ASKED_AGAIN_MAX: u32 = 2;
/// Milliseconds within which a block is tried whose time has come; the next status would bring it after 15 seconds.
const DUE_MS_MAX: u64 = 3_000;
/// Blocks that a node keeps because they came too early, less some that nobody told of here.
const KEPT_MAX: u64 = 48;

/// What one node was told and asks, in one of its lives.
#[derive(Debug, Default)]
pub(super) struct Manners {
    headers: HashSet<BlockHash, FixedState>,
    /// Blocks that came before their time.
    early: BTreeMap<BlockHash, Early>,
    /// Blocks that were told of before their header was known.
    unknown_blocks: u64,
    /// Whom it asked for headers, and for blocks, and was not answered yet.
    asked_for_headers: HashMap<RequestId, PeerId, FixedState>,
    asked_for_blocks: HashMap<RequestId, PeerId, FixedState>,
    refusals: HashMap<PeerId, Refusal, FixedState>,
    /// The last header of an answer that was full: others follow.
    full_answer: Option<(PeerId, BlockHash)>,
}

#[derive(Debug)]
struct Early {
    time: Timestamp,
    work: Work,
    unknown_blocks_before: u64,
    due_since_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Refusal {
    at_ms: u64,
    /// Questions since, each sooner after a refusal than it should be.
    asked_again: u32,
}

impl Manners {
    /// A header that it has.
    pub(super) fn know(&mut self, header: BlockHash) {
        self.headers.insert(header);
    }

    /// What comes to a node, before it does. `latest` is the latest time of a block that it may take now.
    pub(super) fn hear(&mut self, now: Now, latest: Timestamp, input: &Input, oracle: &Oracle) {
        match input {
            Input::Gossip { gossip: Gossip::Block(block), .. } => {
                self.hear_of_block(&block.header, latest, oracle);
            }
            Input::Response { peer, request, body } => {
                self.asked_for_headers.remove(request);
                let is_for_blocks = self.asked_for_blocks.remove(request).is_some();
                match body {
                    Ok(SyncResponse::Headers(headers)) => {
                        let last = headers.last().map(Header::hash);
                        let is_full = headers.len() == HEADERS_PER_ANSWER_MAX as usize;
                        self.full_answer = last.filter(|_| is_full).map(|last| (*peer, last));
                    }
                    Ok(SyncResponse::Blocks(blocks)) if blocks.is_empty() => self.refused(now, *peer),
                    Err(RequestFailure::Refused) if is_for_blocks => self.refused(now, *peer),
                    Ok(_) | Err(_) => {}
                }
            }
            Input::PeerDisconnected { peer } => {
                self.asked_for_headers.retain(|_, asked| asked != peer);
                self.asked_for_blocks.retain(|_, asked| asked != peer);
                self.refusals.remove(peer);
            }
            Input::PeerConnected { .. }
            | Input::Gossip { .. }
            | Input::Undecodable { .. }
            | Input::Request { .. }
            | Input::Verified { .. }
            | Input::Durable { .. }
            | Input::SubmitTransactions { .. }
            | Input::SubmitBlock { .. }
            | Input::Query { .. }
            | Input::WantTemplates(_)
            | Input::Wake => {}
        }
    }

    /// What a node does upon that.
    pub(super) fn note(&mut self, now: Now, effect: &Effect) {
        match effect {
            Effect::Request { peer, request, body: SyncRequest::Headers { .. } } => {
                self.asked_for_headers.insert(*request, *peer);
            }
            Effect::Request { peer, request, body: SyncRequest::Blocks { .. } } => {
                self.asked_for_blocks.insert(*request, *peer);
                if let Some(refusal) = self.refusals.get_mut(peer) {
                    let is_soon = now.monotonic_ms < refusal.at_ms + LEFT_ALONE_MS;
                    refusal.asked_again = if is_soon { refusal.asked_again + 1 } else { 0 };
                }
            }
            Effect::Commit(commit) => {
                self.headers.extend(commit.headers.iter().map(|header| header.id.hash));
            }
            Effect::Disconnect { peer, .. } | Effect::Ban { peer, .. } => {
                self.full_answer = self.full_answer.filter(|(from, _)| from != peer);
            }
            Effect::Request { .. }
            | Effect::Verify { .. }
            | Effect::Publish(_)
            | Effect::Verdict { .. }
            | Effect::Respond { .. }
            | Effect::Serve { .. }
            | Effect::Template(_)
            | Effect::View(_)
            | Effect::Event(_)
            | Effect::Answer { .. }
            | Effect::WakeAt(_) => {}
        }
    }

    /// Whether all that can go on goes on, and nobody is pestered.
    pub(super) fn check(
        &mut self,
        node: NodeIndex,
        now: Now,
        latest: Timestamp,
        tip_work: Work,
    ) -> Result<(), Finding> {
        if let Some((_, last)) = self.full_answer.take() {
            let goes_on = !self.asked_for_headers.is_empty() || !self.headers.contains(&last);
            Property::Prompt.ensure(goes_on, || {
                format!("node {node} got as many headers as there are in an answer, and asks for no more")
            })?;
        }
        let pestered = self.refusals.iter().find(|(_, refusal)| refusal.asked_again > ASKED_AGAIN_MAX);
        Property::Patience.ensure(pestered.is_none(), || {
            format!("node {node} asks for blocks again and again where they were refused")
        })?;
        if self.early.is_empty() {
            return Ok(());
        }
        let Self { headers, early, unknown_blocks, .. } = self;
        early.retain(|block, early| {
            let was_pushed_out = *unknown_blocks - early.unknown_blocks_before > KEPT_MAX;
            !headers.contains(block) && early.work > tip_work && !was_pushed_out
        });
        for (block, early) in early {
            early.due_since_ms =
                if early.time <= latest { early.due_since_ms.or(Some(now.monotonic_ms)) } else { None };
            let is_late = early.due_since_ms.is_some_and(|since| now.monotonic_ms > since + DUE_MS_MAX);
            Property::Prompt.ensure(!is_late, || {
                format!(
                    "node {node} does not try block {block}, which came too early, now that its time has come"
                )
            })?;
        }
        Ok(())
    }

    fn hear_of_block(&mut self, header: &Header, latest: Timestamp, oracle: &Oracle) {
        let block = header.hash();
        if self.headers.contains(&block) {
            return;
        }
        self.unknown_blocks += 1;
        let Some(after) = oracle.after(&block) else { return };
        if header.time > latest && self.headers.contains(&header.previous) {
            let unknown_blocks_before = self.unknown_blocks;
            let early =
                Early { time: header.time, work: after.work, unknown_blocks_before, due_since_ms: None };
            self.early.entry(block).or_insert(early);
        }
    }

    fn refused(&mut self, now: Now, peer: PeerId) {
        let refusal = self.refusals.entry(peer).or_insert(Refusal { at_ms: 0, asked_again: 0 });
        refusal.at_ms = now.monotonic_ms;
    }
}

#[cfg(test)]
mod tests {
    use cairn::consensus::params::Params;
    use cairn::primitives::{BlockId, Height, List};
    use cairn::storage::{Commit, StoredHeader};

    use super::*;

    const BOB: PeerId = PeerId([2; 32]);

    fn at(monotonic_ms: u64) -> Now {
        Now { monotonic_ms, wall_ms: monotonic_ms }
    }

    fn asks(manners: &mut Manners, ms: u64, request: RequestId, body: SyncRequest) {
        manners.note(at(ms), &Effect::Request { peer: BOB, request, body });
    }

    fn hears(manners: &mut Manners, ms: u64, request: RequestId, body: Result<SyncResponse, RequestFailure>) {
        let input = Input::Response { peer: BOB, request, body };
        manners.hear(at(ms), Timestamp(0), &input, &Oracle::default());
    }

    fn found(manners: &mut Manners, ms: u64) -> Option<Property> {
        manners.check(0, at(ms), Timestamp(0), Work::ZERO).err().map(|finding| finding.property)
    }

    #[test]
    fn who_refused_blocks_may_be_asked_again_after_a_while_but_not_on_and_on() {
        let mut manners = Manners::default();
        let blocks = || SyncRequest::Blocks { hashes: List::default() };
        let refusals = [Err(RequestFailure::Refused), Ok(SyncResponse::Blocks(List::default()))];
        for (number, refusal) in (1..20).zip(refusals.iter().cycle()) {
            asks(&mut manners, number * LEFT_ALONE_MS, number, blocks());
            hears(&mut manners, number * LEFT_ALONE_MS, number, refusal.clone());
            assert_eq!(found(&mut manners, number * LEFT_ALONE_MS), None);
        }
        let soon_ms = 19 * LEFT_ALONE_MS + 100;
        for (number, expected) in (20..).zip([None, None, Some(Property::Patience)]) {
            asks(&mut manners, soon_ms, number, blocks());
            hears(&mut manners, soon_ms, number, Err(RequestFailure::Refused));
            assert_eq!(found(&mut manners, soon_ms), expected);
        }
    }

    #[test]
    fn who_got_a_full_answer_of_new_headers_asks_for_more() {
        let header = Params::named("dev").unwrap().genesis().header;
        let id = BlockId { height: Height(1), hash: header.hash() };
        let news =
            Commit { headers: vec![StoredHeader { id, header, work: Work::ZERO }], ..Commit::default() };
        for (count, is_news, is_found) in [(2_000, true, true), (1_999, true, false), (2_000, false, false)] {
            let mut manners = Manners::default();
            hears(&mut manners, 5, 1, Ok(SyncResponse::Headers(vec![header; count].into())));
            if is_news {
                manners.note(at(5), &Effect::Commit(news.clone()));
            }
            assert_eq!(found(&mut manners, 5), is_found.then_some(Property::Prompt), "{count} {is_news}");
        }
        let mut manners = Manners::default();
        hears(&mut manners, 5, 1, Ok(SyncResponse::Headers(vec![header; 2_000].into())));
        manners.note(at(5), &Effect::Commit(news));
        asks(&mut manners, 5, 2, SyncRequest::Headers { locator: List::default(), maximum: 2_000 });
        assert_eq!(found(&mut manners, 5), None);
    }
}
