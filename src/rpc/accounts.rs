//! Questions about addresses.
#![expect(clippy::unnecessary_wraps, reason = "every method answers alike")]

use super::api::{Api, ask};
use super::errors::RpcResult;
use super::method::methods;
use super::types::{AddressCheck, Balance, Nonce};
use crate::node::Query;
use crate::primitives::Address;

methods! {
    /// Whether a text is an address of this network, and if not, why.
    Public "validateaddress"(address: String) => validate_address;
    /// What an address holds, in pebbles: confirmed, immature, and pending in and out.
    Public "getbalance"(address: Address) => get_balance.await;
    /// The nonce an address has on the chain, and the one its next transaction must have.
    Public "getnonce"(address: Address) => get_nonce.await;
}

#[expect(clippy::needless_pass_by_value, reason = "parameters are handed over")]
fn validate_address(api: &Api, address: String) -> RpcResult<AddressCheck> {
    Ok(match Address::parse(&address, api.address_kind()) {
        Ok(address) => {
            let address = Some(address.to_text(api.address_kind()));
            AddressCheck { isvalid: true, address, error: None }
        }
        Err(error) => AddressCheck { isvalid: false, address: None, error: Some(error.to_string()) },
    })
}

async fn get_balance(api: &Api, address: Address) -> RpcResult<Balance> {
    let account = ask!(api, Query::Account(address) => Account);
    Ok(Balance {
        address: address.to_text(api.address_kind()),
        confirmed: account.confirmed,
        immature: account.immature,
        pending_in: account.pending_in,
        pending_out: account.pending_out,
        nonce: account.nonce,
        next_nonce: account.next_nonce,
        height: account.tip.map(|tip| tip.height).unwrap_or_default(),
    })
}

async fn get_nonce(api: &Api, address: Address) -> RpcResult<Nonce> {
    let account = ask!(api, Query::Account(address) => Account);
    Ok(Nonce { confirmed: account.nonce, next: account.next_nonce })
}
