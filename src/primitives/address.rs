//! Addresses: a hash of a public key, written in bech32m with a human part that tells development networks apart.

use std::fmt;

use bech32::primitives::decode::{CheckedHrpstring, PaddingError};
use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32m, Fe32, Hrp};

use super::codec::{Decode, Encode};
use super::hash;
use super::keys::PublicKey;

/// Where money can be sent: 32 bytes, derive(`cairn v1 address`, public key). Any 32 bytes are an address.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Address(pub [u8; 32]);

/// The human part of an address: which kind of network it is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// `cairn1…`, on every network but development ones.
    Standard,
    /// `cairndev1…`, on development networks.
    Development,
}

/// Why a text is no address here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseAddressError {
    /// A letter was mistyped, or it is no bech32m at all.
    #[error("not an address: {0}")]
    NotBech32m(String),
    /// It is bech32m of something else.
    #[error("not a Cairn address: it starts with `{0}1`, an address here starts with `{1}1`")]
    WrongHumanPart(String, &'static str),
    /// The kind symbol is one of those kept for later.
    #[error("the address is of a kind this version does not know")]
    UnknownKind,
    /// The data part does not hold 32 bytes.
    #[error("the address has the wrong length")]
    WrongLength,
    /// The pad bits are not zero.
    #[error("the address ends in bits that must be zero")]
    Padding,
}

impl AddressKind {
    /// The text before the separator.
    pub const fn human_part(self) -> &'static str {
        match self {
            Self::Standard => "cairn",
            Self::Development => "cairndev",
        }
    }
}

impl Address {
    /// The address of a public key.
    pub fn of(key: &PublicKey) -> Self {
        Self(hash::ADDRESS.derive(&key.0))
    }

    /// The addresses of many.
    pub fn of_each<'a>(keys: impl IntoIterator<Item = &'a PublicKey>) -> Vec<Self> {
        let keys: Vec<&[u8]> = keys.into_iter().map(|key| &key.0[..]).collect();
        hash::ADDRESS.derive_each(&keys).into_iter().map(Self).collect()
    }

    /// The text form for a kind of network.
    pub fn to_text(self, kind: AddressKind) -> String {
        let human_part = Hrp::parse(kind.human_part()).expect("both human parts are lower-case letters");
        let symbols = self.0.iter().copied().bytes_to_fes();
        symbols.with_checksum::<Bech32m>(&human_part).with_witness_version(Fe32::Q).chars().collect()
    }

    /// Reads the text form; all upper case is accepted, mixed case is not, and the human part must match.
    pub fn parse(text: &str, kind: AddressKind) -> Result<Self, ParseAddressError> {
        let mut parsed = CheckedHrpstring::new::<Bech32m>(text)
            .map_err(|error| ParseAddressError::NotBech32m(error.to_string()))?;
        let human_part = parsed.hrp().to_lowercase();
        if human_part != kind.human_part() {
            return Err(ParseAddressError::WrongHumanPart(human_part, kind.human_part()));
        }
        match parsed.fe32_iter().next() {
            Some(Fe32::Q) => parsed.remove_witness_version(),
            Some(_) => return Err(ParseAddressError::UnknownKind),
            None => return Err(ParseAddressError::WrongLength),
        };
        parsed.validate_segwit_padding().map_err(|error| {
            if error == PaddingError::NonZero {
                ParseAddressError::Padding
            } else {
                ParseAddressError::WrongLength
            }
        })?;
        let bytes: Vec<u8> = parsed.byte_iter().collect();
        bytes.try_into().map(Self).map_err(|_| ParseAddressError::WrongLength)
    }
}

/// Hexadecimal, for logs: the text form needs to know the network.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_from_its_text_in_either_case() {
        let address = Address([0xa7; 32]);
        let text = address.to_text(AddressKind::Standard);
        assert!(text.starts_with("cairn1q"));
        assert_eq!(text.len(), "cairn1".len() + 1 + 52 + 6);
        assert_eq!(Address::parse(&text, AddressKind::Standard), Ok(address));
        assert_eq!(Address::parse(&text.to_uppercase(), AddressKind::Standard), Ok(address));
    }

    #[test]
    fn an_address_of_another_kind_of_network_is_refused_by_name() {
        let text = Address([1; 32]).to_text(AddressKind::Development);
        let refused = ParseAddressError::WrongHumanPart("cairndev".into(), "cairn");
        assert_eq!(Address::parse(&text, AddressKind::Standard), Err(refused));
    }

    #[test]
    fn every_reserved_kind_and_every_other_length_is_named_as_such() {
        let human_part = Hrp::parse("cairn").unwrap();
        let parse = |symbols: &[u8]| {
            let symbols = symbols.iter().map(|symbol| Fe32::try_from(*symbol).unwrap());
            let text: String = symbols.with_checksum::<Bech32m>(&human_part).chars().collect();
            Address::parse(&text, AddressKind::Standard)
        };
        assert_eq!(parse(&[0; 53]), Ok(Address([0; 32])));
        for kind in 1..32 {
            assert_eq!(parse(&[[kind].as_slice(), &[0; 52]].concat()), Err(ParseAddressError::UnknownKind));
        }
        for length in (0..53).chain(54..80) {
            assert_eq!(parse(&vec![0; length]), Err(ParseAddressError::WrongLength), "{length}");
        }
    }

    #[test]
    fn a_mistyped_letter_and_mixed_case_are_refused() {
        let text = Address([1; 32]).to_text(AddressKind::Standard);
        let mistyped = text.replacen('q', "p", 1);
        let mixed = text.replacen("cairn", "Cairn", 1);
        for wrong in [mistyped, mixed, String::new(), "cairn1".into()] {
            assert!(Address::parse(&wrong, AddressKind::Standard).is_err(), "{wrong}");
        }
    }

    /// Bech32m of symbols that need not be an address.
    fn text_of(symbols: &str) -> String {
        let symbols = symbols.chars().map(|symbol| Fe32::from_char(symbol).unwrap());
        let human_part = Hrp::parse("cairn").unwrap();
        symbols.with_checksum::<Bech32m>(&human_part).chars().collect()
    }

    #[test]
    fn an_address_has_kind_zero_32_bytes_and_zeros_behind_them() {
        let parse = |symbols: &str| Address::parse(&text_of(symbols), AddressKind::Standard);
        let zeros = |count| "q".repeat(count);
        assert_eq!(parse(&zeros(53)), Ok(Address([0; 32])));
        assert_eq!(parse(&format!("p{}", zeros(52))), Err(ParseAddressError::UnknownKind));
        for count in [0, 1, 40, 51, 54] {
            assert_eq!(parse(&zeros(count)), Err(ParseAddressError::WrongLength), "{count}");
        }
        assert_eq!(parse(&format!("{}p", zeros(52))), Err(ParseAddressError::Padding));
    }

    #[test]
    fn an_address_begins_with_the_name_of_its_kind_of_network() {
        assert!(Address([1; 32]).to_text(AddressKind::Development).starts_with("cairndev1q"));
    }

    #[test]
    fn logs_show_the_bytes_of_an_address() {
        assert_eq!(format!("{:?}", Address([0xab; 32])), format!("Address({})", "ab".repeat(32)));
    }
}
