//! Which of two valid chains to follow: the one with most work, on a tie the one that was fully checked first.

use std::cmp::Ordering;

use crate::primitives::Work;

/// The tip of a fully valid chain, as far as choosing needs to know it. The greater candidate is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Cumulative work, genesis included.
    pub work: Work,
    /// Place in the order in which this node fully checked bodies; smaller is earlier.
    pub first_checked: u64,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.work.cmp(&other.work).then(other.first_checked.cmp(&self.first_checked))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;

    use super::*;

    fn candidate(work: u64, first_checked: u64) -> Candidate {
        Candidate { work: Work(U256::from(work)), first_checked }
    }

    #[test]
    fn more_work_wins_whenever_it_came() {
        assert!(candidate(11, 9) > candidate(10, 1));
    }

    #[test]
    fn on_equal_work_the_first_checked_stays() {
        assert!(candidate(10, 1) > candidate(10, 2));
    }
}
