//! What a core asks for is carried out.

use std::sync::Arc;

use cairn::node::input::RequestId;
use cairn::node::message::{Gossip, SyncResponse};
use cairn::node::serve::serve;
use cairn::node::{Effect, Event, Input, Template, View};
use cairn::primitives::codec::encoded_len;
use cairn::primitives::{BlockId, PeerId};
use rand::RngExt;

use super::NodeIndex;
use super::ask::NOBODY_WAITS;
use super::event::What;
use super::mining::{draw_delay_us, solve};
use super::misdeeds::Misdeed;
use super::node::index_of;
use super::traffic::Letter;
use super::world::World;
use crate::record::Reorganisation;

/// Microseconds after which a node dials a peer again that it had disconnected.
const REDIAL_US: u64 = 30_000_000;

impl World {
    pub(super) fn carry_out(&mut self, node: NodeIndex, effects: Vec<Effect>) {
        for effect in effects {
            self.carry_out_one(node, effect);
        }
    }

    fn carry_out_one(&mut self, node: NodeIndex, effect: Effect) {
        match effect {
            Effect::Verify { ticket, job } => {
                let result = self.checker.check(job);
                self.input_in(self.config.check_us, node, Input::Verified { ticket, result });
            }
            Effect::Commit(commit) => {
                if self.config.audits {
                    self.nodes[node].audit.note_checked(&commit.bodies);
                }
                self.nodes[node].writing.push_back(commit);
                self.happen(self.nodes[node].disk_us, node, What::Commit);
            }
            Effect::Publish(gossip) => self.publish(node, gossip),
            Effect::Verdict { message, verdict } => self.judge(node, message, verdict),
            Effect::Request { peer, request, body } => {
                self.send(node, index_of(peer), Letter::Question(request, body));
            }
            Effect::Respond { peer, request, body } => self.respond(node, peer, request, body),
            Effect::Serve { peer, request, what } => {
                let body = serve(&self.nodes[node].store, &what).expect("a store in memory can be read");
                self.respond(node, peer, request, body);
            }
            Effect::Disconnect { peer, reason } => {
                self.audit_parting(node, index_of(peer), reason);
                self.hang_up(node, index_of(peer), REDIAL_US);
            }
            Effect::Ban { peer, until_wall_ms } => {
                let left_ms = until_wall_ms.saturating_sub(self.nodes[node].now(self.now_us).wall_ms);
                self.hang_up(node, index_of(peer), left_ms * 1_000);
            }
            Effect::Template(template) => self.take_template(node, template),
            Effect::View(view) => self.show(node, view),
            Effect::Event(event) => self.report(node, event),
            Effect::Answer { ticket, .. } if ticket == NOBODY_WAITS => {}
            Effect::Answer { ticket, answer } => {
                self.nodes[node].answers.insert(ticket, answer);
            }
            Effect::WakeAt(at_ms) => {
                self.nodes[node].wish += 1;
                let wish = self.nodes[node].wish;
                self.happen((at_ms * 1_000).saturating_sub(self.now_us), node, What::Wake { wish });
            }
        }
    }

    fn respond(&mut self, node: NodeIndex, peer: PeerId, request: RequestId, body: SyncResponse) {
        if self.does(node, Misdeed::Silent) {
            return self.leave_waiting(index_of(peer), node, request);
        }
        let refusal = self.refusal(node, request, &body);
        self.send(node, index_of(peer), refusal.unwrap_or(Letter::Answer(request, body)));
    }

    fn publish(&mut self, node: NodeIndex, gossip: Gossip) {
        match &gossip {
            Gossip::Block(block) if self.does(node, Misdeed::SelfishMiner) => self.withhold(node, block),
            Gossip::Block(_) | Gossip::Transactions(_) => self.publish_openly(node, gossip),
        }
    }

