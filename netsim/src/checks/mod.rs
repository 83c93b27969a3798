//! What must hold of a network, whatever happens to it, and what is found when it does not.
//!
//! | what is looked at | where |
//! | --- | --- |
//! | every node after each of its steps | `overseer`, with `choice` and `manners` |
//! | every block that is found, against a dull `model` of the rules | `oracle` |
//! | what nodes show and report, when they do | `engine/audit.rs` |

mod choice;
mod manners;
mod model;
mod oracle;
mod overseer;

use std::fmt;

use cairn::node::Query;
use cairn::node::query::Answer;

use crate::engine::{NodeIndex, World};
pub(crate) use overseer::Overseer;

/// Why a property does not hold.
pub type Verdict = Result<(), String>;

/// What must hold. Each is looked at by a checker of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// The work that a node shows never falls.
    Work,
    /// On equal work what was checked first stays.
    FirstSeen,
    /// A node reopens at or above what it had shown.
    Restart,
    /// Reports of the tip follow on each other without a gap, and lead to what is shown.
    Reports,
    /// What is shown and reported is on the disk.
    Durability,
    /// The state is that of a replay by a dull model.
    State,
    /// A block that an honest miner found keeps every rule, difficulty and signatures included.
    Rules,
    /// To take a block back gives the state before it, to the last byte.
    Undo,
    /// A nonce is the number of an account's transactions on the chain.
    Nonces,
    /// Nothing stands twice on a chain.
    Twice,
    /// No block from further in the future than the rules allow is followed.
    Time,
    /// The most work among the whole chains that a node has is followed.
    MostWork,
    /// Money is neither made nor lost, and nobody owes any.
    Supply,
    /// A pool holds nothing that is on the chain, nothing twice, and nobody's money twice.
    Pool,
    /// What a node let into its pool is there, on its chain, or was dropped for a reason.
    Accounting,
    /// Queues and tables are within their caps.
    Caps,
    /// A miner works on the tip of its node.
    Mining,
    /// A block is tried when its time has come, and a sync that may go on does.
    Prompt,
    /// Who refuses is not asked again and again.
    Patience,
    /// No honest node bans another, or leaves it for what it did not do.
    Blame,
    /// Once all is mended, honest nodes come together.
    Agreement,
    /// Nothing that peers, clients or disks do ends a node.
    Panic,
    /// The trace can be written.
    Trace,
}

/// A property that does not hold, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub property: Property,
    /// Who, what, when.
    pub what: String,
}

impl Property {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::FirstSeen => "first-seen",
            Self::Restart => "restart",
            Self::Reports => "reports",
            Self::Durability => "durability",
            Self::State => "state",
            Self::Rules => "rules",
            Self::Undo => "undo",
            Self::Nonces => "nonces",
            Self::Twice => "twice",
            Self::Time => "time",
            Self::MostWork => "most-work",
            Self::Supply => "supply",
            Self::Pool => "pool",
            Self::Accounting => "accounting",
            Self::Caps => "caps",
            Self::Mining => "mining",
            Self::Prompt => "prompt",
            Self::Patience => "patience",
            Self::Blame => "blame",
            Self::Agreement => "agreement",
            Self::Panic => "panic",
            Self::Trace => "trace",
        }
    }

    /// That it does not hold, and how.
    pub(crate) fn broken(self, what: impl Into<String>) -> Finding {
        Finding { property: self, what: what.into() }
    }

    /// `Ok` when it holds.
    pub(crate) fn ensure(self, holds: bool, what: impl FnOnce() -> String) -> Result<(), Finding> {
        if holds { Ok(()) } else { Err(self.broken(what())) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property.name(), self.what)
    }
}

/// Money is neither made nor lost: balances and maturing rewards are what began and what was issued.
pub fn check_ledger(world: &mut World, node: NodeIndex) -> Verdict {
    let Some(Answer::Supply(supply)) = world.ask(node, Query::Supply) else {
        return Err(format!("node {node} does not answer what money there is"));
    };
    let held = supply.circulating.0 + supply.maturing.0;
    let made = supply.prefund.0 + supply.issued.0;
    if held == made { Ok(()) } else { Err(format!("node {node} holds {held} pebbles and {made} were made")) }
}
