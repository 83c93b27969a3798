//! Reading an exported chain: nothing in it is trusted, and nothing is allocated because a length says so.

use std::io::{ErrorKind, Read};

use super::error::{ChainFileError, ChainFileProblem as Problem, OtherNetwork};
use super::{END, MAGIC, RECORD_BYTES_MAX};
use crate::consensus::params::{NAME_BYTES_MAX, Params, ParamsError};
use crate::consensus::params_encoding::PARAMETERS_BYTES_MAX;
use crate::primitives::{Block, BlockHash, codec};

/// Reads the blocks of an exported chain one after another; after an error it is at its end.
///
/// Fields are read one by one, so a source that is a file or a socket should have a buffer.
#[derive(Debug)]
pub struct ChainFileReader<R> {
    source: Source<R>,
    params: Params,
    records: u32,
    has_ended: bool,
}

/// One block as it lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRecord {
    /// Counted from 1.
    pub number: u32,
    /// Bytes of the file before this record.
    pub offset: u64,
    /// The encoded block; whether it is one shows in [`Self::block`].
    pub bytes: Vec<u8>,
}

impl BlockRecord {
    /// Decodes the block.
    pub fn block(&self) -> Result<Block, ChainFileError> {
        codec::decode(&self.bytes, RECORD_BYTES_MAX as usize).map_err(|error| ChainFileError {
            offset: self.offset,
            record: Some(self.number),
            problem: Problem::Undecodable(error),
        })
    }
}

impl<R: Read> ChainFileReader<R> {
    /// Reads what comes before the first block, of whatever network.
    pub fn open(source: R) -> Result<Self, ChainFileError> {
        let mut source = Source { bytes: source, offset: 0, field: 0, record: None };
        let params = read_network(&mut source)?;
        Ok(Self { source, params, records: 0, has_ended: false })
    }

    /// As [`Self::open`]; refuses the chain of another network.
    pub fn open_for(source: R, expected: &Params) -> Result<Self, ChainFileError> {
        let reader = Self::open(source)?;
        if reader.params.genesis_hash() == expected.genesis_hash() {
            return Ok(reader);
        }
        Err(reader.source.error(OtherNetwork::problem(&reader.params, expected)))
    }

    /// The network whose chain this is, computed from its name and numbers.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Blocks read so far.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.source.offset
    }

    fn next_record(&mut self) -> Result<Option<BlockRecord>, ChainFileError> {
        let offset = self.source.offset;
        let number = self.records.saturating_add(1);
        self.source.record = Some(number);
        let length = u32::from_le_bytes(self.source.array("the length of a record, or the end")?);
        if length == END {
            return self.read_end().map(|()| None);
        }
        if length > RECORD_BYTES_MAX {
            return Err(self.source.error(Problem::RecordTooLong(length)));
        }
        let bytes = self.source.bytes(length.into(), "a block")?;
        self.records = number;
        Ok(Some(BlockRecord { number, offset, bytes }))
    }

    fn read_end(&mut self) -> Result<(), ChainFileError> {
        self.source.record = None;
        let said = u32::from_le_bytes(self.source.array("the count of records")?);
        if said != self.records {
            return Err(self.source.error(Problem::WrongCount { said, found: self.records }));
        }
        self.source.expect_end()
    }
}

impl<R: Read> Iterator for ChainFileReader<R> {
    type Item = Result<BlockRecord, ChainFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.next_record().transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Everything before the first record.
fn read_network(source: &mut Source<impl Read>) -> Result<Params, ChainFileError> {
    let magic: [u8; MAGIC.len()] = source.array("its first bytes")?;
    if magic != MAGIC {
        return Err(source.error(Problem::Magic));
    }
    let name = source.sized("the network's name", NAME_BYTES_MAX)?;
    let name = String::from_utf8(name).map_err(|error| {
        let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
        source.error(ParamsError::Name(shown).into())
    })?;
    let parameters = source.sized("the parameters", PARAMETERS_BYTES_MAX)?;
    let params = Params::from_encoded(&name, &parameters).map_err(|problem| source.error(problem.into()))?;
    let found = BlockHash(source.array("the genesis hash")?);
    let computed = params.genesis_hash();
    if found == computed { Ok(params) } else { Err(source.error(Problem::Genesis { found, computed })) }
}

/// Bytes with their place, for errors.
#[derive(Debug)]
struct Source<R> {
    bytes: R,
    /// Bytes read.
    offset: u64,
    /// Where the field that was read last begins.
    field: u64,
    record: Option<u32>,
}

impl<R: Read> Source<R> {
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], ChainFileError> {
        let bytes = self.bytes(N as u64, what)?;
        Ok(bytes.try_into().expect("as many bytes came as were asked for"))
    }

    /// A length and so many bytes.
    fn sized(&mut self, what: &'static str, limit: usize) -> Result<Vec<u8>, ChainFileError> {
        let length = u64::from_le_bytes(self.array(what)?);
        let limit = limit as u64;
        if length > limit {
            return Err(self.error(Problem::TooLong { what, length, limit }));
        }
        self.bytes(length, what)
    }

    /// Exactly so many bytes. Memory grows with what comes, not with what is claimed.
    fn bytes(&mut self, length: u64, what: &'static str) -> Result<Vec<u8>, ChainFileError> {
        self.field = self.offset;
        let mut bytes = Vec::new();
        let read = self.bytes.by_ref().take(length).read_to_end(&mut bytes);
        self.offset += bytes.len() as u64;
        read.map_err(|error| self.error(error.into()))?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(self.error(Problem::Cut(what))) }
    }

    fn expect_end(&mut self) -> Result<(), ChainFileError> {
        self.field = self.offset;
        match self.bytes.read_exact(&mut [0]) {
            Ok(()) => Err(self.error(Problem::TrailingBytes)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(self.error(error.into())),
        }
    }
}

impl<R> Source<R> {
    fn error(&self, problem: Problem) -> ChainFileError {
        ChainFileError { offset: self.field, record: self.record, problem }
    }
}
