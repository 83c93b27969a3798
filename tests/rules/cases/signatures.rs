//! Whose a transaction is: what a signature must cover, and what ZIP-215 lets pass.

use cairn::consensus::Violation::{BadSignature, InsufficientBalance, NonceTooLow};
use cairn::consensus::testing::{TestChain, easy_params};
use cairn::primitives::{
    Action, Address, Amount, Anchor, Block, Height, Output, PublicKey, Signature, Text, Transaction,
};

use crate::build::{Parts, alice, bob, draft, payment as signed, with, young};
use crate::case::Pool::{Refused as PoolRefuses, SameRule};
use crate::case::{Case, payment, story};
use crate::stage::Verdict::{Accepted, Refused};
use crate::story::Story;

pub(crate) const CASES: &[Case] = &[
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
    story("a key of small order, whose two signatures share an id", small_order, &[NonceTooLow]),
    story(
        "a key in an encoding that is not canonical, which has an address of its own",
        two_encodings,
        &[InsufficientBalance],
    ),
];

/// Bob's first payment, changed before it is signed.
fn bobs(on: &TestChain, edit: impl FnOnce(&mut Transaction)) -> Transaction {
    signed(on, &bob(), 0, edit)
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

/// Under ZIP-215 the key that is the neutral element verifies whatever has the equation 0 = R with s = 0, and R may be
/// any point of small order: signatures that anybody can make, of which many fit one transaction.
fn small_order(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let nobody = PublicKey(neutral());
    let (chain, block) = funded(&chain, &nobody);
    tale.deliver("money for the neutral element", &block, Accepted);
    let first = signed_by_nobody(&chain, nobody, neutral());
    let second = signed_by_nobody(&chain, nobody, minus_one());
    let genesis = chain.params.genesis_hash();
    assert_eq!(first.id(&genesis), second.id(&genesis));
    tale.deliver(
        "both signatures in one block",
        &draft(&chain).transactions(vec![first.clone(), second.clone()]).block(),
        Refused(NonceTooLow),
    );
    let (longer, block) = with(&chain, draft(&chain).transactions(vec![first]));
    tale.deliver("its payment, signed by nobody", &block, Accepted);
    let (beside, twin) = with(&chain, draft(&chain).transactions(vec![second]));
    tale.deliver("the same with another signature, beside it", &twin, Accepted);
    tale.assert_at(&longer);
    let (beside, block) = with(&beside, draft(&beside));
    tale.deliver("the branch of the other signature wins", &block, Accepted);
    tale.assert_at(&beside);
}

/// Two encodings of one point are two senders with an address each: keys are bytes, and hashed as they stand.
fn two_encodings(tale: &mut Story<'_>) {
    let chain = young();
    tale.deliver_chain(&chain, 0);
    let (plain, strange) = (PublicKey(neutral()), PublicKey(neutral_plus_p()));
    assert_ne!(Address::of(&plain), Address::of(&strange));
    let (chain, block) = funded(&chain, &strange);
    tale.deliver("money for a key whose y is not below 2^255 - 19", &block, Accepted);
    let from_plain = draft(&chain).transactions(vec![signed_by_nobody(&chain, plain, neutral())]).block();
    tale.deliver("the same point in its canonical encoding", &from_plain, Refused(InsufficientBalance));
    let payment = signed_by_nobody(&chain, strange, neutral_plus_p());
    tale.send(&payment, Ok(()));
    let (chain, block) = with(&chain, draft(&chain).transactions(vec![payment]));
    tale.deliver("its payment, whose R is not canonical either", &block, Accepted);
    tale.assert_at(&chain);
}

/// The chain with a block in which Bob pays a key, and that block.
fn funded(chain: &TestChain, key: &PublicKey) -> (TestChain, Block) {
    let fund = bobs(chain, |each| *each.output(0) = Output { to: Address::of(key), amount: Amount(100_000) });
    with(chain, draft(chain).transactions(vec![fund]))
}

/// A payment by a key that is the neutral element, with the signature (R, 0).
fn signed_by_nobody(chain: &TestChain, sender: PublicKey, r: [u8; 32]) -> Transaction {
    let signature = Signature([r, [0; 32]].concat().try_into().expect("64 bytes"));
    Transaction { sender, signature, ..bobs(chain, |_| ()) }
}

/// The neutral element of the curve.
fn neutral() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
}

/// The neutral element again: y is 1 + 2^255 − 19.
fn neutral_plus_p() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xee, 0x7f);
    bytes
}

/// The point (0, −1), of order 2.
fn minus_one() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xec, 0x7f);
    bytes
}
