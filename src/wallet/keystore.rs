//! The keystore: a wallet at rest, as versioned JSON. Addresses are open, so that looking at a wallet, paying to it
//! or mining for it needs no password; words and passphrase are sealed, and all the rest of the file with them.
//!
//! ```json
//! { "format": "cairn wallet", "version": 1, "created_at": 1767225600, "account": 0, "addresses": ["…"],
//!   "protection": { "password": { "argon2id": { "memory_kib": 65536, "passes": 3, "lanes": 1 },
//!                                 "salt": "…", "xchacha20poly1305_nonce": "…" } },
//!   "sealed": "…" }
//! ```
//!
//! Sealed is: length of the entropy (one byte), entropy, passphrase in UTF-8. The associated data is the whole file as
//! compact JSON in this order, with `sealed` empty. With `"protection": "none"` the same bytes are followed by a checksum.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::derive::ChildIndex;
use super::hex_text::Hex;
use super::keystore_error::KeystoreError;
use super::protection::{PasswordCost, Protection, SEAL_RANDOM_BYTES};
use super::unlocked::{ADDRESSES_MAX, UnlockedWallet};
use super::words::Words;
use crate::primitives::{Address, Timestamp};

/// What tells a wallet from other JSON.
pub(super) const FORMAT: &str = "cairn wallet";

/// The one version there is so far.
pub(super) const VERSION: u64 = 1;

/// A wallet as it lies on the disk: its addresses can be seen, its secrets need the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keystore {
    file: WalletFile,
    account: ChildIndex,
    addresses: Vec<Address>,
}

/// The JSON, field by field; the order is part of what is authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletFile {
    format: String,
    version: u64,
    created_at: Timestamp,
    account: u32,
    addresses: Vec<Hex<[u8; 32]>>,
    protection: Protection,
    sealed: Hex<Vec<u8>>,
}

/// Just enough to tell whether the rest can be read.
#[derive(Deserialize)]
struct Preamble {
    format: String,
    version: u64,
}

impl Keystore {
    /// Seals a wallet under a password; the empty password leaves it unprotected, and the file says so.
    /// `random` must be fresh each time.
    pub fn seal(
        wallet: &UnlockedWallet,
        password: &str,
        cost: PasswordCost,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<Self, KeystoreError> {
        let mut file = WalletFile {
            format: FORMAT.into(),
            version: VERSION,
            created_at: wallet.created_at(),
            account: wallet.account().get(),
            addresses: wallet.addresses().iter().map(|address| Hex(address.0)).collect(),
            protection: Protection::under(password, cost, random),
            sealed: Hex(Vec::new()),
        };
        let sealed = file.protection.seal(password, &file.header(), &plain_secrets(wallet))?;
        file.sealed = Hex(sealed.to_vec());
        Ok(Self { file, account: wallet.account(), addresses: wallet.addresses().to_vec() })
    }

    /// Reads a keystore; the secrets stay sealed.
    pub fn from_json(json: &[u8]) -> Result<Self, KeystoreError> {
        let preamble: Preamble = serde_json::from_slice(json).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => KeystoreError::Truncated,
            serde_json::error::Category::Data => KeystoreError::NotAWallet,
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
                KeystoreError::NotJson(error.to_string())
            }
        })?;
        if preamble.format != FORMAT {
            return Err(KeystoreError::NotAWallet);
        }
        if preamble.version != VERSION {
            return Err(KeystoreError::UnknownVersion(preamble.version));
        }
        let malformed = |error: serde_json::Error| KeystoreError::Malformed(error.to_string());
        Self::checked(serde_json::from_slice(json).map_err(malformed)?)
    }

    /// The file's text.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(&self.file).expect("the fields are text, numbers and lists");
        json.push(b'\n');
        json
    }

    /// Opens the seal. An unprotected wallet opens with the empty password.
    pub fn unlock(&self, password: &str) -> Result<UnlockedWallet, KeystoreError> {
        let plain = self.file.protection.open(password, &self.file.header(), &self.file.sealed.0)?;
        let (words, passphrase) = parse_secrets(&plain).ok_or(KeystoreError::Damaged)?;
        let mut wallet = UnlockedWallet::new(words, passphrase, self.account, self.file.created_at);
        while wallet.addresses().len() < self.addresses.len() {
            wallet.add_address().map_err(|_| KeystoreError::Damaged)?;
        }
        if wallet.addresses() == self.addresses { Ok(wallet) } else { Err(KeystoreError::Damaged) }
    }

    /// Whether the secrets need a password.
    pub fn is_protected(&self) -> bool {
        self.file.protection != Protection::None
    }

    /// The address the wallet is known by: its first.
    pub fn main_address(&self) -> Address {
        self.addresses[0]
    }

    /// All addresses derived so far, at least one, by their index.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The third step of the path to the addresses.
    pub fn account(&self) -> ChildIndex {
        self.account
    }

    /// When the wallet was made.
    pub fn created_at(&self) -> Timestamp {
        self.file.created_at
    }

    fn checked(file: WalletFile) -> Result<Self, KeystoreError> {
        file.protection.check()?;
        let account = ChildIndex::try_from(file.account)
            .map_err(|error| KeystoreError::Malformed(error.to_string()))?;
        let addresses: Vec<Address> = file.addresses.iter().map(|address| Address(address.0)).collect();
        if addresses.is_empty() || addresses.len() > ADDRESSES_MAX {
            let count = addresses.len();
            return Err(KeystoreError::Malformed(format!(
                "{count} addresses, where 1 to {ADDRESSES_MAX} belong"
            )));
        }
        Ok(Self { file, account, addresses })
    }
}

