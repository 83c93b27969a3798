//! What may be done to a world: links, cuts, kills, starts, hash rates, clocks.

use std::io;
use std::path::Path;

use cairn::node::Input;
use rand::Rng;

use super::NodeIndex;
use super::event;
use super::links::LinkSpec;
use super::world::World;
use crate::record::Incident;
use crate::story::{StoryWriter, What};

impl World {
    /// Links two nodes, unless they are linked already.
    pub fn link(&mut self, one: NodeIndex, other: NodeIndex, spec: LinkSpec) {
        if self.links.join(one, other, spec) && self.links.is_up(one, other) {
            self.introduce(one, other);
        }
    }

    /// Changes what a link is like; what is on its way arrives as before.
    pub fn change_link(&mut self, one: NodeIndex, other: NodeIndex, change: impl FnOnce(&mut LinkSpec)) {
        self.links.change(one, other, change);
    }

    /// The nodes a node is linked to, in the order of linking.
    pub fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.links.of(node).iter().map(|end| end.to as usize).collect()
    }

    /// Number of undirected links and their mean one-way latency in microseconds.
    pub fn links_summary(&self) -> (usize, u64) {
        (self.links.count(), self.links.mean_latency_us())
    }

    /// Lets a node send at most so many bytes a second over all its links together; 0 is without limit.
    pub fn set_uplink(&mut self, node: NodeIndex, bytes_per_second: u64) {
        self.uplinks[node].0 = bytes_per_second;
    }

    /// Cuts a side off from the rest.
    pub fn cut_off(&mut self, side: &[NodeIndex]) {
        self.cut(|one, other| side.contains(&one) != side.contains(&other));
    }

    /// Cuts every link of which this holds.
    pub fn cut(&mut self, is_cut: impl Fn(NodeIndex, NodeIndex) -> bool) {
        for (one, other) in self.links.cut(is_cut) {
            self.part(one, other);
        }
    }

    /// Lets nothing arrive where this holds, of who sends and who does not hear. Nobody is told: the links stay up.
    pub fn mute(&mut self, is_mute: impl Fn(NodeIndex, NodeIndex) -> bool) {
        self.links.mute(is_mute);
    }

    /// Mends all cuts, those of one direction too.
    pub fn heal(&mut self) {
        self.links.mute(|_, _| false);
        for (one, other) in self.links.heal() {
            self.introduce(one, other);
        }
    }

    /// Lets a node hash at this rate a second from now; 0 stops it.
    pub fn set_hash_rate(&mut self, node: NodeIndex, hashes_per_second: f64) {
        let hashed = self.nodes[node].hash_rate > 0.0;
        self.nodes[node].hash_rate = hashes_per_second;
        if hashed != (hashes_per_second > 0.0) {
            self.input(node, Input::WantTemplates(hashes_per_second > 0.0));
        }
        self.draw_block(node);
    }

    /// Steps a node's wall clock.
    pub fn step_clock(&mut self, node: NodeIndex, milliseconds: i64) {
        let node = &mut self.nodes[node];
        node.wall_offset_ms += milliseconds;
        node.wall_offset_ms_most = node.wall_offset_ms_most.max(node.wall_offset_ms);
    }

    /// Sets a node's wall clock right.
    pub fn set_right(&mut self, node: NodeIndex) {
        self.nodes[node].wall_offset_ms = 0;
    }

    /// Kills a node: what was not durable is lost.
    pub fn kill(&mut self, node: NodeIndex) {
        if !self.nodes[node].is_running() {
            return;
        }
        for copy in std::mem::take(&mut self.nodes[node].unjudged) {
            self.floods.release(super::flood::Copy::of(copy).message);
        }
        self.floods.forget(node);
        self.nodes[node].kill();
        if let Some(overseer) = &mut self.overseer {
            overseer.end(node);
        }
        self.paused_until_us[node] = 0;
        self.lives[node] += 1;
        let peer = self.nodes[node].peer;
        for other in self.links.set_running(node, false) {
            self.input_in(0, other, Input::PeerDisconnected { peer });
        }
    }

    /// Starts a node on what its store holds, unless it runs.
    pub fn start(&mut self, node: NodeIndex) {
        if self.nodes[node].is_running() {
            return;
        }
        let mut seed = [0; 32];
        self.chance.cores.fill_bytes(&mut seed);
        self.lives[node] += 1;
        self.nodes[node].audit.begin_anew();
        let mut overseer = self.overseer.take();
        if let Some(overseer) = &mut overseer {
            overseer.begin(self, node);
        }
        let effects = self.nodes[node].start(&self.params, seed, self.now_us);
        if let Some(overseer) = &mut overseer {
            overseer.note(node, self.nodes[node].now(self.now_us), &effects);
        }
        self.carry_out(node, effects);
        if let Some(overseer) = &mut overseer {
            overseer.look(self, node);
        }
        self.overseer = overseer;
        self.begin_mischief(node);
        if self.nodes[node].hash_rate > 0.0 {
            self.input(node, Input::WantTemplates(true));
        }
        for other in self.neighbours(node) {
            self.links.set_closed(node, other, false);
        }
        for other in self.links.set_running(node, true) {
            self.introduce(node, other);
        }
        self.draw_block(node);
    }

    /// Writes what happens from now into a file, line by line.
    pub fn write_story(&mut self, path: &Path) -> io::Result<()> {
        self.story = Some(StoryWriter::create(path)?);
        Ok(())
    }

    /// Ends the file of [`Self::write_story`], and tells whether all of it could be written.
    pub fn end_story(&mut self) -> io::Result<()> {
        self.story.take().map_or(Ok(()), StoryWriter::finish)
    }

    /// Puts a mark on the record's time axis.
    pub fn mark(&mut self, what: impl Into<String>) {
        let what = what.into();
        if let Some(story) = &mut self.story {
            story.note(self.now_us, What::Incident { words: what.clone() });
        }
        self.observer.incidents.push(Incident { at_us: self.now_us, what });
    }

    /// Both hear that they are connected.
    pub(super) fn introduce(&mut self, one: NodeIndex, other: NodeIndex) {
        let latency = self.links.end(one, other).map_or(0, |end| u64::from(end.latency_us));
        for (node, peer, outbound) in [(one, other, true), (other, one, false)] {
            let peer = self.nodes[peer].peer;
            self.input_in(latency, node, Input::PeerConnected { peer, outbound });
        }
    }

    /// Both hear that they are not connected any more.
    pub(super) fn part(&mut self, one: NodeIndex, other: NodeIndex) {
        for (node, peer) in [(one, other), (other, one)] {
            let peer = self.nodes[peer].peer;
            self.input_in(0, node, Input::PeerDisconnected { peer });
        }
    }

    /// A node has enough of another: the connection is closed, and dialled again after a while.
    pub(super) fn hang_up(&mut self, node: NodeIndex, other: NodeIndex, redial_in_us: u64) {
        if self.links.set_closed(node, other, true) {
            self.part(node, other);
        }
        self.happen(redial_in_us, node, event::What::Redial { to: other as u32 });
    }

    /// Opens a connection that a node had closed.
    pub(super) fn redial(&mut self, node: NodeIndex, other: NodeIndex) {
        if self.links.set_closed(node, other, false) {
            self.introduce(node, other);
        }
    }
}
