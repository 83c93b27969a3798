//! The rules of one transaction that need no state. Its signature is checked in batches by the caller.

use super::check_header::ensure;
use super::violation::Violation;
use crate::primitives::{Action, Amount, Anchor, Height, Output, Transaction, Transfer};

/// The transaction version of this protocol.
pub const TRANSACTION_VERSION: u16 = 1;

/// Outputs of a transfer: what a pool pays at once.
pub const OUTPUTS_MAX: usize = 256;

/// Bytes of a memo.
pub const MEMO_BYTES_MAX: usize = 256;

/// Bytes of an anchor's label.
pub const LABEL_BYTES_MAX: usize = 64;

/// The largest nonce a transaction may carry, 2^53 − 1: every JSON number is exact.
pub const NONCE_MAX: u64 = (1 << 53) - 1;

/// Every limit of a transaction, but not its signature.
pub fn check_transaction_in_isolation(transaction: &Transaction) -> Result<(), Violation> {
    check_version(transaction)?;
    check_fee(transaction)?;
    check_nonce(transaction)?;
    match &transaction.action {
        Action::Transfer(transfer) => check_transfer(transfer),
        Action::Anchor(anchor) => check_label(anchor),
    }
}

/// Whether a transaction may stand in a block at `height`.
pub fn check_expiry(transaction: &Transaction, height: Height) -> Result<(), Violation> {
    let never_expires = transaction.expires_at == Height::GENESIS;
    ensure(never_expires || height <= transaction.expires_at, Violation::Expired)
}

fn check_version(transaction: &Transaction) -> Result<(), Violation> {
    ensure(transaction.version == TRANSACTION_VERSION, Violation::TransactionVersion)
}

fn check_fee(transaction: &Transaction) -> Result<(), Violation> {
    let in_range = transaction.fee > Amount::ZERO && transaction.fee <= Amount::MAX;
    ensure(in_range, Violation::FeeOutOfRange)
}

fn check_nonce(transaction: &Transaction) -> Result<(), Violation> {
    ensure(transaction.nonce <= NONCE_MAX, Violation::NonceGap)
}

fn check_transfer(transfer: &Transfer) -> Result<(), Violation> {
    ensure(!transfer.outputs.is_empty(), Violation::NoOutputs)?;
    ensure(transfer.outputs.len() <= OUTPUTS_MAX, Violation::TooManyOutputs)?;
    transfer.outputs.iter().try_for_each(check_output)?;
    ensure(transfer.memo.len() <= MEMO_BYTES_MAX, Violation::MemoTooLong)
}

fn check_output(output: &Output) -> Result<(), Violation> {
    ensure(output.amount > Amount::ZERO, Violation::ZeroAmount)?;
    ensure(output.amount <= Amount::MAX, Violation::AmountOutOfRange)
}

fn check_label(anchor: &Anchor) -> Result<(), Violation> {
    ensure(anchor.label.len() <= LABEL_BYTES_MAX, Violation::LabelTooLong)
}
