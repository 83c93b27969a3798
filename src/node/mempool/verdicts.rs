//! Which signatures were checked already, and what was found.

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::primitives::LeafHash;

/// Good signatures remembered: two full pools, so that those of a block are still here when a rival of it comes.
const GOOD_MAX: usize = 100_000;

/// Bad signatures remembered: who sends one is soon gone, so few are ever worth it.
const BAD_MAX: usize = 10_000;

/// Verdicts on signatures, by the hash of the whole transaction: the id leaves the signature out, and two
/// transactions with one id may differ in whether theirs is good. A verdict never changes; the oldest is forgotten.
#[derive(Debug, Clone)]
pub(super) struct SignatureVerdicts {
    good: Recent,
    bad: Recent,
}

impl SignatureVerdicts {
    pub(super) fn new() -> Self {
        Self { good: Recent::at_most(GOOD_MAX), bad: Recent::at_most(BAD_MAX) }
    }

    pub(super) fn remember(&mut self, leaf: LeafHash, is_good: bool) {
        if is_good { self.good.insert(leaf) } else { self.bad.insert(leaf) }
    }

    pub(super) fn is_good(&self, leaf: &LeafHash) -> bool {
        self.good.contains(leaf)
    }

    pub(super) fn is_bad(&self, leaf: &LeafHash) -> bool {
        self.bad.contains(leaf)
    }
}

/// A bounded set that forgets what came first.
#[derive(Debug, Clone)]
struct Recent {
    members: HashSet<LeafHash, RandomState>,
    order: VecDeque<LeafHash>,
    members_max: usize,
}

impl Recent {
    fn at_most(members_max: usize) -> Self {
        Self { members: HashSet::default(), order: VecDeque::new(), members_max }
    }

    fn contains(&self, leaf: &LeafHash) -> bool {
        self.members.contains(leaf)
    }

    fn insert(&mut self, leaf: LeafHash) {
        if !self.members.insert(leaf) {
            return;
        }
        self.order.push_back(leaf);
        if self.order.len() > self.members_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first_and_the_bound_holds() {
        let mut recent = Recent::at_most(3);
        for byte in [1, 2, 1, 3, 4] {
            recent.insert(LeafHash([byte; 32]));
        }
        let known = [1, 2, 3, 4].map(|byte| recent.contains(&LeafHash([byte; 32])));
        assert_eq!(known, [false, true, true, true]);
        assert_eq!((recent.members.len(), recent.order.len()), (3, 3));
    }
}
