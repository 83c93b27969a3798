//! Who this node is: an Ed25519 key kept in the data folder.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use libp2p::identity::{Keypair, ed25519};
use zeroize::Zeroizing;

use super::NetworkError;
use crate::primitives::PeerId;
use crate::runtime::clock;

/// The node's key pair.
#[derive(Clone)]
pub struct NodeKey(pub(super) Keypair);

impl NodeKey {
    /// A new key, for a node that need not be recognised again.
    pub fn generate() -> Self {
        Self::from_seed(Zeroizing::new(clock::random_bytes()))
    }

    /// The key in this file: 64 hexadecimal digits, and in the next line the id that it has, by which a damaged digit
    /// shows. Made at the first start.
    pub fn load_or_create(path: &Path) -> Result<Self, NetworkError> {
        let failed = |cause: String| NetworkError::NodeKey { path: path.to_owned(), cause };
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&Zeroizing::new(text)).ok_or_else(|| {
                failed("it does not hold 64 hexadecimal digits and the id of that key".to_owned())
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let seed = Zeroizing::new(clock::random_bytes());
                let digits = Zeroizing::new(hex::encode(seed.as_slice()));
                let key = Self::from_seed(seed);
                let text = Zeroizing::new(format!("{}\n{}", *digits, key.peer()));
                write_private(path, &text).map_err(|error| failed(error.to_string()))?;
                Ok(key)
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// The id others know this node by.
    pub fn peer(&self) -> PeerId {
        from_libp2p(&self.0.public().to_peer_id()).expect("an Ed25519 key has the id of a peer")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(lines.next()?.trim(), seed.as_mut_slice()).ok()?;
        let key = Self::from_seed(seed);
        // Whoever writes the file by hand may leave the id out.
        lines.all(|line| line.trim() == key.peer().to_string()).then_some(key)
    }

    fn from_seed(mut seed: Zeroizing<[u8; 32]>) -> Self {
        let secret = ed25519::SecretKey::try_from_bytes(seed.as_mut_slice())
            .expect("any 32 bytes are an Ed25519 secret key");
        Self(Keypair::from(ed25519::Keypair::from(secret)))
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({})", self.peer())
    }
}

/// Our name of a peer; `None` when its key is not Ed25519, as every node's is.
pub(super) fn from_libp2p(peer: &libp2p::PeerId) -> Option<PeerId> {
    PeerId::from_multihash(&peer.to_bytes()).ok()
}

/// libp2p's name of a peer.
pub(super) fn to_libp2p(peer: PeerId) -> libp2p::PeerId {
    libp2p::PeerId::from_bytes(&peer.to_multihash()).expect("a key of 32 bytes fits libp2p's inline peer ids")
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    // Only Unix needs it, and only there a folder opens as a file.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_identity_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network/node.key");
        let first = NodeKey::load_or_create(&path).unwrap();
        assert_eq!(NodeKey::load_or_create(&path).unwrap().peer(), first.peer());
        assert_ne!(NodeKey::generate().peer(), first.peer());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        NodeKey::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        fs::write(&path, "brisk otter").unwrap();
        assert!(matches!(NodeKey::load_or_create(&path), Err(NetworkError::NodeKey { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "brisk otter");
    }

    #[test]
    fn a_key_of_which_any_bit_or_the_end_is_lost_never_becomes_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key");
        let peer = NodeKey::load_or_create(&path).unwrap().peer();
        let whole = fs::read(&path).unwrap();
        let flipped = (0..whole.len() * 8).map(|bit| {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
        for bytes in flipped.chain(cut) {
            fs::write(&path, &bytes).unwrap();
            let loaded = NodeKey::load_or_create(&path);
            assert!(loaded.is_err() || loaded.is_ok_and(|key| key.peer() == peer), "{bytes:02x?}");
        }
        fs::write(&path, &whole[..64]).unwrap();
        assert_eq!(NodeKey::load_or_create(&path).unwrap().peer(), peer, "the digits alone will do");
    }

    #[test]
    fn a_peer_has_one_id_here_and_in_libp2p() {
        let key = NodeKey::generate();
        let theirs = to_libp2p(key.peer());
        assert_eq!(theirs.to_string(), key.peer().to_string());
        assert_eq!(from_libp2p(&theirs), Some(key.peer()));
    }
}
