//! Everything the core waits for by time: a set of moments, each with what to do then.

use std::collections::BTreeSet;

use super::input::RequestId;
use crate::primitives::{BlockHash, PeerId};

/// What to do when its moment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Go on connecting blocks.
    Advance,
    /// A request has waited long enough: ask someone else.
    RequestStalled(RequestId),
    /// Missing transactions of a compact block did not come: ask others, then for the whole block.
    CompactStalled(BlockHash),
    /// Publish the transactions that clients sent.
    PublishTransactions,
    /// Show miners the pool's new fees.
    RefreshTemplate,
    /// Ask a peer where it stands.
    AskStatus(PeerId),
    /// Look whether syncing moves, and whether the time of early blocks has come.
    WatchProgress,
}

/// Moments of monotonic time in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(u64, Timer)>,
    /// The first moment of all: most inputs come before it and need no look at the set.
    next: Option<u64>,
    announced: Option<u64>,
}

impl Timers {
    /// Adds a moment. The same timer may stand at several.
    pub(super) fn set(&mut self, at_ms: u64, timer: Timer) {
        self.due.insert((at_ms, timer));
        self.next = Some(self.next.map_or(at_ms, |next| next.min(at_ms)));
    }

    /// Takes out one timer whose moment has come.
    pub(super) fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        if self.next? > now_ms {
            return None;
        }
        let (_, timer) = self.due.pop_first()?;
        self.next = self.due.first().map(|(at, _)| *at);
        Some(timer)
    }

    /// The next moment, if it differs from the one answered last.
    pub(super) fn announce(&mut self) -> Option<u64> {
        if self.next == self.announced {
            return None;
        }
        self.announced = self.next;
        self.next
    }

    /// Forgets what was announced: the wake-up came and will not come again.
    pub(super) fn woken(&mut self) {
        self.announced = None;
    }
}
