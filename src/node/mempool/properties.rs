//! What holds for the pool after any history: a dull model of the rules beside every step.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::testing::{ACCOUNTS, World, address, key, payment_to};
use super::*;
use crate::consensus::check_transaction::check_expiry;
use crate::primitives::Action;

/// So small that every bound is met often.
const LIMITS: Limits = Limits { bytes: 2_000, transactions: 10, pending_per_account: 4, nonce_gap: 2 };

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// A transaction comes in; its nonce is so far beyond the account's.
    Submit { from: u8, to: u8, ahead: u64, amount: u64, fee: u64, expires_in: u32, memo: usize },
    /// Someone mines the template, up to a point, and a transaction of his own.
    Mine { of_template: usize, own: u8, amount: u64 },
    /// A branch wins that leaves out some blocks and holds one rival transaction.
    Switch { depth: usize, own: u8, amount: u64 },
    /// Time passes.
    Wait { hours: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let account = 0..ACCOUNTS;
    let amount = prop_oneof![3 => 1..5_000_u64, 1 => 200_000..700_000_u64];
    let fee = prop_oneof![200..500_u64, 200..20_000_u64];
    let to = 0..2 * ACCOUNTS;
    let expires_in = prop_oneof![Just(0), 0..4_u32];
    let memo = prop_oneof![Just(0), 0..250_usize];
    prop_oneof![
        12 => (account.clone(), to, 0..6_u64, amount.clone(), fee, expires_in, memo).prop_map(
            |(from, to, ahead, amount, fee, expires_in, memo)| Step::Submit { from, to, ahead, amount, fee, expires_in, memo }
        ),
        2 => (0..8_usize, account.clone(), amount.clone())
            .prop_map(|(of_template, own, amount)| Step::Mine { of_template, own, amount }),
        1 => (1..4_usize, account, amount).prop_map(|(depth, own, amount)| Step::Switch { depth, own, amount }),
        1 => (0..30_u64).prop_map(|hours| Step::Wait { hours }),
    ]
}

type Ids = BTreeSet<TransactionId>;

fn ids(world: &World) -> Ids {
    world.pool.iter_by_fee_rate().map(|pooled| pooled.hashes.id).collect()
}

/// By account and nonce: what everything else follows from.
fn contents(world: &World) -> BTreeMap<(Address, u64), Arc<PoolTransaction>> {
    world.pool.iter_by_age().map(|pooled| ((pooled.sender, pooled.nonce()), Arc::clone(pooled))).collect()
}

/// A payment of this account that is valid now, unless the account is poor.
fn valid_payment(world: &World, from: u8, amount: u64) -> Vec<Transaction> {
    let account = world.chain.state.account(&address(from));
    let is_rich = account.balance.0 >= amount + 300;
    is_rich.then(|| payment_to(address(0), amount, from, account.nonce, 300)).into_iter().collect()
}

fn take(world: &mut World, step: &Step) {
    match *step {
        Step::Submit { from, to, ahead, amount, fee, expires_in, memo } => {
            let nonce = (world.chain.state.account(&address(from)).nonce + ahead).saturating_sub(1);
            let height = world.chain.tip().height;
            let expires_at = if expires_in == 0 { Height::GENESIS } else { height.plus(expires_in) };
            let mut transaction = payment_to(address(to), amount, from, nonce, fee);
            transaction.expires_at = expires_at;
            if let Action::Transfer(transfer) = &mut transaction.action {
                transfer.memo = "m".repeat(memo).into();
            }
            submit(world, transaction);
        }
        Step::Mine { of_template, own, amount } => {
            let mut block = world.template();
            block.truncate(of_template);
            let sender = key(own);
            if block.iter().all(|transaction| transaction.sender != sender) {
                block.splice(0..0, valid_payment(world, own, amount));
            }
            follow(world, 0, vec![block]);
        }
        Step::Switch { depth, own, amount } => {
            let mut below = world.clone();
            for _ in 0..depth {
                below.chain.shrink();
            }
            let mut blocks = vec![valid_payment(&below, own, amount)];
            blocks.resize(depth + 1, Vec::new());
            follow(world, depth, blocks);
        }
        Step::Wait { hours } => world.now.monotonic_ms += hours * 3_600_000,
    }
}

/// Submits, and accounts for every transaction that came or went.
fn submit(world: &mut World, transaction: Transaction) {
    let (before, order) = (ids(world), worst_first_by_model(world));
    let id = world.id(&transaction);
    let key = (transaction.sender_address(), transaction.nonce);
    let replaced = contents(world).get(&key).map(|pooled| pooled.hashes.id);
    let Ok(admitted) = world.submit(transaction) else {
        assert_eq!(ids(world), before, "a refusal changes nothing");
        return;
    };
    assert_eq!(admitted.replaced, replaced);
    let worst = order.into_iter().filter(|each| Some(*each) != replaced);
    assert_eq!(admitted.evicted, worst.take(admitted.evicted.len()).collect::<Vec<_>>(), "the worst go");
    let mut expected = before;
    expected.insert(id);
    for gone in admitted.dropped() {
        assert!(expected.remove(&gone.id));
    }
    assert_eq!(ids(world), expected);
}

