//! What becomes of a bad block and of the peers that brought it, rule by rule.
//!
//! | violation | whose fault | gossip answers | who serves it by sync | the header afterwards |
//! | --- | --- | --- | --- | --- |
//! | of the header | miner | REJECT, the forwarder is banned | is banned | not kept |
//! | an invalid parent | miner | IGNORE | is banned | not kept |
//! | an unknown parent, a time too far ahead | nobody | IGNORE | pays nothing | not kept |
//! | a wrong commitment | sender | REJECT, the forwarder is banned | is disconnected | untouched |
//! | a wrong transaction root | sender | ACCEPT: it cannot be seen yet | is disconnected | untouched |
//! | of the coinbase's plain fields | miner | REJECT, the forwarder is banned | pays nothing | invalid for good |
//! | anything else in the body | miner | ACCEPT: it cannot be seen yet | pays nothing | invalid for good |

use cairn::consensus::Violation::{
    self, BadVersion, CoinbaseHeight, CoinbaseVersion, HashAboveTarget, InvalidParent, TagTooLong,
    TargetOutOfRange, TimeBeforeParent, TimeTooFarAhead, UnknownParent, WrongBits, WrongCommitment,
    WrongTransactionRoot,
};
use cairn::consensus::violation::Blame;
use cairn::node::effect::Verdict::{self, Accept, Ignore, Reject};

/// Scores at which a peer is disconnected and banned.
pub(crate) const DISCONNECTED: i64 = -20;
pub(crate) const BANNED: i64 = -50;

/// What a violation leads to, as the table above says.
pub(crate) struct Consequence {
    pub(crate) blame: Blame,
    /// What gossip answers.
    pub(crate) gossip: Verdict,
    /// Points of who gossiped it, and of who served it.
    pub(crate) forwarder: i64,
    pub(crate) server: i64,
    /// Whether the header is kept, and marked invalid.
    pub(crate) kept: bool,
    pub(crate) poisoned: bool,
}

/// The table.
pub(crate) fn consequence(violation: Violation) -> Consequence {
    let of = |blame, gossip, forwarder, server, kept, poisoned| Consequence {
        blame,
        gossip,
        forwarder,
        server,
        kept,
        poisoned,
    };
    match violation {
        UnknownParent | TimeTooFarAhead => of(Blame::Nobody, Ignore, 0, 0, false, false),
        // Who follows a branch that is known as invalid has other rules.
        InvalidParent => of(Blame::Miner, Ignore, 0, BANNED, false, false),
        BadVersion | TargetOutOfRange | WrongBits | HashAboveTarget | TimeBeforeParent => {
            of(Blame::Miner, Reject, BANNED, BANNED, false, false)
        }
        WrongCommitment => of(Blame::Sender, Reject, BANNED, DISCONNECTED, true, false),
        WrongTransactionRoot => of(Blame::Sender, Accept, 0, DISCONNECTED, true, false),
        CoinbaseVersion | CoinbaseHeight | TagTooLong => of(Blame::Miner, Reject, BANNED, 0, true, true),
        Violation::BlockTooLarge
        | Violation::WrongStateRoot
        | Violation::TransactionVersion
        | Violation::NoOutputs
        | Violation::TooManyOutputs
        | Violation::ZeroAmount
        | Violation::AmountOutOfRange
        | Violation::FeeOutOfRange
        | Violation::MemoTooLong
        | Violation::LabelTooLong
        | Violation::BadSignature
        | Violation::Expired
        | Violation::NonceTooLow
        | Violation::NonceGap
        | Violation::InsufficientBalance => of(Blame::Miner, Accept, 0, 0, true, true),
    }
}

#[test]
fn every_rule_blames_whom_the_protocol_blames() {
    for violation in Violation::ALL {
        assert_eq!(violation.blame(), consequence(*violation).blame, "{violation:?}");
    }
}
