//! A network: its name, the numbers its nodes must agree on, and the genesis that follows from both.

use super::dev_accounts::{DEV_ADDRESSES, DEV_PREFUND};
use super::genesis;
pub use super::params_override::{ParamsError, ParamsOverride, PrefundOverride};
use crate::primitives::{Address, AddressKind, Amount, Block, BlockHash, CompactTarget, Target};

/// The network a node joins unless told otherwise.
pub const DEFAULT_NETWORK: &str = "lan";

/// Seconds between blocks, on average.
pub const INTERVAL_SECONDS: u32 = 10;

/// The first target of a network that retargets: 1 hash in 2^24, half a second of one core.
pub const FIRST_BITS: CompactTarget = CompactTarget(0x1e01_0000);

/// The easiest target of a network that retargets: 1 hash in 2^20.
pub const LIMIT_BITS: CompactTarget = CompactTarget(0x1e10_0000);

/// The target of every block on a development network: every second hash meets it.
pub const DEV_BITS: CompactTarget = CompactTarget(0x207f_ffff);

/// Blocks until a reward can be spent.
pub const MATURITY_BLOCKS: u32 = 10;

/// Blocks until a reward can be spent on a development network.
pub const DEV_MATURITY_BLOCKS: u32 = 1;

/// Seconds by which a header's time may be ahead of a node's clock.
pub const FUTURE_LIMIT_SECONDS: u32 = 120;

/// The longest name of a network, in bytes.
pub const NAME_BYTES_MAX: usize = 32;

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

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkKind {
    /// Any network where work protects the chain.
    Standard,
    /// `dev` and `dev-…`: blocks on demand, money from the start, test keys everybody knows.
    Development,
}

/// The numbers that are hashed into genesis, before anything is computed from them.
#[derive(Debug, Clone)]
pub(super) struct Numbers {
    pub(super) interval_seconds: u32,
    pub(super) retarget: bool,
    pub(super) first_bits: CompactTarget,
    pub(super) limit_bits: CompactTarget,
    pub(super) prefund: Vec<(Address, Amount)>,
    pub(super) maturity: u32,
    pub(super) future_limit_seconds: u32,
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

impl NetworkKind {
    /// The kind of network a name stands for; none if it is no name: `[a-z0-9][a-z0-9-]{0,31}`.
    pub fn of(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first_is_plain = name.bytes().next().is_some_and(is_plain);
        let rest_is_plain = name.bytes().all(|byte| is_plain(byte) || byte == b'-');
        if !first_is_plain || !rest_is_plain || name.len() > NAME_BYTES_MAX {
            return None;
        }
        let is_development = name == "dev" || name.starts_with("dev-");
        Some(if is_development { Self::Development } else { Self::Standard })
    }

    /// The kind of addresses people write on such a network.
    pub const fn address_kind(self) -> AddressKind {
        match self {
            Self::Standard => AddressKind::Standard,
            Self::Development => AddressKind::Development,
        }
    }
}

impl Numbers {
    fn of(kind: NetworkKind) -> Self {
        match kind {
            NetworkKind::Standard => Self {
                interval_seconds: INTERVAL_SECONDS,
                retarget: true,
                first_bits: FIRST_BITS,
                limit_bits: LIMIT_BITS,
                prefund: Vec::new(),
                maturity: MATURITY_BLOCKS,
                future_limit_seconds: FUTURE_LIMIT_SECONDS,
            },
            NetworkKind::Development => Self {
                interval_seconds: INTERVAL_SECONDS,
                retarget: false,
                first_bits: DEV_BITS,
                limit_bits: DEV_BITS,
                prefund: DEV_ADDRESSES.map(|address| (address, DEV_PREFUND)).to_vec(),
                maturity: DEV_MATURITY_BLOCKS,
                future_limit_seconds: FUTURE_LIMIT_SECONDS,
            },
        }
    }
}
