//! Time as headers carry it. Reading a clock is not this layer's business.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codec::{Decode, Encode};

/// Seconds since 1970-01-01 00:00:00 UTC, as in a header.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub u32);

impl Timestamp {
    /// The moment `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to here, negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_times_has_a_sign() {
        let (noon, later) = (Timestamp(1_000), Timestamp(1_007));
        assert_eq!((later.since(noon), noon.since(later)), (7, -7));
        assert_eq!(Timestamp(0).since(Timestamp(u32::MAX)), -4_294_967_295);
    }

    #[test]
    fn a_time_never_runs_over_the_end_of_its_four_bytes() {
        assert_eq!(Timestamp(1_000).plus(7), Timestamp(1_007));
        assert_eq!(Timestamp(u32::MAX - 1).plus(7), Timestamp(u32::MAX));
    }

    #[test]
    fn a_time_shows_as_its_seconds() {
        assert_eq!(Timestamp(1_767_225_600).to_string(), "1767225600");
    }
}
