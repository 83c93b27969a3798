//! A hash over everything that happens, cheap enough for millions of events a second.

/// Bytes of one entry: moment, node, kind, key.
const ENTRY_BYTES: usize = 24;
/// Entries hashed in one go.
const ENTRIES: usize = 512;

/// Hashes fixed-width entries in the order in which they come.
#[derive(Debug)]
pub(crate) struct TraceHash {
    hasher: blake3::Hasher,
    waiting: Vec<u8>,
}

impl TraceHash {
    pub(crate) fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), waiting: Vec::with_capacity(ENTRY_BYTES * ENTRIES) }
    }

    /// Notes that something of a kind happened to a node; `key` tells it from others of its kind.
    pub(crate) fn note(&mut self, at_us: u64, node: u32, kind: u8, key: u64) {
        let mut entry = [0; ENTRY_BYTES];
        entry[..8].copy_from_slice(&at_us.to_le_bytes());
        entry[8..12].copy_from_slice(&node.to_le_bytes());
        entry[12] = kind;
        entry[16..].copy_from_slice(&key.to_le_bytes());
        self.waiting.extend_from_slice(&entry);
        if self.waiting.len() == ENTRY_BYTES * ENTRIES {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    /// The hash of all so far, in hexadecimal.
    pub(crate) fn shown(&self) -> String {
        self.hasher.clone().update(&self.waiting).finalize().to_hex().to_string()
    }
}
