//! Addresses in both human parts, and texts that are none.

use bech32::primitives::iter::{ByteIterExt, Fe32IterExt};
use bech32::{Bech32, Bech32m, Fe32, Hrp};
use cairn::primitives::{Address, AddressKind, ParseAddressError};

use crate::json::{Json, object};

pub(crate) fn vectors() -> Json {
    let ascending = std::array::from_fn(|index| index as u8);
    let addresses = [[0; 32], [0xff; 32], ascending, [0xa5; 32]];
    object! {
        "addresses": Json::list(addresses, |bytes| object! {
            "bytes": hex::encode(bytes),
            "standard": text(Address(bytes), AddressKind::Standard),
            "development": text(Address(bytes), AddressKind::Development),
        }),
        "refused_on_standard_networks": Json::list(refused(Address(ascending)), |(why, text)| {
            let error = Address::parse(&text, AddressKind::Standard).expect_err(why);
            assert_eq!(name_of(&error), why, "{text}");
            object! { "why": why, "text": text }
        }),
    }
}

/// The text, once it and its upper case were read back.
fn text(address: Address, kind: AddressKind) -> String {
    let text = address.to_text(kind);
    assert_eq!(Address::parse(&text, kind).as_ref(), Ok(&address));
    assert_eq!(Address::parse(&text.to_uppercase(), kind).as_ref(), Ok(&address));
    text
}

/// Why, and the text. Except where the checksum is the point, it is right.
fn refused(address: Address) -> Vec<(&'static str, String)> {
    let good = address.to_text(AddressKind::Standard);
    let human_part = Hrp::parse("cairn").expect("lower-case letters");
    let of_kind = |kind: Fe32, bytes: &[u8]| -> String {
        let symbols = bytes.iter().copied().bytes_to_fes();
        symbols.with_checksum::<Bech32m>(&human_part).with_witness_version(kind).chars().collect()
    };
    let old_checksum = address.0.iter().copied().bytes_to_fes().with_checksum::<Bech32>(&human_part);
    let padded = {
        let mut symbols: Vec<Fe32> = address.0.iter().copied().bytes_to_fes().collect();
        let last = symbols.last_mut().expect("32 bytes take 52 symbols");
        *last = Fe32::try_from(last.to_u8() | 1).expect("it is below 32");
        let symbols = symbols.into_iter().with_checksum::<Bech32m>(&human_part);
        symbols.with_witness_version(Fe32::Q).chars().collect()
    };
    vec![
        ("another human part", address.to_text(AddressKind::Development)),
        ("not bech32m", good.replacen("cairn1q", "cairn1p", 1)),
        ("not bech32m", good.replacen("cairn", "Cairn", 1)),
        ("not bech32m", old_checksum.with_witness_version(Fe32::Q).chars().collect()),
        ("not bech32m", good[..good.len() - 1].to_owned()),
        ("a reserved kind", of_kind(Fe32::P, &address.0)),
        ("a reserved kind", of_kind(Fe32::L, &address.0)),
        ("another length", of_kind(Fe32::Q, &address.0[..31])),
        ("another length", of_kind(Fe32::Q, &[address.0.as_slice(), &[0]].concat())),
        ("another length", of_kind(Fe32::Q, &address.0[..20])),
        ("pad bits that are not zero", padded),
    ]
}

fn name_of(error: &ParseAddressError) -> &'static str {
    match error {
        ParseAddressError::NotBech32m(_) => "not bech32m",
        ParseAddressError::WrongHumanPart(..) => "another human part",
        ParseAddressError::UnknownKind => "a reserved kind",
        ParseAddressError::WrongLength => "another length",
        ParseAddressError::Padding => "pad bits that are not zero",
    }
}
