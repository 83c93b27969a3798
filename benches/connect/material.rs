//! The chain that is measured: the same one every time.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride, PrefundOverride};
use cairn::consensus::testing::{TestChain, payment};
use cairn::primitives::{Address, Amount, SecretKey, Transaction, codec};

/// Accounts with money at genesis.
pub(crate) const ACCOUNTS: usize = 100_000;
/// Transfers of each block, each from another account.
pub(crate) const TRANSFERS: usize = 2_000;
/// Blocks: one more than lie between two state roots, so that a root is paid for.
pub(crate) const BLOCKS: usize = 65;

/// What each account has at genesis, in pebbles: enough for all its transfers.
const PREFUND: Amount = Amount(1_000_000_000);
/// What is paid, in pebbles.
const PAYMENT: Amount = Amount(1_000);
/// Receivers are this many accounts further: a prime, so that they spread.
const RECEIVER_STEP: usize = 7_919;

pub(crate) struct Material {
    pub(crate) params: Arc<Params>,
    /// Encoded, lowest first.
    pub(crate) blocks: Vec<Vec<u8>>,
    /// The transfers of each block.
    pub(crate) transfers: Vec<Vec<Arc<Transaction>>>,
}

impl Material {
    /// A valid chain of this many blocks.
    pub(crate) fn make(blocks: usize) -> Self {
        let keys: Vec<_> = (0..ACCOUNTS).map(key).collect();
        let addresses: Vec<_> = keys.iter().map(|key| Address::of(&key.public_key())).collect();
        let params = params(&addresses);
        let mut chain = TestChain::new(params.clone());
        let mut material = Self { params: Arc::new(params), blocks: Vec::new(), transfers: Vec::new() };
        for number in 0..blocks {
            let transfer = |index: usize| {
                let (sender, turn) = (index % ACCOUNTS, index / ACCOUNTS);
                let receiver = addresses[(index * RECEIVER_STEP + 1) % ACCOUNTS];
                payment(&keys[sender], &chain.params, turn as u64, receiver, PAYMENT)
            };
            let first = number * TRANSFERS;
            let transfers: Vec<_> = (first..first + TRANSFERS).map(transfer).collect();
            let block = chain.grow(Address::default(), transfers.clone()).expect("the chain is valid");
            material.blocks.push(codec::encode(block.block().as_ref()));
            material.transfers.push(transfers.into_iter().map(Arc::new).collect());
        }
        material
    }
}

fn key(index: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(index as u64).to_le_bytes());
    SecretKey::from_seed(&seed)
}

fn params(addresses: &[Address]) -> Params {
    let kind = Params::named("dev").expect("the name is good").address_kind();
    let prefund = |address: &Address| PrefundOverride { address: address.to_text(kind), amount: PREFUND };
    let overrides =
        ParamsOverride { prefund: Some(addresses.iter().map(prefund).collect()), ..Default::default() };
    Params::with_overrides("dev-bench", &overrides).expect("the numbers are good")
}
