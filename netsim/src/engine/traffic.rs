//! Messages between nodes: how long they take, what becomes of them.

use cairn::node::Input;
use cairn::node::effect::Verdict;
use cairn::node::input::{RequestFailure, RequestId};
use cairn::node::message::{Gossip, SyncRequest, SyncResponse};
use cairn::primitives::PeerId;
use cairn::primitives::codec::encoded_len;
use rand::RngExt;

use super::NodeIndex;
use super::event::{Event, What};
use super::flood::Copy;
use super::links::{End, LinkSpec, transmission_us};
use super::misdeeds::Misdeed;
use super::world::World;
use crate::story;

/// Microseconds that one exchange may take, as in `network/`.
const EXCHANGE_TIMEOUT_US: u64 = 30_000_000;
/// Bytes of an enum's tag.
const TAG_BYTES: u64 = 4;
/// Bytes of a status within a request or an answer.
const STATUS_BYTES: u64 = TAG_BYTES + 4 * 32 + 4 + 8;

/// What one node sends to another alone.
#[derive(Debug)]
pub(crate) enum Letter {
    Question(RequestId, SyncRequest),
    Answer(RequestId, SyncResponse),
    /// There will be no answer.
    Refusal(RequestId),
}

impl World {
    /// Sends a question or an answer. What cannot be sent, or is lost, the asker hears of as it would from libp2p.
    pub(super) fn send(&mut self, from: NodeIndex, to: NodeIndex, letter: Letter) {
        let letter = self.bend(from, letter);
        let Some(end) = self.links.end(from, to).filter(|end| end.is_up) else {
            return self.fail(0, from, to, &letter, RequestFailure::Disconnected);
        };
        let bytes = letter.bytes();
        let Some(at_us) = self.transmit(from, end, bytes) else {
            return self.fail(EXCHANGE_TIMEOUT_US, from, to, &letter, RequestFailure::TimedOut);
        };
        let slot = self.letters.put(letter);
        let what = What::Letter { from: from as u32, slot };
        self.queue.add(at_us, Event { node: to as u32, life: self.lives[to], what });
    }

    /// Forwards a message to all neighbours but one.
    pub(super) fn forward(&mut self, node: NodeIndex, but: Option<u32>, message: u32, hop: u16) {
        let Some(bytes) = self.floods.get(message).map(|flood| u64::from(flood.bytes)) else { return };
        let mut copies = 0;
        for number in 0..self.links.of(node).len() {
            let end = self.links.of(node)[number];
            if !end.is_up || Some(end.to) == but {
                continue;
            }
            if let Some(at_us) = self.transmit(node, end, bytes) {
                let what = What::Gossip { from: node as u32, message, hop };
                let event = Event { node: end.to, life: self.lives[end.to as usize], what };
                self.queue.add(at_us, event);
                copies += 1;
                if let Some(later_us) = self.is_duplicated() {
                    self.queue.add(at_us + later_us, event);
                    copies += 1;
                }
            }
        }
        self.floods.hold(message, copies);
    }

    pub(super) fn receive_gossip(&mut self, node: NodeIndex, copy: Copy) {
        if self.links.is_lost_on_the_way(copy.from as usize, node) {
            self.observer.traffic.lost += 1;
            return self.floods.release(copy.message);
        }
        let is_news = self.floods.is_news(copy.message, node);
        let Some(flood) = self.floods.get(copy.message) else { return };
        let traffic = &mut self.observer.traffic;
        traffic.messages += 1;
        traffic.gossip += 1;
        traffic.duplicates += u64::from(!is_news);
        traffic.bytes += u64::from(flood.bytes);
        if let Some(block) = flood.block {
            let is_first = is_news && self.nodes[node].misdeeds.is_empty();
            self.observer.arrived(block, self.now_us, copy.hop, is_first);
            if let Some(story) = self.story.as_mut().filter(|_| is_news) {
                let block = self.observer.blocks[block as usize].id.hash.to_string();
                let what = story::What::Arrived { node, from: copy.from as usize, block, hop: copy.hop };
                story.note(self.now_us, what);
            }
        }
        if !is_news {
            return self.floods.release(copy.message);
        }
        // The copy is held on to until the core has judged it.
        let gossip = flood.gossip.clone();
        let (peer, message) = (self.nodes[copy.from as usize].peer, copy.id());
        self.nodes[node].unjudged.push(message);
        let height = match &gossip {
            Gossip::Block(block) if self.does(node, Misdeed::SelfishMiner) => Some(block.coinbase.height),
            Gossip::Block(_) | Gossip::Transactions(_) => None,
        };
        self.input(node, Input::Gossip { peer, message, gossip });
        if let Some(height) = height {
            self.react(node, height);
        }
    }

