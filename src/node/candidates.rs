//! The tips that may be followed, in the order in which they would be.

use std::collections::VecDeque;

use super::headers::Index;
use crate::consensus::fork_choice::Candidate;
use crate::primitives::Work;

/// Linked, valid blocks with at least the work of the tip.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Ascending: what comes is mostly better than all before, and the least are forgotten first.
    ranked: VecDeque<(Candidate, Index)>,
}

impl Candidates {
    pub(super) fn of(candidate: Candidate, index: Index) -> Self {
        Self { ranked: VecDeque::from([(candidate, index)]) }
    }

    pub(super) fn insert(&mut self, candidate: Candidate, index: Index) {
        if let Err(place) = self.ranked.binary_search(&(candidate, index)) {
            self.ranked.insert(place, (candidate, index));
        }
    }

    pub(super) fn remove(&mut self, candidate: Candidate, index: Index) {
        if let Ok(place) = self.ranked.binary_search(&(candidate, index)) {
            self.ranked.remove(place);
        }
    }

    /// The one to follow.
    pub(super) fn best(&self) -> Option<Index> {
        self.ranked.back().map(|(_, index)| *index)
    }

    pub(super) fn forget_below(&mut self, work: Work) {
        while self.ranked.front().is_some_and(|(candidate, _)| candidate.work < work) {
            self.ranked.pop_front();
        }
    }

    pub(super) fn retain(&mut self, stays: impl Fn(Index) -> bool) {
        self.ranked.retain(|(_, index)| stays(*index));
    }

    pub(super) fn clear(&mut self) {
        self.ranked.clear();
    }
}