    pub(super) fn publish_openly(&mut self, node: NodeIndex, gossip: Gossip) {
        let block = match &gossip {
            Gossip::Block(block) => self.observer.number(&block.header.hash()),
            Gossip::Transactions(_) => None,
        };
        let message = self.floods.publish(gossip, block);
        if let Some(flood) = self.floods.get(message) {
            self.trace.note(self.now_us, node as u32, 20, flood.name);
        }
        self.floods.is_news(message, node);
        self.forward(node, None, message, 1);
        self.floods.release(message);
    }

    fn show(&mut self, node: NodeIndex, mut view: Arc<View>) {
        if self.config.audits {
            self.audit_view(node, &view);
        }
        // The largest part of a picture, at thousands of nodes.
        if let Some(view) = Arc::get_mut(&mut view).filter(|_| !self.config.keeps_events) {
            view.peers = Vec::new();
        }
        self.nodes[node].view = Some(view);
    }

    fn report(&mut self, node: NodeIndex, event: Event) {
        if self.config.audits {
            self.audit_event(node, &event);
        }
        if let Some(story) = &mut self.story {
            story.note_event(self.now_us, node, &event);
        }
        if let Event::TipChanged(change) = &event {
            let tip = change.connected.last().map_or(0, |block| hash_key(block.id));
            self.trace.note(self.now_us, node as u32, 21, tip);
            if !change.disconnected.is_empty() {
                let depth = change.disconnected.len();
                let change = Reorganisation { at_us: self.now_us, node, depth };
                self.observer.reorganisations.push(change);
            }
        }
        if let Event::PeerBanned { peer, reason } = &event {
            self.observer.bans.push((node, index_of(*peer)));
            self.mark(format!("node {node} bans node {}: it {reason}", index_of(*peer)));
        }
        if self.config.keeps_events {
            self.nodes[node].events.push(event);
        }
    }

    /// A miner works on a new template. Trials are independent, so only another target calls for another draw.
    fn take_template(&mut self, node: NodeIndex, template: Arc<Template>) {
        let bits = self.nodes[node].template.as_ref().map(|template| template.bits);
        let is_other = bits != Some(template.bits);
        self.nodes[node].template = Some(template);
        if is_other {
            self.draw_block(node);
        }
    }

    /// Draws when a node will find its next block.
    pub(super) fn draw_block(&mut self, node: NodeIndex) {
        self.nodes[node].draw += 1;
        let (draw, rate) = (self.nodes[node].draw, self.nodes[node].hash_rate);
        let Some(template) = self.nodes[node].template.as_ref().filter(|_| rate > 0.0) else { return };
        let target = template.bits.target().expect("a template carries a target");
        let delay_us = draw_delay_us(target, rate, &mut self.chance.mining);
        self.happen(delay_us, node, What::BlockFound { draw });
    }

    /// A node finds a block on what it works on.
    pub(super) fn find_block(&mut self, node: NodeIndex) {
        if let Some(template) = self.nodes[node].template.clone() {
            self.find_block_on(node, &template);
        }
    }

    pub(super) fn find_block_on(&mut self, node: NodeIndex, template: &Template) {
        let now = self.nodes[node].now(self.now_us).timestamp();
        let extra_nonce = self.observer.blocks.len() as u64 + 1;
        if let Some(block) = solve(template, self.nodes[node].miner, extra_nonce, now) {
            if self.does(node, Misdeed::RuleBreaker) && self.chance.mischief.random() {
                return self.publish_broken(node, template, &block);
            }
            let id = BlockId { height: template.height(), hash: block.hash() };
            let (bytes, audience) = (encoded_len(block.as_ref()), self.audience(node));
            self.observer.found(&block, id, bytes, node, self.now_us, audience);
            if let Some(story) = &mut self.story {
                story.note_found(self.now_us, node, id, &block, &self.params);
            }
            self.input(node, Input::SubmitBlock { ticket: NOBODY_WAITS, block });
        }
    }
}

fn hash_key(id: BlockId) -> u64 {
    u64::from_le_bytes(*id.hash.0.first_chunk().expect("32 bytes begin with 8"))
}
