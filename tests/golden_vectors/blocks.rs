//! Headers and coinbases by themselves, and a short chain of whole blocks on `dev` with the state after each.

use cairn::consensus::testing::{TestChain, dev_key};
use cairn::consensus::{committed_state_height, subsidy};
use cairn::primitives::{
    Address, Amount, BlockHash, Coinbase, Commitment, CompactTarget, Header, Height, List, SecretKey,
    StateRoot, Timestamp, Transaction, TransactionRoot,
};

use crate::json::{Json, object};
use crate::support::{anchor, coinbase, dev, encoded, header, pays, transaction, transfer};

pub(crate) fn vectors() -> Json {
    object! {
        "headers": Json::list(headers(), |one| header(&one)),
        "coinbases": Json::list(coinbases(), |one| coinbase(&one)),
        "chain": chain(),
        "subsidies": Json::list(
            [0, 1, 1_050_000, 1_050_001, 2_100_000, 2_100_001, 30_450_001, 31_500_000, 31_500_001, u32::MAX],
            |height| object! { "height": height, "subsidy": subsidy(Height(height)).0 },
        ),
        "committed_state": Json::list(
            [0, 1, 63, 64, 65, 66, 127, 128, 129, 192, 193, 4_294_967_295],
            |height| object! { "block": height, "carries_root_after": committed_state_height(Height(height)).0 },
        ),
    }
}

fn headers() -> [Header; 3] {
    let plain = Header {
        version: 1,
        previous: BlockHash(std::array::from_fn(|index| index as u8)),
        commitment: Commitment(std::array::from_fn(|index| 0x80 | index as u8)),
        time: Timestamp(1_767_225_610),
        bits: CompactTarget(0x1e01_0000),
        nonce: 0x0403_0201,
    };
    let rolled = Header { version: 0x1fff_e001, time: Timestamp(u32::MAX), nonce: u32::MAX, ..plain };
    let zero = Header { previous: BlockHash::ZERO, commitment: Commitment::default(), ..plain };
    [plain, rolled, zero]
}

fn coinbases() -> [Coinbase; 3] {
    let with_tag = |tag: &[u8]| Coinbase {
        version: 1,
        height: Height(65),
        transaction_root: TransactionRoot([0x11; 32]),
        state_root: StateRoot([0x22; 32]),
        miner: Address([0x33; 32]),
        extra_nonce: std::array::from_fn(|index| index as u8),
        tag: List(tag.to_vec()),
    };
    let highest = Coinbase { height: Height(u32::MAX), ..with_tag(&[0xff; 64]) };
    [with_tag(b""), with_tag(b"lan"), highest]
}

/// Rewards mature, are spent, accounts come into being and one address is paid twice.
fn chain() -> Json {
    let mut chain = TestChain::new(dev());
    let [alice, bob, carol] = [0, 1, 2].map(dev_key);
    let stranger = Address([0x77; 32]);
    let payments =
        [transfer(vec![pays(stranger, 250_000_000), pays(address(&bob), 1)], "Grüße"), anchor([5; 32], "a")];
    let to_many =
        transfer((0..30).map(|index| pays(Address([index; 32]), 1_000)).collect(), "thirty at once");
    let all = 1_000_000_000_000 + 1 - 7;
    let bodies = [
        (address(&carol), vec![]),
        (stranger, vec![sign(&alice, 0, 500, &payments[0]), sign(&alice, 1, 1, &payments[1])]),
        (address(&alice), vec![sign(&carol, 0, 9, &to_many)]),
        (stranger, vec![sign(&bob, 0, 7, &transfer(vec![pays(stranger, all)], "everything"))]),
        (Address([0; 32]), vec![]),
    ];
    let blocks = bodies.map(|(miner, transactions)| block(&mut chain, miner, transactions));
    object! { "network": "dev", "blocks": blocks.to_vec() }
}

fn block(chain: &mut TestChain, miner: Address, transactions: Vec<Transaction>) -> Json {
    let checked = chain.grow(miner, transactions).expect("the block is valid");
    let genesis = chain.params.genesis_hash();
    let block = checked.block();
    object! {
        "height": block.coinbase.height.0,
        "header": header(&block.header),
        "coinbase": coinbase(&block.coinbase),
        "transactions": Json::list(&block.transactions, |one| transaction(one, &genesis)),
        "block": encoded(&**block),
        "cumulative_work": chain.tip().work.to_string(),
        "maturing_after": Json::list(chain.state.maturing(), |reward| object! {
            "height": reward.earned_at.0, "miner": hex::encode(reward.miner.0), "amount": reward.amount.0,
        }),
        "state_root_after": chain.root().to_string(),
    }
}

fn sign(key: &SecretKey, nonce: u64, fee: u64, action: &cairn::primitives::Action) -> Transaction {
    Transaction::signed(key, &dev().genesis_hash(), nonce, Amount(fee), Height(0), action.clone())
}

fn address(key: &SecretKey) -> Address {
    Address::of(&key.public_key())
}
