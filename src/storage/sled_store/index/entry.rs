//! The entries of the wallet index: 16 bytes that lead from a hash to a place in a block.
//!
//! An entry is 8 bytes of prefix ‖ height u32 ‖ slot u32, as one big-endian number, so that numbers sort as places do.
//! Prefixes may collide and entries of abandoned blocks may remain: whoever looks up verifies against the block.

use crate::primitives::{Action, Address, Block, BlockHash, Height, Transaction, TransactionId};

/// Bytes of an entry.
pub(super) const ENTRY_BYTES: usize = 16;
/// Bits of a slot below the position: what an address has to do with the transaction.
const ROLE_BITS: u32 = 2;

/// One entry.
pub(super) type Entry = u128;

/// What is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Table {
    /// By id.
    Transactions = 0,
    /// By address, one entry for each thing it has to do with a transaction.
    History = 1,
    /// By digest.
    Anchors = 2,
}

/// What an address has to do with a transaction or a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It mined the block; the position is 0.
    Earned,
    /// The transaction pays it.
    Received,
    /// The transaction is its own.
    Sent,
}

/// Where an entry leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) height: Height,
    pub(super) slot: u32,
}

/// The entries of one block, for each table in ascending order.
#[derive(Debug, Default)]
pub(super) struct BlockEntries([Vec<Entry>; Table::ALL.len()]);

impl Table {
    /// Every table.
    pub(super) const ALL: [Self; 3] = [Self::Transactions, Self::History, Self::Anchors];
}

impl Direction {
    const ALL: [Self; 3] = [Self::Earned, Self::Received, Self::Sent];
}

impl Place {
    /// The place of a transaction.
    pub(super) fn new(height: Height, position: u32, direction: Direction) -> Self {
        Self { height, slot: position << ROLE_BITS | direction as u32 }
    }

    /// The place that an entry holds.
    pub(super) fn of(entry: Entry) -> Self {
        Self::from_number(entry as u64)
    }

    /// One number that sorts as places do.
    pub(super) fn number(self) -> u64 {
        u64::from(self.height.0) << 32 | u64::from(self.slot)
    }

    /// The place with this number.
    pub(super) fn from_number(number: u64) -> Self {
        Self { height: Height((number >> 32) as u32), slot: number as u32 }
    }

    /// Position in the block.
    pub(super) fn position(self) -> u32 {
        self.slot >> ROLE_BITS
    }

    /// What the address has to do with it.
    pub(super) fn direction(self) -> Option<Direction> {
        let role = self.slot & ((1 << ROLE_BITS) - 1);
        Direction::ALL.into_iter().find(|direction| *direction as u32 == role)
    }
}

impl BlockEntries {
    /// The entries of a block.
    pub(super) fn of(block: &Block, height: Height, genesis: &BlockHash) -> Self {
        let mut entries = Self::default();
        let mut add = |table: Table, prefix: u64, position: u32, direction: Direction| {
            entries.0[table as usize].push(entry(prefix, Place::new(height, position, direction)));
        };
        add(Table::History, address_prefix(&block.coinbase.miner), 0, Direction::Earned);
        for (position, transaction) in (0..).zip(block.transactions.iter()) {
            let id = transaction.id(genesis);
            add(Table::Transactions, transaction_prefix(&id), position, Direction::Earned);
            let sender = transaction.sender_address();
            add(Table::History, address_prefix(&sender), position, Direction::Sent);
            for output in transaction.outputs() {
                add(Table::History, address_prefix(&output.to), position, Direction::Received);
            }
            if let Action::Anchor(anchor) = &transaction.action {
                add(Table::Anchors, digest_prefix(&anchor.digest), position, Direction::Earned);
            }
        }
        for table in &mut entries.0 {
            table.sort_unstable();
            table.dedup();
        }
        entries
    }

    /// Those of one table.
    pub(super) fn table(&self, table: Table) -> &[Entry] {
        &self.0[table as usize]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// An entry for a prefix.
pub(super) fn entry(prefix: u64, place: Place) -> Entry {
    Entry::from(prefix) << 64 | Entry::from(place.number())
}

/// Prefix of a transaction: ids are hashes already.
pub(super) fn transaction_prefix(id: &TransactionId) -> u64 {
    first_8(&id.0)
}

/// Prefix of an address: hashed, since outputs may name any bytes and so could be made to collide.
pub(super) fn address_prefix(address: &Address) -> u64 {
    first_8(blake3::hash(&address.0).as_bytes())
}

/// Prefix of a digest: hashed, for the same reason.
pub(super) fn digest_prefix(digest: &[u8; 32]) -> u64 {
    first_8(blake3::hash(digest).as_bytes())
}

/// Whether an address has that to do with a transaction.
pub(super) fn is_party(transaction: &Transaction, address: &Address, direction: Direction) -> bool {
    match direction {
        Direction::Earned => false,
        Direction::Received => transaction.outputs().iter().any(|output| output.to == *address),
        Direction::Sent => transaction.sender_address() == *address,
    }
}

fn first_8(bytes: &[u8; 32]) -> u64 {
    u64::from_be_bytes(*bytes.first_chunk().expect("32 bytes begin with 8"))
}
