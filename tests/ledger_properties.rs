//! Properties of the ledger that hold for every chain: undoing, the state root, the supply, the encodings.

use std::sync::{Arc, LazyLock};

use cairn::consensus::testing::{TEST_FEE, TestChain, dev_key, property_cases, test_key};
use cairn::consensus::{
    Account, AccountTable, Accounts, Params, StateTree, Undo, path_of, state_root, state_root_by_definition,
    subsidy,
};
use cairn::primitives::{
    Action, Address, Amount, Anchor, Block, Height, List, Output, SecretKey, Text, Transaction, Transfer,
    codec,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// People who pay one another: three with money from the start, and more who must be paid first.
static PEOPLE: LazyLock<Vec<SecretKey>> =
    LazyLock::new(|| (0..3).map(dev_key).chain((0..40).map(test_key)).collect());

/// One wish: who pays, whom, how much of what the payer has, in percent.
#[derive(Debug, Clone)]
struct Wish {
    from: usize,
    to: Vec<usize>,
    percent: u64,
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let people = PEOPLE.len();
    let wish = (0..people, vec(0..people, 0..5), 0..60_u64);
    vec(wish.prop_map(|(from, to, percent)| Wish { from, to, percent }), 0..8)
}

fn address(person: usize) -> Address {
    Address::of(&PEOPLE[person].public_key())
}

fn numbered(number: u16) -> Address {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    Address(bytes)
}

/// The first path that does not begin with eleven zeros.
const CROWD_END: [u8; 32] = {
    let mut path = [0; 32];
    path[1] = 1 << 5;
    path
};

/// Addresses whose paths begin with eleven zeros, found by trying: between their nodes and the root
/// there is nothing beside them.
static CROWD: LazyLock<Vec<Address>> = LazyLock::new(|| {
    let mut bytes = [0xaa; 32];
    let tried = (0..u32::MAX).map(move |number| {
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        Address(bytes)
    });
    tried.filter(|address| path_of(address).0 < CROWD_END).take(300).collect()
});

/// The wishes as transactions of people who have money; too much is wanted only when one of them wants often.
fn transactions(chain: &TestChain, wishes: &[Wish]) -> Vec<Transaction> {
    let balance = |person: &usize| chain.state.account(&address(*person)).balance.0;
    let solvent: Vec<_> = (0..PEOPLE.len()).filter(|person| balance(person) > 100 * TEST_FEE.0).collect();
    let mut sent = vec![0; PEOPLE.len()];
    let mut transaction = |wish: &Wish| {
        let from = solvent[wish.from % solvent.len()];
        let nonce = chain.state.account(&address(from)).nonce + sent[from];
        sent[from] += 1;
        let share = balance(&from) / 100 * wish.percent / (wish.to.len() as u64).max(1);
        let pay = |to: &usize| Output { to: address(*to), amount: Amount(share.max(1)) };
        let action = if wish.to.is_empty() {
            Action::Anchor(Anchor { digest: [nonce as u8; 32], label: Text::from("a file") })
        } else {
            Action::Transfer(Transfer { outputs: wish.to.iter().map(pay).collect(), memo: Text::default() })
        };
        let genesis = chain.params.genesis_hash();
        Transaction::signed(&PEOPLE[from], &genesis, nonce, TEST_FEE, Height::GENESIS, action)
    };
    wishes.iter().map(&mut transaction).collect()
}

/// Grows by one block, without the transactions that cannot be paid when all together cannot.
fn grow(chain: &mut TestChain, block: &[Wish]) {
    let miner = address(block.len());
    let wanted = transactions(chain, block);
    let before = chain.state.accounts().sorted();
    if chain.grow(miner, wanted).is_err() {
        assert_eq!(chain.state.accounts().sorted(), before, "a refused block changes nothing");
        chain.grow(miner, Vec::new()).expect("an empty block is always valid");
    }
}

fn root_by_definition(chain: &TestChain) -> cairn::primitives::StateRoot {
    state_root_by_definition(chain.state.accounts().sorted(), chain.state.maturing())
}

fn supply(chain: &TestChain) -> u64 {
    let balances = chain.state.accounts().sorted().into_iter().map(|(_, account)| account.balance.0);
    balances.sum::<u64>() + chain.state.maturing().iter().map(|reward| reward.amount.0).sum::<u64>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(48)))]

    #[test]
    fn undoing_a_chain_passes_through_the_very_states_it_came_from(blocks in vec(wishes(), 1..12)) {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        let mut seen = Vec::new();
        for block in &blocks {
            seen.push((chain.state.accounts().sorted(), chain.state.maturing().clone(), chain.root()));
            grow(&mut chain, block);
            prop_assert_eq!(chain.root(), root_by_definition(&chain));
        }
        while chain.shrink() {
            let now = (chain.state.accounts().sorted(), chain.state.maturing().clone(), chain.root());
            prop_assert_eq!(chain.root(), root_by_definition(&chain));
            prop_assert_eq!(Some(now), seen.pop());
        }
    }

    #[test]
    fn money_comes_from_subsidies_alone(blocks in vec(wishes(), 1..12)) {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        for block in &blocks {
            let before = supply(&chain);
            grow(&mut chain, block);
            prop_assert_eq!(supply(&chain), before + subsidy(chain.tip().height).0);
        }
    }

    #[test]
    fn one_update_for_many_blocks_gives_the_root_of_many_updates(blocks in vec(wishes(), 1..12)) {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        let mut late = chain.tree.clone();
        for block in &blocks {
            grow(&mut chain, block);
        }
        let touched: Vec<_> = chain.blocks.iter().flat_map(|(block, undo)| undo.touched(block)).collect();
        late.update(&touched, chain.state.accounts());
        prop_assert_eq!(late.root(), chain.tree.root());
    }

    #[test]
    fn the_tree_follows_any_changes_also_deletions(
        steps in vec(vec((0..300_u16, prop_oneof![Just(0), 1..9_u64]), 1..200), 1..8),
    ) {
        let mut accounts = AccountTable::default();
        let mut tree = StateTree::build([]);
        for step in steps {
            for (number, balance) in &step {
                accounts.set(numbered(*number), Account { balance: Amount(*balance), nonce: 0 });
            }
            let touched: Vec<_> = step.iter().map(|(number, _)| numbered(*number)).collect();
            tree.update(&touched, &accounts);
            let expected = state_root_by_definition(accounts.sorted(), []);
            prop_assert_eq!(state_root(tree.root(), []), expected);
            prop_assert_eq!(StateTree::build(accounts.sorted()).root(), tree.root());
        }
    }

    #[test]
    fn the_tree_follows_a_crowd_with_one_prefix_as_it_comes_and_goes_and_comes_back(
        steps in vec((vec((0..300_usize, prop_oneof![Just(0), 1..9_u64]), 1..250), any::<bool>()), 1..8),
    ) {
        let mut accounts: AccountTable = (0..40).map(|number| (numbered(number), Account { balance: Amount(1), nonce: 0 })).collect();
        let mut tree = StateTree::build(accounts.sorted());
        for (step, is_undone) in steps {
            let before = tree.root();
            let touched: Vec<_> = step.iter().map(|(place, _)| CROWD[*place]).collect();
            let set = |(place, balance): &(usize, u64)| {
                accounts.change(CROWD[*place], |_| Ok::<_, ()>(Account { balance: Amount(*balance), nonce: 0 })).unwrap()
            };
            let previous: Vec<_> = step.iter().map(set).collect();
            tree.update(&touched, &accounts);
            prop_assert_eq!(state_root(tree.root(), []), state_root_by_definition(accounts.sorted(), []));
            prop_assert_eq!(StateTree::build(accounts.sorted()).root(), tree.root());
            if is_undone {
                touched.iter().zip(previous).rev().for_each(|(address, account)| accounts.set(*address, account));
                tree.update(&touched, &accounts);
                prop_assert_eq!(tree.root(), before);
            }
        }
    }

    #[test]
    fn blocks_and_undo_records_read_back_from_their_encoding(blocks in vec(wishes(), 1..4)) {
        let mut chain = TestChain::new(Params::named("dev").unwrap());
        for block in &blocks {
            grow(&mut chain, block);
        }
        for (block, undo) in &chain.blocks {
            let encoded = codec::encode(block.block().as_ref());
            prop_assert_eq!(&codec::decode::<Block>(&encoded, encoded.len()).unwrap(), block.block().as_ref());
            let encoded = codec::encode(undo);
            prop_assert_eq!(&codec::decode::<Undo>(&encoded, encoded.len()).unwrap(), undo);
        }
    }

    #[test]
    fn a_changed_byte_of_a_block_never_gives_another_block_with_the_same_hash_that_passes(
        block in wishes(), place in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let chain = TestChain::new(Params::named("dev").unwrap());
        let honest = chain.mine(address(0), transactions(&chain, &block));
        let mut bytes = codec::encode(honest.as_ref());
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        let Ok(changed) = codec::decode::<Block>(&bytes, bytes.len()) else { return Ok(()) };
        prop_assert_eq!(codec::encode(&changed), bytes);
        if changed.hash() == honest.hash() {
            prop_assert!(chain.clone().connect(Arc::new(changed)).is_err());
        }
    }
}

#[test]
fn a_list_of_nothing_and_the_empty_undo_have_an_encoding() {
    assert_eq!(codec::encode(&Undo::default()), [0; 1]);
    assert_eq!(codec::encode(&List::<u8>::default()), [0; 8]);
}
