//! Blocks through the whole node: decoded, checked, connected and made durable by the real core on the real store.

use std::sync::Arc;

use cairn::primitives::Transaction;
use ed25519_zebra::batch::Verifier;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::chain::{Chain, Shape, TRANSFERS};
use crate::node::{self, Index};
use crate::report::Round;
use crate::{Scale, cpu};

/// Blocks of a chain: one more than lie between two state roots, so that a root is paid for.
const BLOCKS: usize = 65;
/// Blocks whose transfers the pool can hold all at once.
const KNOWN_BLOCKS: usize = 20;
/// Batches of the bare measurement: half a second and more.
const BARE_BATCHES: usize = 32;

const BARE: &str = "signatures in batches of 2,000, one thread";

/// A chain whose signers are all distinct.
fn distinct(scale: Scale, accounts: usize, blocks: usize) -> Chain {
    match scale {
        Scale::Full => Chain::make(Shape { accounts, signers: blocks * TRANSFERS, blocks }),
        Scale::Trial => Chain::make(Shape { accounts: 3 * TRANSFERS, signers: 2 * TRANSFERS, blocks: 2 }),
    }
}

pub(crate) fn cold(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let chain = distinct(scale, 1_000_000, BLOCKS);
    Box::new(move || {
        let rates = node::cold(&chain, Index::Off);
        let others = [("transfers, to a stopped node", rates.settled)];
        Round::ratio(("transfers, to durable", rates.durable), (BARE, bare(&chain)), &others)
    })
}

pub(crate) fn indexed(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let chain = distinct(scale, 1_000_000, BLOCKS);
    Box::new(move || {
        let rates = node::cold(&chain, Index::On);
        let others = [("transfers, to a stopped node", rates.settled)];
        Round::ratio(("transfers, to durable and indexed", rates.durable), (BARE, bare(&chain)), &others)
    })
}

pub(crate) fn repeated(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let other = distinct(scale, TRANSFERS, 1);
    let shape = Shape { accounts: 1_000_000, signers: 64, blocks: BLOCKS };
    let chain = match scale {
        Scale::Full => Chain::make(shape),
        Scale::Trial => Chain::make(Shape { accounts: 3 * TRANSFERS, blocks: 2, ..shape }),
    };
    Box::new(move || {
        let rates = node::cold(&chain, Index::Off);
        let others = [("transfers, to a stopped node", rates.settled)];
        Round::ratio(("transfers of 64 signers, to durable", rates.durable), (BARE, bare(&other)), &others)
    })
}

pub(crate) fn known(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let chain = distinct(scale, 1_000_000, KNOWN_BLOCKS);
    Box::new(move || {
        let rates = node::known(&chain);
        let others = [
            ("transfers, to a stopped node", rates.settled),
            ("transfers admitted to the pool", rates.admit),
        ];
        Round::ratio(("known transfers, to durable", rates.connect), (BARE, bare(&chain)), &others)
    })
}

pub(crate) fn large(scale: Scale) -> Box<dyn FnMut() -> Round> {
    let small = Shape { accounts: 10_000, signers: 10_000, blocks: BLOCKS };
    let (small, large) = match scale {
        Scale::Full => (small, Shape { accounts: 10_000_000, ..small }),
        Scale::Trial => (Shape { blocks: 2, ..small }, Shape { accounts: 20_000, blocks: 2, ..small }),
    };
    let (small, large) = (Chain::make(small), Chain::make(large));
    Box::new(move || {
        let at_large = node::cold(&large, Index::Off).durable;
        let at_small = node::cold(&small, Index::Off).durable;
        Round::ratio(
            ("transfers, at 10^7 accounts", at_large),
            ("transfers, at 10^4 accounts", at_small),
            &[],
        )
    })
}

/// Signatures a second, in batches of one block's, all signers distinct.
fn bare(chain: &Chain) -> f64 {
    let genesis = chain.params.genesis_hash();
    let with_message = |each: &Arc<Transaction>| (Arc::clone(each), each.signing_hash(&genesis));
    let signed: Vec<_> = chain.transfers[0].iter().map(with_message).collect();
    let seconds = cpu::seconds_of(|| {
        for batch in 0..BARE_BATCHES {
            let mut verifier = Verifier::new();
            for (transaction, message) in &signed {
                let key = ed25519_zebra::VerificationKeyBytes::from(transaction.sender.0);
                let signature = ed25519_zebra::Signature::from_bytes(&transaction.signature.0);
                verifier.queue((key, signature, &message.0));
            }
            verifier.verify(ChaCha12Rng::seed_from_u64(batch as u64)).expect("the signatures are good");
        }
    });
    (BARE_BATCHES * TRANSFERS) as f64 / seconds
}
