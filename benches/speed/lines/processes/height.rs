//! Full blocks far up a chain beside the same near its foot: what lies below must cost nothing.

use super::house::House;
use super::wide::Wide;
use crate::Scale;
use crate::chain::TRANSFERS;
use crate::node;
use crate::report::Round;

const LOW: usize = 1_000;
/// A tenth of what the target speaks of: to make and store that many more takes half an hour.
const HIGH: usize = 100_000;
/// Full blocks on top.
const BLOCKS: usize = 20;
const SIGNERS: usize = 10_000;

/// A data folder that ends at some height, and the blocks that follow.
struct Site {
    house: House,
    chain: Wide,
    blocks: Vec<Vec<u8>>,
}

pub(crate) fn against_low(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (low, high) = if scale == Scale::Full { (LOW, HIGH) } else { (10, 100) };
    let (low, high) = (Site::new(low), Site::new(high));
    Box::new(move || {
        let (at_high, at_low) = (high.nanoseconds(), low.nanoseconds());
        let figures =
            vec![("nanoseconds a transfer, high up", at_high), ("nanoseconds a transfer, low down", at_low)];
        Round { figures, result: at_high / at_low }
    })
}

impl Site {
    fn new(height: usize) -> Self {
        let mut chain = Wide::new(SIGNERS);
        let house = House::new(&chain.params, &chain.specification);
        house.fill("before", (0..height).map(|_| chain.empty()));
        let blocks = (0..BLOCKS).map(|_| chain.transfers()).collect();
        Self { house, chain, blocks }
    }

    /// CPU time of a transfer in the blocks on top, until it is durable.
    fn nanoseconds(&self) -> f64 {
        self.house.clear("on top");
        self.house.copy("before", "on top");
        let folder = self.house.sandbox.path("on top");
        let seconds = node::extend(&folder, &self.chain.params, &self.blocks);
        seconds * 1e9 / (BLOCKS * TRANSFERS) as f64
    }
}
