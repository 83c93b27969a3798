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
