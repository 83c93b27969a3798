//! The one file that reads the clock and draws randomness.
#![expect(clippy::disallowed_methods, reason = "this is the file that may")]

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::node::Now;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The present moment by both clocks.
pub fn now() -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { monotonic_ms: START.elapsed().as_millis() as u64, wall_ms: wall.as_millis() as u64 }
}

/// The instant of a moment of monotonic time, for timers.
pub fn instant_of(monotonic_ms: u64) -> Instant {
    *START + std::time::Duration::from_millis(monotonic_ms)
}

/// Bytes that nobody can guess.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a system without randomness cannot run a node");
    bytes
}
