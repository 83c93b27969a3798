//! The way of inputs to the core: never waits, and loses nothing that must not be lost.

use std::collections::VecDeque;

use crate::node::Input;
use crate::runtime::handle::TryTellError;
use crate::runtime::{NodeHandle, NodeStopped};

/// Inputs kept here while the core's own queue is full. When they are that many the swarm rests until the core has
/// taken some.
const BACKLOG_MAX: usize = 1_024;

/// Inputs on their way to the core.
#[derive(Debug)]
pub(super) struct CoreQueue {
    node: NodeHandle,
    backlog: VecDeque<Input>,
}

impl CoreQueue {
    /// The way to this node's core.
    pub(super) fn new(node: NodeHandle) -> Self {
        Self { node, backlog: VecDeque::new() }
    }

    /// For what may be lost (gossip, questions of peers): false when the core is too busy for it.
    pub(super) fn offer(&mut self, input: Input) -> bool {
        self.backlog.is_empty() && self.node.try_tell(input).is_ok()
    }

    /// For what must arrive: answers, and who comes and goes.
    pub(super) fn deliver(&mut self, input: Input) {
        if !self.backlog.is_empty() {
            self.backlog.push_back(input);
            return;
        }
        // Of a stop the loop hears by itself.
        if let Err(TryTellError::Full(input)) = self.node.try_tell(input) {
            self.backlog.push_back(*input);
        }
    }

    /// Whether the swarm must rest.
    pub(super) fn is_full(&self) -> bool {
        self.backlog.len() >= BACKLOG_MAX
    }

    /// Whether anything waits here.
    pub(super) fn is_empty(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Hands one input over once the core has room. Nothing is lost when this is dropped half way.
    pub(super) async fn drain(&mut self) -> Result<(), NodeStopped> {
        let room = self.node.room().await?;
        if let Some(input) = self.backlog.pop_front() {
            room.send(input);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consensus::params::Params;
    use crate::primitives::PeerId;

    fn connected(number: u8) -> Input {
        Input::PeerConnected { peer: PeerId([number; 32]), outbound: true }
    }

    #[tokio::test]
    async fn a_busy_core_misses_what_may_be_lost_and_gets_the_rest_in_order() {
        let (node, mut inputs, _commands) = NodeHandle::detached(Arc::new(Params::named("lan").unwrap()));
        let mut queue = CoreQueue::new(node);
        let mut waiting = 0;
        while queue.offer(Input::Wake) {
            waiting += 1;
        }
        queue.deliver(connected(1));
        queue.deliver(connected(2));
        assert!(!queue.is_empty());
        for _ in 0..waiting {
            assert!(matches!(inputs.recv().await, Some(Input::Wake)));
        }
        assert!(!queue.offer(Input::Wake), "nothing overtakes what waits");
        while !queue.is_empty() {
            queue.drain().await.unwrap();
        }
        for number in [1, 2] {
            let input = inputs.recv().await;
            assert!(matches!(input, Some(Input::PeerConnected { peer, .. }) if peer == PeerId([number; 32])));
        }
        assert!(queue.offer(Input::Wake));
    }

    #[test]
    fn the_swarm_rests_when_very_much_waits() {
        let (node, _inputs, _commands) = NodeHandle::detached(Arc::new(Params::named("lan").unwrap()));
        let mut queue = CoreQueue::new(node);
        while !queue.is_full() {
            queue.deliver(connected(1));
        }
        assert_eq!(queue.backlog.len(), BACKLOG_MAX);
    }
}
