//! Stories of single transactions.

use super::testing::{ALICE, BOB, CAROL, PREFUND, World, address, payment, payment_to};
use super::*;
use crate::primitives::{Action, Output, Signature, Transfer};

/// The minimum fee of [`payment`], whose outputs go to an account that exists.
const FEE_MIN: u64 = 178;

fn small(transactions: usize) -> World {
    World::with_limits(Limits { transactions, ..Limits::default() })
}

fn fees(world: &World) -> Vec<u64> {
    world.pool.iter_by_fee_rate().map(|pooled| pooled.transaction.fee.0).collect()
}

#[test]
fn a_payment_is_let_in_found_and_counted() {
    let mut world = World::new();
    let payment = payment(ALICE, 0, 500);
    let id = world.id(&payment);
    assert_eq!(world.submit(payment.clone()), Ok(Admitted::default()));

    assert_eq!(world.pool.get(&id).map(|pooled| pooled.cost()), Some(Amount(510)));
    assert_eq!(world.pool.get(&id).map(|pooled| pooled.sender), Some(address(ALICE)));
    let account = world.chain.state.account(&address(ALICE));
    let alice = world.pool.pending(&address(ALICE), account);
    assert_eq!(alice, Pending { incoming: Amount::ZERO, outgoing: Amount(510), next_nonce: 1 });
    assert_eq!(world.pool.pending(&address(CAROL), account).incoming, Amount(10));
    let summary = world.pool.summary(world.now);
    assert_eq!(summary, MempoolSummary { transactions: 1, bytes: 178, fee_rate_min: 1_000 });
}

#[test]
fn a_known_transaction_is_known_under_any_signature() {
    let mut world = World::new();
    let payment = payment(ALICE, 0, 500);
    let resigned = Transaction { signature: Signature([1; 64]), ..payment.clone() };
    world.submit(payment.clone()).unwrap();
    assert_eq!(world.refusal(payment), "already-known");
    assert_eq!(world.refusal(resigned), "already-known");
}

#[test]
fn a_bad_signature_condemns_that_signature_alone() {
    let mut world = World::new();
    let good = payment(ALICE, 0, 500);
    let bad = Transaction { signature: Signature([1; 64]), ..good.clone() };
    let hashes = TransactionHashes::of(&bad, &world.genesis());
    assert_eq!(world.pool.refuse_signature(&hashes).reason, "bad-signature");
    assert_eq!(world.pool.check(&bad, &hashes, &world.context()).unwrap_err().reason, "bad-signature");
    assert!(!world.has_good_signature(&hashes));
    world.submit(good.clone()).unwrap();
    assert!(world.has_good_signature(&world.hashes(&good)));
}

#[test]
fn a_good_signature_is_remembered_when_the_transaction_is_refused_or_mined() {
    let mut world = World::new();
    let poor = payment_to(address(CAROL), PREFUND.0, ALICE, 0, 500);
    let mined = payment(BOB, 0, 500);
    assert_eq!(world.refusal(poor.clone()), "insufficient-balance");
    world.submit(mined.clone()).unwrap();
    world.mine(vec![mined.clone()]);
    assert!(world.pool.is_empty());
    assert!(world.has_good_signature(&world.hashes(&poor)));
    assert!(world.has_good_signature(&world.hashes(&mined)));
}

#[test]
fn the_minimum_fee_counts_bytes_and_each_new_account_once() {
    let mut world = World::new();
    assert_eq!(world.refusal(payment(ALICE, 0, FEE_MIN - 1)), "fee-too-low");
    world.submit(payment(ALICE, 0, FEE_MIN)).unwrap();

    let to = |byte: u8| Output { to: Address([byte; 32]), amount: Amount(1) };
    let outputs = vec![to(201), to(202), to(201)].into();
    let action = Action::Transfer(Transfer { outputs, memo: "".into() });
    let fee_min = FEE_MIN + 2 * 40 + 2 * FEE_PER_NEW_ACCOUNT.0;
    let with_fee = |fee| Transaction { fee: Amount(fee), action: action.clone(), ..payment(ALICE, 1, 1) };
    assert_eq!(world.refusal(with_fee(fee_min - 1)), "fee-too-low");
    world.submit(with_fee(fee_min)).unwrap();
}