impl WalletFile {
    /// Everything but what is sealed.
    fn header(&self) -> Vec<u8> {
        let header = Self { sealed: Hex(Vec::new()), ..self.clone() };
        serde_json::to_vec(&header).expect("the fields are text, numbers and lists")
    }
}

fn plain_secrets(wallet: &UnlockedWallet) -> Zeroizing<Vec<u8>> {
    let (entropy, passphrase) = (wallet.words().entropy(), wallet.passphrase().as_bytes());
    let mut plain = Zeroizing::new(Vec::with_capacity(1 + entropy.len() + passphrase.len()));
    plain.push(u8::try_from(entropy.len()).expect("entropy has 16 or 32 bytes"));
    plain.extend_from_slice(&entropy);
    plain.extend_from_slice(passphrase);
    plain
}

fn parse_secrets(plain: &[u8]) -> Option<(Words, &str)> {
    let (length, rest) = plain.split_first()?;
    let (entropy, passphrase) = rest.split_at_checked(usize::from(*length))?;
    Some((Words::from_entropy(entropy).ok()?, str::from_utf8(passphrase).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made by another program from the description above (libsodium, and python-mnemonic for the words).
    const FOREIGN: &str = include_str!("../../tests/vectors/keystore-v1.json");

    fn alice() -> UnlockedWallet {
        let words = Words::from_entropy(&[7; 16]).unwrap();
        let mut alice = UnlockedWallet::new(words, "trowel", ChildIndex::default(), Timestamp(1_767_225_600));
        alice.add_address().unwrap();
        alice
    }

    fn sealed(password: &str) -> Keystore {
        Keystore::seal(&alice(), password, PasswordCost::CHEAP, [5; SEAL_RANDOM_BYTES]).unwrap()
    }

    /// The keystore's JSON with one part of its text replaced.
    fn edited(keystore: &Keystore, from: &str, to: &str) -> Result<Keystore, KeystoreError> {
        let json = String::from_utf8(keystore.to_json()).unwrap();
        assert!(json.contains(from), "{json}");
        Keystore::from_json(json.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn a_wallet_comes_back_whole_under_its_password() {
        for password in ["", "stone"] {
            let keystore = Keystore::from_json(&sealed(password).to_json()).unwrap();
            assert_eq!(keystore.is_protected(), !password.is_empty());
            assert_eq!(keystore.addresses(), alice().addresses());
            assert_eq!(keystore.created_at(), Timestamp(1_767_225_600));
            let opened = keystore.unlock(password).unwrap();
            assert_eq!(opened.words(), alice().words());
            assert_eq!(opened.passphrase(), "trowel");
            assert_eq!(opened.addresses(), alice().addresses());
        }
    }

    #[test]
    fn a_keystore_made_by_another_program_opens() {
        let opened = Keystore::from_json(FOREIGN.as_bytes()).unwrap().unlock("correct horse").unwrap();
        assert_eq!(opened.words().entropy().as_slice(), [7; 16]);
        assert_eq!(opened.passphrase(), "trowel ☘");
        assert_eq!((opened.account().get(), opened.addresses().len()), (3, 2));
    }

    #[test]
    fn an_unprotected_wallet_says_so_in_its_file() {
        let json = String::from_utf8(sealed("").to_json()).unwrap();
        assert!(json.contains(r#""protection": "none""#), "{json}");
    }

    #[test]
    fn a_wrong_password_is_refused_also_where_none_is_needed() {
        assert_eq!(sealed("stone").unlock("Stone").unwrap_err(), KeystoreError::WrongPassword);
        assert_eq!(sealed("stone").unlock("").unwrap_err(), KeystoreError::WrongPassword);
        assert_eq!(sealed("").unlock("stone").unwrap_err(), KeystoreError::NotProtected);
    }

    #[test]
    fn a_change_of_any_open_field_breaks_the_seal() {
        let keystore = sealed("stone");
        let address = hex::encode(keystore.main_address().0);
        let stranger = "11".repeat(32);
        let edits = [
            ("1767225600", "1767225601"),
            ("\"account\": 0", "\"account\": 1"),
            (&address, &stranger),
            ("\"passes\": 1", "\"passes\": 2"),
        ];
        for (from, to) in edits {
            let unlocked = edited(&keystore, from, to).unwrap().unlock("stone");
            assert_eq!(unlocked.unwrap_err(), KeystoreError::WrongPassword, "{from}");
        }
        let unlocked = edited(&sealed(""), &address, &stranger).unwrap().unlock("");
        assert_eq!(unlocked.unwrap_err(), KeystoreError::Damaged);
    }

    #[test]
    fn each_kind_of_wrong_file_has_its_own_error() {
        let json = sealed("stone").to_json();
        let refusal = |json: &[u8]| Keystore::from_json(json).unwrap_err();
        for end in [0, 1, json.len() / 2, json.len() - 3] {
            assert_eq!(refusal(&json[..end]), KeystoreError::Truncated, "{end}");
        }
        for other in
            ["{}", "[]", "7", r#"{"format": "ledger", "version": 1}"#, r#"{"format": 1, "version": 1}"#]
        {
            assert_eq!(refusal(other.as_bytes()), KeystoreError::NotAWallet, "{other}");
        }
        assert!(matches!(refusal(b"\x89PNG\r\n"), KeystoreError::NotJson(_)));
        let keystore = sealed("stone");
        assert_eq!(
            edited(&keystore, "\"version\": 1", "\"version\": 2"),
            Err(KeystoreError::UnknownVersion(2))
        );
        for (from, to) in [
            ("\"sealed\": \"", "\"sealed\": \"x"),
            ("\"account\": 0", "\"account\": 2147483648"),
            ("\"account\": 0", "\"colour\": 0"),
            ("\"salt\": \"", "\"salt\": \"00"),
        ] {
            assert!(matches!(edited(&keystore, from, to), Err(KeystoreError::Malformed(_))), "{to}");
        }
    }

    #[test]
    fn a_file_that_asks_for_a_tebibyte_is_refused_before_any_work() {
        let hostile = edited(&sealed("stone"), "\"memory_kib\": 8", "\"memory_kib\": 1073741824");
        assert!(matches!(hostile, Err(KeystoreError::CostOutOfBounds { what: "KiB of memory", .. })));
    }

    #[test]
    fn a_list_of_no_or_too_many_addresses_is_refused() {
        let mut file = sealed("").file;
        file.addresses = vec![Hex([1; 32]); ADDRESSES_MAX + 1];
        assert!(matches!(Keystore::checked(file.clone()), Err(KeystoreError::Malformed(_))));
        file.addresses.clear();
        assert!(matches!(Keystore::checked(file), Err(KeystoreError::Malformed(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(Keystore::from_json(&bytes).is_err());
        }

        #[test]
        fn a_damaged_file_never_opens_as_another_wallet(
            protected: bool,
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
        ) {
            let password = if protected { "stone" } else { "" };
            let mut json = sealed(password).to_json();
            for (place, byte, kind) in edits {
                let place = place.index(json.len());
                match kind {
                    0 => json[place] = byte,
                    1 => json.insert(place, byte),
                    _ => json.truncate(json.len() - place % 8),
                }
            }
            if let Ok(opened) = Keystore::from_json(&json).and_then(|keystore| keystore.unlock(password)) {
                let original = alice();
                prop_assert_eq!(opened.words(), original.words());
                prop_assert_eq!(opened.addresses(), original.addresses());
            }
        }
    }
}