/// Changes the tip, and accounts for every transaction that came or went.
fn follow(world: &mut World, depth: usize, blocks: Vec<Vec<Transaction>>) {
    let mut waiting = ids(world);
    let lost = world.chain.blocks.iter().rev().take(depth).flat_map(|(block, _)| block.hashes());
    waiting.extend(lost.map(|hashes| hashes.id));
    for transaction in blocks.iter().flatten() {
        waiting.remove(&world.id(transaction));
    }
    for dropped in world.switch(depth, blocks) {
        assert!(waiting.remove(&dropped.id), "{dropped:?} waited or was lost, and only once");
    }
    assert_eq!(ids(world), waiting);
}

/// The order of eviction by its definition, in the plainest words.
fn worst_first_by_model(world: &World) -> Vec<TransactionId> {
    let contents = contents(world);
    let mut ranked = Vec::new();
    for ((sender, nonce), pooled) in &contents {
        let needed: Vec<_> =
            contents.range((*sender, 0)..=(*sender, *nonce)).map(|(_, earlier)| earlier).collect();
        let confirmed = world.chain.state.account(sender).nonce;
        let is_ready = needed.len() as u64 == nonce + 1 - confirmed;
        let worst = needed
            .iter()
            .map(|each| (each.fee_rate(), std::cmp::Reverse(each.arrival)))
            .min()
            .expect("a transaction needs itself");
        ranked.push((is_ready, worst, std::cmp::Reverse(*nonce), pooled.hashes.id));
    }
    ranked.sort();
    ranked.into_iter().map(|(.., id)| id).collect()
}

/// Nothing that the tip makes invalid waits, no bound is broken, and all parts agree.
fn check(world: &World) {
    let contents = contents(world);
    let senders: BTreeSet<Address> = contents.keys().map(|(sender, _)| *sender).collect();
    for sender in senders {
        let account = world.chain.state.account(&sender);
        let own: Vec<_> = contents.range((sender, 0)..=(sender, u64::MAX)).collect();
        let outgoing: u64 = own.iter().map(|(_, pooled)| pooled.cost().0).sum();
        let first_missing = (account.nonce..account.nonce + 1 + own.len() as u64)
            .find(|nonce| !contents.contains_key(&(sender, *nonce)))
            .expect("fewer wait than there are nonces here");
        assert!(outgoing <= account.balance.0, "the balance covers all");
        assert!(own.len() <= LIMITS.pending_per_account);
        for ((_, nonce), pooled) in own {
            assert!(*nonce >= account.nonce && *nonce <= first_missing + LIMITS.nonce_gap);
            check_expiry(&pooled.transaction, world.context().next_height).expect("nothing expired waits");
        }
        let pending = world.pool.pending(&sender, account);
        assert_eq!((pending.outgoing.0, pending.next_nonce), (outgoing, first_missing));
    }
    for to in (0..2 * ACCOUNTS).map(address) {
        let outputs = contents.values().flat_map(|pooled| pooled.transaction.outputs());
        let incoming: u64 = outputs.filter(|output| output.to == to).map(|output| output.amount.0).sum();
        assert_eq!(world.pool.pending(&to, Account::default()).incoming.0, incoming);
    }
    let bytes: usize = contents.values().map(|pooled| pooled.hashes.size as usize).sum();
    assert_eq!((world.pool.len(), world.pool.book.bytes()), (contents.len(), bytes));
    assert!(LIMITS.hold(contents.len(), bytes));
    let best_first: Vec<_> = world.pool.iter_by_fee_rate().map(|pooled| pooled.hashes.id).collect();
    assert!(best_first.iter().rev().eq(&worst_first_by_model(world)));
}

fn world_after(steps: &[Step]) -> World {
    let mut world = World::with_limits(LIMITS);
    for step in steps {
        take(&mut world, step);
    }
    world
}

proptest! {
    #[test]
    fn after_any_history_the_pool_is_valid_bounded_and_exact(steps in vec(step(), 1..60)) {
        let mut world = World::with_limits(LIMITS);
        for step in &steps {
            take(&mut world, step);
            check(&world);
        }
    }

    #[test]
    fn after_any_history_the_template_connects_and_holds_every_ready_transaction(steps in vec(step(), 1..60)) {
        let mut world = world_after(&steps);
        let template = world.template();
        let ready = world.pool.entries().iter().filter(|entry| entry.ready).count();
        prop_assert_eq!(template.len(), ready);
        prop_assert!(world.chain.grow(address(ACCOUNTS), template).is_ok());
    }

    #[test]
    fn the_same_history_gives_the_same_template(steps in vec(step(), 1..40)) {
        prop_assert_eq!(world_after(&steps).template(), world_after(&steps).template());
    }
}
