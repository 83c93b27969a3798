//! Takes `sync_file_range` away from the program that this is linked into.
//!
//! sled 0.34.7 believes that what it wrote will survive a loss of power once `sync_file_range` has returned. That call
//! promises no such thing: neither the disk's own cache nor the file's length is written. On this belief sled then
//! overwrites what it had moved elsewhere, and says in the head of each segment up to where everything is safe. After
//! an emulated loss of power one database in ten was broken, or silently lacked what it had.
//!
//! A system may lack the call, and then sled calls `fsync`. This package is such a system: the function that it defines
//! takes the place of the C library's for everything that is linked into the program, and says that there is none.
//! Unlike a changed copy of sled it is a few lines, and cannot fall behind.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often somebody was told that there is no such call.
static REFUSALS: AtomicU64 = AtomicU64::new(0);

/// How often somebody was told so. Whoever counts on this package must name this function, so that the linker keeps it,
/// and can tell by it that it works.
pub fn refusals() -> u64 {
    REFUSALS.load(Ordering::Relaxed)
}

/// The C library's function, on a system that does not have it.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "it takes the place of the C library's function, which is what this package is for"
)]
#[unsafe(no_mangle)]
pub extern "C" fn sync_file_range(_file: i32, _offset: i64, _length: i64, _flags: u32) -> i32 {
    /// The number by which Linux says that a call is not there.
    const ENOSYS: i32 = 38;
    REFUSALS.fetch_add(1, Ordering::Relaxed);
    errno::set_errno(errno::Errno(ENOSYS));
    -1
}
