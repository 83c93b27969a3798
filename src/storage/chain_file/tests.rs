use std::io::Cursor;

use super::*;
use crate::consensus::params::Params;
use crate::consensus::testing::{TestChain, dev_key, easy_params, payment};
use crate::primitives::{Address, Amount, Block, codec};

/// Bytes before the first record in a chain of `dev`.
fn head_bytes(params: &Params) -> usize {
    MAGIC.len() + 8 + params.name.len() + 8 + params.encoded().len() + 32
}

/// Three blocks, one of them with a payment.
fn blocks(params: &Params) -> Vec<Block> {
    let (alice, bob) = (dev_key(0), Address([2; 32]));
    let mut chain = TestChain::new(params.clone());
    chain.grow(bob, Vec::new()).unwrap();
    chain.grow(bob, vec![payment(&alice, params, 0, bob, Amount(5))]).unwrap();
    chain.grow(bob, Vec::new()).unwrap();
    chain.blocks.iter().map(|(block, _)| Block::clone(block.block())).collect()
}

fn exported(params: &Params, blocks: &[Block]) -> Vec<u8> {
    let mut writer = ChainFileWriter::new(Vec::new(), params).unwrap();
    for block in blocks {
        writer.write(block).unwrap();
    }
    let (bytes, written) = writer.finish().unwrap();
    assert_eq!(written, Written { records: blocks.len() as u32, bytes: bytes.len() as u64 });
    bytes
}

fn dev() -> Params {
    Params::named("dev").unwrap()
}

/// Reads everything; the error, if there is one.
fn read(bytes: &[u8]) -> Result<Vec<Block>, ChainFileError> {
    let reader = ChainFileReader::open(Cursor::new(bytes))?;
    reader.map(|record| record?.block()).collect()
}

fn problem_at(bytes: &[u8]) -> (ChainFileProblem, u64, Option<u32>) {
    let error = read(bytes).unwrap_err();
    (error.problem, error.offset, error.record)
}

