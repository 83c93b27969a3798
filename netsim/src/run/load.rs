//! Clients that pay each other: at random moments, each through a node of its own, nonce after nonce.

use cairn::consensus::testing::{payment, test_key};
use cairn::node::Query;
use cairn::node::query::Answer;
use cairn::primitives::{Amount, SecretKey, TransactionId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use super::build::client_address;
use crate::engine::{NodeIndex, World};

/// What every payment pays, in pebbles.
const PAID: Amount = Amount(1_000);

/// All clients.
#[derive(Debug)]
pub(crate) struct Load {
    clients: Vec<Client>,
    per_second: f64,
    random: ChaCha12Rng,
    next_us: Option<u64>,
    /// Transactions that a pool took, with when.
    pub(crate) admitted: Vec<TransactionId>,
    /// How many were refused, and tried again later.
    pub(crate) refused: u64,
}

#[derive(Debug)]
struct Client {
    key: SecretKey,
    nonce: u64,
    home: NodeIndex,
}

impl Load {
    /// So many clients, spread over the nodes.
    pub(crate) fn new(clients: u32, per_second: f64, nodes: usize, seed: u64) -> Self {
        let client = |number: u32| Client {
            key: test_key(u64::from(number)),
            nonce: 0,
            home: number as usize % nodes.max(1),
        };
        let mut load = Self {
            clients: (0..clients).map(client).collect(),
            per_second,
            random: ChaCha12Rng::seed_from_u64(seed),
            next_us: None,
            admitted: Vec::new(),
            refused: 0,
        };
        load.next_us = load.draw(0);
        load
    }

    /// Lets the first payment be due after this moment.
    pub(crate) fn begin_at(&mut self, now_us: u64) {
        self.next_us = self.draw(now_us);
    }

    /// When the next payment is due, if there is one.
    pub(crate) fn next_us(&self) -> Option<u64> {
        self.next_us
    }

    /// Sends the payment that is due.
    pub(crate) fn pay_due(&mut self, world: &mut World) {
        let due = self.next_us.unwrap_or_default();
        self.pay(world);
        self.next_us = self.draw(due);
    }

    /// Sends one payment from a client at random.
    pub(crate) fn pay(&mut self, world: &mut World) {
        let Self { clients, random, .. } = self;
        let number = random.random_range(0..clients.len());
        let to = client_address(random.random_range(0..clients.len()) as u32);
        let client = &mut clients[number];
        if !world.node(client.home).is_running() {
            return;
        }
        let transaction = payment(&client.key, world.params(), client.nonce, to, PAID);
        match world.submit(client.home, transaction) {
            Some(Ok(id)) => {
                client.nonce += 1;
                self.admitted.push(id);
            }
            Some(Err(_)) => {
                self.refused += 1;
                let query = Query::Account(client_address(number as u32));
                if let Some(Answer::Account(account)) = world.ask(client.home, query) {
                    client.nonce = account.next_nonce;
                }
            }
            None => {}
        }
    }

    fn draw(&mut self, from_us: u64) -> Option<u64> {
        if self.per_second <= 0.0 || self.clients.is_empty() {
            return None;
        }
        let uniform: f64 = self.random.random();
        Some(from_us + crate::engine::microseconds(-(1.0 - uniform).ln() / self.per_second))
    }
}
