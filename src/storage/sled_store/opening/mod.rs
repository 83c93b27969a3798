//! Opening a data folder, whatever state the last run has left it in.
//!
//! [`options`] say what is opened. [`open`] goes through it in order: the lock, the database (`open_table`), the files of
//! bodies, the journal, what is damaged, the chain. [`report`] says what had to be repaired.

pub mod open;
pub(super) mod open_table;
pub mod options;
pub mod report;
#[cfg(test)]
mod tests;
