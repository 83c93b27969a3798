//! Heights: they subtract to a difference and never add to one another.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codec::{Decode, Encode};

/// A block's distance from genesis, in blocks. Genesis is 0.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Height(pub u32);

impl Height {
    /// The height of genesis.
    pub const GENESIS: Self = Self(0);

    /// The height of a child.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The height of the parent; genesis has none.
    pub const fn previous(self) -> Option<Self> {
        match self.0 {
            0 => None,
            height => Some(Self(height - 1)),
        }
    }

    /// The height `blocks` above.
    #[must_use]
    pub const fn plus(self, blocks: u32) -> Self {
        Self(self.0.saturating_add(blocks))
    }

    /// The height `blocks` below, at least genesis.
    #[must_use]
    pub const fn minus(self, blocks: u32) -> Self {
        Self(self.0.saturating_sub(blocks))
    }

    /// Blocks from `lower` up to here; 0 when `lower` is higher.
    pub const fn since(self, lower: Self) -> u32 {
        self.0.saturating_sub(lower.0)
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_stay_between_genesis_and_the_largest_number() {
        let (low, high) = (Height(3), Height(u32::MAX));
        assert_eq!((low.next(), low.plus(4), low.minus(2)), (Height(4), Height(7), Height(1)));
        assert_eq!((high.next(), high.plus(4), low.minus(4)), (high, high, Height::GENESIS));
    }

    #[test]
    fn only_genesis_has_no_height_before_it() {
        assert_eq!(Height::GENESIS.previous(), None);
        assert_eq!(Height(1).previous(), Some(Height::GENESIS));
        assert_eq!(Height(64).previous(), Some(Height(63)));
    }

    #[test]
    fn a_distance_counts_blocks_upwards_only() {
        assert_eq!((Height(9).since(Height(4)), Height(4).since(Height(9))), (5, 0));
    }

    #[test]
    fn a_height_shows_as_its_number() {
        assert_eq!(Height(1_050_000).to_string(), "1050000");
    }
}
