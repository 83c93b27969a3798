//! Addresses: what people write, what is worth dialling, what is worth telling.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use super::NetworkError;
use super::identity::{from_libp2p, to_libp2p};
use crate::primitives::PeerId;

/// A place a person wrote down: a multiaddress with or without `/p2p/…`, or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The peer expected there, if it was named.
    pub(super) peer: Option<PeerId>,
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

impl Place {
    /// Where to connect to. Names are looked up as the operating system does, so that names of the LAN work.
    pub(super) async fn look_up(&self) -> io::Result<Vec<Multiaddr>> {
        match &self.host {
            Host::Ip(ip) => Ok(vec![of_socket(SocketAddr::new(*ip, self.port))]),
            Host::Name(name) => {
                let sockets = tokio::net::lookup_host((name.as_str(), self.port)).await?;
                Ok(sockets.map(of_socket).collect())
            }
        }
    }

    fn of_multiaddress(text: &str) -> Option<Self> {
        let (address, peer) = split_peer(text.parse().ok()?);
        let mut parts = address.iter();
        let host = match (ip_of(&address), parts.next()?) {
            (Some(ip), _) => Host::Ip(ip),
            (None, Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name)) => {
                Host::Name(name.into_owned())
            }
            (None, _) => return None,
        };
        let Protocol::Tcp(port) = parts.next()? else { return None };
        parts.next().is_none().then_some(Self { peer, host, port })
    }

    fn of_host_and_port(text: &str) -> Option<Self> {
        if let Ok(socket) = text.parse::<SocketAddr>() {
            return Some(Self { peer: None, host: Host::Ip(socket.ip()), port: socket.port() });
        }
        let (name, port) = text.rsplit_once(':')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_name = !name.is_empty() && name.bytes().all(plain);
        Some(Self {
            peer: None,
            host: is_name.then(|| Host::Name(name.to_owned()))?,
            port: port.parse().ok()?,
        })
    }
}

impl FromStr for Place {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let text = text.trim();
        let read = if text.starts_with('/') { Self::of_multiaddress } else { Self::of_host_and_port };
        let place = read(text).filter(|place| place.port != 0);
        place.ok_or_else(|| NetworkError::Address { text: text.to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(ip) => SocketAddr::new(*ip, self.port).fmt(f),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

/// The multiaddress of a TCP socket.
pub(super) fn of_socket(socket: SocketAddr) -> Multiaddr {
    Multiaddr::from(socket.ip()).with(Protocol::Tcp(socket.port()))
}

/// Takes `/p2p/…` off the end.
pub(super) fn split_peer(mut address: Multiaddr) -> (Multiaddr, Option<PeerId>) {
    let Some(Protocol::P2p(peer)) = address.iter().last() else { return (address, None) };
    address.pop();
    (address, from_libp2p(&peer))
}

/// Puts `/p2p/…` at the end.
pub(super) fn with_peer(address: &Multiaddr, peer: PeerId) -> Multiaddr {
    address.clone().with(Protocol::P2p(to_libp2p(peer)))
}

/// The address a peer says it listens on, if it is worth dialling: TCP, not link-local, and loopback only when the
/// peer is on this very machine, as `seen_at` shows.
pub(super) fn dialable(address: Multiaddr, seen_at: &Multiaddr) -> Option<Multiaddr> {
    let (address, _) = split_peer(address);
    let elsewhere = is_loopback(&address) && !is_loopback(seen_at);
    let useful = is_tcp(&address) && !is_unspecified(&address) && !is_link_local(&address);
    (useful && !elsewhere).then_some(address)
}

/// Whether only this machine can reach it.
pub(super) fn is_loopback(address: &Multiaddr) -> bool {
    ip_of(address).is_some_and(|ip| ip.is_loopback())
}

/// Whether it means nothing without the name of an interface, which a multiaddress does not carry.
pub(super) fn is_link_local(address: &Multiaddr) -> bool {
    matches!(ip_of(address), Some(IpAddr::V6(ip)) if ip.is_unicast_link_local())
}

fn is_unspecified(address: &Multiaddr) -> bool {
    ip_of(address).is_some_and(|ip| ip.is_unspecified())
}

/// Whether it is an IP address and a TCP port, and nothing else: the one transport spoken here.
fn is_tcp(address: &Multiaddr) -> bool {
    let mut parts = address.iter().skip(1);
    let port = matches!(parts.next(), Some(Protocol::Tcp(port)) if port != 0);
    ip_of(address).is_some() && port && parts.next().is_none()
}

fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => Some(ip.into()),
        Some(Protocol::Ip6(ip)) => Some(ip.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn people_may_write_a_host_and_a_port() {
        assert_eq!(place("192.0.2.7:7331").to_string(), "192.0.2.7:7331");
        assert_eq!(place("[2001:db8::1]:7331").to_string(), "[2001:db8::1]:7331");
        assert_eq!(place(" seed.example.org:7331 "), place("/dns/seed.example.org/tcp/7331"));
    }

    #[tokio::test]
    async fn a_multiaddress_may_name_the_peer() {
        let peer = PeerId([7; 32]);
        let address = format!("/ip4/192.0.2.7/tcp/7331/p2p/{}", to_libp2p(peer));
        let place = place(&address);
        assert_eq!(place.peer, Some(peer));
        let found = place.look_up().await.unwrap();
        assert_eq!(with_peer(&found[0], peer).to_string(), address);
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        let wrong = [
            "",
            "otter",
            "otter:",
            ":7331",
            "otter:99999",
            "/ip4/192.0.2.7",
            "192.0.2.7:0",
            "a:b:7331",
            "a b:1",
        ];
        for text in wrong {
            assert!(matches!(text.parse::<Place>(), Err(NetworkError::Address { .. })), "{text}");
        }
    }

    #[test]
    fn loopback_is_worth_dialling_only_on_this_machine() {
        let loopback: Multiaddr = "/ip4/127.0.0.1/tcp/7331".parse().unwrap();
        let lan: Multiaddr = "/ip4/192.0.2.7/tcp/7331".parse().unwrap();
        assert_eq!(dialable(loopback.clone(), &lan), None);
        assert_eq!(dialable(loopback.clone(), &loopback), Some(loopback));
        assert_eq!(dialable(lan.clone(), &lan), Some(lan.clone()));
        assert_eq!(dialable("/ip6/fe80::1/tcp/7331".parse().unwrap(), &lan), None);
    }
}
