//! How much memory this process holds, and how much of it belongs to the nodes alone.

use std::fs;

use netsim::World;

/// Where the bytes of a run are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// The most that the process ever held.
    pub(crate) peak: u64,
    /// For each node at the end of the run: it, its links, and all that it shares with none.
    pub(crate) each: u64,
    /// For all together: headers, bodies, results of checks, records of the run.
    pub(crate) shared: u64,
}

impl Memory {
    /// Weighs a world by taking its nodes away. `None` where nobody counts.
    pub(crate) fn of(mut world: World) -> Option<Self> {
        let nodes = world.len().max(1) as u64;
        let peak = peak_bytes()?;
        let held = heap_bytes()?;
        world.clear();
        let shared = heap_bytes()?;
        Some(Self { peak, each: held.saturating_sub(shared) / nodes, shared })
    }
}

/// The most memory this process ever held, in bytes; `None` where the system does not say.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// Bytes that the allocator has handed out, its rounding included.
#[cfg(not(target_env = "msvc"))]
fn heap_bytes() -> Option<u64> {
    tikv_jemalloc_ctl::epoch::advance().ok()?;
    tikv_jemalloc_ctl::stats::allocated::read().ok().map(|bytes| bytes as u64)
}

#[cfg(target_env = "msvc")]
fn heap_bytes() -> Option<u64> {
    None
}
