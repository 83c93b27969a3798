//! Every encoded type has one encoding for each value: what is written reads back, and whatever else decodes is
//! written in the very bytes it was read from.

use std::fmt::Debug;
use std::sync::Arc;

use cairn::consensus::testing::property_cases;
use cairn::consensus::{Account, HeaderFacts, MaturingReward, Params, ParamsOverride, PrefundOverride, Undo};
use cairn::node::message::{CompactBlock, Prefilled, Status, SyncRequest, SyncResponse};
use cairn::primitives::codec::{self, Decode, Encode};
use cairn::primitives::{
    Action, Address, AddressKind, Amount, Anchor, Block, BlockHash, BlockId, Coinbase, Commitment,
    CompactTarget, Header, Height, List, Output, PublicKey, Signature, StateRoot, Text, Timestamp,
    Transaction, TransactionRoot, Transfer, Work,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Replace(Index, u64),
    Cut(Index),
    Remove(Index, u8),
    Double(Index, u8),
    Append(Vec<u8>),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = || any::<Index>();
    let length = prop_oneof![0..4_u64, Just(u64::MAX), any::<u64>()];
    let change = prop_oneof![
        4 => (place(), 1..=255_u8).prop_map(|(at, flip)| Change::Flip(at, flip)),
        2 => (place(), length).prop_map(|(at, length)| Change::Replace(at, length)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1..60_u8).prop_map(|(at, bytes)| Change::Remove(at, bytes)),
        1 => (place(), 1..60_u8).prop_map(|(at, bytes)| Change::Double(at, bytes)),
        1 => vec(any::<u8>(), 1..20).prop_map(Change::Append),
    ];
    vec(change, 1..4)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let place = |at: &Index| at.index(bytes.len().max(1)).min(bytes.len());
        let piece = |at: &Index, length: &u8| place(at)..(place(at) + usize::from(*length)).min(bytes.len());
        match change {
            Change::Flip(at, flip) => {
                let place = place(at);
                bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= flip);
            }
            Change::Replace(at, value) => {
                let place = place(at);
                bytes.iter_mut().skip(place).zip(value.to_le_bytes()).for_each(|(byte, new)| *byte = new);
            }
            Change::Cut(at) => bytes.truncate(place(at)),
            Change::Remove(at, length) => drop(bytes.drain(piece(at, length))),
            Change::Double(at, length) => {
                let piece = piece(at, length);
                let copy = bytes[piece.clone()].to_vec();
                bytes.splice(piece.start..piece.start, copy);
            }
            Change::Append(more) => bytes.extend(more),
        }
    }
    bytes
}

/// The two halves of the property, for one value and some changes of its bytes.
fn has_one_encoding<T: Encode + Decode<()> + PartialEq + Debug>(value: &T, changes: &[Change]) {
    let bytes = codec::encode(value);
    assert_eq!(codec::encoded_len(value), bytes.len());
    assert_eq!(codec::decode::<T>(&bytes, bytes.len()).as_ref(), Ok(value));
    let other = changed(bytes.clone(), changes);
    if let Ok(decoded) = codec::decode::<T>(&other, other.len()) {
        assert_eq!(codec::encode(&decoded), other);
        assert_eq!(decoded == *value, other == bytes);
    }
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![Just(String::new()), "[a-zé€🪨\0]{0,40}", any::<String>()].prop_map(Text)
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..4_u64, Just(u64::MAX), any::<u64>()]
}

fn list<T: Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = List<T>> {
    vec(item, 0..5).prop_map(List)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 32]>().prop_map(Address)
}

fn hash() -> impl Strategy<Value = BlockHash> {
    any::<[u8; 32]>().prop_map(BlockHash)
}

fn height() -> impl Strategy<Value = Height> {
    any::<u32>().prop_map(Height)
}

fn work() -> impl Strategy<Value = Work> {
    any::<[u8; 32]>().prop_map(Work::from_be_bytes)
}

