//! What can be wrong with a payment before it is signed: each error names the limit and what would keep it.

use crate::consensus::check_transaction::{LABEL_BYTES_MAX, MEMO_BYTES_MAX, OUTPUTS_MAX};
use crate::primitives::{Amount, Height};

/// Why a transaction is not worth signing, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// Nobody is paid.
    #[error("a payment pays somebody: give at least one recipient")]
    NoOutputs,
    /// More recipients than fit.
    #[error("a payment has at most {OUTPUTS_MAX} outputs, this one has {0}: split it")]
    TooManyOutputs(usize),
    /// Nothing for somebody.
    #[error("output {0} pays nothing: the least is 1 pebble, 0.00000001")]
    ZeroAmount(usize),
    /// More than there can ever be.
    #[error("output {0} pays more than any amount may be, {max}", max = Amount::MAX)]
    AmountTooLarge(usize),
    /// The memo does not fit.
    #[error(
        "the memo has {0} bytes, at most {MEMO_BYTES_MAX} fit (an accented letter takes 2, most emoji 4)"
    )]
    MemoTooLong(usize),
    /// The label of an anchor does not fit.
    #[error(
        "the label has {0} bytes, at most {LABEL_BYTES_MAX} fit (an accented letter takes 2, most emoji 4)"
    )]
    LabelTooLong(usize),
    /// Nodes would not pass it on.
    #[error("a fee of {fee} is too low: nodes pass this transaction on from {minimum}")]
    FeeTooLow {
        /// What was chosen.
        fee: Amount,
        /// What it takes.
        minimum: Amount,
    },
    /// More than there can ever be.
    #[error("a fee of {0} is more than any amount may be, {max}", max = Amount::MAX)]
    FeeTooLarge(Amount),
    /// No account gets there; the node that said so is wrong.
    #[error("a nonce of {0} is more than any may be: ask another node")]
    NonceTooHigh(u64),
    /// It could not stand in the next block.
    #[error("it would expire at height {expires_at}, and the chain is at {tip} already: choose a higher one")]
    Expired {
        /// What was chosen.
        expires_at: Height,
        /// Where the chain is.
        tip: Height,
    },
    /// The sender has less than this takes.
    #[error("it takes {needed} with the fee, and {balance} can be spent: {missing} is missing")]
    InsufficientBalance {
        /// Outputs and fee.
        needed: Amount,
        /// What there is.
        balance: Amount,
        /// The difference.
        missing: Amount,
    },
    /// The plan was made for another account.
    #[error("this key is not the sender's: unlock the wallet that holds the sending address")]
    WrongKey,
}
