//! From the start of the process until its RPC answers.

use super::house::House;
use super::support::now_ms;
use super::wide::Wide;
use crate::Scale;
use crate::report::Round;

/// Blocks of 100,000 new accounts each.
const WIDE_BLOCKS: usize = 10;
const HEIGHT: usize = 50_000;
const SIGNERS: usize = 10_000;

pub(crate) fn empty(_: Scale) -> Box<dyn FnMut() -> Round> {
    let chain = Wide::new(1);
    let house = House::new(&chain.params, &chain.specification);
    Box::new(move || {
        house.clear("node");
        ready(&house)
    })
}

pub(crate) fn after_kill(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (wide_blocks, height) = if scale == Scale::Full { (WIDE_BLOCKS, HEIGHT) } else { (1, 100) };
    let mut chain = Wide::new(SIGNERS);
    let house = House::new(&chain.params, &chain.specification);
    let next = |number| if number < wide_blocks { chain.accounts() } else { chain.empty() };
    house.fill("node", (0..height).map(next));
    // The first start follows a good end.
    house.sandbox.node("node", &[]).kill();
    Box::new(move || ready(&house))
}

/// Starts a node, and kills it when it is ready.
fn ready(house: &House) -> Round {
    let started_ms = now_ms();
    let node = house.sandbox.node("node", &[]);
    let milliseconds = (now_ms() - started_ms) as f64;
    node.kill();
    Round { figures: vec![("milliseconds until the RPC answers", milliseconds)], result: milliseconds }
}