fn header() -> impl Strategy<Value = Header> {
    (any::<[u32; 4]>(), hash(), any::<[u8; 32]>()).prop_map(
        |([version, time, bits, nonce], previous, commitment)| Header {
            version,
            previous,
            commitment: Commitment(commitment),
            time: Timestamp(time),
            bits: CompactTarget(bits),
            nonce,
        },
    )
}

fn coinbase() -> impl Strategy<Value = Coinbase> {
    let fields = (
        any::<u16>(),
        height(),
        any::<[[u8; 32]; 2]>(),
        address(),
        any::<[u8; 16]>(),
        vec(any::<u8>(), 0..70),
    );
    fields.prop_map(|(version, height, [transactions, state], miner, extra_nonce, tag)| Coinbase {
        version,
        height,
        transaction_root: TransactionRoot(transactions),
        state_root: StateRoot(state),
        miner,
        extra_nonce,
        tag: List(tag),
    })
}

fn action() -> impl Strategy<Value = Action> {
    let output = (address(), number()).prop_map(|(to, amount)| Output { to, amount: Amount(amount) });
    let transfer =
        (list(output), text()).prop_map(|(outputs, memo)| Action::Transfer(Transfer { outputs, memo }));
    let anchor =
        (any::<[u8; 32]>(), text()).prop_map(|(digest, label)| Action::Anchor(Anchor { digest, label }));
    prop_oneof![transfer, anchor]
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let fields = (any::<u16>(), any::<[u8; 32]>(), number(), number(), height(), action(), any::<[u8; 32]>());
    fields.prop_map(|(version, sender, nonce, fee, expires_at, action, half)| {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&half);
        let (sender, fee, signature) = (PublicKey(sender), Amount(fee), Signature(signature));
        Transaction { version, sender, nonce, fee, expires_at, action, signature }
    })
}

fn shared_transactions() -> impl Strategy<Value = List<Arc<Transaction>>> {
    list(transaction().prop_map(Arc::new))
}

fn block() -> impl Strategy<Value = Block> {
    let fields = (header(), coinbase(), list(transaction()));
    fields.prop_map(|(header, coinbase, transactions)| Block { header, coinbase, transactions })
}

fn compact_block() -> impl Strategy<Value = CompactBlock> {
    let prefilled = (any::<u32>(), transaction());
    let prefilled =
        prefilled.prop_map(|(index, transaction)| Prefilled { index, transaction: Arc::new(transaction) });
    let fields = (header(), coinbase(), number(), list(any::<[u8; 6]>()), list(prefilled));
    fields.prop_map(|(header, coinbase, key, short_ids, prefilled)| CompactBlock {
        header,
        coinbase,
        key,
        short_ids,
        prefilled,
    })
}

fn status() -> impl Strategy<Value = Status> {
    (hash(), hash(), hash(), height(), work(), number()).prop_map(
        |(genesis, block_one, tip, height, work, time)| Status {
            genesis,
            block_one,
            tip,
            height,
            work,
            time,
        },
    )
}

fn request() -> impl Strategy<Value = SyncRequest> {
    prop_oneof![
        status().prop_map(SyncRequest::Status),
        (list(hash()), any::<u32>()).prop_map(|(locator, maximum)| SyncRequest::Headers { locator, maximum }),
        list(hash()).prop_map(|hashes| SyncRequest::Blocks { hashes }),
        (hash(), list(any::<u32>()))
            .prop_map(|(block, indexes)| SyncRequest::BlockTransactions { block, indexes }),
        Just(SyncRequest::Mempool),
    ]
}

fn response() -> impl Strategy<Value = SyncResponse> {
    prop_oneof![
        status().prop_map(SyncResponse::Status),
        list(header()).prop_map(SyncResponse::Headers),
        list(block().prop_map(Arc::new)).prop_map(SyncResponse::Blocks),
        shared_transactions().prop_map(SyncResponse::BlockTransactions),
        shared_transactions().prop_map(SyncResponse::Mempool),
    ]
}

