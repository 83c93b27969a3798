//! What things are called on the wire, and how gossip is written on its topics (docs/protocol.md, "Wire").

use std::sync::Arc;

use libp2p::StreamProtocol;
use libp2p::gossipsub::{IdentTopic, TopicHash};

use crate::node::message::{CompactBlock, GOSSIPED_TRANSACTIONS_MAX, Gossip, MESSAGE_BYTES_MAX};
use crate::primitives::codec::{decode, encode};
use crate::primitives::{BlockHash, List, Transaction};

/// What every node of every network says it speaks.
pub(super) const IDENTIFY_PROTOCOL: &str = "/cairn/1";

/// The names of one network.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// The topic of blocks.
    pub(super) blocks: IdentTopic,
    /// The topic of transactions.
    pub(super) transactions: IdentTopic,
    /// The protocol of questions and answers: who speaks it is of this network.
    pub(super) sync: StreamProtocol,
    /// Kademlia.
    pub(super) kad: StreamProtocol,
}

impl Names {
    /// The names of the network that begins with `genesis`.
    pub(super) fn of(genesis: &BlockHash) -> Self {
        let tag = genesis.network_tag();
        let protocol = |name: &str| {
            StreamProtocol::try_from_owned(format!("/cairn/{tag}/{name}/1"))
                .expect("a protocol that begins with a slash is well formed")
        };
        Self {
            blocks: IdentTopic::new(format!("cairn/{tag}/blocks/1")),
            transactions: IdentTopic::new(format!("cairn/{tag}/transactions/1")),
            sync: protocol("sync"),
            kad: protocol("kad"),
        }
    }

    /// The topic and the bytes of something to gossip.
    pub(super) fn write(&self, gossip: &Gossip) -> (TopicHash, Vec<u8>) {
        match gossip {
            Gossip::Block(block) => (self.blocks.hash(), encode(block.as_ref())),
            Gossip::Transactions(transactions) => (self.transactions.hash(), encode(transactions)),
        }
    }

    /// What came on a topic, if it is a message of the protocol.
    pub(super) fn read(&self, topic: &TopicHash, bytes: &[u8]) -> Option<Gossip> {
        if *topic == self.blocks.hash() {
            let block: CompactBlock = decode(bytes, MESSAGE_BYTES_MAX).ok()?;
            Some(Gossip::Block(Arc::new(block)))
        } else if *topic == self.transactions.hash() {
            let transactions: List<Arc<Transaction>> = decode(bytes, MESSAGE_BYTES_MAX).ok()?;
            let sensible = (1..=GOSSIPED_TRANSACTIONS_MAX).contains(&transactions.len());
            sensible.then_some(Gossip::Transactions(transactions))
        } else {
            None
        }
    }
}

/// The software this node runs, as others are told.
pub(super) fn agent() -> String {
    format!("cairn/{}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_first_bytes_of_the_genesis_hash() {
        let mut genesis = BlockHash::ZERO;
        genesis.0[..2].copy_from_slice(&[0xab, 0xcd]);
        let names = Names::of(&genesis);
        assert_eq!(names.blocks.hash().as_str(), "cairn/abcd000000000000/blocks/1");
        assert_eq!(names.transactions.hash().as_str(), "cairn/abcd000000000000/transactions/1");
        assert_eq!(names.sync.as_ref(), "/cairn/abcd000000000000/sync/1");
        assert_eq!(names.kad.as_ref(), "/cairn/abcd000000000000/kad/1");
    }

    #[test]
    fn junk_and_an_empty_batch_are_no_gossip() {
        let names = Names::of(&BlockHash::ZERO);
        assert_eq!(names.read(&names.blocks.hash(), b"junk"), None);
        let (topic, empty) = names.write(&Gossip::Transactions(List(Vec::new())));
        assert_eq!(names.read(&topic, &empty), None);
        assert_eq!(names.read(&IdentTopic::new("elsewhere").hash(), &empty), None);
    }
}
