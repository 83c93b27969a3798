//! The one encoding of every value that nodes exchange, hash or store, and the one file that names bincode.
//!
//! bincode 2.0.1 with fixed-width little-endian integers; lengths are `u64`, enum tags `u32`, trailing bytes
//! are rejected. In this form every value has exactly one encoding, so hashes of encodings are well defined.

pub(crate) use bincode::de::{BorrowDecode, BorrowDecoder, Decoder};
pub(crate) use bincode::enc::Encoder;
pub(crate) use bincode::error::{DecodeError as BincodeError, EncodeError};
pub use bincode::{Decode, Encode};

use std::ops::{Deref, DerefMut};

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::de::read::Reader;
use bincode::enc::write::Writer;

/// Memory a single decode may claim, in bytes: a guard only, since [`List`] and [`Text`] already refuse a length
/// that exceeds the input; `tests/bounded_decoding` counts what is allocated. At least four times the largest encoded
/// type (a block, 4 MiB).
const MEMORY_GUARD_BYTES: usize = 32 << 20;

type Config = Configuration<LittleEndian, Fixint, Limit<MEMORY_GUARD_BYTES>>;

const CONFIG: Config = bincode::config::standard()
    .with_little_endian()
    .with_fixed_int_encoding()
    .with_limit::<MEMORY_GUARD_BYTES>();

/// Why bytes are not the encoding of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The input exceeds the type's limit on encoded length.
    #[error("{length} bytes exceed the limit of {limit}")]
    TooLong {
        /// Length of the input in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The value ends before the input does.
    #[error("{0} bytes follow the end of the value")]
    TrailingBytes(usize),
    /// The input ends early, names an unknown tag, or holds text that is not UTF-8.
    #[error("malformed: {0}")]
    Malformed(String),
}

/// Encodes a value. Encoding to memory cannot fail for the types of this crate.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, CONFIG)
        .expect("encoding to memory fails only for types this crate does not have")
}

/// Encodes a value into any sink of bytes, such as a hasher, without building the bytes first.
pub fn encode_into<T: Encode>(value: &T, sink: impl FnMut(&[u8])) {
    struct Sink<F>(F);
    impl<F: FnMut(&[u8])> Writer for Sink<F> {
        fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
            (self.0)(bytes);
            Ok(())
        }
    }
    bincode::encode_into_writer(value, Sink(sink), CONFIG)
        .expect("encoding to memory fails only for types this crate does not have");
}

/// Length of a value's encoding in bytes.
pub fn encoded_len<T: Encode>(value: &T) -> usize {
    let mut length = 0;
    encode_into(value, |bytes| length += bytes.len());
    length
}

/// Decodes exactly one value from the whole of `bytes`, of at most `limit` bytes.
pub fn decode<T: Decode<()>>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    let (value, rest) = decode_prefix(bytes, limit)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::TrailingBytes(rest.len())) }
}

/// Decodes one value from the front of `bytes` and gives back what follows it.
pub fn decode_prefix<T: Decode<()>>(bytes: &[u8], limit: usize) -> Result<(T, &[u8]), DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { length: bytes.len(), limit });
    }
    let (value, used) = bincode::decode_from_slice(bytes, CONFIG)
        .map_err(|error: BincodeError| DecodeError::Malformed(in_words(&error)))?;
    Ok((value, &bytes[used..]))
}

fn in_words(error: &BincodeError) -> String {
    if let BincodeError::UnexpectedEnd { additional } = error {
        format!("the input ends at least {additional} bytes early")
    } else if let BincodeError::UnexpectedVariant { found, .. } = error {
        format!("there is no alternative {found}")
    } else if let BincodeError::Utf8 { inner } = error {
        format!("the text is not UTF-8: {inner}")
    } else {
        error.to_string()
    }
}

/// A sequence whose length prefix is checked against the remaining input before anything is allocated.
///
/// Encoded as bincode encodes a `Vec`: a `u64` count, then the items.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Encode> Encode for List<T> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.0.len() as u64).encode(encoder)?;
        self.0.iter().try_for_each(|item| item.encode(encoder))
    }
}

