//! Both actions at their edges, their three hashes, and the roots over them.

use cairn::consensus::check_transaction_in_isolation;
use cairn::consensus::testing::dev_key;
use cairn::primitives::keys::verify;
use cairn::primitives::merkle::transaction_root;
use cairn::primitives::transaction::{TransactionHashes, signature_checks};
use cairn::primitives::{
    Action, Address, Amount, BlockHash, Height, LeafHash, Output, SecretKey, Transaction,
};

use crate::json::{Json, object};
use crate::support::{anchor, dev, internal, pays, transaction, transfer};

/// 2^53 − 1: the largest amount, fee and nonce.
const LARGEST: u64 = 9_007_199_254_740_991;

pub(crate) fn vectors() -> Json {
    let genesis = dev().genesis_hash();
    let signed: Vec<_> = cases().into_iter().map(|case| (case.what, case.signed(&genesis))).collect();
    let leaves: Vec<_> = signed.iter().map(|(_, transaction)| transaction.leaf_hash()).collect();
    object! {
        "network": "dev",
        "genesis_internal": internal(genesis),
        "transactions": Json::list(&signed, |(what, signed)| {
            assert!(check_transaction_in_isolation(signed).is_ok(), "{what}");
            let hashes = TransactionHashes::of(signed, &genesis);
            assert_eq!(verify(&signature_checks([(signed, &hashes)], &genesis)), Ok(()), "{what}");
            object! { "what": *what, "transaction": transaction(signed, &genesis) }
        }),
        "another_network": another_network(&signed[0].1),
        "transaction_roots": Json::list([0, 1, 2, 3, 4, 5, 7, 8, 9], |count| root(&leaves, count)),
    }
}

/// The same bytes hashed for another genesis: what replay protection rests on.
fn another_network(transaction: &Transaction) -> Json {
    let genesis = cairn::consensus::Params::named("lan").expect("it is a name").genesis_hash();
    let hashes = TransactionHashes::of(transaction, &genesis);
    assert_eq!(verify(&signature_checks([(transaction, &hashes)], &genesis)), Err(vec![0]));
    object! {
        "what": "the first transaction as the network lan would hash it; there its signature is bad",
        "genesis_internal": internal(genesis),
        "id": hashes.id.to_string(),
        "signing_hash": transaction.signing_hash(&genesis).to_string(),
        "leaf_hash": hashes.leaf.to_string(),
    }
}

fn root(leaves: &[LeafHash], count: usize) -> Json {
    let leaves: Vec<_> = leaves.iter().cycle().take(count).copied().collect();
    object! {
        "leaves": Json::list(&leaves, |leaf| leaf.to_string().into()),
        "root": transaction_root(&leaves).to_string(),
    }
}

struct Case {
    what: &'static str,
    key: SecretKey,
    nonce: u64,
    fee: u64,
    expires_at: u32,
    action: Action,
}

impl Case {
    fn signed(self, genesis: &BlockHash) -> Transaction {
        let (fee, expires_at) = (Amount(self.fee), Height(self.expires_at));
        Transaction::signed(&self.key, genesis, self.nonce, fee, expires_at, self.action)
    }
}

fn cases() -> Vec<Case> {
    let address = |index| Address::of(&dev_key(index).public_key());
    let longest_memo = format!("a é € 🪨 {}!!", "石".repeat(80));
    assert_eq!(longest_memo.len(), 256);
    let case = |what, action| Case { what, key: dev_key(0), nonce: 0, fee: 1, expires_at: 0, action };
    let crowd = |index: u8| pays(Address([index; 32]), u64::from(index) + 1);
    vec![
        Case {
            fee: 183,
            expires_at: 8_640,
            ..case(
                "the payment of the protocol's section 16.3",
                transfer(vec![pays(address(1), 250_000_000)], "lunch"),
            )
        },
        case("the least of everything, to the sender itself", transfer(vec![pays(address(0), 1)], "")),
        Case {
            key: dev_key(9),
            nonce: LARGEST,
            fee: LARGEST,
            expires_at: u32::MAX,
            ..case("the most of every number", transfer(vec![pays(Address([0xff; 32]), LARGEST)], ""))
        },
        case("three outputs, two to one address", transfer(repeated(), "thrice")),
        case(
            "a memo of 256 bytes in few characters",
            transfer(vec![pays(Address([0; 32]), 7)], &longest_memo),
        ),
        case("256 outputs", transfer((0..=u8::MAX).map(crowd).collect(), "crowd")),
        case("an anchor without a label", anchor([0; 32], "")),
        Case {
            nonce: 1,
            fee: 1_000,
            expires_at: 1,
            ..case("an anchor with a label of 64 bytes", anchor([0xab; 32], &"Ω".repeat(32)))
        },
    ]
}

fn repeated() -> Vec<Output> {
    vec![pays(Address([1; 32]), 5), pays(Address([2; 32]), 6), pays(Address([1; 32]), 5)]
}
