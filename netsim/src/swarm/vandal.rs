//! A client that means no good: what it sends must be refused, whatever pool it meets.

use cairn::consensus::testing::{payment, test_key};
use cairn::node::Query;
use cairn::node::query::Answer;
use cairn::primitives::transaction::Action;
use cairn::primitives::{Address, Amount, Height, List, Output, SecretKey, Transaction, Transfer};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use crate::checks::{Finding, Property};
use crate::engine::{NodeIndex, World};

/// Nonces beyond the next one that no pool lets be missing.
const GAP: u64 = 100;
/// What it pays for each transaction, in pebbles.
const FEE: Amount = Amount(10_000);

/// Whom it pays: nobody, so that it has the less the more it pays.
const NOBODY: Address = Address([7; 32]);

/// A client with an account of its own.
#[derive(Debug)]
pub(super) struct Vandal {
    key: SecretKey,
    address: Address,
}

impl Vandal {
    /// The client of this number.
    pub(super) fn new(number: u32) -> Self {
        let key = test_key(u64::from(number));
        Self { address: Address::of(&key.public_key()), key }
    }

    /// Sends a node one thing that is wrong, or a payment that is right but leaves no room for the next one.
    pub(super) fn strike(
        &self,
        world: &mut World,
        node: NodeIndex,
        random: &mut ChaCha12Rng,
    ) -> Result<(), Finding> {
        let Some(Answer::Account(account)) = world.ask(node, Query::Account(self.address)) else {
            return Ok(());
        };
        let next = account.next_nonce;
        let pay = |world: &World, nonce| payment(&self.key, world.params(), nonce, NOBODY, Amount(1));
        let (transaction, what) = match random.random_range(0..4) {
            0 => {
                let mut forged = pay(world, next);
                forged.signature.0[5] ^= 1;
                (forged, "with a forged signature")
            }
            1 if account.nonce > 0 => (pay(world, account.nonce - 1), "whose nonce is used"),
            2 => (pay(world, next + GAP), "whose nonce is far ahead"),
            _ => {
                let most = account.confirmed.0.saturating_sub(account.pending_out.0);
                let share = Amount(most / 10 * 6);
                // Only if this one is let in, the next one is too much.
                let Some(Ok(_)) = world.submit(node, self.paying(world, next, share)) else { return Ok(()) };
                (self.paying(world, next + 1, share), "that its sender cannot pay")
            }
        };
        match world.submit(node, transaction) {
            Some(Ok(id)) => {
                Err(Property::Pool.broken(format!("node {node} lets transaction {id} in, {what}")))
            }
            Some(Err(_)) | None => Ok(()),
        }
    }

    /// A payment of so much.
    fn paying(&self, world: &World, nonce: u64, amount: Amount) -> Transaction {
        let outputs = List(vec![Output { to: NOBODY, amount }]);
        let action = Action::Transfer(Transfer { outputs, memo: "".into() });
        let genesis = world.params().genesis_hash();
        Transaction::signed(&self.key, &genesis, nonce, FEE, Height::GENESIS, action)
    }
}
