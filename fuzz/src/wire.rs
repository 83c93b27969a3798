//! Bytes as they come from peers and from the disk.

use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use cairn::consensus::check_block::BLOCK_BYTES_MAX;
use cairn::consensus::{
    BlockContext, Params, State, check_block_in_context, check_block_in_isolation, check_coinbase_fields,
    check_expiry, check_header_in_isolation, check_header_time, check_transaction_in_isolation,
};
use cairn::node::compact::{Rebuilt, Reconstruction, check_shape};
use cairn::node::message::{CompactBlock, MESSAGE_BYTES_MAX, SyncRequest, SyncResponse};
use cairn::primitives::codec::{Decode, Encode, decode, decode_prefix, encode, encoded_len};
use cairn::primitives::keys::verify;
use cairn::primitives::transaction::{TransactionHashes, signature_checks};
use cairn::primitives::{Block, Coinbase, CompactTarget, Header, Height, List, Timestamp, Transaction};
use cairn::storage::chain_file::{ChainFileReader, ChainFileWriter};

/// A network with money in ten accounts and targets that every second hash meets.
static DEV: LazyLock<Params> = LazyLock::new(|| Params::named("dev").expect("dev is a name"));

/// A network whose targets a random hash never meets.
static LAN: LazyLock<Params> = LazyLock::new(|| Params::named("lan").expect("lan is a name"));

/// An 80-byte header.
pub fn header(data: &[u8]) {
    let Some(header) = round_trip::<Header>(data) else { return };
    assert_eq!(header.to_bytes().as_slice(), data);
    let hash = header.hash();
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for params in [&*DEV, &*LAN] {
        let verdict = check_header_in_isolation(&header, &hash, params);
        assert_eq!(verdict, check_header_in_isolation(&header, &hash, params));
        if verdict.is_ok() {
            let target = header.bits.target().expect("a valid header has a target");
            assert!(target.is_met_by(&hash) && target <= params.limit_target());
        }
        let is_early = |now| check_header_time(&header, Timestamp(now), params).is_err();
        assert!(!is_early(header.time.0) && !is_early(u32::MAX));
    }
}

/// A coinbase, as a miner sends it.
pub fn coinbase(data: &[u8]) {
    let Some(coinbase) = round_trip::<Coinbase>(data) else { return };
    let header = Header {
        version: 1,
        previous: DEV.genesis_hash(),
        commitment: coinbase.commitment(),
        time: Timestamp(0),
        bits: CompactTarget(0),
        nonce: 0,
    };
    let verdict = check_coinbase_fields(&coinbase, &header, coinbase.height);
    assert_eq!(verdict.is_ok(), coinbase.version == 1 && coinbase.tag.len() <= 64);
    assert!(check_coinbase_fields(&coinbase, &header, Height(coinbase.height.0 ^ 1)).is_err());
}

/// A transaction.
pub fn transaction(data: &[u8]) {
    if let Some(transaction) = round_trip::<Transaction>(data) {
        check_transaction(&transaction, data);
    }
}

/// A whole block.
pub fn block(data: &[u8]) {
    let Some(block) = round_trip::<Block>(data) else { return };
    let block = Arc::new(block);
    let verdict = check_block_in_isolation(Arc::clone(&block), &DEV);
    let again = check_block_in_isolation(block, &DEV);
    assert_eq!(verdict.as_ref().err(), again.err().as_ref());
    let Ok(checked) = verdict else { return };
    assert!(checked.size() == data.len() && data.len() <= BLOCK_BYTES_MAX);

    let state_root = DEV.genesis().coinbase.state_root;
    let context = BlockContext { height: Height(1), expected_state_root: state_root };
    let placed = check_block_in_context(&checked, &context);
    assert_eq!(placed, check_block_in_context(&checked, &context));
    let before: State = State::genesis(&DEV);
    let mut state = before.clone();
    if let Ok(undo) = state.apply(&checked, &DEV) {
        assert!(state.accounts().total() <= before.accounts().total(), "no reward is spendable yet");
        state.undo(&checked, &undo);
    }
    assert_eq!(state.accounts().sorted(), before.accounts().sorted());
    assert_eq!((state.maturing(), state.height()), (before.maturing(), before.height()));
}

/// A message on the topic of blocks.
pub fn compact_block(data: &[u8]) {
    let Some(compact) = round_trip::<CompactBlock>(data) else { return };
    let (shape, compact) = (check_shape(&compact), Arc::new(compact));
    // Nodes know the transactions that were sent whole, whatever ids the message gives the others.
    let known: Vec<_> = compact.prefilled.iter().map(|each| Arc::clone(&each.transaction)).collect();
    let pool = known.iter().map(|transaction| (transaction.leaf_hash(), transaction));
    let count = compact.short_ids.len() + compact.prefilled.len();
    match Reconstruction::begin(Arc::clone(&compact), pool) {
        Ok(Rebuilt::Complete(block)) => {
            assert_eq!((block.transactions.len(), block.hash()), (count, compact.header.hash()));
            let _ = check_block_in_isolation(Arc::new(block), &DEV);
        }
        Ok(Rebuilt::Incomplete(gaps)) => fill_gaps(gaps, count),
        Err(error) => assert_eq!(shape, Err(error)),
    }
}

