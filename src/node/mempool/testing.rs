//! A small world for tests: accounts by name, transactions without signatures, a chain that does not look at them.

use std::sync::Arc;

use super::{Admitted, Dropped, Limits, Mempool, PoolContext};
use crate::consensus::accounts::AccountTable;
use crate::consensus::params::{Params, ParamsOverride, PrefundOverride};
use crate::consensus::testing::TestChain;
use crate::node::now::Now;
use crate::node::query::Rejection;
use crate::node::template_builder::{TemplateContext, build_template};
use crate::primitives::transaction::TransactionHashes;
use crate::primitives::{
    Action, Address, Amount, BlockHash, Height, List, Output, PublicKey, Signature, Text, Transaction,
    TransactionId, Transfer,
};

/// What each named account begins with, in pebbles.
pub(in crate::node) const PREFUND: Amount = Amount(1_000_000);

/// Number of accounts that have money.
pub(in crate::node) const ACCOUNTS: u8 = 6;

/// The accounts that have money are numbered from 0.
pub(in crate::node) const ALICE: u8 = 0;
pub(in crate::node) const BOB: u8 = 1;
pub(in crate::node) const CAROL: u8 = 2;

/// A chain, the pool that follows it, and the time.
#[derive(Debug, Clone)]
pub(in crate::node) struct World {
    pub(in crate::node) chain: TestChain,
    pub(in crate::node) pool: Mempool,
    pub(in crate::node) now: Now,
}

/// The public key of a numbered account.
pub(in crate::node) fn key(account: u8) -> PublicKey {
    PublicKey([account + 1; 32])
}

/// The address of a numbered account.
pub(in crate::node) fn address(account: u8) -> Address {
    Address::of(&key(account))
}

/// A payment of 10 pebbles to Carol that never expires, of 178 bytes.
pub(in crate::node) fn payment(from: u8, nonce: u64, fee: u64) -> Transaction {
    payment_to(address(CAROL), 10, from, nonce, fee)
}

/// A payment that never expires.
pub(in crate::node) fn payment_to(to: Address, amount: u64, from: u8, nonce: u64, fee: u64) -> Transaction {
    let outputs = List(vec![Output { to, amount: Amount(amount) }]);
    Transaction {
        version: 1,
        sender: key(from),
        nonce,
        fee: Amount(fee),
        expires_at: Height::GENESIS,
        action: Action::Transfer(Transfer { outputs, memo: Text::default() }),
        signature: Signature([0; 64]),
    }
}

impl World {
    pub(in crate::node) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(in crate::node::mempool) fn with_limits(limits: Limits) -> Self {
        let mut overrides = ParamsOverride::default();
        let kind = Params::named("dev").expect("dev is a name").address_kind();
        let prefund = (0..ACCOUNTS)
            .map(|account| PrefundOverride { address: address(account).to_text(kind), amount: PREFUND });
        overrides.prefund = Some(prefund.collect());
        let params = Params::with_overrides("dev", &overrides).expect("the numbers are in range");
        Self { chain: TestChain::new(params), pool: Mempool::with_limits(limits), now: Now::default() }
    }

    pub(in crate::node) fn genesis(&self) -> BlockHash {
        self.chain.params.genesis_hash()
    }

    pub(in crate::node) fn context(&self) -> PoolContext<'_, AccountTable> {
        let next_height = self.chain.tip().height.next();
        PoolContext { accounts: self.chain.state.accounts(), next_height, now: self.now }
    }

    pub(in crate::node) fn id(&self, transaction: &Transaction) -> TransactionId {
        self.hashes(transaction).id
    }

    pub(in crate::node) fn hashes(&self, transaction: &Transaction) -> TransactionHashes {
        TransactionHashes::of(transaction, &self.genesis())
    }

    /// Checks and lets in; both must agree.
    pub(in crate::node) fn submit(&mut self, transaction: Transaction) -> Result<Admitted, Rejection> {
        let hashes = TransactionHashes::of(&transaction, &self.genesis());
        let checked = self.pool.check(&transaction, &hashes, &self.context());
        let next_height = self.chain.tip().height.next();
        let context = PoolContext { accounts: self.chain.state.accounts(), next_height, now: self.now };
        let inserted = self.pool.insert(Arc::new(transaction), hashes, &context);
        assert_eq!(checked.err().as_ref(), inserted.as_ref().err(), "check and insert agree");
        inserted
    }

    /// The reason for which a transaction is refused.
    pub(in crate::node) fn refusal(&mut self, transaction: Transaction) -> &'static str {
        self.submit(transaction).expect_err("the transaction is refused").reason
    }

    /// Whether the pool knows that this transaction's signature is good.
    pub(in crate::node) fn has_good_signature(&self, hashes: &TransactionHashes) -> bool {
        self.pool.have_good_signatures(&[*hashes]).all(|is_good| is_good)
    }

    /// The transactions of the next template.
    pub(in crate::node) fn template(&self) -> Vec<Transaction> {
        let template = build_template(&self.pool, self.chain.state.accounts(), &self.template_context());
        template.transactions.iter().map(|transaction| transaction.as_ref().clone()).collect()
    }

    pub(in crate::node) fn template_context(&self) -> TemplateContext {
        let tip = self.chain.tip();
        TemplateContext {
            parent: tip.id(),
            bits: self.chain.params.first_bits,
            time_min: tip.time,
            state_root: self.chain.expected_state_root(),
        }
    }

    /// Connects a block of these transactions and lets the pool follow.
    pub(in crate::node) fn mine(&mut self, transactions: Vec<Transaction>) -> Vec<Dropped> {
        self.switch(0, vec![transactions])
    }

    /// Replaces some blocks by others and lets the pool follow.
    pub(in crate::node) fn switch(&mut self, depth: usize, blocks: Vec<Vec<Transaction>>) -> Vec<Dropped> {
        let mut disconnected = Vec::new();
        for _ in 0..depth.min(self.chain.blocks.len()) {
            disconnected.extend(self.chain.blocks.last().map(|(block, _)| block.clone()));
            self.chain.shrink();
        }
        let miner = address(ACCOUNTS);
        let connect = |transactions| self.chain.grow(miner, transactions).expect("the block is valid");
        let connected: Vec<_> = blocks.into_iter().map(connect).collect();
        let next_height = self.chain.tip().height.next();
        let context = PoolContext { accounts: self.chain.state.accounts(), next_height, now: self.now };
        self.pool.on_tip_change(&disconnected, &connected, &context)
    }
}
