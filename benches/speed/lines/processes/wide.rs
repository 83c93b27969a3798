//! Chains that are too long or too wide to be held in memory: made block by block.

use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};
use cairn::consensus::testing::{TEST_FEE, TestChain, payment};
use cairn::primitives::{
    Action, Address, Amount, Height, List, Output, SecretKey, Text, Transaction, Transfer, codec,
};

use crate::chain::{TRANSFERS, address, key, params, specification};

/// Accounts that one transfer of a wide block pays.
const OUTPUTS: usize = 100;
/// Transfers of a block that makes accounts: about 4 MB.
const WIDE_TRANSFERS: usize = 1_000;
/// Paid to each account; those that pay have enough for it.
const PAYMENT: Amount = Amount(1_000);

/// A chain that grows.
pub(super) struct Wide {
    pub(super) params: Arc<Params>,
    pub(super) specification: ParamsOverride,
    chain: TestChain,
    keys: Vec<SecretKey>,
    /// The next nonce of each key.
    nonces: Vec<u64>,
    turn: usize,
    accounts: usize,
}

impl Wide {
    /// Genesis, with so many accounts that can pay.
    pub(super) fn new(signers: usize) -> Self {
        let keys: Vec<_> = (0..signers).map(key).collect();
        let addresses: Vec<_> = keys.iter().map(|key| Address::of(&key.public_key())).collect();
        let specification = specification(&addresses);
        let params = Arc::new(params(&specification));
        let chain = TestChain::new(Params::clone(&params));
        Self { params, specification, chain, nonces: vec![0; signers], keys, turn: 0, accounts: 0 }
    }

    /// A block without transactions.
    pub(super) fn empty(&mut self) -> Vec<u8> {
        self.grow(Vec::new())
    }

    /// A block that makes 100,000 accounts.
    pub(super) fn accounts(&mut self) -> Vec<u8> {
        let genesis = self.params.genesis_hash();
        let transfers = (0..WIDE_TRANSFERS).map(|_| {
            let first = self.accounts;
            self.accounts += OUTPUTS;
            let outputs = (first..first + OUTPUTS).map(|each| Output { to: address(each), amount: PAYMENT });
            let action =
                Action::Transfer(Transfer { outputs: List(outputs.collect()), memo: Text::default() });
            let (key, nonce) = self.next_signer();
            Transaction::signed(key, &genesis, nonce, TEST_FEE, Height::GENESIS, action)
        });
        let transfers = transfers.collect();
        self.grow(transfers)
    }

    /// A block of 2,000 transfers to accounts that exist.
    pub(super) fn transfers(&mut self) -> Vec<u8> {
        let params = Arc::clone(&self.params);
        let transfers = (0..TRANSFERS).map(|_| {
            let to = address(self.turn * 7_919 % self.accounts.max(1));
            let (key, nonce) = self.next_signer();
            payment(key, &params, nonce, to, PAYMENT)
        });
        let transfers = transfers.collect();
        self.grow(transfers)
    }

    fn next_signer(&mut self) -> (&SecretKey, u64) {
        let index = self.turn % self.keys.len();
        self.turn += 1;
        let nonce = self.nonces[index];
        self.nonces[index] += 1;
        (&self.keys[index], nonce)
    }

    fn grow(&mut self, transactions: Vec<Transaction>) -> Vec<u8> {
        let block = self.chain.grow(Address::default(), transactions).expect("the chain is valid");
        // What it would take to shrink again is not needed.
        self.chain.blocks.clear();
        codec::encode(block.block().as_ref())
    }
}
