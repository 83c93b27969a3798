//! Room on the disk: how much is left, and how a folder takes less of it.

pub mod compact;
pub mod disk_space;
