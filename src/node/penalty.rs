//! The price list: what each offence of a peer costs it. Only what a peer did is here; our own faults cost nobody.

use super::half_life::decayed;
use super::input::RequestFailure;
use crate::consensus::violation::{Blame, GossipVerdict, Violation};

/// Points at which a peer is disconnected.
pub const DISCONNECT_AT: u64 = 20;

/// Points at which a peer is banned.
pub const BAN_AT: u64 = 50;

/// How long a ban lasts: a day, so that a faulty version has time to be replaced.
pub const BAN_MS: u64 = 24 * 3_600_000;

/// Half-life of points: rare accidents of a long connection never add up.
const HALF_LIFE_MS: u64 = 600_000;

/// Fractions of a point that are kept apart.
const PARTS_PER_POINT: u64 = 1_000;

/// What a peer can do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offence {
    /// Bytes that are no message.
    Undecodable,
    /// A node of another network that speaks our protocol.
    OtherNetwork,
    /// A gossiped block that every forwarder could have seen to be bad, the missing work included.
    InvalidBlockGossip,
    /// A gossiped transaction with a bad signature or beyond a limit.
    InvalidTransactionGossip,
    /// Headers in an answer that break a rule.
    InvalidHeaders,
    /// A body that is not its header's.
    ForeignBody,
    /// An answer to something else than was asked.
    WrongAnswer,
    /// A claim of more work that its own headers do not bear out.
    UnprovenClaim,
    /// More requests at once, or larger ones, than the protocol allows.
    ExcessiveRequest,
    /// No answer in time.
    NoAnswer,
}

/// What becomes of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentence {
    /// It stays.
    Stay,
    /// Its connections are closed.
    Disconnect,
    /// Its connections are closed and none is accepted for [`BAN_MS`].
    Ban,
}

impl Offence {
    /// What it costs. A ban at once is for what no honest node can do by accident or because of another's fault.
    pub const fn points(self) -> u64 {
        match self {
            Self::InvalidBlockGossip | Self::InvalidHeaders => 50,
            Self::Undecodable | Self::OtherNetwork | Self::ForeignBody | Self::UnprovenClaim => 20,
            Self::InvalidTransactionGossip | Self::WrongAnswer => 10,
            Self::ExcessiveRequest => 5,
            Self::NoAnswer => 2,
        }
    }

    /// The offence in plain words, after "because it".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Undecodable => "sent bytes that are no message",
            Self::OtherNetwork => "belongs to another network",
            Self::InvalidBlockGossip => "forwarded a block that anyone could see to be bad",
            Self::InvalidTransactionGossip => "forwarded a transaction that anyone could see to be bad",
            Self::InvalidHeaders => "answered with headers that break a rule",
            Self::ForeignBody => "sent a block whose content is not what its header says",
            Self::WrongAnswer => "answered something else than it was asked",
            Self::UnprovenClaim => "claimed more work than it could show",
            Self::ExcessiveRequest => "asked for more than the protocol allows",
            Self::NoAnswer => "did not answer in time",
        }
    }

    /// The offence of forwarding a block with this violation, if every forwarder could have seen it.
    pub const fn of_gossiped_block(violation: Violation) -> Option<Self> {
        match violation.gossip_verdict() {
            GossipVerdict::Reject => Some(Self::InvalidBlockGossip),
            GossipVerdict::Ignore => None,
        }
    }

    /// The offence of forwarding a transaction with this violation, if every forwarder could have seen it.
    pub const fn of_gossiped_transaction(violation: Violation) -> Option<Self> {
        match violation.gossip_verdict() {
            GossipVerdict::Reject => Some(Self::InvalidTransactionGossip),
            GossipVerdict::Ignore => None,
        }
    }

    /// The offence of answering with a whole block whose body has this violation. Not for a block that was rebuilt
    /// from a compact one: there the ids may have lied or collided, which is nobody's fault.
    pub const fn of_served_body(violation: Violation) -> Option<Self> {
        match violation.blame() {
            Blame::Sender => Some(Self::ForeignBody),
            Blame::Miner | Blame::Nobody => None,
        }
    }

    /// The offence of leaving a request without a good answer.
    pub const fn of_request(failure: RequestFailure) -> Option<Self> {
        match failure {
            RequestFailure::TimedOut => Some(Self::NoAnswer),
            RequestFailure::Undecodable => Some(Self::Undecodable),
            RequestFailure::Disconnected | RequestFailure::Refused => None,
        }
    }
}

