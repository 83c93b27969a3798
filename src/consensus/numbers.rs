//! The numbers that the nodes of a network must agree on: those that its kind has by default.

use super::dev_accounts::{DEV_ADDRESSES, DEV_PREFUND};
use crate::primitives::{Address, AddressKind, Amount, CompactTarget};

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
    /// Those of a network of this kind, unless some are replaced.
    pub(super) fn of(kind: NetworkKind) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dev_and_dev_with_a_hyphen_are_development_networks() {
        for (name, kind) in [
            ("dev", NetworkKind::Development),
            ("dev-alice", NetworkKind::Development),
            ("developers", NetworkKind::Standard),
            ("lan", NetworkKind::Standard),
        ] {
            assert_eq!(NetworkKind::of(name), Some(kind), "{name}");
        }
    }
}
