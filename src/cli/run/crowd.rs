//! What may happen thousands of times a second: the first of a second is told, and how many more there were.

/// Happenings of one kind.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Whether one was told in this second, or the second before was full of them.
    is_told: bool,
    untold: u64,
}

impl Crowd {
    /// Whether to tell this one, which otherwise is counted.
    pub(super) fn is_worth_telling(&mut self) -> bool {
        if self.is_told {
            self.untold += 1;
        }
        !std::mem::replace(&mut self.is_told, true)
    }

    /// To be called once a second: how many more there were, if any.
    pub(super) fn more(&mut self) -> Option<u64> {
        let more = std::mem::take(&mut self.untold);
        self.is_told = more > 0;
        (more > 0).then_some(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_crowd_the_first_is_told_and_the_rest_counted_once_a_second() {
        let mut crowd = Crowd::default();
        assert!(crowd.is_worth_telling());
        assert_eq!((0..2_000).filter(|_| crowd.is_worth_telling()).count(), 0);
        assert_eq!(crowd.more(), Some(2_000));
        assert!(!crowd.is_worth_telling(), "the crowd is still there");
        assert_eq!(crowd.more(), Some(1));
    }

    #[test]
    fn what_happens_now_and_then_is_always_told() {
        let mut crowd = Crowd::default();
        for _ in 0..3 {
            assert!(crowd.is_worth_telling());
            assert_eq!(crowd.more(), None);
        }
    }
}
