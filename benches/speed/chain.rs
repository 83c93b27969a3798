//! The chains that are measured: the same ones every time.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride, PrefundOverride};
use cairn::consensus::testing::{TestChain, payment};
use cairn::primitives::{Address, AddressKind, Amount, SecretKey, Transaction, codec};

/// The network of all chains.
pub(crate) const NETWORK: &str = "dev-bench";

/// Transfers of each block.
pub(crate) const TRANSFERS: usize = 2_000;

/// What each account has at genesis, in pebbles: enough for all its transfers, and little enough for 10^7 of them.
const PREFUND: Amount = Amount(100_000_000);
/// What is paid, in pebbles.
const PAYMENT: Amount = Amount(1_000);
/// Receivers are this many accounts further: a prime, so that they spread.
const RECEIVER_STEP: usize = 7_919;

/// What a chain is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Accounts with money at genesis.
    pub(crate) accounts: usize,
    /// Those that pay, in turn; all accounts are paid.
    pub(crate) signers: usize,
    /// How many blocks there are.
    pub(crate) blocks: usize,
}

/// A valid chain.
pub(crate) struct Chain {
    pub(crate) params: Arc<Params>,
    /// How the network differs from others of its kind.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only processes must be told"))]
    pub(crate) specification: ParamsOverride,
    /// Encoded, lowest first.
    pub(crate) blocks: Vec<Vec<u8>>,
    /// The transfers of each block.
    pub(crate) transfers: Vec<Vec<Arc<Transaction>>>,
}

impl Chain {
    /// Makes a chain.
    pub(crate) fn make(shape: Shape) -> Self {
        let keys: Vec<_> = (0..shape.signers).map(key).collect();
        let signing = keys.iter().map(|key| Address::of(&key.public_key()));
        let addresses: Vec<_> = signing.chain((shape.signers..shape.accounts).map(address)).collect();
        let specification = specification(&addresses);
        let mut chain = TestChain::new(params(&specification));
        let params = Arc::new(chain.params.clone());
        let mut made = Self { params, specification, blocks: Vec::new(), transfers: Vec::new() };
        for number in 0..shape.blocks {
            let transfer = |index: usize| {
                let (sender, turn) = (index % keys.len(), index / keys.len());
                let receiver = addresses[(index * RECEIVER_STEP + 1) % addresses.len()];
                payment(&keys[sender], &chain.params, turn as u64, receiver, PAYMENT)
            };
            let first = number * TRANSFERS;
            let transfers: Vec<_> = (first..first + TRANSFERS).map(transfer).collect();
            let block = chain.grow(Address::default(), transfers.clone()).expect("the chain is valid");
            made.blocks.push(codec::encode(block.block().as_ref()));
            made.transfers.push(transfers.into_iter().map(Arc::new).collect());
        }
        made
    }

    /// All its transfers.
    pub(crate) fn transfers(&self) -> usize {
        self.blocks.len() * TRANSFERS
    }
}

/// The key of an account that has money at genesis.
pub(crate) fn key(index: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

/// An address that nobody can pay from.
pub(crate) fn address(index: usize) -> Address {
    Address(*blake3::hash(&index.to_le_bytes()).as_bytes())
}

/// A network on which some accounts have money at genesis.
pub(crate) fn specification(addresses: &[Address]) -> ParamsOverride {
    let prefund = |address: &Address| PrefundOverride {
        address: address.to_text(AddressKind::Development),
        amount: PREFUND,
    };
    ParamsOverride { prefund: Some(addresses.iter().map(prefund).collect()), ..ParamsOverride::default() }
}

pub(crate) fn params(specification: &ParamsOverride) -> Params {
    Params::with_overrides(NETWORK, specification).expect("the numbers are good")
}
