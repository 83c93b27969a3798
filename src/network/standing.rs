//! Addresses a person gave: dialled until they answer, and again whenever the connection is lost.

use libp2p::Multiaddr;
use libp2p::swarm::ConnectionId;

use super::address::Place;
use super::candidates::pause_ms;
use crate::primitives::PeerId;
use crate::runtime::network_port::Found;

/// Addresses kept at most; an older one makes room.
const PLACES_MAX: usize = 64;

/// Names a place while its host is looked up.
pub(super) type PlaceId = u64;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Standing {
    places: Vec<Kept>,
    next: PlaceId,
}

#[derive(Debug)]
struct Kept {
    id: PlaceId,
    place: Place,
    found: Found,
    dial_at_ms: u64,
    failures: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    LookingUp,
    Dialling(ConnectionId),
    Connected(PeerId),
}

impl Standing {
    /// Adds an address, to be dialled at once; one that is kept already is dialled again.
    pub(super) fn add(&mut self, place: Place, found: Found) {
        if let Some(kept) = self.places.iter_mut().find(|kept| kept.place == place) {
            kept.dial_at_ms = 0;
            return;
        }
        if self.places.len() == PLACES_MAX {
            self.places.remove(0);
        }
        let kept = Kept { id: self.next, place, found, dial_at_ms: 0, failures: 0, state: State::Waiting };
        self.next += 1;
        self.places.push(kept);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Places to look up and dial now. Those of peers that are connected anyway are left alone.
    pub(super) fn due(
        &mut self,
        now_ms: u64,
        is_connected: impl Fn(PeerId) -> bool,
    ) -> Vec<(PlaceId, Place)> {
        let mut due = Vec::new();
        for kept in &mut self.places {
            if kept.state != State::Waiting || kept.dial_at_ms > now_ms {
                continue;
            }
            if let Some(peer) = kept.place.peer.filter(|peer| is_connected(*peer)) {
                kept.state = State::Connected(peer);
                continue;
            }
            kept.state = State::LookingUp;
            due.push((kept.id, kept.place.clone()));
        }
        due
    }

    /// The address to dial after a look-up that found these: another one at each attempt.
    pub(super) fn choose(&self, id: PlaceId, found: &[Multiaddr]) -> Option<(Multiaddr, Option<PeerId>)> {
        let kept = self.places.iter().find(|kept| kept.id == id)?;
        let address = found.get(kept.failures as usize % found.len().max(1))?;
        Some((address.clone(), kept.place.peer))
    }

    /// The dial has begun.
    pub(super) fn dialling(&mut self, id: PlaceId, connection: ConnectionId) {
        if let Some(kept) = self.places.iter_mut().find(|kept| kept.id == id) {
            kept.state = State::Dialling(connection);
        }
    }

    /// The host has no address, or the dial did not even begin. Gives the place back, for people.
    pub(super) fn gave_up(&mut self, id: PlaceId, now_ms: u64) -> Option<&Place> {
        let kept = self.places.iter_mut().find(|kept| kept.id == id)?;
        kept.fail(now_ms);
        Some(&kept.place)
    }

    /// A connection stands; gives how its address came here if it was one of these.
    pub(super) fn connected(&mut self, connection: ConnectionId, peer: PeerId) -> Option<Found> {
        let kept = self.dialled_by(connection)?;
        kept.state = State::Connected(peer);
        Some(kept.found)
    }

    /// A connected peer turned out to be one of us.
    pub(super) fn met(&mut self, peer: PeerId) {
        for kept in self.connected_to(peer) {
            kept.failures = 0;
        }
    }

    /// A dial failed; gives the place back if it was one of these. If the peer it led to is connected anyway, all
    /// is well.
    pub(super) fn failed(
        &mut self,
        connection: ConnectionId,
        connected: Option<PeerId>,
        now_ms: u64,
    ) -> Option<&Place> {
        let kept = self.dialled_by(connection)?;
        match connected {
            Some(peer) => kept.state = State::Connected(peer),
            None => kept.fail(now_ms),
        }
        Some(&kept.place)
    }

    /// An address that led to this very node is not tried again.
    pub(super) fn forget(&mut self, text: &str) {
        self.places.retain(|kept| kept.place.to_string() != text);
    }

    /// The last connection to a peer is gone. One that was not met counts as a failure: it shut us out.
    pub(super) fn disconnected(&mut self, peer: PeerId, now_ms: u64) {
        for kept in self.connected_to(peer) {
            kept.fail(now_ms);
        }
    }

    /// Leaves a connected peer alone until then.
    pub(super) fn avoid(&mut self, peer: PeerId, until_ms: u64) {
        for kept in self.connected_to(peer) {
            kept.dial_at_ms = until_ms;
        }
    }

    /// The place that led to a connected peer.
    pub(super) fn place_of(&self, peer: PeerId) -> Option<&Place> {
        self.places.iter().find(|kept| kept.state == State::Connected(peer)).map(|kept| &kept.place)
    }

    fn connected_to(&mut self, peer: PeerId) -> impl Iterator<Item = &mut Kept> {
        self.places.iter_mut().filter(move |kept| kept.state == State::Connected(peer))
    }

    fn dialled_by(&mut self, connection: ConnectionId) -> Option<&mut Kept> {
        self.places.iter_mut().find(|kept| kept.state == State::Dialling(connection))
    }
}

impl Kept {
    fn fail(&mut self, now_ms: u64) {
        self.state = State::Waiting;
        // A longer pause that was set while the connection was being closed stands.
        self.dial_at_ms = self.dial_at_ms.max(now_ms + pause_ms(self.failures));
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: PeerId = PeerId([2; 32]);

    fn place() -> Place {
        "192.0.2.7:7331".parse().unwrap()
    }

    fn due(standing: &mut Standing, now_ms: u64) -> Vec<PlaceId> {
        standing.due(now_ms, |_| false).into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn an_address_is_dialled_until_it_answers_and_again_when_the_connection_is_lost() {
        let mut standing = Standing::default();
        standing.add(place(), Found::Manual);
        standing.add(place(), Found::Manual);
        let id = due(&mut standing, 0)[0];
        let first = ConnectionId::new_unchecked(1);
        standing.dialling(id, first);
        standing.failed(first, None, 0);
        assert!(due(&mut standing, pause_ms(0) - 1).is_empty());
        assert_eq!(due(&mut standing, pause_ms(0)), [id]);
        let second = ConnectionId::new_unchecked(2);
        standing.dialling(id, second);
        assert_eq!(standing.connected(second, BOB), Some(Found::Manual));
        assert_eq!(standing.place_of(BOB), Some(&place()));
        standing.met(BOB);
        assert!(due(&mut standing, u64::MAX).is_empty());
        standing.disconnected(BOB, 10_000);
        assert_eq!(due(&mut standing, 10_000 + pause_ms(0)), [id]);
    }

    #[test]
    fn each_attempt_takes_another_address_of_the_host() {
        let mut standing = Standing::default();
        standing.add(place(), Found::Bootstrap);
        let id = due(&mut standing, 0)[0];
        let addresses: Vec<Multiaddr> =
            ["/ip6/2001:db8::1/tcp/1", "/ip4/192.0.2.7/tcp/1"].map(|text| text.parse().unwrap()).to_vec();
        assert_eq!(standing.choose(id, &addresses).unwrap().0, addresses[0]);
        standing.gave_up(id, 0);
        assert_eq!(standing.choose(id, &addresses).unwrap().0, addresses[1]);
        assert_eq!(standing.choose(id, &[]), None);
    }

    #[test]
    fn an_address_of_a_connected_peer_is_not_dialled() {
        let mut standing = Standing::default();
        let named = format!("/ip4/192.0.2.7/tcp/7331/p2p/{BOB}").parse().unwrap();
        standing.add(named, Found::Manual);
        assert_eq!(standing.due(0, |peer| peer == BOB), []);
        standing.disconnected(BOB, 0);
        assert_eq!(due(&mut standing, pause_ms(0)).len(), 1);
    }

    #[test]
    fn an_address_that_leads_here_is_forgotten() {
        let mut standing = Standing::default();
        standing.add(place(), Found::Manual);
        standing.forget("192.0.2.7:7331");
        assert_eq!(standing.len(), 0);
    }
}
