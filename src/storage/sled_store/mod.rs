//! The store on disk. A commit is durable when the journal has it; a thread behind the journal moves it into sled.
//!
//! | question | answered by |
//! | --- | --- |
//! | How is a data folder opened, and repaired? | [`open`], [`open_report`], `folder_lock`, `load` |
//! | What happens to a commit? | [`store`], `entries`, `backlog`, `database_writer` |
//! | What is where in the database? | `schema`, `values`, `checkpoint`, [`records`] |
//! | Which file knows sled? | `database`, and no other |

mod backlog;
mod checkpoint;
mod database;
mod database_writer;
pub mod disk_space;
mod entries;
mod folder_lock;
mod load;
pub mod open;
pub mod open_report;
pub mod records;
mod schema;
pub mod store;
mod tip_watch;
mod values;
