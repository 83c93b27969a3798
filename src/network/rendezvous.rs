//! A folder in which the nodes of one person on one machine find each other: mDNS skips loopback.
//!
//! `<root>/<network>/<peer id>` holds one entry. It names the genesis and the network namespace, so that hosts in
//! namespaces on one machine do not take each other for neighbours.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use libp2p::Multiaddr;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::address::is_loopback;
use crate::primitives::{BlockHash, PeerId};
use crate::runtime::clock;

/// How often the folder is read: a person does not notice the wait, and reading a small folder costs nothing.
const POLL_MS: u64 = 250;
/// Own entry is written again after this many polls, so that its age shows that its writer lives.
const REFRESH_POLLS: u64 = 40;
/// An entry not written again for this long is stale, in milliseconds: several refreshes.
const STALE_AFTER_MS: u64 = 60_000;
/// Entries read at most.
const ENTRIES_MAX: usize = 256;
/// Longest entry in bytes.
const ENTRY_BYTES_MAX: u64 = 16 << 10;
/// Permissions of the folders: nobody else may leave entries.
#[cfg(unix)]
const FOLDER_MODE: u32 = 0o700;

/// A node of this machine and where it listens, loopback first.
pub(super) type Neighbour = (PeerId, Vec<Multiaddr>);

/// The folder of one network, and this node's entry in it.
#[derive(Debug, Clone)]
pub(super) struct Rendezvous {
    root: PathBuf,
    folder: PathBuf,
    local: PeerId,
    genesis: BlockHash,
    namespace: String,
    /// Whether this node has taken its entry away for good. Held while the entry is written or taken away.
    is_gone: Arc<Mutex<bool>>,
}

/// What a node leaves in the folder.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    genesis: BlockHash,
    namespace: String,
    pid: u32,
    addresses: Vec<String>,
}

/// Where the nodes of this user meet unless told otherwise.
pub fn default_folder() -> PathBuf {
    #[cfg(unix)]
    let name = format!("cairn-{}", user());
    #[cfg(not(unix))]
    let name = "cairn";
    std::env::temp_dir().join(name)
}

impl Rendezvous {
    /// Makes the folder if need be, for its owner alone.
    pub(super) fn open(root: &Path, genesis: BlockHash, local: PeerId) -> io::Result<Self> {
        let namespace = fs::read_link("/proc/self/ns/net").unwrap_or_default().display().to_string();
        let folder = root.join(genesis.network_tag());
        let is_gone = Arc::default();
        let rendezvous = Self { root: root.to_owned(), folder, local, genesis, namespace, is_gone };
        rendezvous.make_folders()?;
        Ok(rendezvous)
    }

    /// The folder, for people.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves this node's entry, whole or not at all. Someone may have tidied the folder away.
    pub(super) fn announce(&self, addresses: &[Multiaddr]) -> io::Result<()> {
        let is_gone = self.is_gone();
        if *is_gone {
            return Ok(());
        }
        self.make_folders()?;
        let entry = Entry {
            genesis: self.genesis,
            namespace: self.namespace.clone(),
            pid: std::process::id(),
            addresses: addresses.iter().map(Multiaddr::to_string).collect(),
        };
        let unfinished = self.folder.join(format!(".{}", self.local));
        fs::write(&unfinished, serde_json::to_vec_pretty(&entry)?)?;
        fs::rename(unfinished, self.own_entry())
    }

    /// Takes this node's entry away. What is announced after that comes too late.
    pub(super) fn withdraw(&self) {
        *self.is_gone() = true;
        // An entry that is gone already is as good; one that stays is swept by the others.
        let _ = fs::remove_file(self.own_entry());
    }

    /// The other nodes of this machine and network. Stale entries are swept.
    pub(super) fn neighbours(&self) -> io::Result<Vec<Neighbour>> {
        let mut neighbours = Vec::new();
        for file in fs::read_dir(&self.folder)?.take(ENTRIES_MAX) {
            let path = file?.path();
            let peer = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let Some(peer) = peer.filter(|peer| *peer != self.local) else { continue };
            let Some(entry) = read_entry(&path) else { continue };
            if entry.genesis != self.genesis || entry.namespace != self.namespace {
                continue;
            }
            if is_stale(&path, entry.pid) {
                // Another node may have swept it in the meantime.
                let _ = fs::remove_file(&path);
                continue;
            }
            let mut addresses: Vec<Multiaddr> =
                entry.addresses.iter().filter_map(|text| text.parse().ok()).collect();
            addresses.sort_by_key(|address| !is_loopback(address));
            neighbours.push((peer, addresses));
        }
        neighbours.sort_by_key(|(peer, _)| *peer);
        Ok(neighbours)
    }

    fn make_folders(&self) -> io::Result<()> {
        make_private(&self.root)?;
        make_private(&self.folder)
    }

    fn is_gone(&self) -> MutexGuard<'_, bool> {
        self.is_gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn own_entry(&self) -> PathBuf {
        self.folder.join(self.local.to_string())
    }
}

