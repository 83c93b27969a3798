//! No input makes a decoder allocate more than sixteen times its length.
//!
//! What is counted is every byte that is ever asked for while decoding, also of what is freed or grown in between: a
//! bound on the total, and so on the peak. Growing a vector counts its old and its new size.

mod inputs;

use std::hint::black_box;
use std::sync::{Arc, Once};

use allocation_counter::measure;
use cairn::consensus::{Account, HeaderFacts, MaturingReward, Params, ParamsOverride, Undo};
use cairn::node::message::{CompactBlock, Status, SyncRequest, SyncResponse};
use cairn::primitives::codec::{self, Decode};
use cairn::primitives::{Address, Block, BlockId, Coinbase, Header, List, Text, Transaction};
use cairn::storage::chain_file::ChainFileReader;

use crate::inputs::{Seed, seeds};

/// Bytes that a decoder may allocate for each byte of its input.
const BYTES_PER_BYTE_MAX: u64 = 16;

/// Bytes that it may allocate in any case: the words of an error, which may name every key that there is.
const ERROR_BYTES_MAX: u64 = 1_024;

/// Decodes a whole input; whether it is a value.
type Decoder = fn(&[u8]) -> bool;

#[cfg(feature = "wallet")]
const OF_WALLETS: &[(&str, Decoder)] =
    &[("keystore", |bytes| is_value(cairn::wallet::Keystore::from_json(bytes)))];
#[cfg(not(feature = "wallet"))]
const OF_WALLETS: &[(&str, Decoder)] = &[];

/// What is made once and for all, such as the keys of hashes, is not an input's doing.
static WARM: Once = Once::new();

/// Everything that reads bytes which a peer, a client, a file or a disk supplies.
fn decoders() -> Vec<(&'static str, Decoder)> {
    let mut decoders: Vec<(&str, Decoder)> = vec![
        ("header", decode::<Header>),
        ("coinbase", decode::<Coinbase>),
        ("transaction", decode::<Transaction>),
        ("block", decode::<Block>),
        ("compact block", decode::<CompactBlock>),
        ("gossiped transactions", decode::<List<Arc<Transaction>>>),
        ("status", decode::<Status>),
        ("request", decode::<SyncRequest>),
        ("response", decode::<SyncResponse>),
        ("undo record", decode::<Undo>),
        ("facts about a header", decode::<HeaderFacts>),
        ("name of a block", decode::<BlockId>),
        ("maturing rewards", decode::<List<MaturingReward>>),
        ("account group", decode::<List<(Address, Account)>>),
        ("bans", decode::<List<([u8; 32], u64)>>),
        ("list of short ids", decode::<List<[u8; 6]>>),
        ("list of texts", decode::<List<Text>>),
        ("list of lists", decode::<List<List<List<u64>>>>),
        ("encoded parameters", |bytes| is_value(Params::from_encoded("lan", bytes))),
        ("parameters of a file", |bytes| is_value(serde_json::from_slice::<ParamsOverride>(bytes))),
        ("exported chain", |bytes| match ChainFileReader::open(bytes) {
            Ok(mut records) => records.all(|record| is_value(record.and_then(|record| record.block()))),
            Err(error) => is_value(Err::<(), _>(error)),
        }),
    ];
    decoders.extend(OF_WALLETS);
    decoders
}

fn decode<T: Decode<()>>(bytes: &[u8]) -> bool {
    is_value(codec::decode::<T>(bytes, bytes.len()))
}

/// Keeps the compiler from leaving out what nobody looks at.
fn is_value<T, E>(decoded: Result<T, E>) -> bool {
    black_box(decoded).is_ok()
}

/// The most that was allocated for each byte of an input, and which input that was.
#[derive(Debug, Default)]
struct Worst {
    total: u64,
    peak: u64,
    length: usize,
    what: String,
}

impl Worst {
    /// Bytes allocated for each byte of the input.
    fn share(&self) -> f64 {
        self.total as f64 / self.length.max(1) as f64
    }

    fn take(&mut self, decoder: Decoder, input: &[u8], what: &str) {
        let allocated = measure(|| {
            decoder(input);
        });
        let length = input.len() as u64;
        let allowed = ERROR_BYTES_MAX.max(BYTES_PER_BYTE_MAX * length);
        assert!(
            allocated.bytes_total <= allowed,
            "{what}: {length} bytes made it allocate {} in all and {} at once",
            allocated.bytes_total,
            allocated.bytes_max
        );
        let other = Self {
            total: allocated.bytes_total,
            peak: allocated.bytes_max,
            length: input.len(),
            what: what.to_owned(),
        };
        if length > ERROR_BYTES_MAX && other.share() > self.share() {
            *self = other;
        }
    }
}

/// Gives every decoder all inputs that are made of those seeds.
fn check(is_wanted: impl Fn(&Seed, Decoder) -> bool, inputs: impl Fn(&Seed, &mut dyn FnMut(&[u8], &str))) {
    let seeds = seeds();
    WARM.call_once(|| drop(black_box(Params::named("lan"))));
    for (name, decoder) in decoders() {
        let mut worst = Worst::default();
        for seed in seeds.iter().filter(|seed| is_wanted(seed, decoder)) {
            inputs(seed, &mut |input, what| {
                worst.take(decoder, input, &format!("{name}, from {}, {what}", seed.what));
            });
        }
        println!(
            "{:5.2} in all, peak {:7}, {:6} bytes: {}",
            worst.share(),
            worst.peak,
            worst.length,
            worst.what
        );
    }
}

#[test]
fn valid_values_whole_and_cut_are_decoded_within_the_bound() {
    check(|_, _| true, inputs::cut);
}

#[test]
fn lengths_of_any_size_at_every_level_stay_within_the_bound() {
    check(|seed, decoder| seed.is_of_bytes || decoder(&seed.bytes), inputs::with_other_lengths);
}

#[test]
fn random_changes_stay_within_the_bound() {
    check(|_, _| true, inputs::mutated);
}

#[test]
fn a_short_list_that_claims_an_item_for_each_byte_stays_within_the_bound() {
    check(|seed, _| seed.is_of_bytes, inputs::short_lists);
}
