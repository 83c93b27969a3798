//! Signed messages: proof that whoever holds an address said something. What is signed is a hash with a domain of its
//! own, so that nobody can be made to sign a transaction this way.

use std::fmt;
use std::str::FromStr;

use crate::primitives::keys::{self, SignatureCheck};
use crate::primitives::{Address, PublicKey, SecretKey, Signature, hash};

/// Bytes of a public key and a signature, as they are written in hexadecimal digits.
const KEY_BYTES: usize = 32;
const TEXT_BYTES: usize = KEY_BYTES + 64;

/// A public key and its signature over a message; the key is there because an address is only its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageSignature {
    /// Whose address vouches for the message.
    pub public_key: PublicKey,
    /// Over derive(`cairn v1 message`, bytes).
    pub signature: Signature,
}

/// Why a message is not vouched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not the text of a signature.
    #[error("a message's signature is {digits} hexadecimal digits", digits = 2 * TEXT_BYTES)]
    NotASignature,
    /// Signed, but by the holder of another address.
    #[error("the signature was made with the key of another address")]
    OtherAddress,
    /// The signature does not belong to this message.
    #[error("the signature does not match: the message was changed by a byte or more, or was never signed")]
    Wrong,
}

/// Signs any bytes.
pub fn sign_message(key: &SecretKey, message: &[u8]) -> MessageSignature {
    MessageSignature { public_key: key.public_key(), signature: key.sign(&hash::MESSAGE.derive(message)) }
}

/// Whether the holder of an address signed these bytes.
pub fn verify_message(
    address: &Address,
    message: &[u8],
    signed: &MessageSignature,
) -> Result<(), MessageError> {
    if Address::of(&signed.public_key) != *address {
        return Err(MessageError::OtherAddress);
    }
    let check = SignatureCheck::new(signed.public_key, &signed.signature, &hash::MESSAGE.derive(message));
    keys::verify(&[check]).map_err(|_| MessageError::Wrong)
}

/// The key, then the signature, in hexadecimal digits.
impl fmt::Display for MessageSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.public_key, self.signature)
    }
}

impl FromStr for MessageSignature {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let mut bytes = [0; TEXT_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MessageError::NotASignature)?;
        let (mut key, mut signature) = ([0; KEY_BYTES], [0; TEXT_BYTES - KEY_BYTES]);
        key.copy_from_slice(&bytes[..KEY_BYTES]);
        signature.copy_from_slice(&bytes[KEY_BYTES..]);
        Ok(Self { public_key: PublicKey(key), signature: Signature(signature) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_message_is_vouched_for_by_its_address_alone() {
        let alice = SecretKey::from_seed(&[1; 32]);
        let address = Address::of(&alice.public_key());
        let signed = sign_message(&alice, b"I owe Bob a lunch");
        assert_eq!(verify_message(&address, b"I owe Bob a lunch", &signed), Ok(()));
        assert_eq!(verify_message(&address, b"I owe Bob a launch", &signed), Err(MessageError::Wrong));
        assert_eq!(
            verify_message(&Address([2; 32]), b"I owe Bob a lunch", &signed),
            Err(MessageError::OtherAddress)
        );
    }

    #[test]
    fn a_signature_reads_back_from_its_text() {
        let signed = sign_message(&SecretKey::from_seed(&[1; 32]), b"");
        assert_eq!(signed.to_string().parse(), Ok(signed));
        for wrong in ["", "00", &"zz".repeat(96), &"00".repeat(97)] {
            assert_eq!(wrong.parse::<MessageSignature>(), Err(MessageError::NotASignature), "{wrong}");
        }
    }

    #[test]
    fn the_raw_bytes_of_a_signing_hash_are_never_what_is_signed() {
        let alice = SecretKey::from_seed(&[1; 32]);
        let signing_hash = [7; 32];
        assert_ne!(sign_message(&alice, &signing_hash).signature, alice.sign(&signing_hash));
    }
}
