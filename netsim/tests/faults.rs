//! Networks to which things happen at random: kills, restarts, partitions, payments. Safety always holds, and once
//! everything is mended all come to one tip.

mod common;

use cairn::consensus::testing::{payment, test_key};
use cairn::primitives::{Address, Amount, Height};
use netsim::{World, check_ledger};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use common::{HASHES_PER_SECOND, MINUTE, SECOND, all_mine, complete, none_mines};

const NODES: usize = 5;
const SEEDS: u64 = 16;
/// Random things that happen in one run.
const TROUBLES: u32 = 60;

/// What a run keeps of its nodes to hold them to it.
struct Run {
    world: World,
    random: ChaCha12Rng,
    alive: [bool; NODES],
    shown: [Height; NODES],
    nonces: [u64; 4],
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = complete(seed, NODES);
        all_mine(&mut world, NODES);
        let random = ChaCha12Rng::seed_from_u64(seed);
        Self { world, random, alive: [true; NODES], shown: [Height(0); NODES], nonces: [0; 4] }
    }

    fn trouble(&mut self) {
        let node = self.random.random_range(0..NODES);
        match self.random.random_range(0..10) {
            0 | 1 if self.alive[node] => {
                self.shown[node] = self.height(node);
                self.alive[node] = false;
                self.world.kill(node);
            }
            0..=3 if !self.alive[node] => self.restart(node),
            4 => self.world.cut_off(&[node, (node + 1) % NODES]),
            5 => self.world.heal(),
            6 => self.world.set_hash_rate(node, HASHES_PER_SECOND * 4.0),
            7 => self.world.set_hash_rate(node, 0.0),
            _ => self.pay(node),
        }
    }

    fn restart(&mut self, node: usize) {
        self.alive[node] = true;
        self.world.start(node);
        let height = self.height(node);
        assert!(height >= self.shown[node], "node {node} came back at {height}, below {}", self.shown[node]);
    }

    fn height(&self, node: usize) -> Height {
        self.world.node(node).view.as_ref().map_or(Height(0), |view| view.tip.id.height)
    }

    fn pay(&mut self, node: usize) {
        let sender = self.random.random_range(0..4);
        if !self.alive[node] {
            return;
        }
        let params = self.world.params().clone();
        let key = test_key(sender as u64);
        let transaction =
            payment(&key, &params, self.nonces[sender], Address([sender as u8 + 50; 32]), Amount(7));
        // A node that is behind may refuse it: the same nonce is tried again later.
        if self.world.submit(node, transaction).is_some_and(|verdict| verdict.is_ok()) {
            self.nonces[sender] += 1;
        }
    }
}

#[test]
fn whatever_happens_no_money_is_made_and_in_the_end_all_agree() {
    for seed in 0..SEEDS {
        let mut run = Run::new(seed);
        for _ in 0..TROUBLES {
            run.trouble();
            let pause = run.random.random_range(SECOND..MINUTE);
            run.world.run_for(pause);
        }
        run.world.heal();
        for node in 0..NODES {
            if !run.alive[node] {
                run.restart(node);
            }
        }
        run.world.set_hash_rate(0, HASHES_PER_SECOND);
        run.world.run_for(2 * MINUTE);
        none_mines(&mut run.world, NODES);
        assert!(run.world.run_until(MINUTE, World::agree), "seed {seed}: {:?}", run.world.tips());
        for node in 0..NODES {
            check_ledger(&mut run.world, node).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        }
    }
}
