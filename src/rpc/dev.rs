//! Methods of development networks: blocks on demand, and money for everyone.

use super::api::{Api, ask};
use super::errors::{RpcError, RpcResult, code};
use super::locate::{Place, locate};
use super::method::methods;
use super::mining::no_miner;
use super::transactions::submit;
use super::types::Funded;
use crate::node::Query;
use crate::primitives::{
    Action, Address, Amount, BlockHash, BlockId, Height, List, Output, SecretKey, Text, Transaction,
    TransactionId, Transfer,
};

/// Blocks made in one call at most.
const BLOCKS_PER_CALL_MAX: u32 = 1_000;

/// Blocks until the faucet's payment must be in one; more than one only when other miners come in between.
const FAUCET_BLOCKS_MAX: u32 = 8;

/// The fee of the faucet's payments in pebbles: one a byte of 200, 1,000 for a new account, and room.
const FAUCET_FEE: Amount = Amount(10_000);

methods! {
    /// Makes blocks at once and pays their rewards to an address. Answers their hashes.
    Dev "generatetoaddress"(nblocks: u32, address: Address) => generate_to_address.await;
    /// Pays pebbles to an address from a prefunded account and makes a block that holds the payment.
    Dev "dev_fund"(address: Address, amount: u64) => fund.await;
}

async fn generate_to_address(api: &Api, nblocks: u32, address: Address) -> RpcResult<Vec<BlockHash>> {
    if nblocks > BLOCKS_PER_CALL_MAX {
        let problem = format!("the parameter nblocks must be 0 to {BLOCKS_PER_CALL_MAX}, not {nblocks}");
        return Err(RpcError::invalid_params(problem, "generatetoaddress"));
    }
    let blocks = generate(api, nblocks, address).await?;
    Ok(blocks.into_iter().map(|block| block.hash).collect())
}

async fn generate(api: &Api, count: u32, address: Address) -> RpcResult<Vec<BlockId>> {
    let mining = api.context.mining.as_ref().ok_or_else(no_miner)?;
    let made = mining.mine_now(address, count).await;
    made.map_err(|problem| {
        RpcError::new(code::MISC, "mining-failed", problem, "try again, or see the node's log")
    })
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
    let txid = pay(api, faucet, address, Amount(amount)).await?;
    let block = put_on_chain(api, txid, sender).await?;
    Ok(Funded { txid, blockhash: block.hash, height: block.height })
}

async fn pay(api: &Api, faucet: &SecretKey, to: Address, amount: Amount) -> RpcResult<TransactionId> {
    let _turn = api.faucet_turn.lock().await;
    let nonce = ask!(api, Query::Account(Address::of(&faucet.public_key())) => Account).next_nonce;
    let outputs = List(vec![Output { to, amount }]);
    let action = Action::Transfer(Transfer { outputs, memo: Text::from("faucet") });
    let genesis = api.params().genesis_hash();
    submit(api, Transaction::signed(faucet, &genesis, nonce, FAUCET_FEE, Height::GENESIS, action)).await
}

/// Makes blocks until one holds the transaction; another miner's may do so first.
async fn put_on_chain(api: &Api, transaction: TransactionId, miner: Address) -> RpcResult<BlockId> {
    for _ in 0..FAUCET_BLOCKS_MAX {
        if let Some(Place::Block { id, .. }) = locate(api, transaction).await? {
            return Ok(id);
        }
        generate(api, 1, miner).await?;
    }
    let problem = format!("the payment {transaction} waits, but no block took it");
    Err(RpcError::new(code::MISC, "payment-waits", problem, "look for it with gettransaction"))
}
