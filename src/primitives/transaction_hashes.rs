//! What transactions are known by: their ids and leaf hashes, and the hashes that are signed; many at once.

use std::iter;

use super::codec;
use super::hash::{self, BlockHash, LeafHash, SigningHash, TransactionId};
use super::keys::{SIGNATURE_BYTES, SignatureCheck};
use super::transaction::Transaction;

/// Bytes of the genesis hash, which stands before what ids and signing hashes are taken over.
const GENESIS_BYTES: usize = 32;

/// Transactions that are hashed together: enough for all lanes of a processor, few enough to stay near.
const HASHED_AT_ONCE: usize = 128;

/// What is wanted of every transaction, from one encoding: who it is, where it stands in a block's tree, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionHashes {
    /// See [`Transaction::id`].
    pub id: TransactionId,
    /// See [`Transaction::leaf_hash`].
    pub leaf: LeafHash,
    /// Length of the encoding in bytes.
    pub size: u32,
}

impl TransactionHashes {
    /// Computes all of it.
    pub fn of(transaction: &Transaction, genesis: &BlockHash) -> Self {
        Self::of_each([transaction], genesis)[0]
    }

    /// The same for many.
    pub fn of_each<'a>(
        transactions: impl IntoIterator<Item = &'a Transaction>,
        genesis: &BlockHash,
    ) -> Vec<Self> {
        let mut transactions = transactions.into_iter().peekable();
        let (mut encoded, mut hashes) = (Encodings::new(genesis), Vec::new());
        while transactions.peek().is_some() {
            encoded.replace(transactions.by_ref().take(HASHED_AT_ONCE));
            hashes.extend(encoded.hashes());
        }
        hashes
    }
}

/// The checks of these transactions' signatures.
pub fn signature_checks<'a>(
    signed: impl IntoIterator<Item = (&'a Transaction, &'a TransactionHashes)>,
    genesis: &BlockHash,
) -> Vec<SignatureCheck> {
    let mut signed = signed.into_iter().peekable();
    let (mut encoded, mut checks) = (Encodings::new(genesis), Vec::new());
    while signed.peek().is_some() {
        let some: Vec<_> = signed.by_ref().take(HASHED_AT_ONCE).collect();
        encoded.replace(some.iter().map(|(transaction, _)| *transaction));
        let messages = hash::SIGNING_HASH.derive_each(&encoded.unsigned());
        checks.extend(some.iter().zip(messages).map(|((transaction, hashes), message)| {
            // The leaf hash is over key, signature, and what is signed but for the genesis, which is always the same.
            SignatureCheck::named(transaction.sender, &transaction.signature, &message, hashes.leaf.0)
        }));
    }
    checks
}

/// What the sender of a transaction signs.
pub(super) fn signing_hash(transaction: &Transaction, genesis: &BlockHash) -> SigningHash {
    let mut encoded = Encodings::new(genesis);
    encoded.replace([transaction]);
    SigningHash(hash::SIGNING_HASH.derive(encoded.unsigned()[0]))
}

/// Some encoded transactions in one buffer, each behind the genesis hash, as ids and signing hashes want it.
struct Encodings<'g> {
    genesis: &'g BlockHash,
    buffer: Vec<u8>,
    /// Where each ends; the next begins there.
    ends: Vec<usize>,
}

impl<'g> Encodings<'g> {
    const fn new(genesis: &'g BlockHash) -> Self {
        Self { genesis, buffer: Vec::new(), ends: Vec::new() }
    }

    /// These transactions instead of those before.
    fn replace<'a>(&mut self, transactions: impl IntoIterator<Item = &'a Transaction>) {
        self.buffer.clear();
        self.ends.clear();
        for transaction in transactions {
            self.buffer.extend_from_slice(&self.genesis.0);
            codec::encode_into(transaction, |bytes| self.buffer.extend_from_slice(bytes));
            self.ends.push(self.buffer.len());
        }
    }

    fn hashes(&self) -> impl Iterator<Item = TransactionHashes> + use<> {
        let ids = hash::TRANSACTION_ID.derive_each(&self.unsigned());
        let whole: Vec<_> = self.each().map(|bytes| &bytes[GENESIS_BYTES..]).collect();
        let sizes: Vec<_> = whole.iter().map(|bytes| bytes.len() as u32).collect();
        let leaves = hash::TRANSACTION_LEAF.keyed_each(&whole);
        ids.into_iter().zip(leaves).zip(sizes).map(|((id, leaf), size)| TransactionHashes {
            id: TransactionId(id),
            leaf: LeafHash(leaf),
            size,
        })
    }

    /// Genesis hash and transaction without the signature.
    fn unsigned(&self) -> Vec<&[u8]> {
        self.each().map(|bytes| &bytes[..bytes.len() - SIGNATURE_BYTES]).collect()
    }

    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let starts = iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.buffer[start..*end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::{Action, Amount, Anchor, Height, SecretKey, Text, keys};

    const GENESIS: BlockHash = BlockHash([9; 32]);

    /// Signed transactions of 65 different lengths.
    fn transactions(count: u64) -> Vec<Transaction> {
        let alice = SecretKey::from_seed(&[1; 32]);
        let anchor = |nonce: u64| {
            let label = Text::from("x".repeat(nonce as usize % 65).as_str());
            Action::Anchor(Anchor { digest: [nonce as u8; 32], label })
        };
        let signed =
            |nonce| Transaction::signed(&alice, &GENESIS, nonce, Amount(1), Height(0), anchor(nonce));
        (0..count).map(signed).collect()
    }

    #[test]
    fn the_hashes_of_many_are_those_of_each() {
        let transactions = transactions(300);
        let hashes = TransactionHashes::of_each(&transactions, &GENESIS);
        assert_eq!(hashes.len(), 300);
        for (transaction, hashes) in transactions.iter().zip(hashes) {
            assert_eq!(hashes, TransactionHashes::of(transaction, &GENESIS));
            let encoded = codec::encode(transaction);
            let unsigned = [&GENESIS.0, &encoded[..encoded.len() - SIGNATURE_BYTES]].concat();
            assert_eq!(hashes.size as usize, encoded.len());
            assert_eq!(hashes.id.0, blake3::derive_key("cairn v1 transaction id", &unsigned));
            assert_eq!(hashes.leaf, transaction.leaf_hash());
        }
    }

    #[test]
    fn the_signatures_of_many_hold_and_one_over_another_message_does_not() {
        let mut transactions = transactions(300);
        let holds = |transactions: &[Transaction]| {
            let hashes = TransactionHashes::of_each(transactions, &GENESIS);
            keys::verify(&signature_checks(transactions.iter().zip(&hashes), &GENESIS)).is_ok()
        };
        assert!(holds(&transactions));
        transactions[290].fee = Amount(2);
        assert!(!holds(&transactions));
    }
}