#[test]
fn the_confirmed_balance_must_cover_all_that_waits_to_the_pebble() {
    let mut world = World::new();
    world.submit(payment(ALICE, 0, 490)).unwrap();
    let rest = PREFUND.0 - 500 - 1_000;
    assert_eq!(world.refusal(payment_to(address(BOB), rest + 1, ALICE, 1, 1_000)), "insufficient-balance");
    world.submit(payment_to(address(BOB), rest, ALICE, 1, 1_000)).unwrap();
    let more_than_bob_holds = payment_to(address(CAROL), PREFUND.0, BOB, 0, 1_000);
    assert_eq!(world.refusal(more_than_bob_holds), "insufficient-balance", "money on its way does not count");
}

#[test]
fn rules_and_heights_are_checked_before_anything_is_kept() {
    let mut world = World::new();
    world.mine(vec![payment(ALICE, 0, 500)]);
    assert_eq!(world.refusal(payment(ALICE, 0, 501)), "nonce-too-low");
    assert_eq!(world.refusal(Transaction { version: 2, ..payment(ALICE, 1, 500) }), "transaction-version");
    assert_eq!(world.refusal(Transaction { expires_at: Height(1), ..payment(ALICE, 1, 500) }), "expired");
    world.submit(Transaction { expires_at: Height(2), ..payment(ALICE, 1, 500) }).unwrap();
}

#[test]
fn a_nonce_may_be_ahead_by_the_gap_and_no_further() {
    let mut world = World::new();
    assert_eq!(world.refusal(payment(ALICE, NONCE_GAP_MAX + 1, 500)), "nonce-gap");
    world.submit(payment(ALICE, NONCE_GAP_MAX, 500)).unwrap();
    assert!(!world.pool.entries()[0].ready);
    assert!(world.template().is_empty());
    world.submit(payment(ALICE, 0, 500)).unwrap();
    assert!(world.pool.entries()[0].ready);
    world.submit(payment(ALICE, NONCE_GAP_MAX + 1, 500)).unwrap();
}

#[test]
fn an_account_may_have_so_many_waiting_and_still_replace_one() {
    let mut world = World::new();
    for nonce in 0..PENDING_PER_ACCOUNT_MAX as u64 {
        world.submit(payment(ALICE, nonce, 500)).unwrap();
    }
    assert_eq!(world.refusal(payment(ALICE, PENDING_PER_ACCOUNT_MAX as u64, 500)), "too-many-pending");
    let replaced = world.id(&payment(ALICE, 3, 500));
    assert_eq!(world.submit(payment(ALICE, 3, 700)).unwrap().replaced, Some(replaced));
    assert_eq!(world.pool.len(), PENDING_PER_ACCOUNT_MAX);
}

#[test]
fn a_replacement_pays_a_tenth_more_and_takes_the_others_place() {
    let mut world = World::new();
    world.submit(payment(ALICE, 0, 10_000)).unwrap();
    assert_eq!(world.refusal(payment(ALICE, 0, 10_999)), "replacement-fee-too-low");
    let admitted = world.submit(payment(ALICE, 0, 11_000)).unwrap();
    let old = world.id(&payment(ALICE, 0, 10_000));
    assert_eq!(admitted, Admitted { replaced: Some(old), evicted: vec![] });
    let dropped: Vec<_> = admitted.dropped().collect();
    assert_eq!(dropped, [Dropped { id: old, reason: "replaced" }]);
    assert_eq!((world.pool.len(), world.pool.get(&old)), (1, None));
    let account = world.chain.state.account(&address(ALICE));
    assert_eq!(world.pool.pending(&address(ALICE), account).outgoing, Amount(11_010));
}

