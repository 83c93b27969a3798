//! The store on disk. A commit is durable when the journal has it; a thread behind the journal moves it into the database,
//! and the bodies of blocks into files beside it.
//!
//! | question | answered by |
//! | --- | --- |
//! | What happens to a commit? | [`store`], `backlog`, `database_writer`, `apply`, when [`thresholds`] say so |
//! | What is read, and from where? | [`reader`] |
//! | How is a data folder opened, and repaired? | [`opening`] |
//! | What is where in the database, and which file knows sled? | [`database`] |
//! | Where do bodies lie, and how does one travel? | `bodies` |
//! | What do wallets ask? | [`index`], told of each tip by `tip_watch` |
//! | How does it become small again, and how much room is left? | [`upkeep`] |
//! | What survives a crash, and how is that known? | `docs/durability.md`, `tests/crash` |

mod apply;
mod backlog;
mod bodies;
pub mod database;
mod database_writer;
pub mod index;
pub mod opening;
pub mod reader;
pub mod store;
pub mod thresholds;
mod tip_watch;
pub mod upkeep;
