//! The folder of wallets, one file each. A wallet belongs to no network: its keys are the same on all of them, and
//! the network decides only how an address is written.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::keystore::Keystore;
use super::keystore_error::KeystoreError;
use super::keystore_file::{self, FileError};
use super::name::WalletName;
use super::protection::{PasswordCost, SEAL_RANDOM_BYTES};
use super::unlocked::{TooManyAddresses, UnlockedWallet};
use crate::primitives::Address;

/// What a name is followed by in the folder.
const EXTENSION: &str = "json";

/// Held while a wallet is changed, so that two programs cannot change one at the same time.
const LOCK_FILE: &str = ".lock";

/// Where wallets are kept.
#[derive(Debug, Clone)]
pub struct WalletDirectory {
    folder: PathBuf,
    cost: PasswordCost,
}

/// A wallet found in the folder, readable or not: one damaged file does not hide the others.
#[derive(Debug)]
pub struct WalletEntry {
    /// Its name.
    pub name: WalletName,
    /// What the file holds.
    pub keystore: Result<Keystore, DirectoryError>,
}

/// Why a wallet cannot be found, read, opened or written, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The system does not say where a user's data belongs.
    #[error("there is no home folder to keep wallets in: set HOME, or name a folder for them")]
    NoHome,
    /// No wallet of this name.
    #[error("there is no wallet `{name}` in {}{}", folder.display(), next_step(name, known))]
    NoSuchWallet {
        /// The name asked for.
        name: WalletName,
        /// Where it was looked for.
        folder: PathBuf,
        /// The wallets there are.
        known: Vec<WalletName>,
    },
    /// The file can be read, its content cannot.
    #[error("the wallet `{name}` ({}) cannot be used: {source}", path.display())]
    Keystore {
        /// Which wallet.
        name: WalletName,
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        source: KeystoreError,
    },
    /// The system did not read or write the file.
    #[error(transparent)]
    File(#[from] FileError),
    /// No room for another address.
    #[error(transparent)]
    TooManyAddresses(#[from] TooManyAddresses),
}

impl WalletDirectory {
    /// The wallets in a folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), cost: PasswordCost::STANDARD }
    }

    /// The wallets of the user: `cairn/wallets` where the system keeps users' data.
    pub fn of_user() -> Result<Self, DirectoryError> {
        let base = directories::BaseDirs::new().ok_or(DirectoryError::NoHome)?;
        Ok(Self::at(base.data_dir().join("cairn").join("wallets")))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a wallet, whether it exists or not.
    pub fn path_of(&self, name: &WalletName) -> PathBuf {
        self.folder.join(name.as_str()).with_extension(EXTENSION)
    }

    /// All wallets, by name. Files whose names are no wallets' are left out.
    pub fn list(&self) -> Result<Vec<WalletEntry>, DirectoryError> {
        let names = self.names()?;
        Ok(names.into_iter().map(|name| WalletEntry { keystore: self.open(&name), name }).collect())
    }

    /// A wallet with its secrets still sealed: its addresses need no password.
    pub fn open(&self, name: &WalletName) -> Result<Keystore, DirectoryError> {
        let path = self.path_of(name);
        let json = match keystore_file::read(&path) {
            Err(FileError::Missing(_)) => {
                let known = self.names().unwrap_or_default();
                return Err(DirectoryError::NoSuchWallet {
                    name: name.clone(),
                    folder: self.folder.clone(),
                    known,
                });
            }
            read => read?,
        };
        Keystore::from_json(&json).map_err(|source| self.blame(name, source))
    }

    /// A wallet with its keys. The password of an unprotected wallet is empty.
    pub fn unlock(&self, name: &WalletName, password: &str) -> Result<UnlockedWallet, DirectoryError> {
        self.open(name)?.unlock(password).map_err(|source| self.blame(name, source))
    }

    /// Writes a new wallet; one of this name that exists is left alone, and that is an error. The empty password
    /// leaves it unprotected. `random` must be fresh, here and below.
    pub fn create(
        &self,
        name: &WalletName,
        wallet: &UnlockedWallet,
        password: &str,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<Keystore, DirectoryError> {
        keystore_file::create_folder(&self.folder)?;
        let keystore = self.seal(name, wallet, password, random)?;
        keystore_file::create(&self.path_of(name), &keystore.to_json())?;
        Ok(keystore)
    }

    /// Puts a wallet under another password. When this fails the old file stays as it was.
    pub fn change_password(
        &self,
        name: &WalletName,
        old: &str,
        new: &str,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<(), DirectoryError> {
        let _lock = self.lock()?;
        let wallet = self.unlock(name, old)?;
        self.rewrite(name, &wallet, new, random)
    }

    /// Derives a wallet's next address and keeps it. When this fails the old file stays as it was.
    pub fn add_address(
        &self,
        name: &WalletName,
        password: &str,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<Address, DirectoryError> {
        let _lock = self.lock()?;
        let mut wallet = self.unlock(name, password)?;
        let address = wallet.add_address()?;
        self.rewrite(name, &wallet, password, random)?;
        Ok(address)
    }

    fn rewrite(
        &self,
        name: &WalletName,
        wallet: &UnlockedWallet,
        password: &str,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<(), DirectoryError> {
        let keystore = self.seal(name, wallet, password, random)?;
        Ok(keystore_file::replace(&self.path_of(name), &keystore.to_json())?)
    }

    fn seal(
        &self,
        name: &WalletName,
        wallet: &UnlockedWallet,
        password: &str,
        random: [u8; SEAL_RANDOM_BYTES],
    ) -> Result<Keystore, DirectoryError> {
        Keystore::seal(wallet, password, self.cost, random).map_err(|source| self.blame(name, source))
    }

    /// The lock is released when the file is dropped. Without a folder there is nothing to lock yet.
    fn lock(&self) -> Result<Option<File>, DirectoryError> {
        if !self.folder.exists() {
            return Ok(None);
        }
        let path = self.folder.join(LOCK_FILE);
        let file = File::create(&path).map_err(keystore_file::at(&path))?;
        file.lock().map_err(keystore_file::at(&path))?;
        Ok(Some(file))
    }

    fn names(&self) -> Result<Vec<WalletName>, DirectoryError> {
        if !self.folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(keystore_file::at(&self.folder))? {
            let path = entry.map_err(keystore_file::at(&self.folder))?.path();
            names.extend(name_of(&path));
        }
        names.sort();
        Ok(names)
    }

    fn blame(&self, name: &WalletName, source: KeystoreError) -> DirectoryError {
        DirectoryError::Keystore { name: name.clone(), path: self.path_of(name), source }
    }
}

fn name_of(path: &Path) -> Option<WalletName> {
    if path.extension()? != EXTENSION {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

fn next_step(name: &WalletName, known: &[WalletName]) -> String {
    if known.is_empty() {
        return format!(", nor any other: make it with `cairn wallet new {name}`");
    }
    let known: Vec<&str> = known.iter().map(WalletName::as_str).collect();
    format!(": there are {}, and `cairn wallet new {name}` makes another", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::Timestamp;
    use crate::wallet::{ChildIndex, Words};

    const RANDOM: [u8; SEAL_RANDOM_BYTES] = [5; SEAL_RANDOM_BYTES];

    fn name(text: &str) -> WalletName {
        text.parse().unwrap()
    }

    fn wallet(seed: u8) -> UnlockedWallet {
        let words = Words::from_entropy(&[seed; 16]).unwrap();
        UnlockedWallet::new(words, "", ChildIndex::default(), Timestamp(7))
    }

    fn directory(folder: &tempfile::TempDir) -> WalletDirectory {
        WalletDirectory { cost: PasswordCost::CHEAP, ..WalletDirectory::at(folder.path().join("wallets")) }
    }

    #[test]
    fn a_new_wallet_is_listed_and_opens_with_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        assert!(directory.list().unwrap().is_empty());
        directory.create(&name("bob"), &wallet(2), "", RANDOM).unwrap();
        directory.create(&name("alice"), &wallet(1), "stone", RANDOM).unwrap();
        let listed: Vec<_> = directory.list().unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(listed, [name("alice"), name("bob")]);
        let alice = directory.unlock(&name("alice"), "stone").unwrap();
        assert_eq!(alice.words(), wallet(1).words());
        assert_eq!(directory.open(&name("bob")).unwrap().main_address(), wallet(2).addresses()[0]);
    }

    #[test]
    fn a_wallet_is_never_overwritten_by_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        directory.create(&name("alice"), &wallet(1), "stone", RANDOM).unwrap();
        let second = directory.create(&name("alice"), &wallet(2), "stone", RANDOM);
        assert!(matches!(second, Err(DirectoryError::File(FileError::Exists(_)))));
        assert_eq!(directory.unlock(&name("alice"), "stone").unwrap().words(), wallet(1).words());
    }

    #[test]
    fn a_changed_password_opens_and_the_old_one_no_longer_does() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        directory.create(&name("alice"), &wallet(1), "", RANDOM).unwrap();
        directory.change_password(&name("alice"), "", "stone", RANDOM).unwrap();
        assert!(directory.unlock(&name("alice"), "").is_err());
        assert_eq!(directory.unlock(&name("alice"), "stone").unwrap().words(), wallet(1).words());
        directory.change_password(&name("alice"), "stone", "", RANDOM).unwrap();
        assert!(!directory.open(&name("alice")).unwrap().is_protected());
    }

    #[test]
    fn a_wrong_password_changes_no_byte_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        directory.create(&name("alice"), &wallet(1), "stone", RANDOM).unwrap();
        let before = fs::read(directory.path_of(&name("alice"))).unwrap();
        let refused = directory.change_password(&name("alice"), "Stone", "new", RANDOM).unwrap_err();
        assert!(refused.to_string().contains("wrong password"), "{refused}");
        assert!(directory.add_address(&name("alice"), "Stone", RANDOM).is_err());
        assert_eq!(fs::read(directory.path_of(&name("alice"))).unwrap(), before);
    }

    #[test]
    fn a_new_address_is_kept_and_seen_without_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        directory.create(&name("alice"), &wallet(1), "stone", RANDOM).unwrap();
        let second = directory.add_address(&name("alice"), "stone", RANDOM).unwrap();
        assert_eq!(directory.open(&name("alice")).unwrap().addresses()[1..], [second]);
        assert!(directory.unlock(&name("alice"), "stone").unwrap().key_of(&second).is_some());
    }

    #[test]
    fn a_damaged_wallet_and_strange_files_do_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        directory.create(&name("alice"), &wallet(1), "", RANDOM).unwrap();
        for strange in ["bob.json", "notes.txt", "Not A Name.json", ".writing-x7", "carol"] {
            fs::write(directory.folder().join(strange), "{").unwrap();
        }
        let listed = directory.list().unwrap();
        let readable: Vec<_> =
            listed.iter().map(|entry| (entry.name.as_str(), entry.keystore.is_ok())).collect();
        assert_eq!(readable, [("alice", true), ("bob", false)]);
        let damaged = listed[1].keystore.as_ref().unwrap_err().to_string();
        assert!(damaged.contains("`bob`") && damaged.contains("ends early"), "{damaged}");
    }

    #[test]
    fn a_wallet_that_is_not_there_is_named_with_those_that_are() {
        let folder = tempfile::tempdir().unwrap();
        let directory = directory(&folder);
        let refusal = || directory.open(&name("alicia")).unwrap_err().to_string();
        assert!(refusal().ends_with("make it with `cairn wallet new alicia`"), "{}", refusal());
        directory.create(&name("alice"), &wallet(1), "", RANDOM).unwrap();
        directory.create(&name("bob"), &wallet(2), "", RANDOM).unwrap();
        assert!(refusal().contains("there are alice, bob,"), "{}", refusal());
        assert!(directory.change_password(&name("alicia"), "", "x", RANDOM).is_err());
    }
}
