//! Where a case is played: a node that is given bytes and says what became of them.

use std::fmt;

use cairn::consensus::Violation;
use cairn::node::query::{AccountView, Supply};
use cairn::primitives::{Address, BlockHash, Timestamp};

/// What became of bytes that should be a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Kept, on the best chain or beside it.
    Accepted,
    /// It was here already.
    Known,
    /// Its parent is unknown; nobody's fault, and it waits.
    Orphan,
    /// Its time is too far ahead; nobody's fault, and it waits.
    Kept,
    /// It is no block.
    Undecodable,
    /// It broke a rule.
    Refused(Violation),
}

use Verdict::{Accepted, Kept, Known, Orphan, Refused, Undecodable};

impl Verdict {
    /// Of a block that broke a rule, as clients of a node are told.
    pub(crate) fn of(violation: Violation) -> Self {
        if violation == Violation::UnknownParent {
            Orphan
        } else if violation == Violation::TimeTooFarAhead {
            Kept
        } else {
            Refused(violation)
        }
    }

    /// The rule it is about.
    pub(crate) fn violation(self) -> Option<Violation> {
        match self {
            Orphan => Some(Violation::UnknownParent),
            Kept => Some(Violation::TimeTooFarAhead),
            Refused(violation) => Some(violation),
            Accepted | Known | Undecodable => None,
        }
    }
}

/// As transcripts name it.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Accepted => "accepted",
            Known => "known",
            Orphan => "orphan",
            Kept => "kept",
            Undecodable => "undecodable",
            Refused(violation) => violation.name(),
        })
    }
}

/// A node under test.
pub(crate) trait Stage {
    /// Its clock.
    fn now(&self) -> Timestamp;
    /// Hands it bytes as a client would.
    fn deliver(&mut self, bytes: &[u8]) -> Verdict;
    /// Seconds by which its clock may go on by itself during a few calls.
    fn drift_seconds(&self) -> u32;
    /// Hands it bytes as a client hands over a transaction; the reason, in kebab case, when it is not admitted.
    fn send(&mut self, transaction: &[u8]) -> Result<(), String>;
    /// Waits, where waiting is needed, until it has come to a tip.
    fn come_to(&mut self, _tip: BlockHash) {}
    /// Its tip.
    fn tip(&mut self) -> BlockHash;
    /// Blocks that it found invalid since it was last asked.
    fn found_invalid(&mut self) -> Vec<(BlockHash, Violation)>;
    /// Lets its clock go on to a moment, and until it had the time to do what is due then.
    fn wait_until(&mut self, moment: Timestamp);
    /// Stops it and starts it on what it kept.
    fn restart(&mut self);
    /// Makes its store lose the undo records that are so many blocks below the tip.
    fn forget_undo_below(&mut self, blocks: u32);
    /// An account after its tip.
    fn account(&mut self, address: Address) -> AccountView;
    /// All its money.
    fn supply(&mut self) -> Supply;
}