fn account() -> impl Strategy<Value = Account> {
    (number(), number()).prop_map(|(balance, nonce)| Account { balance: Amount(balance), nonce })
}

fn reward() -> impl Strategy<Value = MaturingReward> {
    (height(), address(), number()).prop_map(|(earned_at, miner, amount)| MaturingReward {
        earned_at,
        miner,
        amount: Amount(amount),
    })
}

/// Its fields are its own affair, so it is read from the bytes that the protocol's rules of encoding give them.
fn undo() -> impl Strategy<Value = Undo> {
    proptest::option::of(reward()).prop_map(|matured| {
        let mut bytes = vec![u8::from(matured.is_some())];
        if let Some(reward) = &matured {
            bytes.extend(codec::encode(reward));
        }
        codec::decode(&bytes, bytes.len()).expect("these are the bytes of an undo record")
    })
}

fn facts() -> impl Strategy<Value = HeaderFacts> {
    (height(), hash(), any::<[u32; 2]>(), work()).prop_map(|(height, hash, [time, bits], work)| HeaderFacts {
        height,
        hash,
        time: Timestamp(time),
        bits: CompactTarget(bits),
        work,
    })
}

/// A network with numbers of its own.
fn params() -> impl Strategy<Value = Params> {
    let prefund = proptest::collection::btree_map(any::<[u8; 32]>(), 1..1_000_000_u64, 0..5);
    let numbers = (1..=86_400_u32, any::<bool>(), prefund, 1..=1_000_u32, 1..=86_400_u32);
    numbers.prop_map(|(interval, retarget, prefund, maturity, future_limit)| {
        let account = |(address, amount)| PrefundOverride {
            address: Address(address).to_text(AddressKind::Standard),
            amount: Amount(amount),
        };
        let overrides = ParamsOverride {
            interval_seconds: Some(interval),
            retarget: Some(retarget),
            prefund: Some(prefund.into_iter().map(account).collect()),
            maturity: Some(maturity),
            future_limit_seconds: Some(future_limit),
            ..ParamsOverride::default()
        };
        Params::with_overrides("lan", &overrides).expect("the numbers are in range")
    })
}

macro_rules! each_has_one_encoding {
    ($($name:ident: $strategy:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(property_cases(600)))]
            $(
                #[test]
                fn $name(value in $strategy, changes in changes()) {
                    has_one_encoding(&value, &changes);
                }
            )*
        }
    };
}

each_has_one_encoding! {
    a_header_has_one_encoding: header();
    a_coinbase_has_one_encoding: coinbase();
    a_transaction_has_one_encoding: transaction();
    a_block_has_one_encoding: block();
    a_compact_block_has_one_encoding: compact_block();
    gossiped_transactions_have_one_encoding: shared_transactions();
    a_status_has_one_encoding: status();
    a_request_has_one_encoding: request();
    a_response_has_one_encoding: response();
    an_undo_record_has_one_encoding: undo();
    a_group_of_accounts_has_one_encoding: list((address(), account()));
    maturing_rewards_have_one_encoding: list(reward());
    the_facts_about_a_header_have_one_encoding: facts();
    the_name_of_a_block_has_one_encoding: (height(), hash()).prop_map(|(height, hash)| BlockId { height, hash });
    work_has_one_encoding: work();
    a_text_has_one_encoding: text();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(600)))]

    #[test]
    fn parameters_have_one_encoding(params in params(), changes in changes()) {
        let bytes = params.encoded();
        prop_assert_eq!(Params::from_encoded("lan", &bytes), Ok(params.clone()));
        let other = changed(bytes.clone(), &changes);
        if let Ok(decoded) = Params::from_encoded("lan", &other) {
            prop_assert_eq!(decoded.encoded(), other.clone());
            prop_assert_eq!(decoded.genesis_hash() == params.genesis_hash(), other == bytes);
        }
    }
}
