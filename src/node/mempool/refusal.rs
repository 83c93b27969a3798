//! Why the pool does not keep a transaction, in names for programs and sentences for people.

use super::fees::FeeRate;
use crate::consensus::violation::Violation;
use crate::node::query::Rejection;
use crate::primitives::{Amount, Height, TransactionId};

/// The reason of a refusal that is no failure: the very transaction waits already.
pub const ALREADY_KNOWN: &str = "already-known";

/// Why a transaction is not let in, or has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A rule that needs no context.
    Rule(Violation),
    /// The next block is above its last height.
    Expired { expires_at: Height, next_height: Height },
    /// The account is past this nonce.
    NonceTooLow { nonce: u64, expected: u64 },
    /// Too many nonces between are missing.
    NonceGap { nonce: u64, next: u64, gap_max: u64 },
    /// The confirmed balance does not cover it and what already waits.
    InsufficientBalance { balance: Amount, pending: Amount, cost: Amount },
    /// It waits already, perhaps under another signature.
    AlreadyKnown,
    /// It pays too little for its size and the accounts it creates.
    FeeTooLow { fee: Amount, fee_min: Amount },
    /// It pays too little more than what it would replace.
    ReplacementFeeTooLow { fee: Amount, fee_min: Amount },
    /// The account has as many waiting as one may have.
    TooManyPending { pending_max: usize },
    /// There is no room for so low a fee rate.
    MempoolFull { rate_min: FeeRate },
    /// Miners have left it aside for days.
    WaitedTooLong { hours: u64 },
}

impl Refusal {
    /// The answer to whoever sent the transaction.
    pub(super) fn of(self, id: TransactionId) -> Rejection {
        Rejection { id, reason: self.reason(), detail: self.detail() }
    }

    /// The name in kebab case: a violation's where it is one.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Rule(violation) => violation.name(),
            Self::Expired { .. } => Violation::Expired.name(),
            Self::NonceTooLow { .. } => Violation::NonceTooLow.name(),
            Self::NonceGap { .. } => Violation::NonceGap.name(),
            Self::InsufficientBalance { .. } => Violation::InsufficientBalance.name(),
            Self::AlreadyKnown => ALREADY_KNOWN,
            Self::FeeTooLow { .. } => "fee-too-low",
            Self::ReplacementFeeTooLow { .. } => "replacement-fee-too-low",
            Self::TooManyPending { .. } => "too-many-pending",
            Self::MempoolFull { .. } => "mempool-full",
            Self::WaitedTooLong { .. } => "waited-too-long",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Rule(violation) => violation.to_string(),
            Self::Expired { expires_at, next_height } => {
                format!("it expired at height {expires_at} and the next block has height {next_height}")
            }
            Self::NonceTooLow { nonce, expected } => {
                format!("nonce {nonce} was used before; the account's next is {expected}")
            }
            Self::NonceGap { nonce, next, gap_max } => {
                format!("nonce {nonce} is more than {gap_max} ahead of {next}, the account's next")
            }
            Self::InsufficientBalance { balance, pending, cost } => format!(
                "it costs {cost} cairns with its fee; the account holds {balance}, \
                 of which {pending} are already on their way out"
            ),
            Self::AlreadyKnown => "it is already waiting to be mined".to_owned(),
            Self::FeeTooLow { fee, fee_min } => {
                format!("the fee is {} pebbles and must be at least {}", fee.0, fee_min.0)
            }
            Self::ReplacementFeeTooLow { fee, fee_min } => format!(
                "another transaction with this nonce is waiting; to replace it the fee of {} pebbles \
                 must be at least {}",
                fee.0, fee_min.0
            ),
            Self::TooManyPending { pending_max } => {
                format!("the account already has {pending_max} transactions waiting, the most one may have")
            }
            Self::MempoolFull { rate_min } => format!(
                "too many transactions are waiting; the fee must be at least {} pebbles per 1,000 bytes",
                rate_min.0
            ),
            Self::WaitedTooLong { hours } => format!("it has waited for more than {hours} hours"),
        }
    }
}

/// Refuses unless the condition holds.
pub(super) fn ensure(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_names_the_rule_and_tells_the_numbers() {
        let id = TransactionId([7; 32]);
        let gap = Refusal::NonceGap { nonce: 40, next: 3, gap_max: 16 }.of(id);
        assert_eq!((gap.id, gap.reason), (id, "nonce-gap"));
        assert_eq!(gap.detail, "nonce 40 is more than 16 ahead of 3, the account's next");

        let [balance, pending, cost] = [500_000_000, 200_000_000, 350_000_000].map(Amount);
        let poor = Refusal::InsufficientBalance { balance, pending, cost }.of(id);
        assert!(
            poor.detail.contains("costs 3.5 cairns") && poor.detail.contains("holds 5"),
            "{}",
            poor.detail
        );
        assert_eq!(Violation::from_name(poor.reason), Some(Violation::InsufficientBalance));
    }
}
