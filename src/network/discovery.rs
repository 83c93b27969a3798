//! Finding others: what was found, whom to dial now, what to remember, and the story of it.

use std::collections::HashMap;
use std::sync::Arc;

use libp2p::swarm::{ConnectionId, DialError};
use libp2p::{Multiaddr, Swarm};
use tokio::sync::{mpsc, watch};

use super::address::Place;
use super::behaviour::Behaviour;
use super::candidates::{Candidates, Due};
use super::connections::Connections;
use super::dial::{is_this_node, options, plain};
use super::peer_store::{PeerRecords, PeerStore};
use super::rendezvous::{self, Neighbour, Rendezvous};
use super::silence::Silence;
use super::standing::{PlaceId, Standing};
use super::timeline::Timeline;
use super::{NetworkConfig, NetworkError};
use crate::node::Now;
use crate::primitives::PeerId;
use crate::runtime::network_port::Found;

/// Peers beyond which no more are dialled, unless a person asked for them. Others may still connect to us.
const PEERS_WANTED: usize = 24;
/// Remembered peers dialled at the start at most.
const REMEMBERED_DIALS_MAX: usize = 64;
/// A peer of another network is not dialled again for this long, in milliseconds.
const FOREIGN_PAUSE_MS: u64 = 600_000;
/// Between two writings of the record of peers, in milliseconds.
const SAVE_EVERY_MS: u64 = 30_000;
/// Answers about names that wait for the loop at most; those who bring more wait with them.
const ANSWERS_MAX: usize = 16;

/// What discovery knows and has under way.
#[derive(Debug)]
pub(super) struct Discovery {
    /// The story.
    pub(super) timeline: Timeline,
    candidates: Candidates,
    standing: Standing,
    /// Candidates being dialled.
    dialling: HashMap<ConnectionId, Due>,
    /// Answers about names, and the way in for them.
    look_ups: mpsc::Receiver<LookUp>,
    looked_up: mpsc::Sender<LookUp>,
    store: PeerStore,
    records: Arc<dyn PeerRecords>,
    saved_at_ms: u64,
    rendezvous: Option<Rendezvous>,
    silence: Silence,
    /// Whether someone became known since the last look at whom to dial.
    news: bool,
}

/// Where a place is, or why nobody knows.
pub(super) type LookUp = (PlaceId, Result<Vec<Multiaddr>, String>);

impl Discovery {
    /// Discovery as configured. Neighbours on this machine come out of the receiver; `listening` is told to them.
    pub(super) fn new(
        config: &NetworkConfig,
        listening: watch::Receiver<Vec<Multiaddr>>,
        now: Now,
    ) -> Result<(Self, mpsc::Receiver<Vec<Neighbour>>), NetworkError> {
        let local = config.key.peer();
        let record = config.records.load();
        let (looked_up, look_ups) = mpsc::channel(ANSWERS_MAX);
        let mut discovery = Self {
            timeline: Timeline::default(),
            candidates: Candidates::new(local),
            standing: Standing::default(),
            dialling: HashMap::new(),
            look_ups,
            looked_up,
            store: PeerStore::read(record.as_deref(), now.wall_ms / 1_000),
            records: Arc::clone(&config.records),
            saved_at_ms: now.monotonic_ms,
            rendezvous: None,
            silence: Silence::since(now.monotonic_ms),
            news: true,
        };
        for (given, how) in [(&config.bootstrap, Found::Bootstrap), (&config.connect, Found::Manual)] {
            for text in given {
                discovery.standing.add(text.parse()?, how);
            }
        }
        for (peer, addresses) in discovery.store.newest_first().into_iter().take(REMEMBERED_DIALS_MAX) {
            discovery.found(peer, addresses, Found::Remembered, now);
        }
        let neighbours = discovery.open_rendezvous(config, listening, now);
        Ok((discovery, neighbours))
    }

