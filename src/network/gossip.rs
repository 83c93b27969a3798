//! Gossip: how the mesh is kept, which messages wait for a verdict, and the own block nobody has heard yet.

use std::collections::BTreeMap;
use std::time::Duration;

use libp2p::gossipsub::{
    self, ConfigBuilder, IdentTopic, Message, MessageAuthenticity, MessageId, PeerScoreParams,
    PeerScoreThresholds, TopicScoreParams, ValidationMode, score_parameter_decay,
};

use super::NetworkError;
use super::topics::Names;
use crate::node::input::GossipId;
use crate::node::message::MESSAGE_BYTES_MAX;

/// Between two looks at the mesh, in milliseconds.
const HEARTBEAT_MS: u64 = 700;
/// Heartbeats for which a message can still be forwarded.
const HISTORY_HEARTBEATS: usize = 12;
/// A message that waited this long for its verdict is ignored, in milliseconds: the history forgets it between one
/// and two heartbeats later.
const VERDICT_MS_MAX: u64 = HEARTBEAT_MS * (HISTORY_HEARTBEATS as u64 - 2);
/// Messages that wait for a verdict at most.
const WAITING_MAX: usize = 4_096;
/// Bytes of them at most.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Peers in the mesh: as few as this, as wanted, as many as this, and of those that this node dialled at least.
const MESH: (usize, usize, usize, usize) = (6, 8, 12, 3);
/// A message seen within this many seconds is a duplicate.
const SEEN_SECONDS: u64 = 385;
/// What a large message may wait for a slow peer, in seconds; the default of one second drops large ones.
const QUEUE_SECONDS: u64 = 10;
/// Messages queued for a slow peer at most: libp2p counts them, not their bytes.
const QUEUE_MESSAGES_MAX: usize = 512;
/// Room for what surrounds a message on the wire, in bytes.
const FRAME_BYTES: usize = 64 << 10;
/// Control messages in one frame in bytes at most: 5,000 message ids, which peers may send, exceed the default.
const CONTROL_BYTES_MAX: usize = 512 << 10;
/// Bytes of the content's hash that identify a message.
const MESSAGE_ID_BYTES: usize = 20;
/// The time in which a fault fades, in seconds.
const FAULT_SECONDS: u64 = 600;
/// Score of a rejected message, times the square of their number: a few are survived, a flood is not.
const REJECTED_WEIGHT: f64 = -4.0;
/// Broken promises and hasty grafts that are forgiven: a busy machine commits them too.
const MISBEHAVIOURS_FORGIVEN: f64 = 6.0;

/// The behaviour, on both topics of one network.
pub(super) fn behaviour(names: &Names) -> Result<gossipsub::Behaviour, NetworkError> {
    let failed = |cause: String| NetworkError::Transport(format!("gossip: {cause}"));
    let config = config().map_err(|error| failed(error.to_string()))?;
    let mut behaviour = gossipsub::Behaviour::new(MessageAuthenticity::Anonymous, config)
        .map_err(|error| failed(error.to_owned()))?;
    let topics = [&names.blocks, &names.transactions];
    behaviour.with_peer_score(score(topics), PeerScoreThresholds::default()).map_err(failed)?;
    for topic in topics {
        behaviour.subscribe(topic).map_err(|error| failed(error.to_string()))?;
    }
    Ok(behaviour)
}

/// The default protocol ids stay: any other turns off IDONTWANT without a word.
fn config() -> Result<gossipsub::Config, gossipsub::ConfigBuilderError> {
    let (low, wanted, high, outbound) = MESH;
    ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(content_id)
        .heartbeat_initial_delay(Duration::from_millis(HEARTBEAT_MS))
        .heartbeat_interval(Duration::from_millis(HEARTBEAT_MS))
        .history_length(HISTORY_HEARTBEATS)
        .mesh_n_low(low)
        .mesh_n(wanted)
        .mesh_n_high(high)
        .mesh_outbound_min(outbound)
        .duplicate_cache_time(Duration::from_secs(SEEN_SECONDS))
        .publish_queue_duration(Duration::from_secs(QUEUE_SECONDS))
        .forward_queue_duration(Duration::from_secs(QUEUE_SECONDS))
        .connection_handler_queue_len(QUEUE_MESSAGES_MAX)
        .max_transmit_size(MESSAGE_BYTES_MAX + FRAME_BYTES)
        .max_control_message_size(CONTROL_BYTES_MAX)
        .build()
}

/// Scores punish what is rejected and little else.
///
/// Nodes that share an address are no attack here (a class behind one router, many nodes on one machine), and a
/// mesh may be silent for long, so neither counts. Time in the mesh earns too little to make up for a fault.
fn score(topics: [&IdentTopic; 2]) -> PeerScoreParams {
    let fading = score_parameter_decay(Duration::from_secs(FAULT_SECONDS));
    let topic = TopicScoreParams {
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 60.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: fading,
        first_message_deliveries_cap: 10.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: REJECTED_WEIGHT,
        invalid_message_deliveries_decay: fading,
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: topics.map(|name| (name.hash(), topic.clone())).into(),
        ip_colocation_factor_weight: 0.0,
        behaviour_penalty_weight: -1.0,
        behaviour_penalty_threshold: MISBEHAVIOURS_FORGIVEN,
        behaviour_penalty_decay: fading,
        slow_peer_weight: 0.0,
        ..PeerScoreParams::default()
    }
}

