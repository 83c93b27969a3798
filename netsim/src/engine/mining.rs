//! Finding blocks: when is drawn from the hash rate, the work itself is real.

use std::sync::Arc;
use std::time::Duration;

use cairn::node::Template;
use cairn::primitives::{Address, Block, Target, Timestamp};
use rand::{Rng, RngExt};

/// A draw that is never reached: some hundred thousand years.
const NEVER_US: u64 = u64::MAX / 4;

/// Microseconds until a miner of this hash rate meets a target: exponential, as independent trials are.
pub(crate) fn draw_delay_us(target: Target, hashes_per_second: f64, random: &mut impl Rng) -> u64 {
    let mean_us = target.work().as_f64() / hashes_per_second * 1_000_000.0;
    let uniform: f64 = random.random();
    microseconds(-(1.0 - uniform).ln() * mean_us / 1_000_000.0)
}

/// Seconds as whole microseconds, one at least; what is too long for any run is never.
pub(crate) fn microseconds(seconds: f64) -> u64 {
    let delay = Duration::try_from_secs_f64(seconds);
    delay.map_or(NEVER_US, |delay| {
        u64::try_from(delay.as_micros()).map_or(NEVER_US, |us| us.clamp(1, NEVER_US))
    })
}

/// A block with real work on a template.
pub(crate) fn solve(
    template: &Template,
    miner: Address,
    extra_nonce: u64,
    now: Timestamp,
) -> Option<Arc<Block>> {
    let mut extra = [0; 16];
    extra[..8].copy_from_slice(&extra_nonce.to_le_bytes());
    let coinbase = template.coinbase(miner, extra, b"netsim");
    let mut header = template.header(&coinbase, now);
    let target = header.bits.target().ok()?;
    while !target.is_met_by(&header.hash()) {
        header.nonce = header.nonce.checked_add(1)?;
    }
    Some(Arc::new(template.block(header, coinbase)))
}
