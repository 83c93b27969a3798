//! What people type and files say, and the reader that takes an input apart.

use cairn::consensus::{Params, ParamsOverride, Violation};
use cairn::primitives::{
    Address, AddressKind, Amount, BlockHash, PeerId, StateRoot, Timestamp, TransactionId,
};

/// The text of an address, of either kind of network.
pub fn address(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let kinds = [AddressKind::Standard, AddressKind::Development];
    let read: Vec<_> =
        kinds.iter().filter_map(|kind| Some((kind, Address::parse(text, *kind).ok()?))).collect();
    assert!(read.len() <= 1, "an address belongs to one kind of network");
    for (kind, address) in read {
        assert_eq!(address.to_text(*kind), text.to_ascii_lowercase(), "an address has one text");
        assert_eq!(Address::parse(&text.to_ascii_uppercase(), *kind), Ok(address));
    }
}

/// Hashes, amounts, peers, names of rules: the first byte says which.
pub fn short_texts(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    match kind % 6 {
        0 => assert_shown_again(text.parse::<BlockHash>().ok(), &text.to_ascii_lowercase()),
        1 => assert_shown_again(text.parse::<TransactionId>().ok(), &text.to_ascii_lowercase()),
        2 => assert_shown_again(text.parse::<StateRoot>().ok(), &text.to_ascii_lowercase()),
        3 => assert_shown_again(text.parse::<PeerId>().ok(), text),
        4 => {
            if let Ok(amount) = text.parse::<Amount>() {
                assert!(amount <= Amount::MAX);
                assert_eq!(amount.to_string().parse(), Ok(amount));
            }
        }
        _ => {
            let violation = Violation::from_name(text);
            assert!(violation.is_none_or(|violation| violation.name() == text));
            let _ = PeerId::resolve(text, [PeerId([1; 32]), PeerId([2; 32])]);
        }
    }
}

fn assert_shown_again<T: ToString>(read: Option<T>, text: &str) {
    assert!(read.is_none_or(|value| value.to_string() == text), "{text} is shown otherwise than it was read");
}

/// A file that gives a network other parameters: its name, a line's end, JSON.
pub fn chain_spec(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (Ok(name), json) = (str::from_utf8(&data[..end]), &data[end + 1..]) else { return };
    let Ok(overrides) = serde_json::from_slice::<ParamsOverride>(json) else { return };
    let Ok(params) = Params::with_overrides(name, &overrides) else { return };
    assert_eq!(Params::with_overrides(name, &overrides).as_ref(), Ok(&params));
    let first = params.first_bits.target().expect("accepted bits are a target");
    assert!(params.first_bits.is_canonical() && first <= params.limit_target());
    let prefund: u128 = params.prefund.iter().map(|(_, amount)| u128::from(amount.0)).sum();
    assert!(prefund <= u128::from(Amount::MAX.0));
    assert_eq!(params.genesis().header.previous.0, params.parameters_hash().0);
    assert_eq!(params.genesis().header.time, Timestamp(1_767_225_600));
}

/// Takes an input apart, first byte first. After its end there are zeros.
#[derive(Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// A reader at the start.
    pub const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether everything was taken.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let taken = self.slice(N);
        let mut array = [0; N];
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    /// So many of the next bytes, or as many as there are.
    pub fn slice(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }

    /// The next two bytes, little-endian.
    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    /// The next four bytes, little-endian.
    pub fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    /// A number below `end`, which is 1 to 256, from one byte.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.u8()) % end.max(1)
    }
}
