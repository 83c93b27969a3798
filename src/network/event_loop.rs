//! The one task that owns the swarm: it waits for whatever comes next and hands it to who knows what to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, swarm};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, timeout};

use super::address::{is_link_local, with_peer};
use super::behaviour::Behaviour;
use super::connections::Connections;
use super::core_queue::CoreQueue;
use super::discovery::Discovery;
use super::gossip::Verdicts;
use super::listen::{self, PortGuard};
use super::rendezvous::Neighbour;
use super::requests::Requests;
use super::topics::Names;
use super::transport::{self, Traffic};
use super::{NetworkConfig, NetworkError};
use crate::primitives::PeerId;
use crate::runtime::network_port::Found;
use crate::runtime::{NetworkCommand, NetworkView, NodeHandle, clock};

/// Between two looks at what is due, in milliseconds.
const TICK_MS: u64 = 100;
/// The picture of the network is replaced at least this often, in milliseconds.
const VIEW_EVERY_MS: u64 = 3_000;
/// What a start waits for the first address, in milliseconds.
const FIRST_ADDRESS_MS: u64 = 5_000;
/// Connections are kept although nothing passes for long, in seconds: blocks may be rare.
const IDLE_SECONDS_MAX: u64 = 365 * 24 * 3_600;

/// The network's state and its task.
pub(super) struct EventLoop {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) node: NodeHandle,
    pub(super) core: CoreQueue,
    pub(super) names: Names,
    pub(super) connections: Connections,
    pub(super) requests: Requests,
    pub(super) verdicts: Verdicts,
    pub(super) discovery: Discovery,
    /// An own block that nobody was there to hear, encoded.
    pub(super) unheard_block: Option<Vec<u8>>,
    /// Banned peers with the end of the ban in wall-clock milliseconds.
    pub(super) bans: BTreeMap<PeerId, u64>,
    /// Whether the picture of the network is out of date.
    pub(super) view_changed: bool,
    local: PeerId,
    commands: mpsc::Receiver<NetworkCommand>,
    neighbours: mpsc::Receiver<Vec<Neighbour>>,
    listening: watch::Sender<Vec<Multiaddr>>,
    port: PortGuard,
    traffic: Arc<Traffic>,
    viewed_at_ms: u64,
}

impl EventLoop {
    /// Opens the sockets.
    pub(super) fn new(
        config: &NetworkConfig,
        node: NodeHandle,
        commands: mpsc::Receiver<NetworkCommand>,
    ) -> Result<Self, NetworkError> {
        let now = clock::now();
        let names = Names::of(&config.genesis);
        let traffic = Arc::default();
        let (behaviour, no_mdns) = Behaviour::new(&config.key, &names, config.mdns)?;
        let mut swarm = Swarm::new(
            transport::build(&config.key.0, &traffic)?,
            behaviour,
            config.key.0.public().to_peer_id(),
            swarm::Config::with_tokio_executor()
                .with_idle_connection_timeout(Duration::from_secs(IDLE_SECONDS_MAX)),
        );
        let port = listen::listen(&mut swarm, &config.listen)?;
        let (listening, told) = watch::channel(Vec::new());
        let (mut discovery, neighbours) = Discovery::new(config, told, now)?;
        discovery.mdns(config.mdns, no_mdns, now);
        Ok(Self {
            swarm,
            core: CoreQueue::new(node.clone()),
            node,
            names,
            connections: Connections::default(),
            requests: Requests::default(),
            verdicts: Verdicts::default(),
            discovery,
            unheard_block: None,
            bans: BTreeMap::new(),
            view_changed: true,
            local: config.key.peer(),
            commands,
            neighbours,
            listening,
            port,
            traffic,
            viewed_at_ms: 0,
        })
    }

    /// The port of this node.
    pub(super) fn port(&self) -> u16 {
        self.port.port
    }

    /// Waits for the first address others can use, and gives what is known by then.
    pub(super) async fn first_addresses(&mut self) -> Vec<String> {
        let first = async {
            while self.listening.borrow().is_empty() {
                let event = self.swarm.select_next_some().await;
                self.on_swarm_event(event);
            }
        };
        // Without any interface there is no address yet; the node runs all the same.
        let _ = timeout(Duration::from_millis(FIRST_ADDRESS_MS), first).await;
        self.listening_as_text()
    }

    /// Runs until the node stops.
    pub(super) async fn run(mut self) {
        let node = self.node.clone();
        let stopped = node.stopped();
        tokio::pin!(stopped);
        let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                handed = self.core.drain(), if !self.core.is_empty() => {
                    if handed.is_err() { break }
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => break,
                },
                event = self.swarm.select_next_some(), if !self.core.is_full() => self.on_swarm_event(event),
                Some(neighbours) = self.neighbours.recv() => self.on_neighbours(neighbours),
                look_up = self.discovery.look_up() => {
                    self.discovery.dial_place(&mut self.swarm, look_up, clock::now());
                }
                _ = ticks.tick() => self.on_tick(),
            }
            if self.discovery.has_news() {
                self.discovery.dial_due(&mut self.swarm, &self.connections, clock::now());
            }
        }
        self.discovery.end(clock::now());
    }

    /// The addresses this node listens on changed.
    pub(super) fn on_listening(&mut self, event: &SwarmEvent<super::behaviour::BehaviourEvent>) {
        if let SwarmEvent::NewListenAddr { address, .. } = event
            && !is_link_local(address)
        {
            self.discovery.step(clock::now(), None, format!("listening on {address}"));
        }
        let addresses = self.swarm.listeners().filter(|address| !is_link_local(address));
        self.listening.send_replace(addresses.cloned().collect());
        self.view_changed = true;
    }

    fn on_neighbours(&mut self, neighbours: Vec<Neighbour>) {
        for (peer, addresses) in neighbours {
            self.discovery.found(peer, addresses, Found::Local, clock::now());
        }
    }

    fn on_tick(&mut self) {
        let now = clock::now();
        self.discovery.dial_due(&mut self.swarm, &self.connections, now);
        self.ignore_expired_gossip(now);
        self.lift_bans(now);
        for stranger in self.connections.silent_strangers(now.monotonic_ms) {
            self.let_go(stranger, "it did not say what it speaks", now);
        }
        self.discovery.save_sometimes(now);
        self.discovery.explain_silence(now);
        if self.view_changed || now.monotonic_ms.saturating_sub(self.viewed_at_ms) >= VIEW_EVERY_MS {
            self.viewed_at_ms = now.monotonic_ms;
            self.view_changed = false;
            self.publish_view();
        }
    }

    fn publish_view(&mut self) {
        let view = NetworkView {
            local: Some(self.local),
            listening: self.listening_as_text(),
            peers: self.connections.view(),
            timeline: self.discovery.timeline.steps(),
            bytes: self.traffic.bytes(),
        };
        self.node.publish_network(view);
    }

    fn listening_as_text(&self) -> Vec<String> {
        self.listening.borrow().iter().map(|address| with_peer(address, self.local).to_string()).collect()
    }
}
