//! One thing after the other happens.

use std::collections::VecDeque;

use cairn::node::Input;

use super::NodeIndex;
use super::event::{Event, What};
use super::flood::Copy;
use super::node::index_of;
use super::world::World;

/// Why a core never fails here.
const READABLE: &str = "a store in memory can always be read";

impl World {
    /// Lets the next thing happen, if it is not after this moment. False: nothing is left until then.
    pub(super) fn step(&mut self, until_us: u64) -> bool {
        let Some((at_us, Event { node, life, what })) = self.queue.next(until_us) else { return false };
        self.now_us = self.now_us.max(at_us);
        if self.lives[node as usize] != life {
            self.discard(what);
        } else if self.paused_until_us[node as usize] > self.now_us {
            self.queue.add(self.paused_until_us[node as usize], Event { node, life, what });
        } else {
            self.come(node as usize, what);
        }
        true
    }

    /// Gives a core an input, carries out what it answers, and looks at what came of it if anybody wants that.
    pub(super) fn input(&mut self, node: NodeIndex, input: Input) {
        let now = self.nodes[node].now(self.now_us);
        let Some(core) = self.nodes[node].core.as_mut() else { return };
        let (kind, key) = describe(&input);
        self.trace.note(self.now_us, node as u32, kind, key);
        self.observer.inputs += 1;
        let Some(mut overseer) = self.overseer.take() else {
            let effects = core.handle(now, input).expect(READABLE);
            return self.carry_out(node, effects);
        };
        overseer.hear(self, node, now, &input);
        let core = self.nodes[node].core.as_mut();
        let effects = core.map_or_else(Vec::new, |core| core.handle(now, input).expect(READABLE));
        overseer.note(node, now, &effects);
        self.carry_out(node, effects);
        overseer.look(self, node);
        self.overseer = Some(overseer);
    }

    /// Lets a core have an input after so many microseconds.
    pub(super) fn input_in(&mut self, delay_us: u64, node: NodeIndex, input: Input) {
        let slot = self.inputs.put(input);
        self.happen(delay_us, node, What::Input { slot });
    }

    /// Something will happen to a node in its present life after so many microseconds.
    pub(super) fn happen(&mut self, delay_us: u64, node: NodeIndex, what: What) {
        let event = Event { node: node as u32, life: self.lives[node], what };
        self.queue.add(self.now_us + delay_us, event);
    }

    fn come(&mut self, node: NodeIndex, what: What) {
        match what {
            What::Gossip { from, message, hop } => self.receive_gossip(node, Copy { message, from, hop }),
            What::Letter { from, slot } => self.receive_letter(node, from as usize, slot),
            What::Input { slot } => {
                if let Some(input) = self.inputs.take(slot).filter(|input| self.is_still_true(node, input)) {
                    self.input(node, input);
                }
            }
            What::Commit if self.crashes_now() => self.crash(node),
            What::Commit => {
                if let Some(commit) = self.nodes[node].writing.pop_front() {
                    let sequence = commit.sequence;
                    if self.nodes[node].writing.is_empty() {
                        self.nodes[node].writing = VecDeque::new();
                    }
                    self.nodes[node].store.apply(commit);
                    self.input(node, Input::Durable { sequence });
                }
            }
            What::Wake { wish } if wish == self.nodes[node].wish => self.input(node, Input::Wake),
            What::BlockFound { draw } if draw == self.nodes[node].draw => {
                self.find_block(node);
                self.draw_block(node);
            }
            What::Redial { to } => self.redial(node, to as usize),
            What::Orphans => self.tell_of_orphans(node),
            What::Wake { .. } | What::BlockFound { .. } => {}
        }
    }

    /// A connection that was lost before both ends heard of it never was.
    fn is_still_true(&self, node: NodeIndex, input: &Input) -> bool {
        let Input::PeerConnected { peer, .. } = input else { return true };
        self.links.is_up(node, index_of(*peer))
    }

    /// Frees what was meant for a node that was killed meanwhile.
    fn discard(&mut self, what: What) {
        match what {
            What::Gossip { message, .. } => {
                self.observer.traffic.lost += 1;
                self.floods.release(message);
            }
            What::Letter { slot, .. } => drop(self.letters.take(slot)),
            What::Input { slot } => drop(self.inputs.take(slot)),
            What::Commit
            | What::Wake { .. }
            | What::BlockFound { .. }
            | What::Redial { .. }
            | What::Orphans => {}
        }
    }
}

/// What the trace tells inputs apart by.
fn describe(input: &Input) -> (u8, u64) {
    let of_peer = |peer: &cairn::primitives::PeerId| index_of(*peer) as u64;
    match input {
        Input::PeerConnected { peer, .. } => (1, of_peer(peer)),
        Input::PeerDisconnected { peer } => (2, of_peer(peer)),
        Input::Gossip { message, .. } => (3, *message),
        Input::Undecodable { peer } => (4, of_peer(peer)),
        Input::Request { peer, request, .. } => (5, of_peer(peer) << 32 | request & 0xffff_ffff),
        Input::Response { peer, request, .. } => (6, of_peer(peer) << 32 | request & 0xffff_ffff),
        Input::Verified { ticket, .. } => (7, *ticket),
        Input::Durable { sequence } => (8, *sequence),
        Input::SubmitTransactions { transactions, .. } => (9, transactions.len() as u64),
        Input::SubmitBlock { block, .. } => (10, block.header.nonce.into()),
        Input::Query { ticket, .. } => (11, *ticket),
        Input::WantTemplates(wanted) => (12, u64::from(*wanted)),
        Input::Wake => (13, 0),
    }
}
