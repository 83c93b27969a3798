//! Starts no node on a disk that is nearly full, and stops one while there is still room to stop cleanly.

use std::path::{self, Path, PathBuf};
use std::time::Duration;

use crate::cli::failure::{Failure, Outcome};
use crate::runtime::NodeHandle;
use crate::storage::sled_store::upkeep::disk_space;

/// Between two looks: a node writes far less than the limit in that time.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Before a node opens its folder, which need not exist yet.
pub(super) fn require_room(folder: &Path) -> Outcome {
    match shortage(folder) {
        Some(shortage) => {
            let next_step = "free some space, or give a --data-dir on another disk";
            Err(Failure::new(shortage, next_step).because("disk-nearly-full"))
        }
        None => Ok(()),
    }
}

/// Looks at the disk until the node stops, and stops it when there is too little room.
pub(super) async fn watch(node: NodeHandle, folder: PathBuf) {
    loop {
        if let Some(shortage) = shortage(&folder) {
            node.stop(format!("{shortage}: free some space"));
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = node.stopped() => return,
        }
    }
}

/// What is missing, in words. A disk that cannot be asked is none: writing to it will say what is wrong.
fn shortage(folder: &Path) -> Option<String> {
    // What does not exist yet will be made in the nearest folder above that does.
    let whole = path::absolute(folder).ok()?;
    let free = whole.ancestors().find_map(|folder| disk_space::free_bytes(folder).ok())?;
    (free < disk_space::FREE_BYTES_MIN).then(|| {
        format!(
            "the disk that holds {} has {} MiB left, and a node needs {}",
            folder.display(),
            free >> 20,
            disk_space::FREE_BYTES_MIN >> 20,
        )
    })
}
