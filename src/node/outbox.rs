//! What one call leaves behind: effects in order, one commit, and whatever must wait until that commit is durable.
//!
//! Publishing and mining follow the tip in memory. What clients see follows the durable tip, so that nothing
//! anybody was told can be lost: those effects wait here for [`super::Input::Durable`].

use std::collections::VecDeque;
use std::mem;

use super::effect::Effect;
use crate::storage::{Commit, Sequence};

/// Collects the effects of one call and holds back what must follow the durable tip.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    effects: Vec<Effect>,
    commit: Commit,
    held: Vec<Effect>,
    waiting: VecDeque<(Sequence, Vec<Effect>)>,
    last_sequence: Sequence,
    durable: Sequence,
}

impl Outbox {
    /// To be done as soon as this call returns.
    pub(super) fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// To be done once everything this call and those before it commit is durable.
    pub(super) fn push_durable(&mut self, effect: Effect) {
        self.held.push(effect);
    }

    /// As [`Self::push_durable`], before all else of this call: the picture that answers and events speak of must be
    /// there when they are heard.
    pub(super) fn push_durable_first(&mut self, effect: Effect) {
        self.held.insert(0, effect);
    }

    /// The commit of this call.
    pub(super) fn commit(&mut self) -> &mut Commit {
        &mut self.commit
    }

    /// The number under which what is in [`Self::commit`] now will be committed.
    pub(super) fn pending_sequence(&self) -> Sequence {
        self.last_sequence + 1
    }

    /// Everything up to this commit is durable.
    pub(super) fn on_durable(&mut self, sequence: Sequence) {
        self.durable = self.durable.max(sequence.min(self.last_sequence));
        while self.waiting.front().is_some_and(|(sequence, _)| *sequence <= self.durable) {
            if let Some((_, effects)) = self.waiting.pop_front() {
                self.effects.extend(effects);
            }
        }
    }

    /// The newest durable commit.
    pub(super) fn durable(&self) -> Sequence {
        self.durable
    }

    /// Whether something is to be committed, or not durable yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.durable < self.last_sequence || !self.commit.is_empty()
    }

    /// Ends the call: the commit, if there is anything in it, comes after all effects of the call.
    pub(super) fn finish(&mut self) -> Vec<Effect> {
        if !self.commit.is_empty() {
            self.last_sequence += 1;
            let mut commit = mem::take(&mut self.commit);
            commit.sequence = self.last_sequence;
            self.effects.push(Effect::Commit(commit));
        }
        let held = mem::take(&mut self.held);
        if self.durable == self.last_sequence {
            self.effects.extend(held);
        } else if !held.is_empty() {
            self.waiting.push_back((self.last_sequence, held));
        }
        mem::take(&mut self.effects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{BlockHash, BlockId, Height};

    fn wake(at: u64) -> Effect {
        Effect::WakeAt(at)
    }

    fn names(effects: &[Effect]) -> Vec<String> {
        effects.iter().map(|effect| format!("{effect:?}").chars().take(9).collect()).collect()
    }

    #[test]
    fn what_clients_see_waits_until_its_commit_is_durable() {
        let mut outbox = Outbox::default();
        outbox.commit().tip = Some(BlockId { height: Height(1), hash: BlockHash::ZERO });
        outbox.push_durable(wake(1));
        assert_eq!(names(&outbox.finish()), ["Commit(Co"]);

        outbox.push_durable(wake(2));
        assert!(outbox.finish().is_empty(), "a later answer may not overtake the tip it shows");

        outbox.on_durable(1);
        assert_eq!(names(&outbox.finish()), ["WakeAt(1)", "WakeAt(2)"]);
    }

    #[test]
    fn who_is_answered_finds_the_new_picture_already_there() {
        let mut outbox = Outbox::default();
        outbox.push_durable(wake(1));
        outbox.push_durable_first(wake(2));
        assert_eq!(names(&outbox.finish()), ["WakeAt(2)", "WakeAt(1)"]);
    }

    #[test]
    fn with_nothing_to_commit_an_answer_goes_out_at_once() {
        let mut outbox = Outbox::default();
        outbox.push_durable(wake(1));
        assert_eq!(names(&outbox.finish()), ["WakeAt(1)"]);
    }
}
