//! Bytes that are no block: cut and padded at each field, with counts and tags that lie, and text that is none.

use cairn::consensus::testing::TestChain;
use cairn::primitives::Block;
use cairn::primitives::codec::encode;

use crate::build::{Parts, alice, anchor, bob, draft, payment, young};
use crate::case::{Case, story};
use crate::stage::Verdict::Accepted;
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
    story("a block cut at each field and within each", cut_short, &[]),
    story("a block with a byte put in before each field and within each", padded, &[]),
    story("a block with a byte left out of each field", shortened, &[]),
    story("lengths and counts that lie", lying_lengths, &[]),
    story("tags of no action, and text that is not UTF-8", no_such_thing, &[]),
    story("nothing, one byte, and a megabyte of each of some bytes", junk, &[]),
    story("a transaction cut, padded and shortened at each field", broken_transactions, &[]),
];

/// A field by name and length in bytes.
type Field = (&'static str, usize);
/// A field by name, place and length in bytes.
type Place = (&'static str, usize, usize);

const HEADER: &[Field] =
    &[("version", 4), ("previous", 32), ("commitment", 32), ("time", 4), ("bits", 4), ("nonce", 4)];
const COINBASE: &[Field] = &[
    ("coinbase version", 2),
    ("height", 4),
    ("transaction root", 32),
    ("state root", 32),
    ("miner", 32),
    ("extra nonce", 16),
    ("length of the tag", 8),
    ("tag", 3),
];
const COUNT: &[Field] = &[("number of transactions", 8)];
const TRANSFER: &[Field] = &[
    ("version of a transfer", 2),
    ("sender of a transfer", 32),
    ("nonce of a transfer", 8),
    ("fee of a transfer", 8),
    ("expiry of a transfer", 4),
    ("tag of a transfer", 4),
    ("number of outputs", 8),
    ("recipient", 32),
    ("amount", 8),
    ("length of the memo", 8),
    ("memo", 5),
    ("signature of a transfer", 64),
];
const ANCHOR: &[Field] = &[
    ("version of an anchor", 2),
    ("sender of an anchor", 32),
    ("nonce of an anchor", 8),
    ("fee of an anchor", 8),
    ("expiry of an anchor", 4),
    ("tag of an anchor", 4),
    ("digest", 32),
    ("length of the label", 8),
    ("label", 4),
    ("signature of an anchor", 64),
];

/// A block that holds every kind of field, each longer than nothing.
fn sample(on: &TestChain) -> Block {
    let transfer = payment(on, &alice(), 2, |each| each.set_memo(5));
    let transactions = vec![transfer, anchor(on, &bob(), 0, 4)];
    draft(on).coinbase(|coinbase| coinbase.tag.0 = b"tag".to_vec()).transactions(transactions).block()
}

/// Its encoding, and each field with its place in that.
fn fields() -> (Block, Vec<u8>, Vec<Place>) {
    let block = sample(&young());
    let bytes = encode(&block);
    let mut at = 0;
    let lengths = [HEADER, COINBASE, COUNT, TRANSFER, ANCHOR].concat();
    let places = lengths.into_iter().map(|(name, length)| {
        at += length;
        (name, at - length, length)
    });
    let places: Vec<_> = places.collect();
    assert_eq!(at, bytes.len(), "the table of fields is complete");
    (block, bytes, places)
}

/// Where a field is, by its name.
fn place(name: &str) -> usize {
    let (_, _, places) = fields();
    places.iter().find(|(each, _, _)| *each == name).expect("a field has a name").1
}

/// Everything is refused, and the whole block then accepted.
fn tell(tale: &mut Story<'_>, broken: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    for (says, bytes) in broken {
        tale.deliver_bytes(&says, &bytes);
    }
    tale.assert_at(&chain);
    tale.deliver("the whole block", &fields().0, Accepted);
}

fn cut_short(tale: &mut Story<'_>) {
    let (_, bytes, places) = fields();
    let cuts = places.iter().flat_map(|(name, at, length)| {
        let within =
            (*length > 1).then(|| (format!("cut within the {name}"), bytes[..at + length / 2].to_vec()));
        [(format!("cut before the {name}"), bytes[..*at].to_vec())].into_iter().chain(within)
    });
    let last = ("without the last byte".to_owned(), bytes[..bytes.len() - 1].to_vec());
    tell(tale, cuts.chain([last]));
}

fn padded(tale: &mut Story<'_>) {
    let (_, bytes, places) = fields();
    let insert = |at: usize, byte: u8| [&bytes[..at], &[byte], &bytes[at..]].concat();
    let pads = places.iter().flat_map(|(name, at, length)| {
        [
            (format!("a zero before the {name}"), insert(*at, 0)),
            (format!("ff before the {name}"), insert(*at, 0xff)),
            (format!("a zero within the {name}"), insert(at + length / 2, 0)),
        ]
    });
    let after = [0, 1, 0xff].map(|byte| (format!("{byte:02x} after the end"), insert(bytes.len(), byte)));
    tell(tale, pads.chain(after));
}

fn shortened(tale: &mut Story<'_>) {
    let (_, bytes, places) = fields();
    let without = |at: usize| [&bytes[..at], &bytes[at + 1..]].concat();
    let short = places.iter().map(|(name, at, _)| (format!("a byte less of the {name}"), without(*at)));
    tell(tale, short);
}

fn lying_lengths(tale: &mut Story<'_>) {
    let (_, bytes, _) = fields();
    let names = [
        "length of the tag",
        "number of transactions",
        "number of outputs",
        "length of the memo",
        "length of the label",
    ];
    let lies = names.into_iter().flat_map(|name| {
        let at = place(name);
        let (start, true_count) = (at, u64::from(bytes[at]));
        let counts = [0, true_count - 1, true_count + 1, 0xffff, 1 << 32, 1 << 40, 1 << 63, u64::MAX];
        let bytes = bytes.clone();
        counts.into_iter().filter(move |count| *count != true_count).map(move |count| {
            let mut lie = bytes.clone();
            lie[start..start + 8].copy_from_slice(&count.to_le_bytes());
            (format!("{count} as the {name}"), lie)
        })
    });
    tell(tale, lies);
}

fn no_such_thing(tale: &mut Story<'_>) {
    let (_, bytes, _) = fields();
    let with = |name: &str, at: usize, new: &[u8]| {
        let mut changed = bytes.clone();
        let start = place(name) + at;
        changed[start..start + new.len()].copy_from_slice(new);
        changed
    };
    let tags = [2, 3, 255, 256, 1 << 24, u32::MAX].into_iter().flat_map(|tag: u32| {
        ["tag of a transfer", "tag of an anchor"]
            .map(|name| (format!("{tag} as the {name}"), with(name, 0, &tag.to_le_bytes())))
    });
    let texts: [&[u8]; 6] =
        [&[0xff], &[0x80], &[0xc0, 0x80], &[0xed, 0xa0, 0x80], &[0xf4, 0x90, 0x80, 0x80], &[0xe2, 0x82]];
    let texts = texts.into_iter().flat_map(|text| {
        ["memo", "label"].map(|name| (format!("{text:02x?} in the {name}"), with(name, 0, text)))
    });
    let swapped = [
        ("an anchor called a transfer".to_owned(), with("tag of an anchor", 0, &[0])),
        ("a transfer called an anchor".to_owned(), with("tag of a transfer", 0, &[1])),
    ];
    tell(tale, tags.chain(texts).chain(swapped));
}

fn junk(tale: &mut Story<'_>) {
    let some = [0, 1, 0x7f, 0xff].map(|byte| (format!("a megabyte of {byte:02x}"), vec![byte; 1 << 20]));
    let few = [("nothing".to_owned(), Vec::new()), ("one byte".to_owned(), vec![0])];
    let (block, bytes, _) = fields();
    let twice = ("the block twice".to_owned(), [&bytes[..], &bytes[..]].concat());
    let header = ("the header alone".to_owned(), encode(&block.header));
    tell(tale, few.into_iter().chain(some).chain([twice, header]));
}

/// Transactions on their own way to the pool, where no block's commitment protects them.
fn broken_transactions(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    for (transaction, fields) in sample(&chain).transactions.iter().zip([TRANSFER, ANCHOR]) {
        let (bytes, mut at) = (encode(transaction), 0);
        for (name, length) in fields {
            tale.send_bytes(&format!("cut before the {name}"), &bytes[..at]);
            tale.send_bytes(&format!("cut within the {name}"), &bytes[..at + length / 2]);
            tale.send_bytes(
                &format!("a zero before the {name}"),
                &[&bytes[..at], &[0], &bytes[at..]].concat(),
            );
            tale.send_bytes(
                &format!("a byte less of the {name}"),
                &[&bytes[..at], &bytes[at + 1..]].concat(),
            );
            at += length;
        }
        assert_eq!(at, bytes.len(), "the table of fields is complete");
        tale.send_bytes("a byte after the end", &[&bytes[..], &[0]].concat());
        tale.send(transaction, Ok(()));
    }
}
