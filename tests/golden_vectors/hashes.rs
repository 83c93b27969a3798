//! Every hash function of the protocol over one input.

use cairn::primitives::hash::{self, Domain, sha256d};

use crate::json::{Json, object};

pub(crate) fn vectors() -> Json {
    let input: Vec<u8> = (0..100).collect();
    let derived: [(&str, &Domain); 9] = [
        ("cairn v1 transaction id", &hash::TRANSACTION_ID),
        ("cairn v1 signing hash", &hash::SIGNING_HASH),
        ("cairn v1 address", &hash::ADDRESS),
        ("cairn v1 transaction root", &hash::TRANSACTION_ROOT),
        ("cairn v1 maturing rewards", &hash::MATURING_REWARDS),
        ("cairn v1 state root", &hash::STATE_ROOT),
        ("cairn v1 parameters", &hash::PARAMETERS),
        ("cairn v1 short id", &hash::SHORT_ID),
        ("cairn v1 message", &hash::MESSAGE),
    ];
    let keyed: [(&str, &Domain); 5] = [
        ("cairn v1 transaction leaf", &hash::TRANSACTION_LEAF),
        ("cairn v1 transaction node", &hash::TRANSACTION_NODE),
        ("cairn v1 account path", &hash::ACCOUNT_PATH),
        ("cairn v1 account leaf", &hash::ACCOUNT_LEAF),
        ("cairn v1 state node", &hash::STATE_NODE),
    ];
    object! {
        "input": hex::encode(&input),
        "sha256d": hex::encode(sha256d(&input)),
        "derive": Json::list(derived, |(context, domain)| object! {
            "context": context, "output": hex::encode(domain.derive(&input)),
        }),
        "keyed": Json::list(keyed, |(context, domain)| object! {
            "context": context,
            "key": hex::encode(domain.derive(&[])),
            "output": hex::encode(domain.keyed(&input)),
        }),
    }
}