#[test]
fn what_was_exported_reads_back_with_its_network() {
    for params in [dev(), easy_params("easy")] {
        let blocks = blocks(&params);
        let bytes = exported(&params, &blocks);
        let mut reader = ChainFileReader::open_for(bytes.as_slice(), &params).unwrap();
        assert_eq!(reader.params(), &params);
        let read: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
        assert_eq!(read.iter().map(|record| record.block().unwrap()).collect::<Vec<_>>(), blocks);
        assert_eq!(read.iter().map(|record| record.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(read[0].offset, head_bytes(&params) as u64);
        assert_eq!(read[1].offset, read[0].offset + 4 + read[0].bytes.len() as u64);
        assert_eq!((reader.records(), reader.offset()), (3, bytes.len() as u64));
    }
}

#[test]
fn the_file_has_the_documented_layout() {
    let params = Params::named("lan").unwrap();
    let block = codec::encode(params.genesis());
    let mut writer = ChainFileWriter::new(Vec::new(), &params).unwrap();
    writer.write_encoded(&block).unwrap();
    let mut expected = b"cairn chain v1\r\n".to_vec();
    expected.extend([3, 0, 0, 0, 0, 0, 0, 0, b'l', b'a', b'n']);
    expected.extend((params.encoded().len() as u64).to_le_bytes());
    expected.extend(params.encoded());
    expected.extend(params.genesis_hash().0);
    expected.extend((block.len() as u32).to_le_bytes());
    expected.extend(block);
    expected.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(writer.finish().unwrap().0, expected);
}

#[test]
fn a_chain_without_blocks_is_one() {
    assert!(read(&exported(&dev(), &[])).unwrap().is_empty());
}

#[test]
fn a_file_cut_anywhere_is_refused_and_what_came_before_was_read() {
    let params = dev();
    let bytes = exported(&params, &blocks(&params));
    for length in 0..bytes.len() {
        let error = read(&bytes[..length]).unwrap_err();
        assert!(matches!(error.problem, ChainFileProblem::Cut(_)), "{length}: {error}");
        assert!(error.offset <= length as u64, "{length}: {error}");
        assert_eq!(error.record.is_some(), (head_bytes(&params)..bytes.len() - 4).contains(&length));
    }
    let two_and_a_half = &bytes[..bytes.len() - 30];
    let mut reader = ChainFileReader::open(two_and_a_half).unwrap();
    assert!(reader.by_ref().take(2).all(|record| record.is_ok()));
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none(), "nothing is read after an error");
}

#[test]
fn every_altered_byte_before_the_first_block_is_refused() {
    let params = dev();
    let bytes = exported(&params, &[]);
    for index in 0..head_bytes(&params) {
        let mut altered = bytes.clone();
        altered[index] ^= 1;
        let error = read(&altered).unwrap_err();
        assert_eq!(error.record, None, "{index}: {error}");
    }
}

#[test]
fn lengths_that_no_writer_writes_are_refused_at_their_place() {
    let params = dev();
    let head = head_bytes(&params);
    let whole = exported(&params, &blocks(&params)[..1]);
    let altered = |at: usize, with: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        problem_at(&bytes)
    };
    let at_the_head = head as u64;

    let too_long = altered(head, &(RECORD_BYTES_MAX + 1).to_le_bytes());
    assert!(
        matches!(too_long, (ChainFileProblem::RecordTooLong(4_194_305), at, Some(1)) if at == at_the_head)
    );
    let early_end = altered(head, &END.to_le_bytes());
    assert!(
        matches!(early_end, (ChainFileProblem::WrongCount { found: 0, .. }, at, None) if at == at_the_head + 4)
    );
    let wrong_count = altered(whole.len() - 4, &2_u32.to_le_bytes());
    assert!(matches!(wrong_count, (ChainFileProblem::WrongCount { said: 2, found: 1 }, _, None)));
    let trailing = problem_at(&[&whole[..], &[0]].concat());
    assert!(matches!(trailing, (ChainFileProblem::TrailingBytes, at, None) if at == whole.len() as u64));
    let name = altered(MAGIC.len(), &33_u64.to_le_bytes());
    assert!(matches!(name, (ChainFileProblem::TooLong { length: 33, limit: 32, .. }, 16, None)));
    let parameters = altered(MAGIC.len() + 8 + 3, &u64::MAX.to_le_bytes());
    assert!(matches!(parameters, (ChainFileProblem::TooLong { length: u64::MAX, .. }, 27, None)));
}

#[test]
fn a_record_that_is_no_block_is_named() {
    let params = dev();
    let mut writer = ChainFileWriter::new(Vec::new(), &params).unwrap();
    writer.write(&blocks(&params)[0]).unwrap();
    let second = writer.written().bytes;
    writer.write_encoded(&[0; 5]).unwrap();
    let (problem, offset, record) = problem_at(&writer.finish().unwrap().0);
    assert!(matches!(problem, ChainFileProblem::Undecodable(_)), "{problem}");
    assert_eq!((offset, record), (second, Some(2)));
}

#[test]
fn the_chain_of_another_network_is_refused_naming_both() {
    let (dev, other) = (dev(), Params::named("dev-2").unwrap());
    let error = ChainFileReader::open_for(exported(&dev, &[]).as_slice(), &other).unwrap_err();
    let said = error.to_string();
    for name in [&dev, &other] {
        assert!(said.contains(&name.genesis_hash().to_string()) && said.contains(&name.name), "{said}");
    }
}

#[test]
fn a_block_that_no_reader_would_take_is_not_written() {
    let mut writer = ChainFileWriter::new(Vec::new(), &dev()).unwrap();
    assert!(writer.write_encoded(&[]).is_err());
    assert!(writer.write_encoded(&vec![0; RECORD_BYTES_MAX as usize + 1]).is_err());
    assert_eq!(writer.written().records, 0);
}