/// A message on the topic of transactions.
pub fn gossip_transactions(data: &[u8]) {
    let Some(transactions) = round_trip::<List<Arc<Transaction>>>(data) else { return };
    for transaction in &transactions {
        check_transaction(transaction, &encode(transaction.as_ref()));
    }
    let genesis = DEV.genesis_hash();
    let hashes = TransactionHashes::of_each(transactions.iter().map(Arc::as_ref), &genesis);
    let checks = signature_checks(transactions.iter().map(Arc::as_ref).zip(&hashes), &genesis);
    let together = verify(&checks).err().unwrap_or_default();
    let alone = (0..checks.len()).filter(|at| verify(&checks[*at..=*at]).is_err());
    assert_eq!(
        together,
        alone.collect::<Vec<_>>(),
        "a signature holds alone if and only if it holds in a batch"
    );
}

/// A question of a peer.
pub fn sync_request(data: &[u8]) {
    round_trip::<SyncRequest>(data);
}

/// An answer of a peer.
pub fn sync_answer(data: &[u8]) {
    round_trip::<SyncResponse>(data);
}

/// An exported chain: what reads to its end is what a writer writes.
pub fn chain_file(data: &[u8]) {
    let Ok(mut reader) = ChainFileReader::open(data) else { return };
    let mut writer = ChainFileWriter::new(Vec::new(), reader.params()).expect("memory takes every byte");
    for record in &mut reader {
        let Ok(record) = record else { return };
        if record.block().is_ok_and(|block| check_block_in_isolation(Arc::new(block), &DEV).is_ok()) {
            assert!(record.bytes.len() <= BLOCK_BYTES_MAX);
        }
        writer.write_encoded(&record.bytes).expect("what was read can be written");
    }
    let (written, told) = writer.finish().expect("memory takes every byte");
    assert_eq!((written.as_slice(), told.records), (data, reader.records()));
    assert!(reader.next().is_none() && ChainFileReader::open_for(data, reader.params()).is_ok());
}

/// The value, if the bytes are one; then its encoding is these very bytes, and what follows it is told apart.
pub fn round_trip<T: Encode + Decode<()> + PartialEq + Debug>(data: &[u8]) -> Option<T> {
    let value: T = decode(data, MESSAGE_BYTES_MAX).ok()?;
    assert_eq!(encode(&value), data, "what decodes encodes to the same bytes");
    assert_eq!(encoded_len(&value), data.len());
    let longer = [data, &[0]].concat();
    assert!(decode::<T>(&longer, longer.len()).is_err(), "nothing may follow a value");
    let (front, rest) = decode_prefix::<T>(&longer, longer.len()).expect("the front is still that value");
    assert_eq!((front, rest), (value, [0].as_slice()));
    if let Some(shorter) = data.len().checked_sub(1) {
        assert!(
            decode::<T>(&data[..shorter], MESSAGE_BYTES_MAX).is_err(),
            "no value is the front of another"
        );
    }
    decode(data, data.len()).ok()
}

fn check_transaction(transaction: &Transaction, encoded: &[u8]) {
    let genesis = DEV.genesis_hash();
    let hashes = TransactionHashes::of(transaction, &genesis);
    assert_eq!(hashes.id, transaction.id(&genesis));
    assert_eq!((hashes.leaf, hashes.size as usize), (transaction.leaf_hash(), encoded.len()));
    let verdict = check_transaction_in_isolation(transaction);
    assert_eq!(verdict, check_transaction_in_isolation(transaction));
    if verdict.is_ok() {
        let total = transaction.total_output().expect("256 amounts below 2^53 add up");
        assert!(total.checked_add(transaction.fee).is_some());
    }
    let never_expires = transaction.expires_at == Height(0);
    assert_eq!(
        check_expiry(transaction, Height(u32::MAX)).is_ok(),
        never_expires || transaction.expires_at.0 == u32::MAX
    );
    assert!(check_expiry(transaction, transaction.expires_at).is_ok());
}

fn fill_gaps(gaps: Reconstruction, count: usize) {
    let missing = gaps.missing().to_vec();
    assert!(!missing.is_empty() && missing.is_sorted_by(|one, next| one < next));
    assert!(missing.last().is_some_and(|last| (*last as usize) < count));
    let Err(gaps) = gaps.fill(List::default()) else { panic!("nothing fills no gap") };
    let filler: Transaction = cairn::consensus::testing::payment(
        &cairn::primitives::SecretKey::from_seed(&[1; 32]),
        &DEV,
        0,
        cairn::primitives::Address::default(),
        cairn::primitives::Amount(1),
    );
    let hash = gaps.hash();
    let fillers: List<_> = missing.iter().map(|_| Arc::new(filler.clone())).collect();
    let Ok(block) = gaps.fill(fillers) else { panic!("as many as are missing fill the gaps") };
    assert_eq!((block.transactions.len(), block.hash()), (count, hash));
}
