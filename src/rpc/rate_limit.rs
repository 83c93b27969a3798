//! How often callers on other machines may ask, so that one of them cannot keep the node from its work.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Calls a second that one address has on average; a page that draws a chain needs about ten.
const CALLS_PER_SECOND: u64 = 50;

/// Calls that one address has at once after a pause: four whole batches.
const CALLS_AT_ONCE_MAX: u64 = 200;

/// Addresses remembered. When all of them are busy, a new one must wait.
const ADDRESSES_MAX: usize = 4_096;

/// Milliseconds of waiting that one call costs.
const CALL_COST_MS: u64 = 1_000 / CALLS_PER_SECOND;

/// For each address the moment until which its calls are paid for, in monotonic milliseconds.
#[derive(Debug, Default)]
pub(super) struct RateLimit(Mutex<HashMap<IpAddr, u64>>);

impl RateLimit {
    /// Whether an address may call now; if so, the call is counted.
    pub(super) fn allows(&self, address: IpAddr, now_ms: u64) -> bool {
        let mut paid_until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paid_until.len() >= ADDRESSES_MAX && !paid_until.contains_key(&address) {
            paid_until.retain(|_, until| *until > now_ms);
            if paid_until.len() >= ADDRESSES_MAX {
                return false;
            }
        }
        let until = paid_until.entry(address).or_insert(now_ms);
        let next = (*until).max(now_ms) + CALL_COST_MS;
        let allowed = next <= now_ms + CALLS_AT_ONCE_MAX * CALL_COST_MS;
        if allowed {
            *until = next;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_burst_and_then_its_rate_while_others_are_not_held_up() {
        let limit = RateLimit::default();
        let (mallory, bob): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let allowed = |address, now_ms| (0..1_000).filter(|_| limit.allows(address, now_ms)).count() as u64;
        assert_eq!(allowed(mallory, 5_000), CALLS_AT_ONCE_MAX);
        assert_eq!(allowed(mallory, 6_000), CALLS_PER_SECOND);
        assert_eq!(allowed(bob, 6_000), CALLS_AT_ONCE_MAX);
    }

    #[test]
    fn a_flood_of_addresses_fills_the_table_only_until_their_time_is_over() {
        let limit = RateLimit::default();
        let address = |index: u32| IpAddr::from(index.to_be_bytes());
        assert!((0..ADDRESSES_MAX as u32).all(|index| limit.allows(address(index), 0)));
        assert!(!limit.allows(address(u32::MAX), 0));
        assert!(limit.allows(address(u32::MAX), CALL_COST_MS));
    }
}
