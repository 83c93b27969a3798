//! Stops the node while there is still room on the disk to stop cleanly.

use std::path::PathBuf;
use std::time::Duration;

use crate::runtime::NodeHandle;
use crate::storage::sled_store::upkeep::disk_space;

/// Between two looks: a node writes far less than the limit in that time.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks at the disk until the node stops, and stops it when there is too little room.
pub(super) async fn watch(node: NodeHandle, folder: PathBuf) {
    loop {
        // A disk that cannot be asked is no reason to stop: writing to it will say what is wrong.
        if let Ok(free) = disk_space::free_bytes(&folder)
            && free < disk_space::FREE_BYTES_MIN
        {
            node.stop(format!(
                "the disk that holds {} has {} MiB left, and a node needs {}: free some space",
                folder.display(),
                free >> 20,
                disk_space::FREE_BYTES_MIN >> 20,
            ));
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = node.stopped() => return,
        }
    }
}
