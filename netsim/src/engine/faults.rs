//! What goes wrong by chance, each a probability, and what it does to a world.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::NodeIndex;
use super::world::World;

/// Microseconds by which a message is held up at most, so that later ones overtake it.
const HELD_UP_US_MAX: u64 = 2_000_000;

/// Faults at any moment, each by its probability; all 0 by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Faults {
    /// That a message is lost.
    pub loss: f64,
    /// That a gossip message arrives twice.
    pub duplication: f64,
    /// That a message is held up for up to two seconds: later ones overtake it.
    pub reordering: f64,
    /// That a node crashes where a commit should become durable. Any number of commits on their way may have reached
    /// the disk, in their order; the rest are lost or torn, which a journal cannot tell apart.
    pub crash: f64,
}

impl World {
    /// Changes what may go wrong from now.
    pub fn set_faults(&mut self, faults: Faults) {
        self.config.faults = faults;
    }

    /// Nodes that crashed by themselves since this was asked last.
    pub fn take_crashed(&mut self) -> Vec<NodeIndex> {
        std::mem::take(&mut self.crashed)
    }

    /// Kills a node in the middle of what it writes.
    pub fn crash(&mut self, node: NodeIndex) {
        let writing = self.nodes[node].writing.len();
        let written = self.chance.crashes.random_range(0..=writing);
        for commit in self.nodes[node].writing.drain(..written).collect::<Vec<_>>() {
            self.nodes[node].store.apply(commit);
        }
        self.kill(node);
        self.crashed.push(node);
    }

    /// Pauses a node's process for so many microseconds: everything waits for it, and its clocks go on. A pause that
    /// lasts longer already goes on: what waits must not be overtaken by what comes later.
    pub fn pause(&mut self, node: NodeIndex, microseconds: u64) {
        let until_us = &mut self.paused_until_us[node];
        *until_us = (*until_us).max(self.now_us + microseconds);
    }

    /// Whether a node is paused.
    pub fn is_paused(&self, node: NodeIndex) -> bool {
        self.paused_until_us[node] > self.now_us
    }

    /// Lets a node's disk take so many microseconds for each commit from now.
    pub fn set_disk(&mut self, node: NodeIndex, microseconds: u64) {
        self.nodes[node].disk_us = microseconds;
    }

    pub(super) fn crashes_now(&mut self) -> bool {
        let crash = self.config.faults.crash;
        crash > 0.0 && self.chance.crashes.random::<f64>() < crash
    }

    pub(super) fn is_lost(&mut self) -> bool {
        let loss = self.config.faults.loss;
        loss > 0.0 && self.chance.traffic.random::<f64>() < loss
    }

    /// How long after the first a second copy of a message arrives, if one does.
    pub(super) fn is_duplicated(&mut self) -> Option<u64> {
        let duplication = self.config.faults.duplication;
        let is_due = duplication > 0.0 && self.chance.traffic.random::<f64>() < duplication;
        is_due.then(|| self.chance.traffic.random_range(0..HELD_UP_US_MAX))
    }

    pub(super) fn held_up_us(&mut self) -> u64 {
        let reordering = self.config.faults.reordering;
        let is_due = reordering > 0.0 && self.chance.traffic.random::<f64>() < reordering;
        if is_due { self.chance.traffic.random_range(0..HELD_UP_US_MAX) } else { 0 }
    }
}
