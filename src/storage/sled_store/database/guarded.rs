//! Code that may panic on damaged files, which is no reason to panic: the caller hears of it as of any other damage.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread, now, is caught and becomes an error. For whoever writes panics down.
pub fn is_panic_caught() -> bool {
    IS_GUARDED.get()
}

/// Runs code of the database; `None` when it panicked.
pub(in crate::storage::sled_store) fn guarded<T>(act: impl FnOnce() -> T) -> Option<T> {
    let outer = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(act)).ok();
    IS_GUARDED.set(outer);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_and_told_from_others() {
        assert_eq!(guarded(|| guarded(is_panic_caught)), Some(Some(true)));
        assert_eq!(guarded(|| panic!("as sled does")), None::<()>);
        assert!(!is_panic_caught());
    }
}
