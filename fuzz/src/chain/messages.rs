//! What a liar sends, to the last byte its own: messages as they come from the wire, in any order.

use std::sync::Arc;

use cairn::node::Input;
use cairn::node::message::{
    CompactBlock, GOSSIPED_TRANSACTIONS_MAX, Gossip, MESSAGE_BYTES_MAX, SyncRequest, SyncResponse,
};
use cairn::primitives::codec::{Decode, decode};
use cairn::primitives::{List, Transaction};

use super::super::text::Bytes;
use super::{LIARS, Life};

/// The chain that the node begins with, by its number.
const BASE: usize = 1;

/// Blocks that the honest peer has beyond it from the start, and those that it comes to have at the end.
const AHEAD: usize = 3;

/// Messages of one input at most.
const MESSAGES_MAX: usize = 64;

/// A liar says whatever the bytes say, and one honest peer is enough all the same.
pub fn messages(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut life = Life::new(BASE);
    for _ in 0..AHEAD {
        // The newest block as parent, in time, two payments, no fault.
        life.forest.mine(&mut Bytes::new(&[0, 0, 2, 0]), life.lab.now.timestamp());
    }
    life.tell_honest(&mut Bytes::new(&[1]));
    for _ in 0..MESSAGES_MAX {
        if bytes.is_empty() {
            break;
        }
        life.hear(&mut bytes);
        life.settle();
        life.assert_sound();
    }
    life.end_well();
}

impl Life {
    /// One message: a byte for its kind, two for its length, its bytes.
    fn hear(&mut self, bytes: &mut Bytes<'_>) {
        let (kind, length) = (bytes.u8(), bytes.u16());
        let liar = LIARS[usize::from(kind >> 7)];
        if !self.connected.contains(&liar) {
            if self.lab.banned.contains(&liar) {
                return;
            }
            self.connected.insert(liar);
            self.lab.input(Input::PeerConnected { peer: liar, outbound: kind & 0x40 != 0 });
        }
        if kind % 8 == 7 {
            return self.pass(u64::from(length));
        }
        let message = bytes.slice(length.into());
        let understood = match kind % 8 {
            0 | 1 => read(message).map(|body: SyncRequest| {
                let request = self.lab.name();
                Input::Request { peer: liar, request, body }
            }),
            2..=4 => match self.lab.asked.iter().position(|(asked, _, _)| *asked == liar) {
                None => return,
                Some(at) => read(message).map(|body: SyncResponse| {
                    let (peer, request, _) = self.lab.asked.remove(at);
                    Input::Response { peer, request, body: Ok(body) }
                }),
            },
            5 => read(message).map(|block: CompactBlock| {
                let message = self.lab.name();
                Input::Gossip { peer: liar, message, gossip: Gossip::Block(Arc::new(block)) }
            }),
            _ => read(message)
                .filter(|all: &List<Arc<Transaction>>| (1..=GOSSIPED_TRANSACTIONS_MAX).contains(&all.len()))
                .map(|all| {
                    let message = self.lab.name();
                    Input::Gossip { peer: liar, message, gossip: Gossip::Transactions(all) }
                }),
        };
        self.lab.input(understood.unwrap_or(Input::Undecodable { peer: liar }));
    }
}

fn read<T: Decode<()>>(bytes: &[u8]) -> Option<T> {
    decode(bytes, MESSAGE_BYTES_MAX).ok()
}
