//! What happened in discovery, step by step, for people to read.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::primitives::PeerId;
use crate::runtime::network_port::DiscoveryStep;

/// Steps kept at most: an evening's worth on a LAN, and a small table for those who ask.
const STEPS_MAX: usize = 1_000;

/// The last steps, oldest first.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    steps: VecDeque<DiscoveryStep>,
    /// The steps as last handed out, until there is a new one.
    shared: Option<Arc<Vec<DiscoveryStep>>>,
}

impl Timeline {
    /// Adds a step, and says it to whoever reads logs closely.
    pub(super) fn add(&mut self, at_ms: u64, peer: Option<PeerId>, what: impl Into<String>) {
        let what = what.into();
        let name = peer.map(|peer| peer.alias());
        tracing::debug!(at_ms, peer = name, "{what}");
        if self.steps.len() == STEPS_MAX {
            self.steps.pop_front();
        }
        self.steps.push_back(DiscoveryStep { at_ms, peer, what });
        self.shared = None;
    }

    /// All of them, shared between all who ask until there is a new one.
    pub(super) fn steps(&mut self) -> Arc<Vec<DiscoveryStep>> {
        let steps = &self.steps;
        Arc::clone(self.shared.get_or_insert_with(|| Arc::new(steps.iter().cloned().collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_steps_make_room_for_new_ones() {
        let mut timeline = Timeline::default();
        for at_ms in 0..=STEPS_MAX as u64 {
            timeline.add(at_ms, None, "a step");
        }
        let steps = timeline.steps();
        assert_eq!((steps.len(), steps[0].at_ms), (STEPS_MAX, 1));
    }
}
