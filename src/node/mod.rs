//! The node core: a deterministic state machine without sockets, disks, clocks, threads or async.
//!
//! `Node::handle(now, Input) -> Effects`: to learn what a node can suffer read [`input`]; to learn what it can do
//! read [`effect`].

pub mod compact;
pub mod effect;
pub mod event;
mod half_life;
pub mod input;
pub mod mempool;
pub mod message;
pub mod now;
pub mod penalty;
pub mod query;
pub mod template;
pub mod template_builder;
pub mod view;

pub use effect::{Effect, Verdict, VerifyJob};
pub use event::Event;
pub use input::{Input, Verified};
pub use now::Now;
pub use query::{Answer, Query};
pub use template::Template;
pub use view::View;
