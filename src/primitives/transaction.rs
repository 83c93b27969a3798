//! Transactions: a sender, a nonce, a fee, one action, and a signature over the hash of the rest.

use super::address::Address;
use super::amount::Amount;
use super::codec::{self, Decode, Encode, List, Text};
use super::hash::{self, BlockHash, LeafHash, SigningHash, TransactionId};
use super::height::Height;
use super::keys::{PublicKey, SIGNATURE_BYTES, SecretKey, Signature};
use super::transaction_hashes;
pub use super::transaction_hashes::{TransactionHashes, signature_checks};

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
        transaction_hashes::signing_hash(self, genesis)
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
}
