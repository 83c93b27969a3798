//! Tells in plain words what happens to the node.

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::logging::story;
use super::tip_lines;
use crate::cli::words;
use crate::node::Event;
use crate::node::input::Purpose;
use crate::primitives::{Address, Height, PeerId};
use crate::runtime::{NodeHandle, clock};

/// Listens until the node is gone. `miner` is who earns what this node finds.
pub(super) async fn run(node: NodeHandle, mut events: Receiver<Event>, miner: Option<Address>) {
    let started_ms = clock::now().monotonic_ms;
    let mut narrator = Narrator { node, miner, started_ms, catching_up_from: None };
    loop {
        match events.recv().await {
            Ok(event) => narrator.tell(event),
            Err(RecvError::Lagged(missed)) => story!(missed, "… {missed} things happened too fast to tell"),
            Err(RecvError::Closed) => return,
        }
    }
}

struct Narrator {
    node: NodeHandle,
    miner: Option<Address>,
    started_ms: u64,
    catching_up_from: Option<Height>,
}

impl Narrator {
    fn tell(&mut self, event: Event) {
        match event {
            Event::TipChanged(change) => {
                let kind = self.node.params().address_kind();
                tip_lines::tell(&change, self.miner, kind, self.catching_up_from.is_some());
            }
            Event::TransactionAdmitted { id, purpose } => tell_admitted(&id, purpose),
            Event::TransactionDropped { id, reason } => {
                story!(%id, reason, "transaction {} left the pool unconfirmed: {reason}", words::short(&id));
            }
            Event::BlockInvalid { id, violation } => {
                let rule = violation.name();
                story!(hash = %id.hash, rule, "refused block #{} {}: {violation}", id.height, words::short(&id.hash));
            }
            Event::PeerReady { peer, height } => self.tell_peer(peer, height),
            Event::ClockOffset { peer, seconds } => tell_clock(peer, seconds),
            Event::SyncStarted { peer, from, to } => self.tell_sync_started(peer, from, to),
            Event::SyncFinished { height } => self.tell_sync_finished(height),
            Event::SyncStalled { peer } => {
                let alias = peer.alias();
                story!(alias, "{alias} claims more work but does not prove it; asking others");
            }
            Event::PeerBanned { peer, reason } => {
                let alias = peer.alias();
                story!(alias, reason, "banned {alias} for a day: {reason}");
            }
        }
    }

    fn tell_peer(&self, peer: PeerId, height: Height) {
        let alias = peer.alias();
        let network = self.node.network();
        let found = network.peers.iter().find(|connection| connection.peer == peer).map(|connection| {
            let after_ms = connection.connected_at_ms.saturating_sub(self.started_ms);
            (connection.found.word(), after_ms)
        });
        if let Some((found, after_ms)) = found {
            story!(alias, found, after_ms, %height, "met {alias} ({found}, {after_ms} ms after the start), at height {height}");
        } else {
            story!(alias, %height, "met {alias}, at height {height}");
        }
    }

    fn tell_sync_started(&mut self, peer: PeerId, from: Height, to: Height) {
        self.catching_up_from = Some(from);
        let behind = words::count(to.0.saturating_sub(from.0), "block");
        let alias = peer.alias();
        story!(alias, %from, %to, "{behind} behind {alias}: catching up from #{from} to #{to}");
    }

    fn tell_sync_finished(&mut self, height: Height) {
        let from = self.catching_up_from.take();
        let blocks = from.map_or(0, |from| height.0.saturating_sub(from.0));
        story!(%height, blocks, "caught up: {} to #{height}", words::count(blocks, "block"));
    }
}

fn tell_admitted(id: &crate::primitives::TransactionId, purpose: Option<Purpose>) {
    match purpose {
        Some(Purpose::Admit) => {
            story!(%id, "transaction {} from a client waits for a block", words::short(id));
        }
        Some(Purpose::Restore | Purpose::Test) => tracing::debug!(%id, "transaction waits again"),
        None => tracing::debug!(%id, "transaction from a peer waits for a block"),
    }
}

fn tell_clock(peer: PeerId, seconds: i64) {
    let alias = peer.alias();
    let (direction, by) = if seconds > 0 { ("ahead of", seconds) } else { ("behind", -seconds) };
    let by = words::duration(by.unsigned_abs());
    story!(
        alias,
        seconds,
        "the clock of {alias} is {by} {direction} ours: one of the two machines should set its clock"
    );
}