/// What a peer has against it, fading with time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    parts: u64,
    charged_at_ms: u64,
}

impl Score {
    /// Adds an offence at this moment of monotonic time and says what becomes of the peer.
    pub fn charge(&mut self, offence: Offence, monotonic_ms: u64) -> Sentence {
        let parts = self.parts_at(monotonic_ms).saturating_add(offence.points() * PARTS_PER_POINT);
        *self = Self { parts, charged_at_ms: monotonic_ms.max(self.charged_at_ms) };
        match parts {
            parts if parts >= BAN_AT * PARTS_PER_POINT => Sentence::Ban,
            parts if parts >= DISCONNECT_AT * PARTS_PER_POINT => Sentence::Disconnect,
            _ => Sentence::Stay,
        }
    }

    /// As people see it: 0 is good, and offences count below.
    pub fn shown_at(&self, monotonic_ms: u64) -> f64 {
        match self.parts_at(monotonic_ms) {
            0 => 0.0,
            parts => -(parts as f64) / PARTS_PER_POINT as f64,
        }
    }

    /// Whether nothing is left of it, so that it need not be kept.
    pub fn is_clean_at(&self, monotonic_ms: u64) -> bool {
        self.parts_at(monotonic_ms) == 0
    }

    /// What is left of it, in thousandths of a point.
    pub(super) fn parts_at(&self, monotonic_ms: u64) -> u64 {
        decayed(self.parts, monotonic_ms.saturating_sub(self.charged_at_ms), HALF_LIFE_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_without_work_bans_at_once_and_garbage_disconnects() {
        assert_eq!(Score::default().charge(Offence::InvalidBlockGossip, 0), Sentence::Ban);
        assert_eq!(Score::default().charge(Offence::Undecodable, 0), Sentence::Disconnect);
        assert_eq!(Score::default().charge(Offence::NoAnswer, 0), Sentence::Stay);
    }

    #[test]
    fn points_add_up_and_halve_every_ten_minutes() {
        let mut score = Score::default();
        assert_eq!(score.charge(Offence::WrongAnswer, 0), Sentence::Stay);
        assert_eq!(score.charge(Offence::WrongAnswer, 0), Sentence::Disconnect);
        let shown = [0, 600_000, 1_200_000, 60_000_000].map(|at| score.shown_at(at).to_string());
        assert_eq!(shown, ["-20", "-10", "-5", "0"]);
        assert!(score.is_clean_at(60_000_000));
    }

    #[test]
    fn a_peer_that_is_slow_now_and_then_is_never_disconnected() {
        let mut score = Score::default();
        for minute in 0..10_000 {
            assert_eq!(score.charge(Offence::NoAnswer, minute * 120_000), Sentence::Stay);
        }
    }

    #[test]
    fn what_an_honest_peer_can_run_into_costs_it_nothing() {
        for violation in [Violation::UnknownParent, Violation::TimeTooFarAhead, Violation::InvalidParent] {
            assert_eq!(Offence::of_gossiped_block(violation), None);
        }
        for violation in [Violation::NonceTooLow, Violation::InsufficientBalance, Violation::Expired] {
            assert_eq!(Offence::of_gossiped_transaction(violation), None);
        }
        assert_eq!(Offence::of_served_body(Violation::BadSignature), None, "its miner is to blame");
        assert_eq!(Offence::of_request(RequestFailure::Disconnected), None);
    }
}
