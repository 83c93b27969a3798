//! The store on disk. A commit is durable when the journal has it; a thread behind the journal moves it into sled, and
//! the bodies of blocks into files beside it.
//!
//! | question | answered by |
//! | --- | --- |
//! | How is a data folder opened, and repaired? | [`open`], `open_table`, [`open_report`], `folder_lock`, `file_sums`, [`guarded`], `load` |
//! | What happens to a commit? | [`store`], `entries`, `backlog`, `database_writer`, when [`thresholds`] say so |
//! | Where do bodies lie? | `bodies`, written by `body_writer`; at opening `body_scan`, `found_bodies`, `lost_bodies` |
//! | How does it become small again? | [`compact`] |
//! | What is where in the database? | `schema`, `values`, `checkpoint`, [`records`] |
//! | What do wallets ask? | [`index`], kept up to date by `index_follower` in `sorted_runs` of entries |
//! | What survives a crash, and how is that known? | `docs/durability.md`, `tests/crash` |
//! | Which file knows sled? | `database`, and no other |

mod backlog;
mod bodies;
mod body_scan;
mod body_writer;
mod checkpoint;
pub mod compact;
mod database;
mod database_writer;
pub mod disk_space;
mod entries;
mod file_sums;
mod folder_lock;
mod found_bodies;
pub mod guarded;
pub mod index;
mod index_entry;
mod index_follower;
mod indexed;
mod load;
mod lost_bodies;
pub mod open;
pub mod open_report;
mod open_table;
pub mod records;
mod schema;
mod sorted_runs;
pub mod store;
pub mod thresholds;
mod tip_watch;
mod values;