#[test]
fn a_dear_transaction_never_ranks_above_the_cheap_one_it_needs() {
    let mut world = World::new();
    world.submit(payment(ALICE, 0, 200)).unwrap();
    world.submit(payment(ALICE, 1, 90_000)).unwrap();
    world.submit(payment(BOB, 0, 300)).unwrap();
    assert_eq!(fees(&world), [300, 200, 90_000]);
    world.submit(payment(ALICE, 0, 400)).unwrap();
    assert_eq!(fees(&world), [400, 90_000, 300]);
}

#[test]
fn a_full_pool_evicts_the_tail_of_the_cheapest_account() {
    let mut world = small(3);
    for (account, nonce, fee) in [(ALICE, 0, 200), (ALICE, 1, 90_000), (BOB, 0, 300)] {
        world.submit(payment(account, nonce, fee)).unwrap();
    }
    let tail = world.id(&payment(ALICE, 1, 90_000));
    let admitted = world.submit(payment(CAROL, 0, 250)).unwrap();
    assert_eq!(admitted, Admitted { replaced: None, evicted: vec![tail] });
    assert_eq!(fees(&world), [300, 250, 200]);
    assert_eq!(world.refusal(payment(BOB, 1, 200)), "mempool-full");
}

#[test]
fn an_account_cannot_push_out_its_own_earlier_nonces() {
    let mut world = small(2);
    world.submit(payment(ALICE, 0, 200)).unwrap();
    world.submit(payment(ALICE, 1, 200)).unwrap();
    assert_eq!(world.refusal(payment(ALICE, 2, 90_000)), "mempool-full");
    assert_eq!(fees(&world), [200, 200]);
}

#[test]
fn a_replacement_that_needs_more_room_pushes_out_another_account() {
    let mut world = World::with_limits(Limits { bytes: 3 * 178, ..Limits::default() });
    for (account, fee) in [(ALICE, 200), (BOB, 300), (CAROL, 400)] {
        world.submit(payment(account, 0, fee)).unwrap();
    }
    let mut larger = payment(ALICE, 0, 10_000);
    larger.action = Action::Transfer(Transfer {
        outputs: vec![Output { to: address(CAROL), amount: Amount(10) }].into(),
        memo: "lunch".into(),
    });
    let [replaced, evicted] = [payment(ALICE, 0, 200), payment(BOB, 0, 300)].map(|each| world.id(&each));
    assert_eq!(world.submit(larger), Ok(Admitted { replaced: Some(replaced), evicted: vec![evicted] }));
    assert_eq!(fees(&world), [10_000, 400]);
}

#[test]
fn nobody_is_older_than_the_one_it_needs() {
    let mut world = World::new();
    for (account, nonce) in [(ALICE, 1), (BOB, 0), (ALICE, 0), (CAROL, 0)] {
        world.submit(payment(account, nonce, 500)).unwrap();
    }
    let by_age: Vec<_> = world.pool.iter_by_age().map(|pooled| (pooled.sender, pooled.nonce())).collect();
    assert_eq!(by_age, [(address(BOB), 0), (address(ALICE), 0), (address(ALICE), 1), (address(CAROL), 0)]);
}

#[test]
fn what_misses_an_earlier_nonce_goes_first_and_pushes_nobody_out() {
    let mut world = small(2);
    world.submit(payment(ALICE, 5, 90_000)).unwrap();
    world.submit(payment(BOB, 0, 200)).unwrap();
    let gapped = world.id(&payment(ALICE, 5, 90_000));
    assert_eq!(world.submit(payment(CAROL, 0, 200)).unwrap().evicted, [gapped]);
    assert_eq!(world.pool.summary(world.now).fee_rate_min, FEE_RATE_MIN.0, "that shows no price of room");
    assert_eq!(world.refusal(payment(ALICE, 5, 90_000)), "mempool-full");
}

#[test]
fn the_floor_of_a_full_pool_sinks_with_time() {
    let mut world = small(1);
    world.submit(payment(ALICE, 0, 17_800)).unwrap();
    world.submit(payment(BOB, 0, 35_600)).unwrap();
    assert_eq!(world.pool.summary(world.now).fee_rate_min, 101_000);
    world.mine(vec![payment(BOB, 0, 35_600)]);
    assert!(world.pool.is_empty());
    assert_eq!(world.refusal(payment(CAROL, 0, 17_800)), "mempool-full");
    world.now.monotonic_ms += 120_000;
    assert_eq!(world.pool.summary(world.now).fee_rate_min, 50_500);
    world.submit(payment(CAROL, 0, 17_800)).unwrap();
}

