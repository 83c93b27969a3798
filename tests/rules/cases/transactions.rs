//! What a transaction may be, alone in a block and alone on its way to the pool.

use cairn::consensus::Violation::{
    BadSignature, Expired, InsufficientBalance, NoOutputs, NonceGap, NonceTooLow, TransactionVersion,
    ZeroAmount,
};
use cairn::consensus::testing::{TestChain, easy_params};
use cairn::primitives::{Action, Amount, Anchor, Height, Output, PublicKey, Text, Transaction};

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
        "a signature with one bit changed in R",
        young,
        |on| forged(on, |signature| signature[0] ^= 1),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature with one bit changed in s",
        young,
        |on| forged(on, |signature| signature[32] ^= 1),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature of zeros",
        young,
        |on| forged(on, |signature| *signature = [0; 64]),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature with s above the group order",
        young,
        |on| forged(on, add_group_order),
        Refused(BadSignature),
        SameRule,
    ),
    payment("somebody else's signature", young, signed_by_another, Refused(BadSignature), SameRule),
    payment(
        "a signature over another amount",
        young,
        |on| changed(on, |each| each.output(0).amount = Amount(6)),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature over another recipient",
        young,
        |on| changed(on, |each| each.output(0).to.0[0] ^= 1),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature over another fee",
        young,
        |on| changed(on, |each| each.fee.0 += 1),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature over another expiry",
        young,
        |on| changed(on, |each| each.expires_at = Height(99)),
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature over another memo",
        young,
        |on| changed(on, |each| each.set_memo(1)),
        Refused(BadSignature),
        SameRule,
    ),
    payment("a signature over another nonce", young, nonce_changed, Refused(BadSignature), SameRule),
    payment(
        "a signature over another action",
        young,
        |on| {
            changed(on, |each| {
                each.action = Action::Anchor(Anchor { digest: [1; 32], label: Text::default() });
            })
        },
        Refused(BadSignature),
        SameRule,
    ),
    payment(
        "a signature over the id instead of the signing hash",
        young,
        signed_id,
        Refused(BadSignature),
        SameRule,
    ),
    payment("another network's transaction", young, of_another_network, Refused(BadSignature), SameRule),
    payment(
        "a sender that is no point of the curve",
        young,
        from_no_point,
        Refused(BadSignature),
        PoolRefuses("insufficient-balance"),
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

/// Bob's first payment, changed after it was signed.
fn changed(on: &TestChain, edit: impl FnOnce(&mut Transaction)) -> Transaction {
    let mut payment = bobs(on, |_| ());
    edit(&mut payment);
    payment
}

fn forged(on: &TestChain, edit: impl FnOnce(&mut [u8; 64])) -> Transaction {
    changed(on, |each| edit(&mut each.signature.0))
}

fn nonce_changed(on: &TestChain) -> Transaction {
    let mut payment = signed(on, &alice(), 1, |_| ());
    payment.nonce = 2;
    payment
}

fn signed_by_another(on: &TestChain) -> Transaction {
    changed(on, |each| each.signature = alice().sign(&each.signing_hash(&on.params.genesis_hash()).0))
}

fn signed_id(on: &TestChain) -> Transaction {
    changed(on, |each| each.signature = bob().sign(&each.id(&on.params.genesis_hash()).0))
}

fn of_another_network(_: &TestChain) -> Transaction {
    bobs(&TestChain::new(easy_params("elsewhere")), |_| ())
}

fn from_no_point(on: &TestChain) -> Transaction {
    let is_point = |bytes: &[u8; 32]| ed25519_zebra::VerificationKey::try_from(*bytes).is_ok();
    let no_point = (2..=255).map(|byte| [byte; 32]).find(|bytes| !is_point(bytes));
    changed(on, |each| each.sender = PublicKey(no_point.expect("half of all encodings are no points")))
}

/// s plus the group order: the same point, which a lax verifier would accept.
fn add_group_order(signature: &mut [u8; 64]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}