    pub(super) fn receive_letter(&mut self, node: NodeIndex, from: NodeIndex, slot: u32) {
        let Some(letter) = self.letters.take(slot) else { return };
        if self.links.is_lost_on_the_way(from, node) {
            self.observer.traffic.lost += 1;
            return;
        }
        self.observer.traffic.messages += 1;
        self.observer.traffic.bytes += letter.bytes();
        let peer = self.nodes[from].peer;
        self.input(node, letter.input(peer));
    }

    pub(super) fn judge(&mut self, node: NodeIndex, message: u64, verdict: Verdict) {
        let unjudged = &mut self.nodes[node].unjudged;
        let Some(place) = unjudged.iter().position(|id| *id == message) else { return };
        unjudged.swap_remove(place);
        let copy = Copy::of(message);
        if verdict == Verdict::Accept && !self.does(node, Misdeed::Freeloader) {
            self.forward(node, Some(copy.from), copy.message, copy.hop + 1);
        }
        self.floods.release(copy.message);
    }

    /// When so many bytes that leave now arrive; `None`: they are lost.
    fn transmit(&mut self, from: NodeIndex, end: End, bytes: u64) -> Option<u64> {
        let mut leaves_us = self.now_us;
        let (bytes_per_second, free_at_us) = self.uplinks[from];
        if bytes_per_second > 0 {
            leaves_us = free_at_us.max(leaves_us) + transmission_us(bytes, bytes_per_second);
            self.uplinks[from].1 = leaves_us;
        }
        leaves_us += self.held_up_us();
        if self.is_lost() {
            self.observer.traffic.lost += 1;
            return None;
        }
        if end.is_plain {
            return Some(leaves_us + u64::from(end.latency_us));
        }
        if self.links.is_mute(from, end.link) {
            self.observer.traffic.lost += 1;
            return None;
        }
        let LinkSpec { loss, jitter_us, .. } = self.links.spec(end.link);
        if loss > 0.0 && self.chance.traffic.random::<f64>() < loss {
            self.observer.traffic.lost += 1;
            return None;
        }
        let later_us = if jitter_us > 0 { self.chance.traffic.random_range(0..=jitter_us) } else { 0 };
        Some(self.links.send(from, end, bytes, leaves_us) + later_us)
    }

    /// A question will not be answered, and who asked is not told.
    pub(super) fn leave_waiting(&mut self, asker: NodeIndex, silent: NodeIndex, request: RequestId) {
        let peer = self.nodes[silent].peer;
        let body = Err(RequestFailure::TimedOut);
        self.input_in(EXCHANGE_TIMEOUT_US, asker, Input::Response { peer, request, body });
    }

    /// Tells the asker that its question has no answer.
    fn fail(&mut self, delay_us: u64, from: NodeIndex, to: NodeIndex, letter: &Letter, why: RequestFailure) {
        let (asker, answerer, request) = match letter {
            Letter::Question(request, _) => (from, to, *request),
            // Who asked hears of a lost connection anyway.
            Letter::Answer(..) | Letter::Refusal(_) if why == RequestFailure::Disconnected => return,
            Letter::Answer(request, _) | Letter::Refusal(request) => (to, from, *request),
        };
        let peer = self.nodes[answerer].peer;
        self.input_in(delay_us, asker, Input::Response { peer, request, body: Err(why) });
    }
}

impl Letter {
    /// Encoded length in bytes.
    fn bytes(&self) -> u64 {
        match self {
            Self::Question(_, SyncRequest::Status(_)) | Self::Answer(_, SyncResponse::Status(_)) => {
                STATUS_BYTES
            }
            Self::Question(_, body) => encoded_len(body) as u64,
            Self::Answer(_, body) => encoded_len(body) as u64,
            Self::Refusal(_) => 0,
        }
    }

    fn input(self, peer: PeerId) -> Input {
        match self {
            Self::Question(request, body) => Input::Request { peer, request, body },
            Self::Answer(request, body) => Input::Response { peer, request, body: Ok(body) },
            Self::Refusal(request) => Input::Response { peer, request, body: Err(RequestFailure::Refused) },
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn::node::message::Status;
    use cairn::primitives::{BlockHash, Height, Work};

    use super::*;

    #[test]
    fn a_status_is_as_long_as_its_encoding() {
        let status = Status {
            genesis: BlockHash::ZERO,
            block_one: BlockHash::ZERO,
            tip: BlockHash::ZERO,
            height: Height(5),
            work: Work::ZERO,
            time: 7,
        };
        assert_eq!(encoded_len(&SyncRequest::Status(status)) as u64, STATUS_BYTES);
        assert_eq!(encoded_len(&SyncResponse::Status(status)) as u64, STATUS_BYTES);
    }
}