    fn open_rendezvous(
        &mut self,
        config: &NetworkConfig,
        listening: watch::Receiver<Vec<Multiaddr>>,
        now: Now,
    ) -> mpsc::Receiver<Vec<Neighbour>> {
        let (found, neighbours) = mpsc::channel(1);
        let Some(root) = &config.rendezvous else { return neighbours };
        match Rendezvous::open(root, config.genesis, config.key.peer()) {
            Ok(rendezvous) => {
                self.step(
                    now,
                    None,
                    format!("looking for nodes of this machine in {}", rendezvous.folder().display()),
                );
                self.silence.looking("no other node of this network runs on this machine");
                self.rendezvous = Some(rendezvous.clone());
                tokio::spawn(rendezvous::keep(rendezvous, listening, found));
            }
            Err(error) => {
                self.step(now, None, format!("not looking for nodes of this machine: {error}"));
            }
        }
        neighbours
    }

    /// Adds a step to the story.
    pub(super) fn step(&mut self, now: Now, peer: Option<PeerId>, what: impl Into<String>) {
        self.timeline.add(now.monotonic_ms, peer, what);
    }

    /// Whether there is mDNS, or why not though it is wanted.
    pub(super) fn mdns(&mut self, works: bool, problem: Option<String>, now: Now) {
        if let Some(problem) = problem {
            self.step(now, None, format!("not looking around on the LAN: mDNS failed: {problem}"));
        } else if works {
            self.silence.looking("nobody answered on the LAN (mDNS)");
        }
    }

    /// A peer was found.
    pub(super) fn found(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, how: Found, now: Now) {
        let at = addresses.first().map(Multiaddr::to_string).unwrap_or_default();
        if self.candidates.found(peer, addresses, how, now.monotonic_ms) {
            self.news = true;
            self.step(now, Some(peer), format!("found ({}) at {at}", how.word()));
        }
    }

    /// A person gave an address.
    pub(super) fn add(&mut self, place: Place, how: Found) {
        self.news = true;
        self.standing.add(place, how);
    }

    /// Whether someone became known since the last look at whom to dial.
    pub(super) fn has_news(&self) -> bool {
        self.news
    }

    /// Dials whoever is due.
    pub(super) fn dial_due(&mut self, swarm: &mut Swarm<Behaviour>, connections: &Connections, now: Now) {
        self.news = false;
        for (id, place) in self.standing.due(now.monotonic_ms, |peer| connections.contains(peer)) {
            let looked_up = self.looked_up.clone();
            tokio::spawn(async move {
                let found = place.look_up().await.map_err(|error| error.to_string());
                // The loop that would dial is gone: so is the wish.
                let _ = looked_up.send((id, found)).await;
            });
        }
        let room = PEERS_WANTED.saturating_sub(connections.len() + self.dialling.len());
        for due in self.candidates.due(now.monotonic_ms, room) {
            self.dial_candidate(swarm, due, now);
        }
    }

    /// The next answer about a name.
    pub(super) async fn look_up(&mut self) -> LookUp {
        self.look_ups.recv().await.expect("the sender held here keeps the channel open")
    }

    /// Dials a place whose name is looked up.
    pub(super) fn dial_place(&mut self, swarm: &mut Swarm<Behaviour>, (id, answer): LookUp, now: Now) {
        let chosen = answer.and_then(|addresses| {
            self.standing.choose(id, &addresses).ok_or_else(|| "the name has no address".to_owned())
        });
        let (itself, cause) = match chosen {
            Ok((address, peer)) => {
                let options = options(peer, vec![address]);
                let connection = options.connection_id();
                match swarm.dial(options) {
                    Ok(()) => return self.standing.dialling(id, connection),
                    Err(error) => (is_this_node(&error), plain(&error)),
                }
            }
            Err(cause) => (false, cause),
        };
        let place = self.standing.gave_up(id, now.monotonic_ms).map(Place::to_string);
        if itself && let Some(place) = &place {
            self.standing.forget(place);
        }
        self.failure(place, None, &cause, now);
    }

    fn dial_candidate(&mut self, swarm: &mut Swarm<Behaviour>, due: Due, now: Now) {
        let options = options(Some(due.peer), due.addresses.clone());
        let connection = options.connection_id();
        self.step(now, Some(due.peer), format!("dialling ({})", due.found.word()));
        match swarm.dial(options) {
            Ok(()) => drop(self.dialling.insert(connection, due)),
            Err(error) => {
                self.candidates.failed(due.peer, now.monotonic_ms);
                self.failure(None, Some(due.peer), &plain(&error), now);
            }
        }
    }

