//! A disk on which every sync takes long: whoever waits for it must not wait for ever, as sled does when too many of its
//! writes are under way.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::folder_lock::FolderLock;
use super::table::{Batch, Database, SEGMENT_BYTES};

#[path = "../../../../tests/support/preload.rs"]
mod preload;

/// Where the process with the slow disk works.
const FOLDER: &str = "CAIRN_SLOW_FOLDER";
/// Microseconds that each sync takes longer: about those of a disk that turns.
const SLOW_US: &str = "10000";
/// How often everything is put, or removed.
const ROUNDS: u32 = 20;
/// Rounds between two syncs, which let sled free what was replaced.
const SYNC_ROUNDS: u32 = 7;
/// Keys, which come in no order: that makes sled write most.
const KEYS: u64 = 1_500;
/// Looks at whether it has ended, and the time between two: it takes seconds.
const LOOKS: u32 = 2_400;
const BETWEEN: Duration = Duration::from_millis(50);

#[test]
#[ignore = "the other test runs it in a process of its own, on a slow disk"]
fn grow_and_shrink() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let lock = FolderLock::acquire(folder.as_ref(), "a test", 0).unwrap();
    let sled = Path::new(&folder).join("sled");
    let database = Database::open(&sled, Arc::new(lock), SEGMENT_BYTES).unwrap();
    let mut state = 12_345_u64;
    for round in 0..ROUNDS {
        let mut batch = Batch::default();
        for _ in 0..KEYS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = ((state >> 33) % KEYS).to_be_bytes();
            if round % 2 == 0 {
                batch.put(&key, &vec![7; 12_288 + (state >> 50) as usize % 10 * 1_024]);
            } else {
                batch.remove(&key);
            }
            database.apply_if_full(&mut batch).unwrap();
        }
        database.apply(batch).unwrap();
        if round % SYNC_ROUNDS == 0 {
            database.sync().unwrap();
        }
    }
}

#[test]
fn a_database_that_grows_and_shrinks_on_a_slow_disk_comes_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = preload::build(folder.path()) else { return };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("{}::grow_and_shrink", module_path!().trim_start_matches("cairn::")), "--exact"]);
    command.args(["--ignored", "--test-threads=1"]).stdin(Stdio::null()).stdout(Stdio::null());
    preload::load(&library, &mut command);
    command.env(FOLDER, folder.path()).env("CAIRN_RECORD_ROOT", folder.path());
    let mut process = command.env("CAIRN_RECORD_SLOW", SLOW_US).spawn().unwrap();
    for _ in 0..LOOKS {
        if let Some(ended) = process.try_wait().unwrap() {
            assert!(ended.success(), "{ended}");
            let made = folder.path().join("sled/db");
            assert!(made.exists(), "it was run");
            return;
        }
        std::thread::sleep(BETWEEN);
    }
    process.kill().and_then(|()| process.wait()).unwrap();
    panic!("it waits for ever");
}
