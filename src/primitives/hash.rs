//! Hashes: SHA-256d where Bitcoin's miners need it, BLAKE3 with a domain everywhere else.
//!
//! Each meaning has a type of its own, so that a transaction's id cannot stand where its leaf hash is due.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use blake3::hazmat::hash_derive_key_context;
use sha2::{Digest, Sha256};

use super::codec::{Decode, Encode};
use super::hash_many::Mode;

/// SHA-256 applied twice.
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// A context of BLAKE3's derive-key mode, or of keyed mode with the key derived from the context and nothing else.
#[derive(Debug)]
pub struct Domain {
    /// With the hash of the context.
    derive: Mode,
    /// With derive(context, empty).
    keyed: Mode,
}

macro_rules! domains {
    ($($(#[$doc:meta])* $name:ident = $context:literal;)*) => {
        $($(#[$doc])* pub static $name: LazyLock<Domain> = LazyLock::new(|| Domain::new($context));)*
    };
}

domains! {
    /// Identifies a transaction by everything but its signature.
    TRANSACTION_ID = "cairn v1 transaction id";
    /// What a sender signs.
    SIGNING_HASH = "cairn v1 signing hash";
    /// An address of a public key.
    ADDRESS = "cairn v1 address";
    /// The root over a block's transactions.
    TRANSACTION_ROOT = "cairn v1 transaction root";
    /// The queue of rewards that are not yet spendable.
    MATURING_REWARDS = "cairn v1 maturing rewards";
    /// The root of the state.
    STATE_ROOT = "cairn v1 state root";
    /// A network's parameters.
    PARAMETERS = "cairn v1 parameters";
    /// The key of the short ids of a compact block.
    SHORT_ID = "cairn v1 short id";
    /// A message signed by a wallet.
    MESSAGE = "cairn v1 message";
    /// A whole encoded transaction.
    TRANSACTION_LEAF = "cairn v1 transaction leaf";
    /// An inner node of the transaction tree.
    TRANSACTION_NODE = "cairn v1 transaction node";
    /// An account's place in the state tree.
    ACCOUNT_PATH = "cairn v1 account path";
    /// A leaf of the state tree.
    ACCOUNT_LEAF = "cairn v1 account leaf";
    /// An inner node of the state tree.
    STATE_NODE = "cairn v1 state node";
}

impl Domain {
    fn new(context: &'static str) -> Self {
        Self {
            derive: Mode::Derive(hash_derive_key_context(context)),
            keyed: Mode::Keyed(blake3::derive_key(context, &[])),
        }
    }

    /// derive(context, data).
    pub fn derive(&self, data: &[u8]) -> [u8; 32] {
        self.derive.hash(data)
    }

    /// derive(context, data) for many; best of a hundred or so, each no longer than 1,024 bytes.
    pub fn derive_each(&self, data: &[&[u8]]) -> Vec<[u8; 32]> {
        self.derive.hash_each(data)
    }

    /// keyed(context, data).
    pub fn keyed(&self, data: &[u8]) -> [u8; 32] {
        self.keyed.hash(data)
    }

    /// keyed(context, data) for many; best of a hundred or so, each no longer than 1,024 bytes.
    pub fn keyed_each(&self, data: &[&[u8]]) -> Vec<[u8; 32]> {
        self.keyed.hash_each(data)
    }
}

/// Text that is not a hash of 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct ParseHashError;

macro_rules! hash_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// 32 zero bytes.
            pub const ZERO: Self = Self([0; 32]);
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

macro_rules! shown_in_order {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;
            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                parse_hex(text).map(Self)
            }
        }
    )*};
}

hash_types! {
    /// SHA-256d of a header, in internal byte order; shown reversed, so that work shows as leading zeros.
    BlockHash;
    /// SHA-256d of an encoded coinbase.
    Commitment;
    /// Hash of a transaction without its signature. Two valid signatures share one: never key a verdict by it.
    TransactionId;
    /// Hash of a whole encoded transaction, its witness id: what remembers a verdict is keyed by this.
    LeafHash;
    /// The 32 bytes a sender signs.
    SigningHash;
    /// Root over the leaf hashes of a block's transactions.
    TransactionRoot;
    /// Root over all accounts and maturing rewards.
    StateRoot;
}

shown_in_order! { Commitment TransactionId LeafHash SigningHash TransactionRoot StateRoot }

impl BlockHash {
    /// First 8 bytes in internal order as 16 hexadecimal digits: names topics and protocols of a network.
    pub fn network_tag(&self) -> String {
        hex::encode(&self.0[..8])
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for BlockHash {
    type Err = ParseHashError;
    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let mut bytes = parse_hex(text)?;
        bytes.reverse();
        Ok(Self(bytes))
    }
}

fn parse_hex(text: &str) -> Result<[u8; 32], ParseHashError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseHashError)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_hash_is_shown_reversed_and_reads_back() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        let hash = BlockHash(bytes);
        assert!(hash.to_string().ends_with("ab"));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.network_tag(), "ab00000000000000");
    }

    #[test]
    fn derive_mode_is_that_of_blake3() {
        assert_eq!(ADDRESS.derive(b"x"), blake3::derive_key("cairn v1 address", b"x"));
    }

    #[test]
    fn keyed_mode_uses_the_key_derived_from_the_context_alone() {
        let key = blake3::derive_key("cairn v1 state node", &[]);
        assert_eq!(STATE_NODE.keyed(b"x"), *blake3::keyed_hash(&key, b"x").as_bytes());
    }

    #[test]
    fn every_other_hash_is_shown_in_the_order_of_its_bytes() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        let shown = format!("ab{}", "0".repeat(62));
        let root = StateRoot(bytes);
        assert_eq!((root.to_string(), format!("{root:?}")), (shown.clone(), format!("StateRoot({shown})")));
        assert_eq!(shown.to_uppercase().parse(), Ok(root));
        assert_eq!(serde_json::to_value(root).unwrap(), serde_json::json!(shown));
    }

    #[test]
    fn what_is_not_64_hexadecimal_digits_is_no_hash() {
        for text in [String::new(), "ab".repeat(31), "ab".repeat(33), "xy".repeat(32)] {
            assert_eq!(text.parse::<BlockHash>(), Err(ParseHashError), "{text}");
            assert_eq!(text.parse::<TransactionId>(), Err(ParseHashError), "{text}");
        }
    }
}
