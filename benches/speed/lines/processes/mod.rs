//! Lines that need the program itself: processes, sockets, memory of the system's own counting.

pub(crate) mod admission;
pub(crate) mod height;
mod house;
pub(crate) mod memory;
pub(crate) mod start;
#[path = "../../../../tests/support/mod.rs"]
mod support;
pub(crate) mod sync;
mod wide;
