//! The sockets of this node.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use libp2p::Swarm;

use super::NetworkError;
use super::address::of_socket;
use super::behaviour::Behaviour;

/// Free ports tried when any will do.
const ATTEMPTS_MAX: u32 = 16;

/// Every interface, on this port: IPv4, and IPv6 where there is any.
pub fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()]
}

/// Keeps a port for this process.
///
/// libp2p opens its sockets so that several processes of one user may share a port, and the system would deal
/// connections out between them. So the UDP port of the same number is held too: that one is exclusive.
#[derive(Debug)]
pub(super) struct PortGuard {
    _held: UdpSocket,
    /// The port.
    pub(super) port: u16,
}

/// Listens on the first address, and on the others where that is possible. Port 0 stands for any free one, the same
/// on all addresses.
pub(super) fn listen(
    swarm: &mut Swarm<Behaviour>,
    addresses: &[SocketAddr],
) -> Result<PortGuard, NetworkError> {
    let Some((first, others)) = addresses.split_first() else { return Err(NetworkError::NoAddress) };
    let guard = listen_first(swarm, *first)?;
    for other in others {
        let address = SocketAddr::new(other.ip(), if other.port() == 0 { guard.port } else { other.port() });
        if let Err(error) = swarm.listen_on(of_socket(address)) {
            tracing::debug!(%address, %error, "not listening");
        }
    }
    Ok(guard)
}

fn listen_first(swarm: &mut Swarm<Behaviour>, address: SocketAddr) -> Result<PortGuard, NetworkError> {
    let guard = hold(address)?;
    let listening = swarm.listen_on(of_socket((address.ip(), guard.port).into()));
    listening.map_err(|error| NetworkError::Listen { address, cause: error.to_string() })?;
    Ok(guard)
}

fn hold(address: SocketAddr) -> Result<PortGuard, NetworkError> {
    let attempts = if address.port() == 0 { ATTEMPTS_MAX } else { 1 };
    for _ in 0..attempts {
        match try_hold(address) {
            Ok(guard) => return Ok(guard),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(NetworkError::Listen { address, cause: error.to_string() }),
        }
    }
    Err(NetworkError::PortTaken { address })
}

fn try_hold(address: SocketAddr) -> io::Result<PortGuard> {
    let held = UdpSocket::bind(address)?;
    let port = held.local_addr()?.port();
    // Fails when any other program listens there; libp2p's own errors hide that behind others.
    TcpListener::bind((address.ip(), port))?;
    Ok(PortGuard { port, _held: held })
}
