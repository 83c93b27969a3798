//! Writes a trace while the run goes on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use cairn::consensus::params::Params;
use cairn::node::Event;
use cairn::node::input::Purpose;
use cairn::primitives::transaction::TransactionHashes;
use cairn::primitives::{Block, BlockId};

use super::line::{Line, What};
use crate::engine::NodeIndex;

/// A trace that is being written. The first error ends it, and is told at the end.
#[derive(Debug)]
pub(crate) struct StoryWriter {
    out: BufWriter<File>,
    result: io::Result<()>,
}

impl StoryWriter {
    /// Begins a trace in a new file.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::new(File::create(path)?), result: Ok(()) })
    }

    /// Adds a line.
    pub(crate) fn note(&mut self, at_us: u64, what: What) {
        if self.result.is_ok() {
            self.result = self.write(&Line { at_us, what });
        }
    }

    /// Adds that a node found a block.
    pub(crate) fn note_found(
        &mut self,
        at_us: u64,
        node: NodeIndex,
        id: BlockId,
        block: &Block,
        params: &Params,
    ) {
        let hashes = TransactionHashes::of_each(block.transactions.iter(), &params.genesis_hash());
        let what = What::Found {
            node,
            block: id.hash.to_string(),
            parent: block.header.previous.to_string(),
            height: id.height.0,
            transactions: hashes.iter().map(|hashes| hashes.id.to_string()).collect(),
        };
        self.note(at_us, what);
    }

    /// Adds what a node reported, as far as it belongs to the story of a block or a transaction.
    pub(crate) fn note_event(&mut self, at_us: u64, node: NodeIndex, event: &Event) {
        let what = match event {
            Event::TipChanged(change) => What::Tip {
                node,
                connected: change.connected.iter().map(|block| block.id.hash.to_string()).collect(),
                disconnected: change.disconnected.iter().map(|id| id.hash.to_string()).collect(),
            },
            Event::TransactionAdmitted { id, purpose } => What::Admitted {
                node,
                transaction: id.to_string(),
                from_client: *purpose == Some(Purpose::Admit),
            },
            Event::TransactionDropped { id, reason } => {
                What::Dropped { node, transaction: id.to_string(), reason: (*reason).to_owned() }
            }
            Event::BlockInvalid { id, violation } => {
                What::Invalid { node, block: id.hash.to_string(), violation: violation.name().to_owned() }
            }
            Event::PeerReady { .. }
            | Event::ClockOffset { .. }
            | Event::SyncStarted { .. }
            | Event::SyncFinished { .. }
            | Event::SyncStalled { .. }
            | Event::PeerBanned { .. } => return,
        };
        self.note(at_us, what);
    }

    /// Ends the trace; tells the first error there was.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.result?;
        self.out.flush()
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}
