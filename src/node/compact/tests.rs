//! Blocks that come back, ids that collide, shapes that no block has.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::consensus::check_block::check_block_in_isolation;
use crate::consensus::testing::property_cases;
use crate::consensus::violation::Violation;
use crate::node::mempool::testing::{ALICE, BOB, World, address, payment};
use crate::primitives::codec::{decode, encode, encoded_len};
use crate::primitives::{Action, Transfer};

fn block(count: u64) -> (Block, Vec<LeafHash>) {
    let transactions: Vec<_> = (0..count).map(|nonce| payment(ALICE, nonce, 500)).collect();
    let leaves = transactions.iter().map(Transaction::leaf_hash).collect();
    (World::new().chain.mine(address(BOB), transactions).as_ref().clone(), leaves)
}

fn known(block: &Block) -> Vec<(LeafHash, Arc<Transaction>)> {
    block.transactions.iter().map(|each| (each.leaf_hash(), Arc::new(each.clone()))).collect()
}

fn begin(compact: CompactBlock, known: &[(LeafHash, Arc<Transaction>)]) -> Result<Rebuilt, ShapeError> {
    Reconstruction::begin(Arc::new(compact), known.iter().map(|(leaf, transaction)| (*leaf, transaction)))
}

fn missing(rebuilt: Result<Rebuilt, ShapeError>) -> Vec<u32> {
    match rebuilt {
        Ok(Rebuilt::Incomplete(reconstruction)) => reconstruction.missing().to_vec(),
        Ok(Rebuilt::Complete(_)) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_short_id_that_two_known_transactions_share_is_asked_for() {
    let (block, leaves) = block(4);
    let mut known = known(&block);
    known.push((leaves[2], Arc::new(payment(BOB, 0, 500))));
    assert_eq!(missing(begin(compact_block(&block, &leaves, 1, |_, _| false), &known)), [2]);
}

#[test]
fn a_short_id_that_stands_twice_is_asked_for_twice() {
    let (block, leaves) = block(4);
    let mut compact = compact_block(&block, &leaves, 1, |_, _| false);
    compact.short_ids[3] = compact.short_ids[1];
    assert_eq!(missing(begin(compact, &known(&block))), [1, 3]);
}

#[test]
fn a_chance_collision_with_a_strange_transaction_shows_in_the_root() {
    let (block, leaves) = block(3);
    let mut known = known(&block);
    known[1].1 = Arc::new(payment(BOB, 0, 500));
    let rebuilt = begin(compact_block(&block, &leaves, 1, |_, _| false), &known);
    let Ok(Rebuilt::Complete(wrong)) = rebuilt else { panic!("every id was matched: {rebuilt:?}") };
    let violation = check_block_in_isolation(Arc::new(wrong), &World::new().chain.params).unwrap_err();
    assert_eq!(violation, Violation::WrongTransactionRoot);
}

#[test]
fn an_answer_of_the_wrong_length_changes_nothing() {
    let (block, leaves) = block(3);
    let Ok(Rebuilt::Incomplete(rest)) = begin(compact_block(&block, &leaves, 1, |_, _| false), &[]) else {
        panic!("nothing is known")
    };
    let rest = rest.fill(List::default()).unwrap_err();
    assert_eq!((rest.hash(), rest.missing()), (block.hash(), [0, 1, 2].as_slice()));
    let answer = known(&block).into_iter().map(|(_, transaction)| transaction).collect();
    assert_eq!(rest.fill(answer).unwrap(), block);
}

#[test]
fn what_is_sent_whole_is_bounded() {
    let (block, leaves) = block(600);
    let compact = compact_block(&block, &leaves, 1, |_, _| true);
    let bytes: usize = compact.prefilled.iter().map(|each| encoded_len(&each.transaction)).sum();
    assert_eq!(
        (compact.prefilled.len(), bytes),
        (PREFILLED_BYTES_MAX / 178, PREFILLED_BYTES_MAX / 178 * 178)
    );
    assert_eq!(missing(begin(compact, &known(&block))), [0_u32; 0]);
}

#[test]
fn the_shortest_transaction_is_a_transfer_to_nobody() {
    let mut shortest = payment(ALICE, 0, 500);
    shortest.action = Action::Transfer(Transfer { outputs: List::default(), memo: "".into() });
    assert_eq!(encoded_len(&shortest), TRANSACTION_BYTES_MIN);
}

#[test]
fn a_shape_that_no_block_has_is_refused() {
    let (block, leaves) = block(4);
    let compact = || compact_block(&block, &leaves, 1, |index, _| index < 2);
    let shaped = |change: fn(&mut CompactBlock)| {
        let mut compact = compact();
        change(&mut compact);
        check_shape(&compact)
    };
    assert_eq!(check_shape(&compact()), Ok(()));
    let twice = shaped(|compact| compact.prefilled[1].index = 0);
    assert_eq!(twice, Err(ShapeError::PositionsNotAscending));
    let beyond = shaped(|compact| compact.prefilled[1].index = 4);
    assert_eq!(beyond, Err(ShapeError::PositionOutOfRange));
    let many = shaped(|compact| compact.short_ids = vec![[0; 6]; 30_400].into());
    assert_eq!(many, Err(ShapeError::TooManyTransactions));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(64)))]

    #[test]
    fn a_block_comes_back_whatever_is_known(choice in vec((any::<bool>(), any::<bool>()), 0..60), key: u64) {
        let (block, leaves) = block(choice.len() as u64);
        let compact = compact_block(&block, &leaves, key, |index, _| choice[index].0);
        let compact: CompactBlock = decode(&encode(&compact), 1 << 20).unwrap();
        let mut known = known(&block);
        let all: Vec<_> = known.iter().map(|(_, transaction)| Arc::clone(transaction)).collect();
        let mut is_known = choice.iter().map(|(_, is_known)| *is_known);
        known.retain(|_| is_known.next().unwrap());
        let rebuilt = match begin(compact, &known).unwrap() {
            Rebuilt::Complete(block) => block,
            Rebuilt::Incomplete(rest) => {
                let asked: Vec<usize> = rest.missing().iter().map(|index| *index as usize).collect();
                prop_assert!(asked.iter().all(|index| choice[*index] == (false, false)));
                let answer = asked.iter().map(|index| Arc::clone(&all[*index])).collect();
                rest.fill(answer).unwrap()
            }
        };
        prop_assert_eq!(rebuilt, block);
    }

    #[test]
    fn no_compact_block_panics(
        short_ids in vec(prop_oneof![Just([0; 6]), any::<[u8; 6]>()], 0..20),
        indexes in vec(prop_oneof![0..30_u32, any::<u32>()], 0..20),
        sorted: bool,
    ) {
        let (block, leaves) = block(1);
        let mut compact = compact_block(&block, &leaves, 0, |_, _| true);
        let mut indexes = indexes;
        if sorted {
            indexes.sort_unstable();
        }
        let transaction = &compact.prefilled[0].transaction;
        compact.prefilled =
            indexes.iter().map(|index| Prefilled { index: *index, transaction: Arc::clone(transaction) }).collect();
        compact.short_ids = short_ids.into();
        let is_well_formed = check_shape(&compact).is_ok();
        prop_assert_eq!(begin(compact, &known(&block)).is_ok(), is_well_formed);
    }
}