/// Announces and looks around all the time, off the swarm's task, until nobody listens to what is found.
pub(super) async fn keep(
    rendezvous: Rendezvous,
    listening: watch::Receiver<Vec<Multiaddr>>,
    found: mpsc::Sender<Vec<Neighbour>>,
) {
    let mut listening = listening;
    let mut ticks = tokio::time::interval(Duration::from_millis(POLL_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut polls = 0_u64;
    while !found.is_closed() {
        ticks.tick().await;
        let refresh = polls.is_multiple_of(REFRESH_POLLS) || listening.has_changed().unwrap_or(false);
        let announced = refresh.then(|| listening.borrow_and_update().clone());
        polls += 1;
        let here = rendezvous.clone();
        let look = move || {
            announced.map_or(Ok(()), |addresses| here.announce(&addresses))?;
            here.neighbours()
        };
        match tokio::task::spawn_blocking(look).await {
            // When the loop is busy this round is dropped: the next one finds the same.
            Ok(Ok(neighbours)) => drop(found.try_send(neighbours)),
            Ok(Err(error)) => {
                tracing::debug!(%error, folder = %rendezvous.folder.display(), "rendezvous failed");
            }
            Err(error) => tracing::debug!(%error, "looking into the rendezvous folder was cut off"),
        }
    }
}

fn read_entry(path: &Path) -> Option<Entry> {
    let length = fs::metadata(path).ok()?.len();
    let text = (length <= ENTRY_BYTES_MAX).then(|| fs::read(path).ok())??;
    serde_json::from_slice(&text).ok()
}

/// Whether the writer of an entry is gone: its process does not exist, or has not written for long.
fn is_stale(path: &Path, pid: u32) -> bool {
    let processes = Path::new("/proc");
    if processes.join("self").exists() && !processes.join(pid.to_string()).exists() {
        return true;
    }
    let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    clock::now().wall_ms.saturating_sub(written.as_millis() as u64) > STALE_AFTER_MS
}

/// Makes a folder that is its owner's alone, and refuses one that is not: in a shared temporary folder anyone
/// could have made it before.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        builder.mode(FOLDER_MODE).create(folder)?;
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() || found.uid() != user() || found.mode() & 0o077 != 0 {
            let problem = format!("{} is not a private folder of this user", folder.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        Ok(())
    }
    #[cfg(not(unix))]
    builder.create(folder)
}

/// The number of the user who runs this process.
#[cfg(unix)]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: PeerId = PeerId([1; 32]);
    const BOB: PeerId = PeerId([2; 32]);

    fn addresses() -> Vec<Multiaddr> {
        ["/ip4/192.0.2.7/tcp/7331", "/ip4/127.0.0.1/tcp/7331"].map(|text| text.parse().unwrap()).to_vec()
    }

    fn open(root: &tempfile::TempDir, local: PeerId) -> Rendezvous {
        Rendezvous::open(&root.path().join("cairn"), BlockHash::ZERO, local).unwrap()
    }

    #[test]
    fn nodes_of_one_machine_find_each_other_by_loopback_first() {
        let root = tempfile::tempdir().unwrap();
        let (alice, bob) = (open(&root, ALICE), open(&root, BOB));
        alice.announce(&addresses()).unwrap();
        fs::remove_dir_all(bob.folder()).unwrap();
        alice.announce(&addresses()).unwrap();
        bob.announce(&addresses()).unwrap();
        let loopback_first: Vec<_> = addresses().into_iter().rev().collect();
        assert_eq!(alice.neighbours().unwrap(), [(BOB, loopback_first)]);
        bob.withdraw();
        assert_eq!(alice.neighbours().unwrap(), []);
    }

    #[test]
    fn who_announces_a_moment_too_late_leaves_no_entry_behind() {
        let root = tempfile::tempdir().unwrap();
        let (alice, bob) = (open(&root, ALICE), open(&root, BOB));
        let looking = bob.clone();
        bob.announce(&addresses()).unwrap();
        bob.withdraw();
        looking.announce(&addresses()).unwrap();
        assert_eq!(alice.neighbours().unwrap(), []);
    }

    #[test]
    fn hosts_in_other_namespaces_are_no_neighbours() {
        let root = tempfile::tempdir().unwrap();
        let (alice, bob) = (open(&root, ALICE), open(&root, BOB));
        Rendezvous { namespace: "net:[1]".to_owned(), ..bob }.announce(&addresses()).unwrap();
        assert_eq!(alice.neighbours().unwrap(), []);
    }

    #[test]
    fn entries_of_dead_processes_and_old_ones_are_swept() {
        let root = tempfile::tempdir().unwrap();
        let (alice, bob) = (open(&root, ALICE), open(&root, BOB));
        bob.announce(&addresses()).unwrap();
        let old = UNIX_EPOCH + Duration::from_millis(clock::now().wall_ms - STALE_AFTER_MS - 1_000);
        fs::File::options().write(true).open(bob.own_entry()).unwrap().set_modified(old).unwrap();
        assert_eq!(alice.neighbours().unwrap(), []);
        assert!(!bob.own_entry().exists());
    }

    #[test]
    fn junk_in_the_folder_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let alice = open(&root, ALICE);
        fs::write(alice.folder().join("otter"), "junk").unwrap();
        fs::write(alice.folder().join(BOB.to_string()), "junk").unwrap();
        assert_eq!(alice.neighbours().unwrap(), []);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Rendezvous::open(root.path(), BlockHash::ZERO, ALICE).is_err());
    }
}
