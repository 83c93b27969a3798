//! A folder for processes of one network, and what the system says of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cairn::consensus::params::{Params, ParamsOverride};

use super::support::{Node, Sandbox, resident_kib};
use crate::chain::NETWORK;
use crate::node;

/// Parts of a second in which Linux counts the CPU time of other processes (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The field of `/proc/PID/stat` after the name that holds the ticks in user mode; the system's follow.
const USER_TICKS_FIELD: usize = 11;

/// A place for the nodes of one network, gone when it is dropped.
pub(super) struct House {
    pub(super) sandbox: Sandbox,
    params: Arc<Params>,
}

impl House {
    pub(super) fn new(params: &Arc<Params>, specification: &ParamsOverride) -> Self {
        let text = toml::to_string(specification).expect("the numbers can be written down");
        Self { sandbox: Sandbox::with_spec(NETWORK, &text), params: Arc::clone(params) }
    }

    /// Makes a data folder that holds blocks.
    pub(super) fn fill(&self, name: &str, blocks: impl Iterator<Item = Vec<u8>>) {
        fs::create_dir_all(self.folder(name)).expect("the sandbox is ours");
        node::fill(&self.folder(name), &self.params, blocks);
    }

    /// Deletes a data folder.
    pub(super) fn clear(&self, name: &str) {
        // One that was never made needs no deleting.
        let _ = fs::remove_dir_all(self.folder(name));
    }

    /// Copies a data folder that no node has open.
    pub(super) fn copy(&self, from: &str, to: &str) {
        let copied = Command::new("cp").arg("-r").args([self.folder(from), self.folder(to)]).status();
        assert!(copied.is_ok_and(|status| status.success()), "the folder is copied");
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.sandbox.path(name)
    }
}

/// CPU seconds of a process so far, user and system, over all threads.
pub(super) fn cpu_seconds(node: &Node) -> f64 {
    let path = Path::new("/proc").join(node.process().to_string()).join("stat");
    let text = fs::read_to_string(path).expect("this is Linux, and the process runs");
    let (_, fields) = text.rsplit_once(") ").expect("the name is in parentheses");
    let ticks = fields.split(' ').skip(USER_TICKS_FIELD).take(2);
    let parsed = ticks.map(|field| field.parse::<f64>().expect("ticks are a number"));
    parsed.sum::<f64>() / TICKS_PER_SECOND
}

/// Memory of a process that is in RAM, in MiB.
pub(super) fn resident_mebibytes(node: &Node) -> f64 {
    resident_kib(node.process()).expect("this is Linux, and the process runs") as f64 / 1_024.0
}
