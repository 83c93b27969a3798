//! Bytes as hexadecimal text in the keystore's JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes that serialize as lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hex<T>(pub(super) T);

impl<T: AsRef<[u8]>> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de, T: TryFrom<Vec<u8>>> Deserialize<'de> for Hex<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = hex::decode(text).map_err(de::Error::custom)?;
        let length = bytes.len();
        let wrong_length = |_| de::Error::custom(format!("{length} bytes are not as many as belong here"));
        T::try_from(bytes).map(Self).map_err(wrong_length)
    }
}
