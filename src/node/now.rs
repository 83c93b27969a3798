//! Time as an argument: the core never reads a clock.

use crate::primitives::Timestamp;

/// The moment at which an input is handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since some fixed moment, never going back: for time-outs.
    pub monotonic_ms: u64,
    /// Milliseconds since 1970-01-01 00:00:00 UTC by this machine's clock: for header rules.
    pub wall_ms: u64,
}

impl Now {
    /// The wall clock in a header's unit.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp(u32::try_from(self.wall_ms / 1_000).unwrap_or(u32::MAX))
    }
}
