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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Address, PublicKey, Signature, Text, codec};

    fn transaction(action: Action) -> Transaction {
        Transaction {
            version: 1,
            sender: PublicKey([1; 32]),
            nonce: 0,
            fee: Amount(1),
            expires_at: Height(0),
            action,
            signature: Signature([0; 64]),
        }
    }

    fn transfer(amounts: &[u64], memo: &str) -> Transaction {
        let output = |amount: &u64| Output { to: Address([2; 32]), amount: Amount(*amount) };
        let outputs = amounts.iter().map(output).collect();
        transaction(Action::Transfer(Transfer { outputs, memo: Text::from(memo) }))
    }

    fn anchor(label: &str) -> Transaction {
        transaction(Action::Anchor(Anchor { digest: [3; 32], label: Text::from(label) }))
    }

    #[test]
    fn a_transaction_at_every_limit_is_valid() {
        let largest =
            Transaction { nonce: NONCE_MAX, fee: Amount::MAX, ..transfer(&[Amount::MAX.0; 256], "") };
        for valid in [transfer(&[1], &"m".repeat(256)), anchor(&"l".repeat(64)), anchor(""), largest] {
            assert_eq!(check_transaction_in_isolation(&valid), Ok(()));
        }
    }

    #[test]
    fn amounts_fees_and_nonces_end_where_json_numbers_stop_being_exact() {
        let last = 9_007_199_254_740_991;
        let valid = Transaction { nonce: last, fee: Amount(last), ..transfer(&[last], "") };
        assert_eq!(check_transaction_in_isolation(&valid), Ok(()));
        let beyond = Transaction { nonce: last + 1, ..valid.clone() };
        assert_eq!(check_transaction_in_isolation(&beyond), Err(Violation::NonceGap));
        let beyond = Transaction { fee: Amount(last + 1), ..valid };
        assert_eq!(check_transaction_in_isolation(&beyond), Err(Violation::FeeOutOfRange));
        let beyond = transfer(&[last + 1], "");
        assert_eq!(check_transaction_in_isolation(&beyond), Err(Violation::AmountOutOfRange));
    }

    #[test]
    fn each_broken_limit_is_named() {
        let beyond = Amount::MAX.0 + 1;
        let cases = [
            (Transaction { version: 0, ..transfer(&[1], "") }, Violation::TransactionVersion),
            (Transaction { version: 2, ..transfer(&[1], "") }, Violation::TransactionVersion),
            (Transaction { fee: Amount(0), ..transfer(&[1], "") }, Violation::FeeOutOfRange),
            (Transaction { fee: Amount(beyond), ..transfer(&[1], "") }, Violation::FeeOutOfRange),
            (Transaction { nonce: NONCE_MAX + 1, ..transfer(&[1], "") }, Violation::NonceGap),
            (transfer(&[], ""), Violation::NoOutputs),
            (transfer(&[1; 257], ""), Violation::TooManyOutputs),
            (transfer(&[1, 0, 1], ""), Violation::ZeroAmount),
            (transfer(&[1, beyond], ""), Violation::AmountOutOfRange),
            (transfer(&[1], &"m".repeat(257)), Violation::MemoTooLong),
            (transfer(&[1], &"é".repeat(129)), Violation::MemoTooLong),
            (anchor(&"l".repeat(65)), Violation::LabelTooLong),
        ];
        for (transaction, violation) in cases {
            assert_eq!(check_transaction_in_isolation(&transaction), Err(violation));
        }
    }

    #[test]
    fn a_transaction_is_valid_up_to_its_last_height_and_for_ever_without_one() {
        let expiring = Transaction { expires_at: Height(7), ..anchor("") };
        assert_eq!(check_expiry(&expiring, Height(7)), Ok(()));
        assert_eq!(check_expiry(&expiring, Height(8)), Err(Violation::Expired));
        assert_eq!(check_expiry(&anchor(""), Height(u32::MAX)), Ok(()));
    }

    #[test]
    fn a_lists_length_is_a_rule_and_not_a_matter_of_decoding() {
        let bytes = codec::encode(&transfer(&[1; 300], &"m".repeat(300)));
        let decoded: Transaction = codec::decode(&bytes, bytes.len()).unwrap();
        assert_eq!(decoded.outputs().len(), 300);
    }
}
