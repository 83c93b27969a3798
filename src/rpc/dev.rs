//! Methods of development networks: blocks on demand, and money for everyone.

use std::sync::Arc;

use super::api::{Api, ask};
use super::errors::{RpcError, RpcResult, code};
use super::method::methods;
use super::transactions::submit;
use super::types::Funded;
use crate::node::query::BlockOutcome;
use crate::node::{Query, Template};
use crate::primitives::{
    Action, Address, Amount, Block, BlockId, Height, List, Output, Text, Transaction, Transfer,
};
use crate::runtime::clock;

/// Blocks made in one call at most.
const BLOCKS_PER_CALL_MAX: u32 = 1_000;

/// The fee of the faucet's payments in pebbles: one a byte of 200, 1,000 for a new account, and room.
const FAUCET_FEE: Amount = Amount(10_000);

/// What blocks made on demand carry as tag.
const TAG: &[u8] = b"dev";

methods! {
    /// Makes blocks at once and pays their rewards to an address. Answers their hashes.
    Dev "generatetoaddress"(nblocks: u32, address: Address) => generate_to_address.await;
    /// Pays pebbles to an address from a prefunded account and makes a block that holds the payment.
    Dev "dev_fund"(address: Address, amount: u64) => fund.await;
}

async fn generate_to_address(
    api: &Api,
    nblocks: u32,
    address: Address,
) -> RpcResult<Vec<crate::primitives::BlockHash>> {
    if nblocks > BLOCKS_PER_CALL_MAX {
        let problem = format!("the parameter nblocks must be 0 to {BLOCKS_PER_CALL_MAX}, not {nblocks}");
        return Err(RpcError::invalid_params(problem, "generatetoaddress"));
    }
    let mut hashes = Vec::with_capacity(nblocks as usize);
    for _ in 0..nblocks {
        hashes.push(generate_block(api, address).await?.hash);
    }
    Ok(hashes)
}

async fn fund(api: &Api, address: Address, amount: u64) -> RpcResult<Funded> {
    let Some(faucet) = &api.context.faucet else {
        let hint = "use the keys of the prefunded accounts that docs/protocol.md names";
        return Err(RpcError::new(code::MISC, "no-faucet", "this node holds no prefunded account", hint));
    };
    if amount == 0 || amount > Amount::MAX.0 {
        let problem = format!("the parameter amount must be 1 to {} pebbles, not {amount}", Amount::MAX.0);
        return Err(RpcError::invalid_params(problem, "dev_fund"));
    }
    let sender = Address::of(&faucet.public_key());
    let nonce = ask!(api, Query::Account(sender) => Account).next_nonce;
    let outputs = List(vec![Output { to: address, amount: Amount(amount) }]);
    let action = Action::Transfer(Transfer { outputs, memo: Text::from("faucet") });
    let genesis = api.params().genesis_hash();
    let payment = Transaction::signed(faucet, &genesis, nonce, FAUCET_FEE, Height::GENESIS, action);
    let txid = submit(api, payment).await?;
    let block = generate_block(api, sender).await?;
    Ok(Funded { txid, blockhash: block.hash, height: block.height })
}

/// Makes one block on the tip that pays `miner`.
async fn generate_block(api: &Api, miner: Address) -> RpcResult<BlockId> {
    let template = ask!(api, Query::Template => Template);
    let block = tokio::task::spawn_blocking(move || solve(&template, miner)).await;
    let block = block.map_err(|error| RpcError::internal("mining-failed", error.to_string()))?;
    let Some(block) = block else {
        let problem = "the work of this network is too hard to be done on demand";
        return Err(RpcError::new(code::MISC, "work-too-hard", problem, "use setmining"));
    };
    let id = BlockId { height: block.coinbase.height, hash: block.hash() };
    match api.node().submit_block(Arc::new(block)).await? {
        BlockOutcome::Connected => Ok(id),
        BlockOutcome::Invalid(violation) => Err(violation.into()),
        BlockOutcome::SideBranch | BlockOutcome::Duplicate => {
            let problem = format!("the block {} did not become the tip: another was faster", id.hash);
            Err(RpcError::new(code::MISC, "not-best", problem, "try again"))
        }
    }
}

/// A block with the first nonce that meets the target, if any does.
fn solve(template: &Template, miner: Address) -> Option<Block> {
    let coinbase = template.coinbase(miner, clock::random_bytes(), TAG);
    let mut header = template.header(&coinbase, clock::now().timestamp());
    let target = header.bits.target().ok()?;
    while !target.is_met_by(&header.hash()) {
        header.nonce = header.nonce.checked_add(1)?;
    }
    Some(template.block(header, coinbase))
}
