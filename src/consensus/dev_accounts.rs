//! The ten accounts that development networks start with, whose keys everybody can derive.

use crate::primitives::{Address, Amount};

/// What each of them holds at the start: 10,000 cairns.
pub const DEV_PREFUND: Amount = Amount(1_000_000_000_000);

/// m/44'/7331'/0'/0'/0' to …/9' of `test test test test test test test test test test test junk`, by ascending address.
pub const DEV_ADDRESSES: [Address; 10] = [
    address("1676a9164761855f11478f94d261a074f7cd2de7f5d396df1a2a978f1d20b7e8"),
    address("4cc35cea600962c8b6ceffd7625f47542ebf75729cc60ab5a139915d0edf77bc"),
    address("4f008a0e8852d7580dd002a2f372e8206cf1bf5b9141da6326c843d91ba46843"),
    address("4f22e43f5ff246d43365835b0388217ec717e77401153a21e9cec54ab7cc7062"),
    address("5c4f396c5db22cca19b752b9a0819d4509b9d87f012680dd62d5f17769ced5fa"),
    address("83e604a1a496d976978f965d20a4b61d60c2afc16a20efb8ed192311c90ff6c1"),
    address("9ae24d3276fff1081fc317aef9ec3b430dea525b286c2d922bd131cfaf8c1c80"),
    address("be89b751d2c46f0bb7874e21b09c9c73fef30bf72e532f19c6453d6675e7af7d"),
    address("e535dc15ec729185bcfba5d02e5cc0bcf92f7d3d2a48621c5ac3478b821861af"),
    address("fa11722752d8f92fc43b856df92b68cd9b887921ba1cb29c1d9d19ee1505f5dd"),
];

/// Reads 64 lower-case hexadecimal digits; anything else stops the build.
const fn address(digits: &str) -> Address {
    assert!(digits.len() == 64);
    let mut bytes = [0; 32];
    let mut place = 0;
    while place < 64 {
        bytes[place / 2] = bytes[place / 2] * 16 + digit(digits.as_bytes()[place]);
        place += 1;
    }
    Address(bytes)
}

const fn digit(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => letter - b'0',
        b'a'..=b'f' => letter - b'a' + 10,
        _ => panic!("not a hexadecimal digit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::testing::dev_key;

    #[test]
    fn the_addresses_are_derived_from_the_well_known_words() {
        let mut derived: Vec<_> = (0..10).map(|index| Address::of(&dev_key(index).public_key())).collect();
        derived.sort_unstable();
        assert_eq!(derived, DEV_ADDRESSES);
    }
}
