//! The clock of all measurements.

use rustix::time::{ClockId, clock_gettime};

/// CPU seconds of this process so far, user and system, over all threads.
pub(crate) fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// CPU seconds that something takes.
pub(crate) fn seconds_of(work: impl FnOnce()) -> f64 {
    let start = seconds();
    work();
    seconds() - start
}
