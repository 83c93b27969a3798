//! Tells in plain words what happens to the node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

use super::crowd::Crowd;
use super::logging::story;
use super::tip_lines;
use crate::cli::words;
use crate::node::Event;
use crate::node::input::Purpose;
use crate::primitives::{Address, Height, PeerId, TransactionId};
use crate::runtime::NodeHandle;

/// How long the network's picture of a new peer is waited for.
const PICTURE_WAIT: Duration = Duration::from_secs(3);

/// Listens until the node is gone, or `end` comes and all that happened before it is told. `miner` is who earns what
/// this node finds.
pub(super) async fn run(
    node: NodeHandle,
    mut events: Receiver<Event>,
    mut end: oneshot::Receiver<()>,
    miner: Option<Address>,
) {
    let (admitted, dropped) = Default::default();
    let mut narrator = Narrator { node, miner, catching_up_from: None, admitted, dropped };
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            _ = seconds.tick() => narrator.tell_crowds(),
            event = events.recv() => match event {
                Ok(event) => narrator.tell(event),
                Err(RecvError::Lagged(missed)) => story!(missed, "… {missed} things happened too fast to tell"),
                Err(RecvError::Closed) => return,
            },
            _ = &mut end => return,
        }
    }
}

struct Narrator {
    node: NodeHandle,
    miner: Option<Address>,
    catching_up_from: Option<Height>,
    /// Transactions from clients.
    admitted: Crowd,
    /// Transactions that left the pool.
    dropped: Crowd,
}

impl Narrator {
    fn tell(&mut self, event: Event) {
        match event {
            Event::TipChanged(change) => {
                let kind = self.node.params().address_kind();
                tip_lines::tell(&change, self.miner, kind, self.catching_up_from.is_some());
            }
            Event::TransactionAdmitted { id, purpose } => self.tell_admitted(&id, purpose),
            Event::TransactionDropped { id, reason } => {
                if self.dropped.is_worth_telling() {
                    story!(%id, reason, "transaction {} left the pool unconfirmed: {reason}", words::short(&id));
                }
            }
            Event::BlockInvalid { id, violation } => {
                let rule = violation.name();
                story!(hash = %id.hash, rule, "refused block #{} {}: {violation}", id.height, words::short(&id.hash));
            }
            Event::PeerReady { peer, height } => {
                tokio::spawn(tell_peer(self.node.clone(), peer, height));
            }
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

    fn tell_admitted(&mut self, id: &TransactionId, purpose: Option<Purpose>) {
        match purpose {
            Some(Purpose::Admit) => {
                if self.admitted.is_worth_telling() {
                    story!(%id, "transaction {} from a client waits for a block", words::short(id));
                }
            }
            Some(Purpose::Restore | Purpose::Test) => tracing::debug!(%id, "transaction waits again"),
            None => tracing::debug!(%id, "transaction from a peer waits for a block"),
        }
    }

    fn tell_crowds(&mut self) {
        if let Some(more) = self.admitted.more() {
            story!(more, "{} from clients, waiting for a block", words::count(more, "more transaction"));
        }
        if let Some(more) = self.dropped.more() {
            story!(more, "{} left the pool unconfirmed", words::count(more, "more transaction"));
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

/// How it was found is known to the network, whose picture may come a moment later than the event.
async fn tell_peer(node: NodeHandle, peer: PeerId, height: Height) {
    let alias = peer.alias();
    let mut changes = node.network_changes();
    let seen = changes.wait_for(|view| view.peers.iter().any(|connection| connection.peer == peer));
    let view = tokio::time::timeout(PICTURE_WAIT, seen)
        .await
        .ok()
        .and_then(Result::ok)
        .map(|view| Arc::clone(&view));
    let connection = view.iter().flat_map(|view| &view.peers).find(|connection| connection.peer == peer);
    if let Some(connection) = connection {
        let (found, after_ms) = (connection.found.word(), connection.connected_at_ms);
        story!(alias, found, after_ms, %height, "met {alias} ({found}, {after_ms} ms after the start), at height {height}");
    } else {
        story!(alias, %height, "met {alias}, at height {height}");
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
