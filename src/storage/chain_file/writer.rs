//! Writing an exported chain.

use std::io::{self, ErrorKind, Write};

use super::{END, MAGIC, RECORD_BYTES_MAX};
use crate::consensus::params::Params;
use crate::primitives::{Block, codec};

/// Writes blocks one after another. Who calls it sees to the order: every parent before its children, without genesis.
#[derive(Debug)]
pub struct ChainFileWriter<W> {
    sink: W,
    written: Written,
}

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Blocks.
    pub records: u32,
    /// Bytes of the file so far.
    pub bytes: u64,
}

impl<W: Write> ChainFileWriter<W> {
    /// Writes what comes before the first block. Each field is a write of its own, so `sink` should have a buffer.
    pub fn new(sink: W, params: &Params) -> io::Result<Self> {
        let mut writer = Self { sink, written: Written::default() };
        let parameters = params.encoded();
        writer.put(&MAGIC)?;
        writer.put(&(params.name.len() as u64).to_le_bytes())?;
        writer.put(params.name.as_bytes())?;
        writer.put(&(parameters.len() as u64).to_le_bytes())?;
        writer.put(&parameters)?;
        writer.put(&params.genesis_hash().0)?;
        Ok(writer)
    }

    /// Writes a block.
    pub fn write(&mut self, block: &Block) -> io::Result<()> {
        self.write_encoded(&codec::encode(block))
    }

    /// Writes a block that is already encoded, of 1 to [`RECORD_BYTES_MAX`] bytes; refuses any other length.
    pub fn write_encoded(&mut self, block: &[u8]) -> io::Result<()> {
        let length = u32::try_from(block.len()).ok().filter(|length| (1..=RECORD_BYTES_MAX).contains(length));
        let length = length.ok_or_else(|| {
            let cause = format!("a block of {} bytes does not go into an exported chain", block.len());
            io::Error::new(ErrorKind::InvalidInput, cause)
        })?;
        let too_many = || io::Error::new(ErrorKind::InvalidInput, "the count of records has 32 bits");
        let records = self.written.records.checked_add(1).ok_or_else(too_many)?;
        self.put(&length.to_le_bytes())?;
        self.put(block)?;
        self.written.records = records;
        Ok(())
    }

    /// How much was written so far.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Writes the end, flushes, and gives back the sink.
    pub fn finish(mut self) -> io::Result<(W, Written)> {
        self.put(&END.to_le_bytes())?;
        self.put(&self.written.records.to_le_bytes())?;
        self.sink.flush()?;
        Ok((self.sink, self.written))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }
}
