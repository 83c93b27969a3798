//! What a transaction may be, alone in a block and alone on its way to the pool. Its signature is in `signatures.rs`.

use cairn::consensus::Violation::{
    Expired, InsufficientBalance, NoOutputs, NonceGap, NonceTooLow, TransactionVersion, ZeroAmount,
};
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Action, Amount, Anchor, Height, Output, Text, Transaction};

use crate::build::{
    DAVE, ERINS, Parts, RICH, alice, anchor, bob, carol, erin, frank, payment as signed, to, young,
};
use crate::case::Pool::{Admitted, Refused as PoolRefuses, SameRule};
use crate::case::{Case, payment};
use crate::stage::Verdict::{Accepted, Refused};

pub(crate) const CASES: &[Case] = &[
    payment("a transfer", young, |on| bobs(on, |_| ()), Accepted, Admitted),
    payment("an anchor", young, |on| anchor(on, &bob(), 0, 5), Accepted, Admitted),
    payment(
        "transaction version 0",
        young,
        |on| bobs(on, |each| each.version = 0),
        Refused(TransactionVersion),
        SameRule,
    ),
    payment(
        "transaction version 2",
        young,
        |on| bobs(on, |each| each.version = 2),
        Refused(TransactionVersion),
        SameRule,
    ),
    payment(
        "a transfer to nobody",
        young,
        |on| bobs(on, |each| each.set_outputs(0)),
        Refused(NoOutputs),
        SameRule,
    ),
    payment(
        "an output of nothing",
        young,
        |on| bobs(on, |each| each.output(0).amount = Amount(0)),
        Refused(ZeroAmount),
        SameRule,
    ),
    payment(
        "an output of nothing after a good one",
        young,
        |on| bobs(on, |each| each.transfer().outputs.push(Output { to: DAVE, amount: Amount(0) })),
        Refused(ZeroAmount),
        SameRule,
    ),
    payment(
        "the nonce before the account's",
        young,
        |on| signed(on, &alice(), 1, |_| ()),
        Refused(NonceTooLow),
        SameRule,
    ),
    payment(
        "nonce 0 of an account that has sent two",
        young,
        |on| signed(on, &alice(), 0, |_| ()),
        Refused(NonceTooLow),
        SameRule,
    ),
    payment(
        "the replay of an earlier block's transaction",
        young,
        |on| on.blocks[2].0.transactions()[0].clone(),
        Refused(NonceTooLow),
        SameRule,
    ),
    payment(
        "a nonce too high by one, which the pool lets wait",
        young,
        |on| signed(on, &alice(), 3, |_| ()),
        Refused(NonceGap),
        Admitted,
    ),
    payment(
        "the largest nonce that a JSON number holds",
        young,
        |on| signed(on, &alice(), (1 << 53) - 1, |_| ()),
        Refused(NonceGap),
        SameRule,
    ),
    payment("nonce 2^53", young, |on| signed(on, &alice(), 1 << 53, |_| ()), Refused(NonceGap), SameRule),
    payment(
        "the largest nonce",
        young,
        |on| signed(on, &alice(), u64::MAX, |_| ()),
        Refused(NonceGap),
        SameRule,
    ),
    payment("all that the sender holds", young, |on| erins(on, 0), Accepted, Admitted),
    payment(
        "a pebble more than the sender holds",
        young,
        |on| erins(on, 1),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "a fee of all that the sender holds and a pebble to pay",
        young,
        |on| {
            signed(on, &erin(), 0, |each| {
                each.fee = Amount(ERINS);
                each.output(0).amount = Amount(1);
            })
        },
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "an anchor whose fee is a pebble more than the sender holds",
        young,
        |on| {
            signed(on, &erin(), 0, |each| {
                each.fee = Amount(ERINS + 1);
                each.action = Action::Anchor(Anchor { digest: [1; 32], label: Text::default() });
            })
        },
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "a payment to oneself that the sender could make only after receiving it",
        young,
        |on| signed(on, &erin(), 0, |each| *each.output(0) = to(&erin(), ERINS)),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "two outputs that the sender could make one by one",
        young,
        |on| {
            signed(on, &erin(), 0, |each| {
                each.transfer().outputs = vec![to(&erin(), ERINS / 2), to(&frank(), ERINS / 2)].into();
            })
        },
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "256 outputs that together are 2^61",
        young,
        |on| {
            bobs(on, |each| {
                each.set_outputs(256);
                each.transfer().outputs.iter_mut().for_each(|output| output.amount = Amount::MAX);
            })
        },
        Refused(InsufficientBalance),
        PoolRefuses("fee-too-low"),
    ),
    payment(
        "a payment of one who has nothing",
        young,
        |on| signed(on, &frank(), 0, |_| ()),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "a payment to oneself of all but the fee",
        young,
        |on| signed(on, &erin(), 0, |each| *each.output(0) = to(&erin(), ERINS - 10_000)),
        Accepted,
        Admitted,
    ),
    payment(
        "the same address twice in the outputs",
        young,
        |on| bobs(on, |each| each.set_outputs(2)),
        Accepted,
        Admitted,
    ),
    payment(
        "a payment of almost everything that exists",
        young,
        |on| bobs(on, |each| each.output(0).amount = Amount(RICH - 10_000)),
        Accepted,
        Admitted,
    ),
    payment(
        "a memo with a zero byte, a line feed and letters of four bytes",
        young,
        |on| bobs(on, |each| each.transfer().memo = Text("\0\n\u{1f5ff}".into())),
        Accepted,
        Admitted,
    ),
    payment(
        "a payment to the address of zeros",
        young,
        |on| bobs(on, |each| each.output(0).to.0 = [0; 32]),
        Accepted,
        Admitted,
    ),
    payment(
        "a miner's reward that is not mature yet",
        young,
        |on| signed(on, &carol(), 0, |_| ()),
        Refused(InsufficientBalance),
        SameRule,
    ),
    payment(
        "expired by one",
        young,
        |on| bobs(on, |each| each.expires_at = Height(12)),
        Refused(Expired),
        SameRule,
    ),
    payment(
        "valid for the last time",
        young,
        |on| bobs(on, |each| each.expires_at = Height(13)),
        Accepted,
        Admitted,
    ),
    payment("valid for ever", young, |on| bobs(on, |each| each.expires_at = Height(0)), Accepted, Admitted),
];

/// Bob's first payment, changed before it is signed.
fn bobs(on: &TestChain, edit: impl FnOnce(&mut Transaction)) -> Transaction {
    signed(on, &bob(), 0, edit)
}

/// Erin's payment of all that she holds and so much more.
fn erins(on: &TestChain, more: u64) -> Transaction {
    signed(on, &erin(), 0, |each| each.output(0).amount = Amount(ERINS - each.fee.0 + more))
}