#[test]
fn a_block_confirms_conflicts_and_expires() {
    let mut world = World::new();
    let mined = payment(ALICE, 0, 500);
    let next = payment(ALICE, 1, 500);
    let conflicting = payment(BOB, 0, 500);
    let expiring = Transaction { expires_at: Height(1), ..payment(CAROL, 0, 500) };
    for transaction in [&mined, &next, &conflicting, &expiring] {
        world.submit(transaction.clone()).unwrap();
    }
    let mut dropped = world.mine(vec![mined, payment(BOB, 0, 600)]);
    dropped.sort_by_key(|dropped| dropped.reason);
    let lost = |transaction, reason| Dropped { id: world.id(transaction), reason };
    assert_eq!(dropped, [lost(&expiring, "expired"), lost(&conflicting, "nonce-too-low")]);
    assert_eq!(world.pool.len(), 1);
    assert!(world.pool.entry(&world.id(&next)).unwrap().ready);
}

#[test]
fn a_lost_branchs_transactions_wait_again() {
    let mut world = World::new();
    let (first, second) = (payment(ALICE, 0, 500), payment(ALICE, 1, 500));
    let twice_mined = payment(BOB, 0, 500);
    world.mine(vec![first.clone(), twice_mined.clone()]);
    world.mine(vec![second.clone()]);
    world.submit(payment(ALICE, 2, 500)).unwrap();
    let dropped = world.switch(2, vec![vec![twice_mined], vec![], vec![]]);
    assert_eq!(dropped, []);
    let nonces: Vec<_> = world.pool.iter_by_fee_rate().map(|pooled| pooled.nonce()).collect();
    assert_eq!(nonces, [0, 1, 2]);
    assert_eq!(world.template().len(), 3);
}

#[test]
fn a_lost_branchs_transactions_that_cannot_return_are_named() {
    let mut world = World::new();
    let paid = payment_to(address(BOB), 900_000, ALICE, 0, 500);
    let spent = payment_to(address(CAROL), 1_500_000, BOB, 0, 500);
    world.mine(vec![paid.clone(), spent.clone()]);
    let rival = payment(ALICE, 0, 700);
    let mut dropped = world.switch(1, vec![vec![rival], vec![]]);
    dropped.sort_by_key(|dropped| dropped.reason);
    let lost = |transaction, reason| Dropped { id: world.id(transaction), reason };
    assert_eq!(dropped, [lost(&spent, "insufficient-balance"), lost(&paid, "nonce-too-low")]);
    assert!(world.pool.is_empty());
}

#[test]
fn a_lost_branch_does_not_lift_the_bound_on_an_account() {
    let mut world = World::with_limits(Limits { pending_per_account: 2, ..Limits::default() });
    let mined = [payment(ALICE, 0, 500), payment(ALICE, 1, 500)];
    world.mine(mined.to_vec());
    let waiting = payment(ALICE, 2, 500);
    world.submit(waiting.clone()).unwrap();
    let dropped = world.switch(1, vec![vec![], vec![]]);
    assert_eq!(dropped, [Dropped { id: world.id(&waiting), reason: "too-many-pending" }]);
    assert!(mined.iter().all(|each| world.pool.get(&world.id(each)).is_some()));
}

#[test]
fn what_nobody_mines_for_days_goes() {
    let mut world = World::new();
    world.submit(payment(ALICE, 0, 500)).unwrap();
    world.now.monotonic_ms = WAIT_MAX_HOURS * 3_600_000;
    assert_eq!(world.mine(vec![]), []);
    world.now.monotonic_ms += 1;
    let id = world.id(&payment(ALICE, 0, 500));
    assert_eq!(world.mine(vec![]), [Dropped { id, reason: "waited-too-long" }]);
}
