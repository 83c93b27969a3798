//! What sled knows: an ordered table of bytes, and how everything but bodies lies in it.
//!
//! | file | what |
//! | --- | --- |
//! | `table` | the one file that names sled: keys, values, atomic batches, a sync that holds |
//! | [`guarded`], `file_sums`, `folder_lock` | what makes it safe to use: its panics, its silent losses, a second process |
//! | `schema`, `values` | the keys, and values of any length with a check |
//! | `entries` | a commit as bytes, for the journal, the table and the files of bodies alike |
//! | `load`, `checkpoint` | headers, tip and state, read back at opening |
//! | [`records`] | small records of other layers |

pub(super) mod checkpoint;
pub(super) mod entries;
pub(super) mod file_sums;
pub(super) mod folder_lock;
pub mod guarded;
pub(super) mod load;
pub mod records;
pub(super) mod schema;
#[cfg(all(test, target_os = "linux"))]
mod slow_disk;
pub(super) mod table;
pub(super) mod values;