impl<C, T: Decode<C>> Decode<C> for List<T> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let count = checked_length(decoder)?;
        let mut items = Vec::with_capacity(affordable_capacity::<T, D>(decoder, count));
        for _ in 0..count {
            items.push(T::decode(decoder)?);
        }
        Ok(Self(items))
    }
}

impl<'de, C, T: Decode<C>> BorrowDecode<'de, C> for List<T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        Self::decode(decoder)
    }
}

/// Reads a length prefix. Every item takes at least a byte, so a longer one than the input is refused.
fn checked_length<D: Decoder>(decoder: &mut D) -> Result<usize, BincodeError> {
    let length = u64::decode(decoder)?;
    let length = usize::try_from(length).map_err(|_| BincodeError::LimitExceeded)?;
    if decoder.reader().peek_read(length).is_none() {
        return Err(BincodeError::UnexpectedEnd { additional: length });
    }
    Ok(length)
}

/// The whole count when the input is long enough to plausibly hold it; else nothing, and it grows as items come.
fn affordable_capacity<T, D: Decoder>(decoder: &mut D, count: usize) -> usize {
    let plausible_bytes = count.saturating_mul(size_of::<T>()) / 4;
    if decoder.reader().peek_read(plausible_bytes).is_some() { count } else { 0 }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Well-formed UTF-8 whose length prefix is checked against the remaining input before anything is allocated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(pub String);

impl Encode for Text {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.0.encode(encoder)
    }
}

impl<C> Decode<C> for Text {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let length = checked_length(decoder)?;
        let mut bytes = vec![0; length];
        decoder.reader().read(&mut bytes)?;
        String::from_utf8(bytes).map(Self).map_err(|error| BincodeError::Utf8 { inner: error.utf8_error() })
    }
}

