//! The newest tip, for followers: whoever is slow misses tips in between and never holds anyone up.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::primitives::BlockId;

/// One place for the newest tip.
#[derive(Debug, Default)]
pub(super) struct TipWatch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    tip: Option<BlockId>,
    is_closed: bool,
}

impl TipWatch {
    /// A watch at the tip that is known.
    pub(super) fn new(tip: Option<BlockId>) -> Self {
        Self { state: Mutex::new(State { tip, is_closed: false }), changed: Condvar::new() }
    }

    /// Replaces the tip.
    pub(super) fn set(&self, tip: BlockId) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).tip = Some(tip);
        self.changed.notify_all();
    }

    /// Ends all waiting.
    pub(super) fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.changed.notify_all();
    }

    /// The newest tip.
    pub(super) fn tip(&self) -> Option<BlockId> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).tip
    }

    /// Whether the watch was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed
    }

    /// Waits for a tip other than `seen`; `None` when the watch was closed.
    pub(super) fn wait(&self, seen: Option<BlockId>) -> Option<BlockId> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |state: &mut State| state.tip == seen && !state.is_closed;
        let state = self.changed.wait_while(state, is_same).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed { None } else { state.tip }
    }
}
