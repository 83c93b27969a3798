//! Steps that all nodes take alike, taken once: the state after a block follows from the state before it.
//!
//! Nobody is kept alive by what is known here: a state goes when the last node leaves it.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::ptr;
use std::sync::{Arc, Weak};

use cairn::storage::Step;
use foldhash::fast::FixedState;

/// Steps of which it is known what came of them; the oldest is forgotten.
const STEPS_MAX: usize = 1_024;

type Anything = dyn Any + Send + Sync;

/// What came of the newest steps.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    taken: HashMap<Step, Vec<Taken>, FixedState>,
    by_age: VecDeque<Step>,
}

/// A step that was taken from one value.
#[derive(Debug)]
struct Taken {
    before: Weak<Anything>,
    after: Weak<Anything>,
    outcome: Box<dyn Any>,
}

impl Steps {
    /// What came of this step when it was taken from this very value: equal ones elsewhere do not count.
    pub(crate) fn find<T, O>(&self, step: Step, before: &Arc<T>) -> Option<(Arc<T>, O)>
    where
        T: Send + Sync + 'static,
        O: Clone + 'static,
    {
        let is_it = |taken: &&Taken| ptr::addr_eq(taken.before.as_ptr(), Arc::as_ptr(before));
        let taken = self.taken.get(&step)?.iter().find(is_it)?;
        Some((alive(&taken.after)?, taken.outcome.downcast_ref::<O>()?.clone()))
    }

    /// Notes what came of a step. If another way has led to an equal value, that one is taken instead.
    pub(crate) fn note<T, O>(&mut self, step: Step, before: Weak<T>, after: &mut Arc<T>, outcome: O)
    where
        T: PartialEq + Send + Sync + 'static,
        O: 'static,
    {
        if !self.taken.contains_key(&step) {
            self.make_room();
            self.by_age.push_back(step);
        }
        let others = self.taken.entry(step).or_default();
        others.retain(|taken| taken.after.strong_count() > 0);
        let mut equals = others.iter().filter_map(|taken| alive::<T>(&taken.after));
        if let Some(equal) = equals.find(|other| other == after) {
            *after = equal;
            if before.strong_count() == 0 {
                return; // Nobody else can take it from there.
            }
        }
        let after: Weak<T> = Arc::downgrade(after);
        others.push(Taken { before, after, outcome: Box::new(outcome) });
    }

    /// How many hold each value that a step led to.
    #[cfg(test)]
    pub(crate) fn holders(&self, step: Step) -> Vec<usize> {
        let taken = self.taken.get(&step).into_iter().flatten();
        taken.map(|taken| taken.after.strong_count()).collect()
    }

    fn make_room(&mut self) {
        if self.by_age.len() >= STEPS_MAX {
            let oldest = self.by_age.pop_front();
            oldest.and_then(|step| self.taken.remove(&step));
        }
    }
}

fn alive<T: Send + Sync + 'static>(value: &Weak<Anything>) -> Option<Arc<T>> {
    value.upgrade()?.downcast().ok()
}

#[cfg(test)]
mod tests {
    use cairn::primitives::BlockHash;

    use super::*;

    const STEP: Step = Step::Connect(BlockHash::ZERO);

    /// Adds 1 to a number; answers whether the steps knew what comes of it.
    fn add_one(steps: &mut Steps, number: &mut Arc<u8>) -> bool {
        if let Some((after, ())) = steps.find(STEP, number) {
            *number = after;
            return true;
        }
        let before = Arc::downgrade(number);
        *Arc::make_mut(number) += 1;
        steps.note(STEP, before, number, ());
        false
    }

    #[test]
    fn who_holds_the_same_value_takes_what_came_of_it() {
        let mut steps = Steps::default();
        let mut alice = Arc::new(1);
        let (mut bob, mut carol) = (Arc::clone(&alice), Arc::clone(&alice));
        assert_eq!(
            [&mut alice, &mut bob, &mut carol].map(|each| add_one(&mut steps, each)),
            [false, true, true]
        );
        assert!(*carol == 2 && Arc::ptr_eq(&alice, &bob) && Arc::ptr_eq(&bob, &carol));
    }

    #[test]
    fn equal_values_that_came_another_way_become_one_at_their_next_step() {
        let mut steps = Steps::default();
        let (mut alice, mut bob, mut other) = (Arc::new(1), Arc::new(1), Arc::new(5));
        assert!(![&mut alice, &mut bob, &mut other].into_iter().any(|each| add_one(&mut steps, each)));
        assert!(Arc::ptr_eq(&alice, &bob));
        assert_eq!((*alice, *other), (2, 6));
    }

    #[test]
    fn a_value_that_nobody_holds_is_gone() {
        let mut steps = Steps::default();
        let (mut alice, bob) = (Arc::new(1), Arc::new(1));
        let _waits = Arc::clone(&alice);
        let seen = Arc::downgrade(&bob);
        add_one(&mut steps, &mut alice);
        drop((alice, bob));
        assert!(seen.upgrade().is_none());
        assert!(steps.taken[&STEP].iter().all(|taken| taken.after.strong_count() == 0));
    }

    #[test]
    fn the_oldest_steps_are_forgotten() {
        let mut steps = Steps::default();
        for number in 0..STEPS_MAX as u64 {
            let mut hash = BlockHash::ZERO;
            hash.0[..8].copy_from_slice(&number.to_le_bytes());
            steps.note(Step::Disconnect(hash), Weak::<u8>::new(), &mut Arc::new(1), ());
        }
        let mut one = Arc::new(1);
        let before = Arc::clone(&one);
        add_one(&mut steps, &mut one);
        assert!(steps.find::<u8, ()>(STEP, &before).is_some());
        assert_eq!((steps.taken.len(), steps.by_age.len()), (STEPS_MAX, STEPS_MAX));
    }
}