/// The same content is the same message, whoever sends it.
fn content_id(message: &Message) -> MessageId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(message.topic.as_str().as_bytes());
    hasher.update(&message.data);
    hasher.finalize().as_bytes()[..MESSAGE_ID_BYTES].to_vec().into()
}

/// Messages that wait for a verdict.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    waiting: BTreeMap<GossipId, Waiting>,
    bytes: usize,
    next: GossipId,
}

/// What libp2p must be told with the verdict.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The message.
    pub(super) message: MessageId,
    /// Who forwarded it.
    pub(super) source: libp2p::PeerId,
    bytes: usize,
    since_ms: u64,
}

impl Verdicts {
    /// Names a message until its verdict; none when too many wait.
    pub(super) fn add(
        &mut self,
        message: MessageId,
        source: libp2p::PeerId,
        bytes: usize,
        now_ms: u64,
    ) -> Option<GossipId> {
        if self.waiting.len() >= WAITING_MAX || self.bytes + bytes > WAITING_BYTES_MAX {
            return None;
        }
        let id = self.next;
        self.next += 1;
        self.bytes += bytes;
        self.waiting.insert(id, Waiting { message, source, bytes, since_ms: now_ms });
        Some(id)
    }

    /// The verdict on a message has come; none when it came too late.
    pub(super) fn take(&mut self, id: GossipId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        self.bytes -= waiting.bytes;
        Some(waiting)
    }

    /// A message whose verdict comes too late to matter.
    pub(super) fn take_expired(&mut self, now_ms: u64) -> Option<Waiting> {
        let (id, oldest) = self.waiting.first_key_value()?;
        let expired = now_ms.saturating_sub(oldest.since_ms) >= VERDICT_MS_MAX;
        expired.then_some(*id).and_then(|id| self.take(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(verdicts: &mut Verdicts, bytes: usize, now_ms: u64) -> Option<GossipId> {
        verdicts.add(MessageId::new(b"id"), libp2p::PeerId::random(), bytes, now_ms)
    }

    #[test]
    fn the_numbers_of_the_mesh_fit_each_other() {
        // `build` checks them only for topics that have their own.
        let (low, wanted, high, outbound) = MESH;
        assert!(outbound < low && low <= wanted && wanted <= high && outbound * 2 <= wanted);
        assert!(config().is_ok());
        let names = Names::of(&crate::primitives::BlockHash::ZERO);
        assert_eq!(score([&names.blocks, &names.transactions]).validate(), Ok(()));
    }

    /// All nodes must agree on it.
    #[test]
    fn a_message_is_named_by_its_topic_and_its_content() {
        let topic = IdentTopic::new("cairn/f25019582604e550/transactions/1").hash();
        let message = Message { source: None, data: vec![0], sequence_number: None, topic };
        let id = content_id(&message);
        assert_eq!(id.to_string(), "5fc8ea0a3e9d4809f415f27d3a9bb4ab199aba3e");
        assert!(include_str!("../../docs/protocol.md").contains(&format!("| message id | `{id}` |")));
    }

    #[test]
    fn a_verdict_is_given_once() {
        let mut verdicts = Verdicts::default();
        let id = add(&mut verdicts, 1, 0).unwrap();
        assert!(verdicts.take(id).is_some());
        assert!(verdicts.take(id).is_none());
    }

    #[test]
    fn messages_without_a_verdict_expire_before_the_history_forgets_them() {
        let mut verdicts = Verdicts::default();
        add(&mut verdicts, 1, 0).unwrap();
        add(&mut verdicts, 1, 1).unwrap();
        assert!(verdicts.take_expired(VERDICT_MS_MAX - 1).is_none());
        assert!(verdicts.take_expired(VERDICT_MS_MAX).is_some());
        assert!(verdicts.take_expired(VERDICT_MS_MAX).is_none());
    }

    #[test]
    fn what_waits_for_a_verdict_is_bounded_in_number_and_in_bytes() {
        let mut verdicts = Verdicts::default();
        assert!((0..WAITING_MAX).all(|_| add(&mut verdicts, 1, 0).is_some()));
        assert_eq!(add(&mut verdicts, 1, 0), None);
        let mut verdicts = Verdicts::default();
        let id = add(&mut verdicts, WAITING_BYTES_MAX, 0).unwrap();
        assert_eq!(add(&mut verdicts, 1, 0), None);
        verdicts.take(id);
        assert!(add(&mut verdicts, 1, 0).is_some());
    }
}
