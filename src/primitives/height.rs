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
