//! A new process that fetches the whole chain of another over loopback.

use super::house::{self, House};
use super::support::now_ms;
use super::wide;
use crate::Scale;
use crate::chain::{Chain, Shape};
use crate::node::{self, Index};
use crate::report::Round;

/// Blocks of 2,000 transfers.
const BLOCKS: usize = 65;
const EMPTY_BLOCKS: usize = 20_000;
const SIGNERS: usize = 10_000;

/// What Bitcoin Core 2026 does on two such cores: signed transactions and empty blocks a second, synced from a peer.
const BITCOIN_TRANSACTIONS: f64 = 40_000.0;
const BITCOIN_EMPTY_BLOCKS: f64 = 4_600.0;

/// What fetching a chain took.
struct Fetched {
    seconds: f64,
    /// Of the process that fetched it, from its start.
    cpu_seconds: f64,
}

pub(crate) fn against_cold(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (chain, house) = full_blocks(scale);
    Box::new(move || {
        let transfers = chain.transfers() as f64;
        let fetched = fetch(&house, chain.blocks.len());
        let cold = node::cold(&chain, Index::On).durable;
        let others = [("transfers synced a second of the clock", transfers / fetched.seconds)];
        Round::ratio(
            ("transfers synced, client's CPU", transfers / fetched.cpu_seconds),
            ("transfers never seen, to durable and indexed", cold),
            &others,
        )
    })
}

pub(crate) fn transactions_against_bitcoin(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let (chain, house) = full_blocks(scale);
    Box::new(move || {
        let fetched = fetch(&house, chain.blocks.len());
        Round::ratio(
            ("transfers synced a second of the clock", chain.transfers() as f64 / fetched.seconds),
            ("Bitcoin Core's, measured before", BITCOIN_TRANSACTIONS),
            &[],
        )
    })
}

pub(crate) fn empty_against_bitcoin(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let blocks = if scale == Scale::Full { EMPTY_BLOCKS } else { 100 };
    let mut chain = wide::Wide::new(2);
    let house = House::new(&chain.params, &chain.specification);
    house.fill("server", (0..blocks).map(|_| chain.empty()));
    Box::new(move || {
        let fetched = fetch(&house, blocks);
        Round::ratio(
            ("empty blocks synced a second of the clock", blocks as f64 / fetched.seconds),
            ("Bitcoin Core's, measured before", BITCOIN_EMPTY_BLOCKS),
            &[("a second of the client's CPU", blocks as f64 / fetched.cpu_seconds)],
        )
    })
}

fn full_blocks(scale: Scale) -> (Chain, House) {
    let blocks = if scale == Scale::Full { BLOCKS } else { 2 };
    let chain = Chain::make(Shape { accounts: SIGNERS, signers: SIGNERS, blocks });
    let house = House::new(&chain.params, &chain.specification);
    house.fill("server", chain.blocks.iter().cloned());
    (chain, house)
}

fn fetch(house: &House, height: usize) -> Fetched {
    let server = house.sandbox.node("server", &[]);
    house.clear("client");
    let started_ms = now_ms();
    let client = house.sandbox.node("client", &[]);
    client.wait("the whole chain", |node| node.height() >= height as u64);
    let seconds = (now_ms() - started_ms) as f64 / 1_000.0;
    let fetched = Fetched { seconds, cpu_seconds: house::cpu_seconds(&client) };
    client.stop();
    server.stop();
    fetched
}
