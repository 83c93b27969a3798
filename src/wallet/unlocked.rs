//! A wallet whose keys are at hand: its words, and the addresses that were derived from them so far.

use std::fmt;

use zeroize::Zeroizing;

use super::derive::{ChildIndex, ExtendedKey, KeyPath};
use super::words::Words;
use crate::primitives::{Address, SecretKey, Timestamp};

/// Addresses a wallet may have: enough for anyone, and few enough to derive in a blink.
pub const ADDRESSES_MAX: usize = 1_000;

/// A wallet with its secrets; they are wiped from memory when it is dropped.
pub struct UnlockedWallet {
    words: Words,
    passphrase: Zeroizing<String>,
    created_at: Timestamp,
    account: ChildIndex,
    account_key: ExtendedKey,
    addresses: Vec<Address>,
}

/// The wallet has as many addresses as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wallet has {ADDRESSES_MAX} addresses already, which is the most: make another wallet")]
pub struct TooManyAddresses;

impl UnlockedWallet {
    /// A wallet of these words with one address. `account` is the third step of the path, 0 unless one asks for
    /// more wallets from the same words; the empty passphrase is none.
    pub fn new(words: Words, passphrase: &str, account: ChildIndex, created_at: Timestamp) -> Self {
        let root = ExtendedKey::root(&words.seed(passphrase));
        let mut wallet = Self {
            account_key: root.descend(&KeyPath::account(account)),
            passphrase: Zeroizing::new(passphrase.to_owned()),
            addresses: Vec::new(),
            words,
            created_at,
            account,
        };
        wallet.add_address().expect("an empty list has room for a first address");
        wallet
    }

    /// Derives the next address.
    pub fn add_address(&mut self) -> Result<Address, TooManyAddresses> {
        if self.addresses.len() >= ADDRESSES_MAX {
            return Err(TooManyAddresses);
        }
        let address = Address::of(&self.key_at(self.addresses.len()).public_key());
        self.addresses.push(address);
        Ok(address)
    }

    /// All addresses derived so far, at least one, by their index.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The key of one of the addresses derived so far.
    pub fn secret_key(&self, index: usize) -> Option<SecretKey> {
        (index < self.addresses.len()).then(|| self.key_at(index))
    }

    /// The key behind an address, if it is one of this wallet's.
    pub fn key_of(&self, address: &Address) -> Option<SecretKey> {
        let index = self.addresses.iter().position(|own| own == address)?;
        Some(self.key_at(index))
    }

    /// The words the wallet can be restored from, together with the passphrase.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The passphrase that belongs to the words; empty for none.
    pub fn passphrase(&self) -> &str {
        &self.passphrase
    }

    /// The third step of the path to the addresses.
    pub fn account(&self) -> ChildIndex {
        self.account
    }

    /// When the wallet was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn key_at(&self, index: usize) -> SecretKey {
        let index = u32::try_from(index).ok().and_then(|index| ChildIndex::try_from(index).ok());
        self.account_key.child(index.expect("a wallet has far fewer than 2^31 addresses")).secret_key()
    }
}

/// The secrets are hidden: they must not reach a log.
impl fmt::Debug for UnlockedWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnlockedWallet").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::dev_accounts::DEV_ADDRESSES;

    fn wallet(passphrase: &str, account: u32) -> UnlockedWallet {
        let words = Words::from_entropy(&[7; 16]).unwrap();
        UnlockedWallet::new(words, passphrase, account.try_into().unwrap(), Timestamp(0))
    }

    #[test]
    fn each_address_has_its_key_and_a_stranger_has_none() {
        let mut alice = wallet("", 0);
        let second = alice.add_address().unwrap();
        assert_eq!(alice.addresses().len(), 2);
        assert_eq!(alice.addresses()[1], second);
        for (index, address) in alice.addresses().iter().enumerate() {
            assert_eq!(Address::of(&alice.secret_key(index).unwrap().public_key()), *address);
            assert_eq!(Address::of(&alice.key_of(address).unwrap().public_key()), *address);
        }
        assert!(alice.secret_key(2).is_none());
        assert!(alice.key_of(&Address([1; 32])).is_none());
    }

    #[test]
    fn the_passphrase_and_the_account_change_every_address() {
        let [plain, other_passphrase, other_account] = [wallet("", 0), wallet("stone", 0), wallet("", 1)];
        assert_ne!(plain.addresses(), other_passphrase.addresses());
        assert_ne!(plain.addresses(), other_account.addresses());
    }

    #[test]
    fn the_addresses_are_those_of_the_documented_path() {
        let wallet = wallet("", 2);
        let root = ExtendedKey::root(&wallet.words().seed(""));
        let key = root.descend(&"m/44'/7331'/2'/0'/0'".parse().unwrap()).secret_key();
        assert_eq!(wallet.addresses(), [Address::of(&key.public_key())]);
    }

    #[test]
    fn the_well_known_words_hold_the_money_of_development_networks() {
        let words = "test test test test test test test test test test test junk".parse().unwrap();
        let mut wallet = UnlockedWallet::new(words, "", ChildIndex::default(), Timestamp(0));
        while wallet.addresses().len() < DEV_ADDRESSES.len() {
            wallet.add_address().unwrap();
        }
        let mut derived = wallet.addresses().to_vec();
        derived.sort_unstable();
        assert_eq!(derived, DEV_ADDRESSES);
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let mut alice = wallet("", 0);
        while alice.addresses().len() < ADDRESSES_MAX {
            alice.add_address().unwrap();
        }
        assert_eq!(alice.add_address(), Err(TooManyAddresses));
    }

    #[test]
    fn no_secret_is_shown_by_accident() {
        let shown = format!("{:?}", wallet("stone", 0));
        assert!(shown.starts_with("UnlockedWallet { addresses: ["));
        assert!(!shown.contains("stone") && !shown.contains("Words"));
    }
}
