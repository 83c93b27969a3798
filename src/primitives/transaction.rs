//! Transactions: a sender, a nonce, a fee, one action, and a signature over the hash of the rest.

use super::address::Address;
use super::amount::Amount;
use super::codec::{self, Decode, Encode, List, Text};
use super::hash::{self, BlockHash, LeafHash, SigningHash, TransactionId};
use super::height::Height;
use super::keys::{PublicKey, SecretKey, Signature, SignatureCheck};

/// Bytes of a signature, which ends every encoded transaction.
const SIGNATURE_BYTES: usize = 64;

/// Bytes of the genesis hash, which stands before what ids and signing hashes are taken over.
const GENESIS_BYTES: usize = 32;

/// One change of the state, wanted by the holder of the sender's key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Transaction {
    /// 1.
    pub version: u16,
    /// The key that signs; its address pays.
    pub sender: PublicKey,
    /// Must equal the number of this account's earlier transactions.
    pub nonce: u64,
    /// Paid to the miner.
    pub fee: Amount,
    /// Last height at which this is valid; 0 for always.
    pub expires_at: Height,
    /// What it does.
    pub action: Action,
    /// Over the signing hash.
    pub signature: Signature,
}

/// What a transaction does. Tags are the declaration order; 2 is kept for data.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// Pays one or more addresses.
    Transfer(Transfer),
    /// Puts a digest on the chain: proof that it existed.
    Anchor(Anchor),
}

/// Payments to 1 to 256 addresses.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Transfer {
    /// Credited in order; one address may appear twice.
    pub outputs: List<Output>,
    /// At most 256 bytes.
    pub memo: Text,
}

/// One payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Output {
    /// Who receives.
    pub to: Address,
    /// At least one pebble.
    pub amount: Amount,
}

/// A digest and what people call it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Anchor {
    /// SHA-256 of a file, by custom.
    pub digest: [u8; 32],
    /// At most 64 bytes.
    pub label: Text,
}

impl Transaction {
    /// A signed transaction for the network with this genesis.
    pub fn signed(
        key: &SecretKey,
        genesis: &BlockHash,
        nonce: u64,
        fee: Amount,
        expires_at: Height,
        action: Action,
    ) -> Self {
        let sender = key.public_key();
        let mut unsigned = Self {
            version: 1,
            sender,
            nonce,
            fee,
            expires_at,
            action,
            signature: Signature([0; SIGNATURE_BYTES]),
        };
        unsigned.signature = key.sign(&unsigned.signing_hash(genesis).0);
        unsigned
    }

    /// Identity for queries and replacement: everything but the signature, and the network.
    pub fn id(&self, genesis: &BlockHash) -> TransactionId {
        TransactionHashes::of(self, genesis).id
    }

    /// What the sender signs.
    pub fn signing_hash(&self, genesis: &BlockHash) -> SigningHash {
        SigningHash(hash::SIGNING_HASH.derive(unsigned(encode_behind(self, &mut genesis.0.to_vec()))))
    }

    /// Hash of the whole encoding.
    pub fn leaf_hash(&self) -> LeafHash {
        LeafHash(hash::TRANSACTION_LEAF.keyed(&codec::encode(self)))
    }

    /// The sender's address.
    pub fn sender_address(&self) -> Address {
        Address::of(&self.sender)
    }

    /// Sum of the outputs in pebbles; `None` when a `u64` does not hold it.
    pub fn total_output(&self) -> Option<Amount> {
        Amount::checked_sum(self.outputs().iter().map(|output| output.amount))
    }

    /// Outputs of a transfer; none for other actions.
    pub fn outputs(&self) -> &[Output] {
        match &self.action {
            Action::Transfer(transfer) => &transfer.outputs,
            Action::Anchor(_) => &[],
        }
    }
}

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
        Self::over(transaction, &mut genesis.0.to_vec(), |unsigned| hash::TRANSACTION_ID.derive(unsigned))
    }

    /// The same for many.
    pub fn of_each<'a>(
        transactions: impl IntoIterator<Item = &'a Transaction>,
        genesis: &BlockHash,
    ) -> Vec<Self> {
        let (mut buffer, mut id) = (genesis.0.to_vec(), hash::TRANSACTION_ID.derive_each());
        transactions.into_iter().map(|transaction| Self::over(transaction, &mut buffer, &mut id)).collect()
    }

    fn over(transaction: &Transaction, buffer: &mut Vec<u8>, id: impl FnOnce(&[u8]) -> [u8; 32]) -> Self {
        let bytes = encode_behind(transaction, buffer);
        let encoded = &bytes[GENESIS_BYTES..];
        Self {
            id: TransactionId(id(unsigned(bytes))),
            leaf: LeafHash(hash::TRANSACTION_LEAF.keyed(encoded)),
            size: encoded.len() as u32,
        }
    }
}

