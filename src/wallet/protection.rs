//! How a keystore's secrets are kept: argon2id and XChaCha20-Poly1305 under a password, or openly with a checksum.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::hex_text::Hex;
use super::keystore_error::KeystoreError;

/// Memory a file may ask for in KiB: four times what is written here, so that a hostile file cannot ask for a TiB.
const MEMORY_KIB_MAX: u32 = 256 * 1_024;

/// Passes a file may ask for: about three times what is written here, so that opening never takes minutes.
const PASSES_MAX: u32 = 10;

/// Lanes a file may ask for; more than one only changes the hash, since one thread computes them all.
const LANES_MAX: u32 = 4;

/// Bytes that sealing adds: the tag of Poly1305, or as much of a checksum.
const TAG_BYTES: usize = 16;

/// Bytes of a salt and a nonce.
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 24;

/// Random bytes that sealing a keystore takes: fresh ones each time, since a nonce used twice betrays what it hides.
pub const SEAL_RANDOM_BYTES: usize = SALT_BYTES + NONCE_BYTES;

/// What the checksum of an unprotected keystore is derived with.
const CHECKSUM_CONTEXT: &str = "cairn v1 wallet checksum";

/// What a guess of the password costs whoever tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// How the secrets are kept, as the file says it openly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Protection {
    /// Anyone who reads the file has the keys. A checksum tells damage.
    None,
    /// Sealed under a key made from a password.
    Password(PasswordProtection),
}

/// The field names tell the algorithms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordProtection {
    argon2id: PasswordCost,
    salt: Hex<[u8; SALT_BYTES]>,
    xchacha20poly1305_nonce: Hex<[u8; NONCE_BYTES]>,
}

impl PasswordCost {
    /// 64 MiB and 3 passes: about a tenth of a second here, and dear on hardware made for guessing.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1_024, passes: 3, lanes: 1 };

    /// The least that argon2 takes, for tests.
    #[cfg(test)]
    pub(super) const CHEAP: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    fn check(self) -> Result<(), KeystoreError> {
        let bounds = [
            ("KiB of memory", self.memory_kib, 8 * self.lanes.clamp(1, LANES_MAX), MEMORY_KIB_MAX),
            ("passes", self.passes, 1, PASSES_MAX),
            ("lanes", self.lanes, 1, LANES_MAX),
        ];
        match bounds.into_iter().find(|(_, asked, min, max)| !(*min..=*max).contains(asked)) {
            None => Ok(()),
            Some((what, asked, min, max)) => Err(KeystoreError::CostOutOfBounds { what, asked, min, max }),
        }
    }
}

impl Protection {
    /// The protection a password gives; the empty one gives none.
    pub(super) fn under(password: &str, cost: PasswordCost, random: [u8; SEAL_RANDOM_BYTES]) -> Self {
        if password.is_empty() {
            return Self::None;
        }
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
        salt.copy_from_slice(&random[..SALT_BYTES]);
        nonce.copy_from_slice(&random[SALT_BYTES..]);
        Self::Password(PasswordProtection {
            argon2id: cost,
            salt: Hex(salt),
            xchacha20poly1305_nonce: Hex(nonce),
        })
    }

    /// Refuses a file that asks for more than opening a wallet may cost.
    pub(super) fn check(&self) -> Result<(), KeystoreError> {
        match self {
            Self::None => Ok(()),
            Self::Password(protection) => protection.argon2id.check(),
        }
    }

