//! How to dial, and what to say of a dial that failed.

use std::error::Error;

use libp2p::Multiaddr;
use libp2p::swarm::DialError;
use libp2p::swarm::dial_opts::DialOpts;

use super::identity::to_libp2p;
use crate::primitives::PeerId;

/// How to dial. Never from the listening port: two nodes that dial each other from it at the same moment would share
/// one TCP connection, with two dialling ends.
pub(super) fn options(peer: Option<PeerId>, addresses: Vec<Multiaddr>) -> DialOpts {
    if let Some(peer) = peer {
        return DialOpts::peer_id(to_libp2p(peer)).addresses(addresses).allocate_new_port().build();
    }
    let address = addresses.into_iter().next().unwrap_or_else(Multiaddr::empty);
    DialOpts::unknown_peer_id().address(address).allocate_new_port().build()
}

/// Whether a dial led back here.
pub(super) fn is_this_node(error: &DialError) -> bool {
    // Of the addresses that are always given libp2p leaves out those this node listens on.
    matches!(error, DialError::LocalPeerId { .. } | DialError::NoAddresses)
}

/// Why a dial failed, in plain words: the innermost cause, not the layers around it.
pub(super) fn plain(error: &DialError) -> String {
    match error {
        DialError::LocalPeerId { .. } | DialError::NoAddresses => "that is this node itself".to_owned(),
        DialError::WrongPeerId { .. } => "another node answers there".to_owned(),
        DialError::Denied { cause } => innermost(cause).to_string(),
        DialError::Transport(failures) => {
            let first = failures.first().map(|(_, failure)| innermost(failure).to_string());
            first.unwrap_or_else(|| "no address to try".to_owned())
        }
        DialError::DialPeerConditionFalse(_) => "it is connected or being dialled already".to_owned(),
        DialError::Aborted => "the attempt was cut off".to_owned(),
    }
}

fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    std::iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error)
}
