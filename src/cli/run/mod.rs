//! Running a node: `up` and `node`. This is the one place where all parts meet.
//!
//! | step | where |
//! | --- | --- |
//! | what was asked for, with defaults | `settings`, `ports` |
//! | a wallet and a data folder for `up` | `up`; many nodes: `fleet` |
//! | the store is opened, with progress | `opening` |
//! | store → node → network → miner → RPC | `compose` |
//! | bans outlive a restart, the disk has room | `kept_bans`, `disk_guard` |
//! | the core alone, on a folder without a node | `offline` |
//! | what people see | `logging`, `banner`, `narrator`, `crowd` |
//! | Ctrl-C, and stopping in order | `lifetime`, `signals` |

mod banner;
mod compose;
mod crowd;
mod disk_guard;
mod fleet;
mod kept_bans;
mod lifetime;
mod logging;
mod miner;
mod narrator;
mod offline;
mod opening;
mod ports;
mod settings;
mod signals;
mod tip_lines;
mod up;

pub(super) use offline::{OfflineNode, verify_offline};
pub(super) use up::{node, up};