    /// Seals the secrets, and the header with them.
    pub(super) fn seal(
        &self,
        password: &str,
        header: &[u8],
        plain: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        let mut sealed = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_BYTES));
        sealed.extend_from_slice(plain);
        match self {
            Self::None => sealed.extend_from_slice(&checksum(header, plain)),
            Self::Password(protection) => protection
                .cipher(password)?
                .encrypt_in_place(&protection.nonce(), header, &mut *sealed)
                .map_err(|_| KeystoreError::KeyDerivation("the secrets are too long to seal".into()))?,
        }
        Ok(sealed)
    }

    /// Opens what was sealed under the same password and header.
    pub(super) fn open(
        &self,
        password: &str,
        header: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        match self {
            Self::None if !password.is_empty() => Err(KeystoreError::NotProtected),
            Self::None => {
                let (plain, tag) = sealed.split_last_chunk().ok_or(KeystoreError::Damaged)?;
                if *tag == checksum(header, plain) {
                    Ok(plain.to_vec().into())
                } else {
                    Err(KeystoreError::Damaged)
                }
            }
            Self::Password(protection) => {
                let mut plain = Zeroizing::new(sealed.to_vec());
                protection
                    .cipher(password)?
                    .decrypt_in_place(&protection.nonce(), header, &mut *plain)
                    .map_err(|_| KeystoreError::WrongPassword)?;
                Ok(plain)
            }
        }
    }
}

impl PasswordProtection {
    fn cipher(&self, password: &str) -> Result<XChaCha20Poly1305, KeystoreError> {
        let PasswordCost { memory_kib, passes, lanes } = self.argon2id;
        let failed = |error: argon2::Error| KeystoreError::KeyDerivation(error.to_string());
        let mut key = Zeroizing::new([0; 32]);
        let params = Params::new(memory_kib, passes, lanes, Some(key.len())).map_err(failed)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.as_bytes(), &self.salt.0, key.as_mut())
            .map_err(failed)?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }

    fn nonce(&self) -> XNonce {
        self.xchacha20poly1305_nonce.0.into()
    }
}

fn checksum(header: &[u8], plain: &[u8]) -> [u8; TAG_BYTES] {
    let mut checksum = [0; TAG_BYTES];
    let mut hasher = blake3::Hasher::new_derive_key(CHECKSUM_CONTEXT);
    hasher.update(header).update(plain).finalize_xof().fill(&mut checksum);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(memory_kib: u32, passes: u32, lanes: u32) -> PasswordCost {
        PasswordCost { memory_kib, passes, lanes }
    }

    #[test]
    fn what_is_sealed_opens_with_its_password_and_header_only() {
        for password in ["", "stone"] {
            let protection = Protection::under(password, PasswordCost::CHEAP, [5; SEAL_RANDOM_BYTES]);
            let sealed = protection.seal(password, b"header", b"secret").unwrap();
            assert_eq!(sealed.len(), b"secret".len() + TAG_BYTES);
            assert_eq!(protection.open(password, b"header", &sealed).unwrap().as_slice(), b"secret");
            assert!(protection.open(password, b"headex", &sealed).is_err());
            assert!(protection.open("Stone", b"header", &sealed).is_err());
            assert!(protection.open(password, b"header", &sealed[1..]).is_err());
            assert!(protection.open(password, b"header", &[]).is_err());
        }
    }

    #[test]
    fn other_random_bytes_seal_the_same_secret_otherwise() {
        let seal = |random| {
            let protection = Protection::under("stone", PasswordCost::CHEAP, random);
            protection.seal("stone", b"", b"secret").unwrap()
        };
        let mut other_nonce = [5; SEAL_RANDOM_BYTES];
        other_nonce[SEAL_RANDOM_BYTES - 1] = 6;
        assert_eq!(seal([5; SEAL_RANDOM_BYTES]), seal([5; SEAL_RANDOM_BYTES]));
        assert_ne!(seal([5; SEAL_RANDOM_BYTES]), seal(other_nonce));
    }

    #[test]
    fn a_cost_out_of_bounds_is_refused_and_ours_are_not() {
        for fine in [PasswordCost::STANDARD, PasswordCost::CHEAP, cost(MEMORY_KIB_MAX, PASSES_MAX, LANES_MAX)]
        {
            assert_eq!(fine.check(), Ok(()));
        }
        for hostile in
            [cost(u32::MAX, 3, 1), cost(65_536, 1_000, 1), cost(8, 1, 5), cost(0, 1, 1), cost(31, 1, 4)]
        {
            assert!(matches!(hostile.check(), Err(KeystoreError::CostOutOfBounds { .. })), "{hostile:?}");
        }
        for zero in [cost(8, 0, 1), cost(8, 1, 0), cost(8, u32::MAX, u32::MAX)] {
            assert!(zero.check().is_err());
        }
    }
}
