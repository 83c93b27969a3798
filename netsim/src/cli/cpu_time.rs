//! How much processor time this process has taken: what a rate is measured against on a shared machine.

use std::fs;

/// Milliseconds of a tick in `/proc/self/stat`, on every Linux that anybody runs.
const TICK_MS: u64 = 10;
/// Place of the user time after the command's name, which may itself hold spaces.
const USER_TIME_FIELD: usize = 11;

/// Milliseconds of processor time so far; `None` where the system does not say.
pub(crate) fn cpu_ms() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit_once(") ")?.1;
    let mut fields = after_name.split(' ').skip(USER_TIME_FIELD);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_MS)
}