    /// A connection stands. Gives how its peer was found first.
    pub(super) fn connected(&mut self, connection: ConnectionId, peer: PeerId, outbound: bool) -> Found {
        let given = self.standing.connected(connection, peer);
        let dialled = self.dialling.remove(&connection).map(|due| due.found);
        let known = self.candidates.how(peer);
        self.candidates.connected(peer);
        // Besides this file only Kademlia dials, to ask those it has heard of.
        let stranger = if outbound { Found::Kad } else { Found::Inbound };
        given.or(dialled).or(known).unwrap_or(stranger)
    }

    /// A dial failed. `connected` tells whether its peer is connected anyway.
    pub(super) fn dial_failed(
        &mut self,
        connection: ConnectionId,
        connected: Option<PeerId>,
        error: &DialError,
        now: Now,
    ) {
        let cause = plain(error);
        if let Some(due) = self.dialling.remove(&connection) {
            self.candidates.failed(due.peer, now.monotonic_ms);
            self.failure(None, Some(due.peer), &cause, now);
        }
        let place = self.standing.failed(connection, connected, now.monotonic_ms).map(Place::to_string);
        if is_this_node(error)
            && let Some(place) = &place
        {
            self.standing.forget(place);
        }
        if place.is_some() && connected.is_none() {
            self.failure(place, None, &cause, now);
        }
    }

    /// The last connection to a peer is gone.
    pub(super) fn disconnected(&mut self, peer: PeerId, now: Now) {
        self.candidates.disconnected(peer, now.monotonic_ms);
        self.standing.disconnected(peer, now.monotonic_ms);
    }

    /// Leaves a peer alone for so long.
    pub(super) fn avoid(&mut self, peer: PeerId, pause_ms: u64, now: Now) {
        let until_ms = now.monotonic_ms.saturating_add(pause_ms);
        self.candidates.avoid(peer, until_ms);
        self.standing.avoid(peer, until_ms);
    }

    /// A connected peer is of another network.
    pub(super) fn foreign(&mut self, peer: PeerId, now: Now) {
        if let Some(place) = self.standing.place_of(peer) {
            self.silence.failed(&place.to_string(), "it is of another network");
        }
        self.avoid(peer, FOREIGN_PAUSE_MS, now);
    }

    /// A peer of this network can be reached at these addresses.
    pub(super) fn met(&mut self, peer: PeerId, addresses: Vec<Multiaddr>, now: Now) {
        self.silence.broken();
        self.candidates.met(peer);
        self.standing.met(peer);
        self.store.met(peer, addresses.iter().cloned(), now.wall_ms / 1_000);
        // Known from now on: dialled again when the connection is lost.
        let how = self.candidates.how(peer).unwrap_or(Found::Inbound);
        self.candidates.found(peer, addresses, how, now.monotonic_ms);
    }

    /// Writes down good peers from time to time.
    pub(super) fn save_sometimes(&mut self, now: Now) {
        if now.monotonic_ms.saturating_sub(self.saved_at_ms) < SAVE_EVERY_MS {
            return;
        }
        self.saved_at_ms = now.monotonic_ms;
        if let Some(record) = self.store.record_if_changed(now.wall_ms / 1_000) {
            let records = Arc::clone(&self.records);
            tokio::task::spawn_blocking(move || records.save(record));
        }
    }

    /// Writes down good peers, and takes leave of this machine's other nodes.
    pub(super) fn end(&mut self, now: Now) {
        if let Some(rendezvous) = &self.rendezvous {
            rendezvous.withdraw();
        }
        if let Some(record) = self.store.record_if_changed(now.wall_ms / 1_000) {
            self.records.save(record);
        }
    }

    /// After ten seconds without a peer: one line that says what was tried.
    pub(super) fn explain_silence(&mut self, now: Now) {
        if let Some(line) = self.silence.explain(now.monotonic_ms, self.standing.len()) {
            tracing::info!("{line}");
            self.step(now, None, line);
        }
    }

    fn failure(&mut self, place: Option<String>, peer: Option<PeerId>, cause: &str, now: Now) {
        let what = if let Some(place) = place {
            self.silence.failed(&place, cause);
            format!("could not connect to {place}: {cause}")
        } else {
            format!("could not connect: {cause}")
        };
        self.step(now, peer, what);
    }
}
