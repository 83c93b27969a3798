//! A network: its name, the numbers its nodes must agree on, and the genesis that follows from both.

use super::genesis;
use super::numbers::Numbers;
pub use super::numbers::{
    DEV_BITS, DEV_MATURITY_BLOCKS, FIRST_BITS, FUTURE_LIMIT_SECONDS, INTERVAL_SECONDS, LIMIT_BITS,
    MATURITY_BLOCKS, NAME_BYTES_MAX, NetworkKind,
};
pub use super::params_override::{ParamsError, ParamsOverride, PrefundOverride};
use crate::primitives::{Address, AddressKind, Amount, Block, BlockHash, CompactTarget, Target};

/// The network a node joins unless told otherwise.
pub const DEFAULT_NETWORK: &str = "lan";

/// What all nodes of a network agree on before the first block. Made only by the constructors, which check it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// The network's name.
    pub name: String,
    /// Which kind of network; the name alone decides.
    pub kind: NetworkKind,
    /// Seconds between blocks, on average; development networks make them on demand.
    pub interval_seconds: u32,
    /// Whether the target follows the hash rate; if not, every block has the first bits.
    pub retarget: bool,
    /// The target of the first blocks.
    pub first_bits: CompactTarget,
    /// The easiest target.
    pub limit_bits: CompactTarget,
    /// Accounts that genesis fills, by ascending address.
    pub prefund: Vec<(Address, Amount)>,
    /// Blocks until a reward can be spent.
    pub maturity: u32,
    /// Seconds by which a header's time may be ahead of a node's clock.
    pub future_limit_seconds: u32,
    pub(super) limit_target: Target,
    pub(super) genesis: Block,
    pub(super) genesis_hash: BlockHash,
}

impl Params {
    /// The network of this name, with the numbers its kind has by default.
    pub fn named(name: &str) -> Result<Self, ParamsError> {
        Self::with_overrides(name, &ParamsOverride::default())
    }

    /// The network of this name, with some numbers replaced by those of a file.
    pub fn with_overrides(name: &str, overrides: &ParamsOverride) -> Result<Self, ParamsError> {
        let kind = NetworkKind::of(name).ok_or_else(|| ParamsError::Name(name.to_owned()))?;
        let numbers = overrides.applied_to(Numbers::of(kind), kind)?;
        Self::of_numbers(name, kind, numbers)
    }

    /// The network of this name and these numbers, unless they break a rule.
    pub(super) fn of_numbers(name: &str, kind: NetworkKind, numbers: Numbers) -> Result<Self, ParamsError> {
        let limit_target = numbers.check()?;
        let genesis = genesis::block(name, &numbers);
        Ok(Self {
            name: name.to_owned(),
            kind,
            interval_seconds: numbers.interval_seconds,
            retarget: numbers.retarget,
            first_bits: numbers.first_bits,
            limit_bits: numbers.limit_bits,
            prefund: numbers.prefund,
            maturity: numbers.maturity,
            future_limit_seconds: numbers.future_limit_seconds,
            limit_target,
            genesis_hash: genesis.hash(),
            genesis,
        })
    }

    /// The first block: exempt from work, executes nothing, earns nothing.
    pub const fn genesis(&self) -> &Block {
        &self.genesis
    }

    /// The hash that names the network in protocols, topics, folders and signing hashes.
    pub const fn genesis_hash(&self) -> BlockHash {
        self.genesis_hash
    }

    /// derive(`cairn v1 parameters`, encoded parameters): where genesis has its parent's hash.
    pub const fn parameters_hash(&self) -> BlockHash {
        self.genesis.header.previous
    }

    /// The kind of addresses people write here.
    pub const fn address_kind(&self) -> AddressKind {
        self.kind.address_kind()
    }

    /// The easiest target.
    pub const fn limit_target(&self) -> Target {
        self.limit_target
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Height, codec, hash, merkle};

    #[test]
    fn names_are_short_plain_words() {
        for name in ["lan", "dev", "dev-", "dev-7", "0", "a-b-c", &"n".repeat(32)] {
            assert!(Params::named(name).is_ok(), "{name}");
        }
        for name in ["", "-lan", "Lan", "la n", "lan_1", "größe", &"n".repeat(33)] {
            assert_eq!(Params::named(name), Err(ParamsError::Name(name.into())));
        }
    }

    /// Computed by a program of its own, in another language, from the protocol's text.
    #[test]
    fn the_genesis_of_the_known_networks_never_changes() {
        let shown = |name| Params::named(name).unwrap().genesis_hash().to_string();
        assert_eq!(shown("lan"), "66577c7f2681909d297eaaa115140ce3529d5ca0b08f3c175cf3c31215213421");
        assert_eq!(shown("dev"), "f3be31a174f69dcd101a665f01dc1644cec8c19fbd8fd11d50e50426581950f2");
    }

    #[test]
    fn genesis_has_the_documented_form() {
        let params = Params::named("lan").unwrap();
        let Block { header, coinbase, transactions } = params.genesis();
        assert_eq!(
            (header.version, header.time.0, header.bits.0, header.nonce),
            (1, 1_767_225_600, 0x1e01_0000, 0)
        );
        assert_eq!((coinbase.version, coinbase.height, &*coinbase.tag.0), (1, Height(0), &b"lan"[..]));
        assert_eq!((coinbase.miner, coinbase.extra_nonce), (Address([0; 32]), [0; 16]));
        assert_eq!(coinbase.transaction_root, merkle::transaction_root(&[]));
        assert_eq!(header.commitment, coinbase.commitment());
        assert!(transactions.is_empty());
    }

    #[test]
    fn the_parameters_are_hashed_byte_for_byte_as_documented() {
        let params = Params::named("dev").unwrap();
        let mut bytes = Vec::new();
        bytes.extend(10_u32.to_le_bytes());
        bytes.push(0);
        bytes.extend(0x207f_ffff_u32.to_le_bytes());
        bytes.extend(0x207f_ffff_u32.to_le_bytes());
        bytes.extend(10_u64.to_le_bytes());
        for (address, amount) in &params.prefund {
            bytes.extend(address.0);
            bytes.extend(amount.0.to_le_bytes());
        }
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(120_u32.to_le_bytes());
        assert_eq!(params.parameters_hash().0, hash::PARAMETERS.derive(&bytes));
    }

    #[test]
    fn every_name_has_a_genesis_of_its_own() {
        let hash = |name| Params::named(name).unwrap().genesis_hash();
        assert_ne!(hash("lan"), hash("lan2"));
        assert_ne!(hash("dev"), hash("dev-2"));
        let encoded = codec::encode(Params::named("lan").unwrap().genesis());
        assert_eq!(
            codec::decode(&encoded, encoded.len()).as_ref(),
            Ok(Params::named("lan").unwrap().genesis())
        );
    }
}
