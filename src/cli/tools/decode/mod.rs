//! `tools decode`: every field of an encoded value, and what follows from it.
//!
//! The codec that every node uses decides whether the bytes are a value; only where it refuses them, `locate` looks for the
//! field at fault.

mod fields;
mod locate;
mod shown;

use locate::Walk;

use crate::cli::args::{DecodeArgs, EncodedKind};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::files;
use crate::cli::session::Session;
use crate::consensus::check_block::BLOCK_BYTES_MAX;
use crate::node::message::CompactBlock;
use crate::primitives::codec::{self, Decode, DecodeError};
use crate::primitives::{Block, Coinbase, Transaction};

/// Bytes of a file that is read at most: the largest block in hexadecimal, with white space between its digits.
const FILE_BYTES_MAX: u64 = 4 * BLOCK_BYTES_MAX as u64;

pub(super) fn decode(session: &Session, args: &DecodeArgs) -> Outcome {
    let bytes = from_text(files::read(&args.file, FILE_BYTES_MAX)?)?;
    let params = session.params.as_ref();
    let fields = match args.kind {
        EncodedKind::Header => value(&bytes, locate::header).map(|header| shown::header(&header, params)),
        EncodedKind::Coinbase => {
            value(&bytes, locate::coinbase).map(|coinbase: Coinbase| shown::coinbase(&coinbase, params))
        }
        EncodedKind::Transaction => value(&bytes, locate::transaction)
            .map(|transaction: Transaction| shown::transaction(&transaction, params)),
        EncodedKind::Block => value(&bytes, locate::block).map(|block: Block| shown::block(block, params)),
        EncodedKind::CompactBlock => value(&bytes, locate::compact_block)
            .map(|block: CompactBlock| shown::compact_block(&block, params)),
    };
    let fields = fields.map_err(|problem| {
        let cause = format!("{} is no {}: {problem}", files::name(&args.file), name(args.kind));
        Failure::new(cause, "docs/protocol.md has the layout; is it another kind of value?")
            .because("undecodable")
    })?;
    session.output.show(&fields, |output| fields.for_people(output));
    Ok(())
}

/// Hexadecimal digits with white space between them stand for bytes; anything else is the bytes themselves.
fn from_text(content: Vec<u8>) -> Outcome<Vec<u8>> {
    let digits: Vec<u8> = content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let digits = digits.strip_prefix(b"0x").unwrap_or(&digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Ok(content);
    }
    hex::decode(digits).map_err(|_| {
        Failure::usage(
            format!("{} hexadecimal digits are no whole number of bytes", digits.len()),
            "give two digits for each byte",
        )
    })
}

/// The value, or in words where and why there is none.
fn value<T: Decode<()>>(
    bytes: &[u8],
    walk_over: impl Fn(&mut Walk<'_>) -> Result<(), locate::Located>,
) -> Result<T, String> {
    let error = match codec::decode(bytes, BLOCK_BYTES_MAX) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if let DecodeError::TrailingBytes(more) = error {
        return Err(format!("it ends at offset {}, and {error}", bytes.len() - more));
    }
    match walk_over(&mut Walk::new(bytes)) {
        Err(located) => Err(located.to_string()),
        Ok(()) => Err(error.to_string()),
    }
}

fn name(kind: EncodedKind) -> &'static str {
    match kind {
        EncodedKind::Header => "header",
        EncodedKind::Coinbase => "coinbase",
        EncodedKind::Transaction => "transaction",
        EncodedKind::Block => "block",
        EncodedKind::CompactBlock => "compact block",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::params::Params;
    use crate::consensus::testing::{TestChain, dev_key, payment};
    use crate::primitives::{Address, Amount, Header};

    fn block() -> Block {
        let params = Params::named("dev").unwrap();
        let pay = |nonce| payment(&dev_key(0), &params, nonce, Address([2; 32]), Amount(5));
        let chain = TestChain::new(params.clone());
        Block::clone(&chain.mine(Address([1; 32]), vec![pay(0), pay(1)]))
    }

    #[test]
    fn digits_in_any_layout_are_bytes_and_bytes_are_themselves() {
        for text in ["00ff10", "0x00FF10", " 00 ff\n10\n"] {
            assert_eq!(from_text(text.into()), Ok(vec![0, 0xff, 0x10]), "{text}");
        }
        assert_eq!(from_text(vec![0, 0xff]), Ok(vec![0, 0xff]));
        assert_eq!(from_text(b"stone".to_vec()), Ok(b"stone".to_vec()));
        assert!(from_text(b"00f".to_vec()).is_err());
    }

    #[test]
    fn a_cut_block_is_refused_with_the_field_that_holds_the_cut() {
        let bytes = codec::encode(&block());
        for length in 0..bytes.len() {
            let problem = value::<Block>(&bytes[..length], locate::block).unwrap_err();
            let offset: usize =
                problem.split("offset ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
            assert!(offset <= length, "{length}: {problem}");
        }
        let problem = |length: usize| value::<Block>(&bytes[..length], locate::block).unwrap_err();
        assert!(problem(79).starts_with("`header.nonce` at offset 76:"), "{}", problem(79));
        assert!(problem(81).starts_with("`coinbase.version` at offset 80:"), "{}", problem(81));
        let last = problem(bytes.len() - 1);
        let at = bytes.len() - 64;
        assert!(last.starts_with(&format!("`transactions[1].signature` at offset {at}:")), "{last}");
    }

    #[test]
    fn every_walk_ends_where_its_value_does() {
        let block = block();
        let walked = |bytes: &[u8], walk_over: fn(&mut Walk<'_>) -> Result<(), locate::Located>| {
            let mut walk = Walk::new(bytes);
            walk_over(&mut walk).unwrap();
            assert_eq!(walk.offset(), bytes.len());
        };
        walked(&codec::encode(&block), locate::block);
        walked(&codec::encode(&block.header), locate::header);
        walked(&codec::encode(&block.coinbase), locate::coinbase);
        walked(&codec::encode(&block.transactions[0]), locate::transaction);
        let leaves: Vec<_> = block.transactions.iter().map(Transaction::leaf_hash).collect();
        let compact = crate::node::compact::compact_block(&block, &leaves, 7, |position, _| position == 1);
        walked(&codec::encode(&compact), locate::compact_block);
    }

    #[test]
    fn trailing_bytes_and_an_impossible_count_are_told_apart() {
        let mut bytes = codec::encode(&block().header);
        bytes.push(0);
        let problem = value::<Header>(&bytes, locate::header).unwrap_err();
        assert_eq!(problem, "it ends at offset 80, and 1 bytes follow the end of the value");
        let mut bytes = codec::encode(&block());
        let count = 80 + codec::encoded_len(&block().coinbase);
        bytes[count + 7] = 0xff;
        let problem = value::<Block>(&bytes, locate::block).unwrap_err();
        assert!(problem.starts_with(&format!("`transactions` at offset {count}:")), "{problem}");
    }
}
