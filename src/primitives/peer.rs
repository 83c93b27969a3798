//! Who a peer is: its node key, shown as libp2p shows it, and the name people use.

use std::fmt;
use std::str::FromStr;

/// What precedes the 32 key bytes in a peer id: an identity multihash of a protobuf-encoded Ed25519 key
/// (libp2p's peer-id specification).
const MULTIHASH_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// A peer, by the Ed25519 public key of its node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 32]);

/// Text that is not the id of an Ed25519 node key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a peer id looks like 12D3KooW…, 52 letters and digits")]
pub struct ParsePeerIdError;

impl PeerId {
    /// The bytes of libp2p's multihash.
    pub fn to_multihash(self) -> Vec<u8> {
        [MULTIHASH_PREFIX.as_slice(), &self.0].concat()
    }

    /// From the bytes of libp2p's multihash; only Ed25519 node keys are peers here.
    pub fn from_multihash(bytes: &[u8]) -> Result<Self, ParsePeerIdError> {
        let key = bytes.strip_prefix(&MULTIHASH_PREFIX).ok_or(ParsePeerIdError)?;
        key.try_into().map(Self).map_err(|_| ParsePeerIdError)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bs58::encode(self.to_multihash()).into_string())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}

impl FromStr for PeerId {
    type Err = ParsePeerIdError;

    fn from_str(text: &str) -> Result<Self, ParsePeerIdError> {
        Self::from_multihash(&bs58::decode(text).into_vec().map_err(|_| ParsePeerIdError)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_id_shows_as_libp2p_shows_it_and_reads_back() {
        let peer = PeerId([7; 32]);
        assert!(peer.to_string().starts_with("12D3KooW"));
        assert_eq!(peer.to_string().parse(), Ok(peer));
        assert_eq!("otter".parse::<PeerId>(), Err(ParsePeerIdError));
    }

    #[test]
    fn logs_show_the_id_that_people_know() {
        let peer = PeerId([7; 32]);
        assert_eq!(format!("{peer:?}"), format!("PeerId({peer})"));
    }

    #[test]
    fn only_an_ed25519_key_of_the_right_length_is_a_peer() {
        let whole = PeerId([7; 32]).to_multihash();
        assert_eq!(PeerId::from_multihash(&whole), Ok(PeerId([7; 32])));
        let another_kind = [&[0x00, 0x24, 0x08, 0x02], &whole[4..]].concat();
        let too_long = [&whole[..], &[0]].concat();
        for bytes in [&whole[..37], &too_long, &another_kind, &[]] {
            assert_eq!(PeerId::from_multihash(bytes), Err(ParsePeerIdError), "{bytes:x?}");
        }
    }
}
