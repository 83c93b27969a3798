//! Gossip on its way: each message once, however many copies fly, with who has seen it.

use std::collections::HashMap;

use cairn::node::message::Gossip;
use cairn::primitives::codec::encode;
use foldhash::fast::FixedState;

use super::NodeIndex;
use super::event::Slots;

/// Bits of a gossip id that name the node it came from.
const FROM_BITS: u32 = 24;
/// Bits of a gossip id that count hops.
const HOP_BITS: u32 = 12;

/// A message that nodes forward to each other.
#[derive(Debug)]
pub(crate) struct Flood {
    pub(crate) gossip: Gossip,
    pub(crate) bytes: u32,
    /// The observer's number of the block it tells of.
    pub(crate) block: Option<u32>,
    /// First eight bytes of the hash of its content.
    pub(crate) name: u64,
    content: [u8; 32],
    /// Copies on their way, and nodes that have not judged it yet: at none it is gone.
    held: u32,
    seen: Vec<u64>,
}

/// All messages on their way.
#[derive(Debug)]
pub(crate) struct Floods {
    messages: Slots<Flood>,
    by_content: HashMap<[u8; 32], u32, FixedState>,
    live: Vec<u32>,
}

/// What a core is told to name a message by: all that is needed to forward it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) message: u32,
    pub(crate) from: u32,
    pub(crate) hop: u16,
}

impl Floods {
    pub(crate) fn new() -> Self {
        let by_content = HashMap::with_hasher(FixedState::default());
        Self { messages: Slots::new(), by_content, live: Vec::new() }
    }

    /// A message that some node publishes; what is on its way already is the same message. Held once for the caller.
    pub(crate) fn publish(&mut self, gossip: Gossip, block: Option<u32>) -> u32 {
        let (content, bytes) = content_hash(&gossip);
        if let Some(message) = self.by_content.get(&content).copied() {
            self.hold(message, 1);
            return message;
        }
        let name = u64::from_le_bytes(*content.first_chunk().expect("32 bytes begin with 8"));
        let flood = Flood { gossip, bytes, block, name, content, held: 1, seen: Vec::new() };
        let message = self.messages.put(flood);
        self.by_content.insert(content, message);
        self.live.push(message);
        message
    }

    pub(crate) fn get(&self, message: u32) -> Option<&Flood> {
        self.messages.get(message)
    }

    /// Notes that a node has a message; false when it had it before.
    pub(crate) fn is_news(&mut self, message: u32, node: NodeIndex) -> bool {
        let Some(flood) = self.messages.get_mut(message) else { return false };
        let (word, bit) = (node / 64, 1 << (node % 64));
        if flood.seen.len() <= word {
            flood.seen.resize(word + 1, 0);
        }
        let is_news = flood.seen[word] & bit == 0;
        flood.seen[word] |= bit;
        is_news
    }

    /// More copies of a message are on their way.
    pub(crate) fn hold(&mut self, message: u32, copies: u32) {
        if let Some(flood) = self.messages.get_mut(message) {
            flood.held += copies;
        }
    }

    /// A copy arrived, was lost or was judged.
    pub(crate) fn release(&mut self, message: u32) {
        let Some(flood) = self.messages.get_mut(message) else { return };
        flood.held -= 1;
        if flood.held == 0 {
            self.by_content.remove(&flood.content);
            self.messages.take(message);
            self.live.retain(|live| *live != message);
        }
    }

    /// A node forgets what it has seen.
    pub(crate) fn forget(&mut self, node: NodeIndex) {
        for message in &self.live {
            if let Some(word) =
                self.messages.get_mut(*message).and_then(|flood| flood.seen.get_mut(node / 64))
            {
                *word &= !(1 << (node % 64));
            }
        }
    }
}

impl Copy {
    /// As one number, for the core.
    pub(crate) fn id(self) -> u64 {
        let Self { message, from, hop } = self;
        u64::from(message) << (FROM_BITS + HOP_BITS) | u64::from(from) << HOP_BITS | u64::from(hop)
    }

    /// Back from a number.
    pub(crate) fn of(id: u64) -> Self {
        Self {
            message: (id >> (FROM_BITS + HOP_BITS)) as u32,
            from: (id >> HOP_BITS) as u32 & ((1 << FROM_BITS) - 1),
            hop: id as u16 & ((1 << HOP_BITS) - 1),
        }
    }
}

fn content_hash(gossip: &Gossip) -> ([u8; 32], u32) {
    let bytes = match gossip {
        Gossip::Block(block) => encode(block.as_ref()),
        Gossip::Transactions(transactions) => encode(transactions),
    };
    (*blake3::hash(&bytes).as_bytes(), bytes.len() as u32)
}

#[cfg(test)]
mod tests {
    use cairn::primitives::List;

    use super::*;

    fn nothing() -> Gossip {
        Gossip::Transactions(List::default())
    }

    #[test]
    fn a_message_is_news_to_each_node_once_until_it_forgets() {
        let mut floods = Floods::new();
        let message = floods.publish(nothing(), None);
        assert!(floods.is_news(message, 3) && floods.is_news(message, 700));
        assert!(!floods.is_news(message, 3) && !floods.is_news(message, 700));
        floods.forget(700);
        assert!(!floods.is_news(message, 3) && floods.is_news(message, 700));
    }

    #[test]
    fn a_message_is_gone_once_no_copy_is_left() {
        let mut floods = Floods::new();
        let message = floods.publish(nothing(), None);
        assert_eq!(floods.publish(nothing(), None), message, "the same content is the same message");
        floods.release(message);
        floods.release(message);
        assert!(floods.get(message).is_none());
    }

    #[test]
    fn a_copy_keeps_where_it_came_from_and_how_far() {
        let copy = Copy { message: 70_000, from: 9_999, hop: 41 };
        assert_eq!(Copy::of(copy.id()), copy);
    }
}
