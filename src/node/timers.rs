//! Everything the core waits for by time: a set of moments, each with what to do then.

use std::collections::VecDeque;

use super::headers::Index;
use super::input::RequestId;
use super::peers::IdStart;

/// What to do when its moment comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Go on connecting blocks.
    Advance,
    /// A request has waited long enough: ask someone else.
    RequestStalled(RequestId),
    /// Missing transactions of a compact block did not come: ask others, then for the whole block.
    CompactStalled(Index),
    /// Publish the transactions that clients sent.
    PublishTransactions,
    /// Show miners the pool's new fees.
    RefreshTemplate,
    /// Ask the peers whose ids begin so where they stand, if they are due.
    AskStatus(IdStart),
    /// Look whether syncing moves, and whether the time of early blocks has come.
    WatchProgress,
}

/// Moments of monotonic time in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// Ascending: most are set behind all others, and all are taken from the front.
    due: VecDeque<(u64, Timer)>,
    /// The first moment of all: most inputs come before it and need no look at the list.
    next: Option<u64>,
    announced: Option<u64>,
}

impl Timers {
    /// Adds a moment. The same timer may stand at several.
    pub(super) fn set(&mut self, at_ms: u64, timer: Timer) {
        let moment = (at_ms, timer);
        if self.due.back().is_none_or(|last| *last < moment) {
            self.due.push_back(moment);
        } else if let Err(place) = self.due.binary_search(&moment) {
            self.due.insert(place, moment);
        }
        self.next = Some(self.next.map_or(at_ms, |next| next.min(at_ms)));
    }

    /// Takes out one timer whose moment has come.
    pub(super) fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        if self.next? > now_ms {
            return None;
        }
        let (_, timer) = self.due.pop_front()?;
        self.next = self.due.front().map(|(at_ms, _)| *at_ms);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_by_their_moment_and_each_once_however_they_were_set() {
        let mut timers = Timers::default();
        let moments = [(5, Timer::Advance), (9, Timer::WatchProgress), (2, Timer::RequestStalled(7))];
        for (at_ms, timer) in moments.into_iter().chain(moments) {
            timers.set(at_ms, timer);
        }
        assert_eq!((timers.announce(), timers.announce()), (Some(2), None));
        assert_eq!(timers.pop_due(1), None);
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(5)).collect();
        assert_eq!(due, [Timer::RequestStalled(7), Timer::Advance]);
        assert_eq!((timers.announce(), timers.pop_due(8)), (Some(9), None));
    }
}