/// The checks of these transactions' signatures.
pub fn signature_checks<'a>(
    signed: impl IntoIterator<Item = (&'a Transaction, &'a TransactionHashes)>,
    genesis: &BlockHash,
) -> Vec<SignatureCheck> {
    let (mut buffer, mut signing_hash) = (genesis.0.to_vec(), hash::SIGNING_HASH.derive_each());
    let check = |(transaction, hashes): (&Transaction, &TransactionHashes)| {
        let message = signing_hash(unsigned(encode_behind(transaction, &mut buffer)));
        // The leaf hash is over key, signature, and what is signed but for the genesis, which is always the same.
        SignatureCheck::named(transaction.sender, &transaction.signature, &message, hashes.leaf.0)
    };
    signed.into_iter().map(check).collect()
}

/// `buffer` begins with the genesis hash; what follows is replaced by the encoded transaction.
fn encode_behind<'a>(transaction: &Transaction, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    buffer.truncate(GENESIS_BYTES);
    codec::encode_into(transaction, |bytes| buffer.extend_from_slice(bytes));
    buffer
}

/// All but the signature.
fn unsigned(encoded: &[u8]) -> &[u8] {
    &encoded[..encoded.len() - SIGNATURE_BYTES]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment() -> Transaction {
        let alice = SecretKey::from_seed(&[1; 32]);
        let outputs = List(vec![Output { to: Address([2; 32]), amount: Amount(5) }]);
        let action = Action::Transfer(Transfer { outputs, memo: Text::from("lunch") });
        Transaction::signed(&alice, &BlockHash([9; 32]), 0, Amount(1), Height(0), action)
    }

    #[test]
    fn another_signature_changes_the_leaf_hash_and_not_the_id() {
        let payment = payment();
        let mut other = payment.clone();
        other.signature.0[0] ^= 1;
        let genesis = BlockHash([9; 32]);
        assert_eq!(payment.id(&genesis), other.id(&genesis));
        assert_ne!(payment.leaf_hash(), other.leaf_hash());
    }

    #[test]
    fn the_id_and_the_signing_hash_are_over_the_network_and_every_byte_before_the_signature() {
        let (payment, genesis) = (payment(), BlockHash([9; 32]));
        let encoded = codec::encode(&payment);
        let unsigned = [&genesis.0, &encoded[..encoded.len() - 64]].concat();
        assert_eq!(payment.id(&genesis).0, blake3::derive_key("cairn v1 transaction id", &unsigned));
        assert_eq!(payment.signing_hash(&genesis).0, blake3::derive_key("cairn v1 signing hash", &unsigned));
    }

    #[test]
    fn the_id_and_the_signing_hash_bind_the_network() {
        let payment = payment();
        let (here, there) = (BlockHash([9; 32]), BlockHash([8; 32]));
        assert_ne!(payment.id(&here), payment.id(&there));
        assert_ne!(payment.signing_hash(&here), payment.signing_hash(&there));
    }

    #[test]
    fn a_transaction_has_the_documented_layout() {
        let bytes = codec::encode(&payment());
        let fixed = 2 + 32 + 8 + 8 + 4 + 4;
        assert_eq!(bytes.len(), fixed + 8 + 40 + 8 + 5 + 64);
        assert_eq!(bytes[fixed - 4..fixed], [0; 4], "the tag of a transfer");
        assert_eq!(codec::decode::<Transaction>(&bytes, 1 << 16), Ok(payment()));
    }

    #[test]
    fn the_sum_of_the_outputs_is_none_when_64_bits_do_not_hold_it() {
        let of = |amounts: &[u64]| {
            let output = |amount: &u64| Output { to: Address([2; 32]), amount: Amount(*amount) };
            let outputs = amounts.iter().map(output).collect();
            let action = Action::Transfer(Transfer { outputs, memo: Text::default() });
            Transaction { action, ..payment() }.total_output()
        };
        assert_eq!(of(&[3, 4]), Some(Amount(7)));
        assert_eq!(of(&[u64::MAX, 0]), Some(Amount(u64::MAX)));
        assert_eq!(of(&[u64::MAX, 1]), None);
    }

    #[test]
    fn an_anchor_pays_nobody() {
        let action = Action::Anchor(Anchor { digest: [1; 32], label: Text::from("a file") });
        let anchor = Transaction { action, ..payment() };
        assert_eq!((anchor.outputs(), anchor.total_output()), (&[][..], Some(Amount::ZERO)));
    }

    #[test]
    fn the_hashes_of_many_are_those_of_each() {
        let genesis = BlockHash([9; 32]);
        let (short, long) = (payment(), Transaction { nonce: 7, ..payment() });
        let anchor = Transaction {
            action: Action::Anchor(Anchor { digest: [1; 32], label: Text::default() }),
            ..payment()
        };
        let all = [long, anchor, short];
        let each: Vec<_> = all.iter().map(|one| TransactionHashes::of(one, &genesis)).collect();
        assert_eq!(TransactionHashes::of_each(&all, &genesis), each);
        for (transaction, hashes) in all.iter().zip(each) {
            assert_eq!(hashes.size as usize, codec::encode(transaction).len());
            assert_eq!(hashes.leaf, transaction.leaf_hash());
            assert_eq!(hashes.id, transaction.id(&genesis));
        }
    }
}
