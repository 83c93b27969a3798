//! Where things are kept: a data folder per network, a configuration file per network.

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::failure::{Failure, Outcome};

/// What the folders of this program are called.
const FOLDER: &str = "cairn";

/// Second nodes on one machine at most, beside the first.
const SIBLING_FOLDERS_MAX: u32 = 64;

/// The data folder of a network's node, unless another is named.
pub(super) fn data_folder(network: &str) -> Outcome<PathBuf> {
    Ok(base()?.data_dir().join(FOLDER).join(network))
}

/// The folders that further nodes of the same network on this machine take: `lan.2`, `lan.3`… No network is named so.
pub(super) fn sibling_folders(first: &Path) -> impl Iterator<Item = PathBuf> {
    let name = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (2..=SIBLING_FOLDERS_MAX + 1).map(move |number| first.with_file_name(format!("{name}.{number}")))
}

/// The configuration file of a network, whether it exists or not.
pub(super) fn config_file(network: &str) -> Outcome<PathBuf> {
    Ok(base()?.config_dir().join(FOLDER).join(format!("{network}.toml")))
}

/// Where a running node says how to reach it.
pub(super) fn rpc_url_file(data_folder: &Path) -> PathBuf {
    data_folder.join("rpc.url")
}

fn base() -> Outcome<BaseDirs> {
    BaseDirs::new().ok_or_else(|| {
        Failure::new("there is no home folder to keep data in", "set HOME, or give --data-dir and --config")
    })
}