impl<'de, C> BorrowDecode<'de, C> for Text {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        Self::decode(decoder)
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Encodes a type as another that stands for it one to one.
macro_rules! encode_as {
    ($type:ty as $plain:ty, $to:expr, $from:expr) => {
        impl $crate::primitives::codec::Encode for $type {
            fn encode<E: $crate::primitives::codec::Encoder>(
                &self,
                encoder: &mut E,
            ) -> Result<(), $crate::primitives::codec::EncodeError> {
                $crate::primitives::codec::Encode::encode(&$to(*self), encoder)
            }
        }

        impl<C> $crate::primitives::codec::Decode<C> for $type {
            fn decode<D: $crate::primitives::codec::Decoder<Context = C>>(
                decoder: &mut D,
            ) -> Result<Self, $crate::primitives::codec::BincodeError> {
                <$plain as $crate::primitives::codec::Decode<C>>::decode(decoder).map($from)
            }
        }

        impl<'de, C> $crate::primitives::codec::BorrowDecode<'de, C> for $type {
            fn borrow_decode<D: $crate::primitives::codec::BorrowDecoder<'de, Context = C>>(
                decoder: &mut D,
            ) -> Result<Self, $crate::primitives::codec::BincodeError> {
                <Self as $crate::primitives::codec::Decode<C>>::decode(decoder)
            }
        }
    };
}
pub(crate) use encode_as;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_input_is_refused_before_it_is_allocated() {
        let claims_a_tebibyte = (1_u64 << 40).to_le_bytes();
        assert!(matches!(decode::<List<u64>>(&claims_a_tebibyte, 64), Err(DecodeError::Malformed(_))));
        assert!(matches!(decode::<Text>(&claims_a_tebibyte, 64), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn trailing_bytes_are_rejected() {
        let mut bytes = encode(&7_u32);
        bytes.push(0);
        assert_eq!(decode::<u32>(&bytes, 64), Err(DecodeError::TrailingBytes(1)));
    }

    #[test]
    fn a_list_is_encoded_as_a_vector_is() {
        assert_eq!(encode(&List(vec![1_u16, 2])), encode(&vec![1_u16, 2]));
        assert_eq!(encode(&Text::from("stone")), encode(&"stone".to_owned()));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        let bytes = encode(&List(vec![0xff_u8, 0xfe]));
        assert!(matches!(decode::<Text>(&bytes, 64), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn what_is_wrong_with_bytes_is_said_in_words() {
        let said = |error: DecodeError| error.to_string();
        assert_eq!(
            said(decode::<u32>(&[7], 64).unwrap_err()),
            "malformed: the input ends at least 3 bytes early"
        );
        assert_eq!(
            said(decode::<Result<u8, u8>>(&[9, 0, 0, 0, 1], 64).unwrap_err()),
            "malformed: there is no alternative 9"
        );
        let not_utf8 = said(decode::<Text>(&encode(&List(vec![0xff_u8])), 64).unwrap_err());
        assert!(
            not_utf8.starts_with("malformed: the text is not UTF-8: invalid utf-8 sequence"),
            "{not_utf8}"
        );
        let no_flag = said(decode::<bool>(&[2], 64).unwrap_err());
        assert!(no_flag.len() > "malformed: ".len(), "{no_flag}");
    }

    #[test]
    fn input_beyond_the_limit_is_refused_before_it_is_read() {
        let bytes = encode(&7_u32);
        assert_eq!(decode::<u32>(&bytes, 4), Ok(7));
        assert_eq!(decode::<u32>(&bytes, 3), Err(DecodeError::TooLong { length: 4, limit: 3 }));
    }

    #[test]
    fn a_value_may_be_read_from_the_front_of_more_bytes() {
        assert_eq!(decode_prefix::<u16>(&[7, 0, 8, 9], 4), Ok((7, &[8, 9][..])));
    }

    #[test]
    fn lists_and_texts_of_every_length_read_back() {
        for length in [0, 1, 15, 16, 17, 300] {
            let list: List<u64> = (0..length).collect();
            let text = Text("é".repeat(length as usize));
            let bytes = encode(&(&list, &text));
            assert_eq!(encoded_len(&(&list, &text)), bytes.len());
            assert_eq!(decode(&bytes, bytes.len()), Ok((list, text)));
        }
    }

    #[test]
    fn a_list_that_claims_one_item_more_than_it_has_is_refused() {
        let mut bytes = encode(&List(vec![1_u64, 2]));
        bytes[0] = 3;
        assert!(matches!(decode::<List<u64>>(&bytes, 64), Err(DecodeError::Malformed(_))));
        let mut bytes = encode(&Text::from("stone"));
        bytes[0] = 6;
        assert!(matches!(decode::<Text>(&bytes, 64), Err(DecodeError::Malformed(_))));
    }

    #[test]
    fn borrowed_bytes_mean_what_owned_ones_mean() {
        let value = (List(vec![1_u16, 2]), Text::from("stone"));
        let (borrowed, _): ((List<u16>, Text), _) =
            bincode::borrow_decode_from_slice(&encode(&value), CONFIG).unwrap();
        assert_eq!(borrowed, value);
    }

    #[test]
    fn room_is_made_at_once_only_where_the_input_could_fill_a_quarter_of_it() {
        let room = |count, input_bytes| {
            let input = vec![0; input_bytes];
            let reader = bincode::de::read::SliceReader::new(&input);
            affordable_capacity::<u64, _>(&mut bincode::de::DecoderImpl::new(reader, CONFIG, ()), count)
        };
        assert_eq!((room(10, 20), room(10, 19)), (10, 0));
        assert_eq!((room(0, 0), room(usize::MAX, 1_000)), (0, 0));
    }

    #[test]
    fn lists_and_texts_are_made_from_and_read_as_what_they_hold() {
        let mut list = List::from(vec![1, 2]);
        list.push(3);
        assert_eq!((list.len(), (&list).into_iter().sum::<i32>()), (3, 6));
        assert_eq!(list.clone().into_iter().rev().collect::<List<_>>(), List(vec![3, 2, 1]));
        let text = Text::from("stone".to_owned());
        assert_eq!((&*text, text.len()), ("stone", 5));
    }
}
