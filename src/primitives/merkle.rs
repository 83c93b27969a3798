//! The tree over a block's transactions, in the shape of RFC 6962: no leaf is ever doubled.

use super::hash::{self, LeafHash, TransactionRoot};

/// The transaction root: derive(`cairn v1 transaction root`, count u32 ‖ tree root).
pub fn transaction_root(leaves: &[LeafHash]) -> TransactionRoot {
    let mut preimage = [0; 36];
    let count = u32::try_from(leaves.len()).expect("a block holds far fewer than 2^32 transactions");
    preimage[..4].copy_from_slice(&count.to_le_bytes());
    preimage[4..].copy_from_slice(&tree_root(leaves));
    TransactionRoot(hash::TRANSACTION_ROOT.derive(&preimage))
}

/// 32 zero bytes for no leaf, the leaf hash itself for one, else keyed(node, left ‖ right), where the left side
/// holds the largest power of two of leaves below the count.
///
/// Pairing level by level, with an odd last node carried up unchanged, builds exactly that shape.
fn tree_root(leaves: &[LeafHash]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.0).collect();
    while level.len() > 1 {
        let pairs: Vec<&[u8]> = level.chunks_exact(2).map(<[[u8; 32]]>::as_flattened).collect();
        let mut above = hash::TRANSACTION_NODE.keyed_each(&pairs);
        above.extend(level.chunks_exact(2).remainder());
        level = above;
    }
    level.first().copied().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
        hash::TRANSACTION_NODE.keyed([*left, *right].as_flattened())
    }

    /// RFC 6962, section 2.1, word for word.
    fn by_the_recursive_definition(leaves: &[LeafHash]) -> [u8; 32] {
        match leaves {
            [] => [0; 32],
            [only] => only.0,
            many => {
                let split = many.len().next_power_of_two() / 2;
                let (left, right) = many.split_at(split);
                node(&by_the_recursive_definition(left), &by_the_recursive_definition(right))
            }
        }
    }

    #[test]
    fn the_tree_has_the_shape_of_rfc_6962_at_every_size() {
        let leaves: Vec<LeafHash> = (0..70_u8).map(|i| LeafHash([i; 32])).collect();
        for count in 0..=leaves.len() {
            assert_eq!(tree_root(&leaves[..count]), by_the_recursive_definition(&leaves[..count]), "{count}");
        }
    }
}
