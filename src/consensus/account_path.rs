//! Where accounts stand in the state tree.

use crate::primitives::{Address, hash};

/// Bits of an account's path that name its group: 4,096 groups, the unit in which checkpoints are written.
pub const GROUP_BITS: u32 = 12;

/// An account's place in the state tree, from its root down, most significant bit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountPath(pub [u8; 32]);

/// The first 64 bits of an account's path, which hardly ever two accounts have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathPrefix(pub u64);

/// The path of an address: hashed, because outputs may name any 32 bytes and so could unbalance the tree.
pub fn path_of(address: &Address) -> AccountPath {
    AccountPath(hash::ACCOUNT_PATH.keyed(&address.0))
}

/// The group of accounts that a path belongs to: its first 12 bits.
pub const fn group_of(path: &AccountPath) -> u16 {
    u16::from_be_bytes([path.0[0], path.0[1]]) >> (u16::BITS - GROUP_BITS)
}

impl AccountPath {
    /// Whether the path goes right at this depth.
    pub(super) const fn bit(&self, depth: usize) -> bool {
        self.0[depth / 8] << (depth % 8) & 0x80 != 0
    }

    /// The first 64 bits.
    pub fn prefix(&self) -> PathPrefix {
        let first = self.0.first_chunk().expect("a path is longer than 8 bytes");
        PathPrefix(u64::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_a_path_is_its_first_twelve_bits() {
        let mut path = AccountPath([0xff; 32]);
        assert_eq!(group_of(&path), 4_095);
        path.0[..2].copy_from_slice(&[0x12, 0x3f]);
        assert_eq!(group_of(&path), 0x123);
    }
}
