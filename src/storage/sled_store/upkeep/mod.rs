//! Room on the disk: how much is left ([`disk_space`]), and how a folder takes less of it ([`compact`], `swap`).

pub mod compact;
pub mod disk_space;
pub(super) mod swap;
