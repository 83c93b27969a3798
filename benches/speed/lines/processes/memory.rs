//! What a node holds in memory: many accounts, many headers, and many full blocks gone by.

use super::house::{House, resident_mebibytes};
use super::wide::Wide;
use crate::Scale;
use crate::report::Round;

const SIGNERS: usize = 10_000;
/// Blocks of 100,000 new accounts each.
const WIDE_BLOCKS: usize = 10;
const HEIGHT: usize = 10_000;
const FULL_BLOCKS: usize = 1_000;

pub(crate) fn at_rest(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (house, _) = house_at_height(scale);
    Box::new(move || {
        let node = house.sandbox.node("old", &[]);
        let resident = resident_mebibytes(&node);
        node.stop();
        Round { figures: vec![("MiB at rest", resident)], result: resident }
    })
}

pub(crate) fn after_full_blocks(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (house, mut chain) = house_at_height(scale);
    let (_, height) = size(scale);
    let full_blocks = if scale == Scale::Full { FULL_BLOCKS } else { 2 };
    house.copy("old", "ahead");
    house.fill("ahead", (0..full_blocks).map(|_| chain.transfers()));
    Box::new(move || {
        let ahead = house.sandbox.node("ahead", &[]);
        house.clear("behind");
        house.copy("old", "behind");
        let behind = house.sandbox.node("behind", &[]);
        let before = resident_mebibytes(&behind);
        behind.wait("all full blocks", |node| node.height() >= (height + full_blocks) as u64);
        let after = resident_mebibytes(&behind);
        behind.stop();
        ahead.stop();
        Round { figures: vec![("MiB after the blocks", after), ("MiB before", before)], result: after }
    })
}

/// How many wide blocks there are, and how high the chain is with them.
fn size(scale: Scale) -> (usize, usize) {
    if scale == Scale::Full { (WIDE_BLOCKS, HEIGHT) } else { (1, 100) }
}

/// A node's folder at the height, and the chain it holds.
fn house_at_height(scale: Scale) -> (House, Wide) {
    let (wide_blocks, height) = size(scale);
    let mut chain = Wide::new(SIGNERS);
    let house = House::new(&chain.params, &chain.specification);
    let next = |number| if number < wide_blocks { chain.accounts() } else { chain.empty() };
    house.fill("old", (0..height).map(next));
    (house, chain)
}
