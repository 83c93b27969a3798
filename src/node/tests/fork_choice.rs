//! Whatever tree of blocks comes in whatever order: after each step the node follows what the dull model follows.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::harness::*;
use super::tree::{BASE, Model, grow, sprouts};
use crate::consensus::state_root::state_root_by_definition;
use crate::consensus::testing::property_cases;
use crate::primitives::Block;

/// Blocks in a tree at most.
const BLOCKS: usize = 28;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// Some block comes, perhaps again.
    Deliver(Index),
    /// From here on checks wait, or the disk does.
    Stick { checks: bool, disk: bool },
    /// All that waits goes on.
    Unstick,
    /// All that waits goes on, and the node starts again on what its disk holds.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => any::<Index>().prop_map(Step::Deliver),
        2 => any::<(bool, bool)>().prop_map(|(checks, disk)| Step::Stick { checks, disk }),
        2 => Just(Step::Unstick),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..2 * BLOCKS)
}

fn node_at_base() -> Lab {
    let mut lab = Lab::of(BASE.params.clone());
    lab.adopt(&BASE);
    lab
}

/// What the node learnt in which order is remembered for it.
fn restarted(mut lab: Lab) -> Lab {
    lab.unstick();
    let checked = std::mem::take(&mut lab.seen.checked);
    lab = lab.restarted();
    lab.seen.checked = checked;
    lab
}

/// Asserts that the node is where the model is, with the state that the model computed.
fn agree(lab: &Lab, model: &mut Model) {
    let (hash, height, root) = model.best(&lab.seen.checked);
    let state = lab.node.chain.ledger.state();
    assert_eq!((lab.tip().hash, lab.tip().height), (hash, height));
    assert_eq!(state.height(), height);
    assert_eq!(state_root_by_definition(state.accounts().sorted(), state.maturing()), root);
}

/// The same blocks in an order of their own: each goes where its number among the rest says.
fn shuffled(blocks: &[Arc<Block>], places: &[Index]) -> Vec<Arc<Block>> {
    let mut order = Vec::new();
    for (block, place) in blocks.iter().zip(places) {
        order.insert(place.index(order.len() + 1), Arc::clone(block));
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(48)))]

    #[test]
    fn after_each_step_the_node_follows_what_the_model_follows(
        sprouts in sprouts(BLOCKS), steps in steps(), order in vec(any::<Index>(), BLOCKS),
    ) {
        let blocks = grow(&sprouts);
        let (mut lab, mut model) = (node_at_base(), Model::default());
        for step in steps {
            match step {
                Step::Deliver(place) => {
                    let block = place.get(&blocks);
                    lab.offer_block(block);
                    model.deliver(block);
                }
                Step::Stick { checks, disk } => {
                    lab.checks_are_stuck |= checks;
                    lab.disk_is_stuck |= disk;
                }
                Step::Unstick => lab.unstick(),
                Step::Restart => {
                    lab = restarted(lab);
                    model.forget_early();
                }
            }
            if !lab.checks_are_stuck && !lab.disk_is_stuck {
                agree(&lab, &mut model);
            }
        }
        lab.unstick();
        for block in shuffled(&blocks, &order) {
            lab.offer_block(&block);
            model.deliver(&block);
            agree(&lab, &mut model);
        }
        agree(&restarted(lab), &mut model);
    }

    #[test]
    fn every_order_ends_at_the_same_block_when_one_is_best(
        sprouts in sprouts(BLOCKS), orders in vec(vec(any::<Index>(), BLOCKS), 2),
    ) {
        let blocks = grow(&sprouts);
        let mut ends = Vec::new();
        for order in &orders {
            let (mut lab, mut model) = (node_at_base(), Model::default());
            for block in shuffled(&blocks, order) {
                lab.offer_block(&block);
                model.deliver(&block);
            }
            agree(&lab, &mut model);
            ends.push((model.is_unique(), lab.tip()));
        }
        prop_assert_eq!(ends[0].0, ends[1].0, "how many are best does not depend on the order");
        if ends[0].0 {
            prop_assert_eq!(ends[0].1, ends[1].1);
        }
    }
}
