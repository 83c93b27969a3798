//! Networks: their parameters, encoded and hashed, and the genesis that follows from them.

use cairn::consensus::testing::easy_params;
use cairn::consensus::{HeaderFacts, Params};
use cairn::primitives::{codec, hash};

use crate::json::{Json, object};
use crate::support::{bits, coinbase, encoded, header, internal};

pub(crate) fn vectors() -> Json {
    let named = |name| Params::named(name).expect("it is a name");
    let networks = [named("lan"), named("dev"), named("lan-2"), named("dev-2"), easy_params("stones")];
    object! { "networks": Json::list(networks, |params| network(&params)) }
}

fn network(params: &Params) -> Json {
    let genesis = params.genesis();
    let tag = params.genesis_hash().network_tag();
    object! {
        "name": &*params.name,
        "human_part": params.address_kind().human_part(),
        "parameters": parameters(params),
        "genesis": object! {
            "header": header(&genesis.header),
            "coinbase": coinbase(&genesis.coinbase),
            "block": encoded(genesis),
            "hash_internal": internal(params.genesis_hash()),
            "hash_shown": params.genesis_hash().to_string(),
            "state_root": genesis.coinbase.state_root.to_string(),
            "work": HeaderFacts::genesis(params).work.to_string(),
        },
        "tag": &*tag,
        "topic_of_blocks": format!("cairn/{tag}/blocks/1"),
        "topic_of_transactions": format!("cairn/{tag}/transactions/1"),
        "sync_protocol": format!("/cairn/{tag}/sync/1"),
    }
}

fn parameters(params: &Params) -> Json {
    let encoding = parameter_bytes(params);
    let hashed = hash::PARAMETERS.derive(&encoding);
    assert_eq!(hashed, params.genesis().header.previous.0);
    object! {
        "interval_seconds": params.interval_seconds,
        "retarget": params.retarget,
        "first_bits": bits(params.first_bits),
        "limit_bits": bits(params.limit_bits),
        "prefund": Json::list(&params.prefund, |(address, amount)| object! {
            "address": hex::encode(address.0), "amount": amount.0,
        }),
        "maturity": params.maturity,
        "future_limit_seconds": params.future_limit_seconds,
        "encoding": hex::encode(encoding),
        "hash": hex::encode(hashed),
    }
}

/// Section 9 of the protocol, field by field.
fn parameter_bytes(params: &Params) -> Vec<u8> {
    let mut bytes = params.interval_seconds.to_le_bytes().to_vec();
    bytes.push(u8::from(params.retarget));
    bytes.extend(params.first_bits.0.to_le_bytes());
    bytes.extend(params.limit_bits.0.to_le_bytes());
    bytes.extend(codec::encode(&params.prefund));
    bytes.extend(params.maturity.to_le_bytes());
    bytes.extend(params.future_limit_seconds.to_le_bytes());
    bytes
}
