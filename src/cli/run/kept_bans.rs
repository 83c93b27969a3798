//! Bans last a day, so they outlive a restart: they are kept among the store's records.

use std::collections::BTreeMap;

use crate::node::{Event, View};
use crate::primitives::{List, PeerId, codec};
use crate::runtime::NodeHandle;
use crate::storage::Records;
use tokio::sync::broadcast::error::RecvError;

/// The record: each banned peer's key with the end of its ban in wall-clock milliseconds.
const BANS_RECORD: &str = "bans";

/// Bytes of the record at most; a peer takes forty.
const BANS_BYTES_MAX: usize = 1 << 20;

/// The bans of earlier runs. A record that cannot be read bans nobody.
pub(super) fn load(records: &Records) -> BTreeMap<PeerId, u64> {
    let record = records.get(BANS_RECORD).ok().flatten();
    let bans = record.and_then(|bytes| codec::decode::<List<([u8; 32], u64)>>(&bytes, BANS_BYTES_MAX).ok());
    bans.unwrap_or_default().into_iter().map(|(key, until)| (PeerId(key), until)).collect()
}

/// Keeps every ban as it comes, until the node stops.
pub(super) async fn watch(node: NodeHandle, records: Records) {
    let mut events = node.events();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = node.stopped() => return,
        };
        if matches!(event, Ok(Event::PeerBanned { .. }) | Err(RecvError::Lagged(_))) {
            keep(&node.view(), &records);
        }
    }
}

fn keep(view: &View, records: &Records) {
    let bans: List<_> = view.bans.iter().map(|(peer, until)| (peer.0, *until)).collect();
    if let Err(error) = records.put(BANS_RECORD, &codec::encode(&bans)) {
        tracing::warn!("the list of banned peers could not be kept: {error}");
    }
}
