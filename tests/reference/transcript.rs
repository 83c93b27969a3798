//! What a node was fed and what it said, as JSON lines; and the chains it had, as an exported chain.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use cairn::consensus::Violation;
use cairn::consensus::testing::TestChain;
use cairn::primitives::{Block, BlockHash, Timestamp};
use cairn::storage::chain_file::ChainFileWriter;
use serde_json::{Value, json};

/// The folder that takes transcripts, if anybody wants them.
const FOLDER: &str = "CAIRN_TRANSCRIPTS";

/// One file, if anybody wants it.
pub(crate) struct Transcript {
    file: Option<BufWriter<File>>,
    steps: u64,
}

/// One line.
pub(crate) struct Step<'a> {
    pub(crate) case: &'a str,
    pub(crate) now: Timestamp,
    /// What was delivered, and what was said of it; nothing where only the clock moved.
    pub(crate) delivered: Option<(&'a [u8], &'static str)>,
    /// What else was found invalid.
    pub(crate) invalid: Vec<(BlockHash, Violation)>,
    /// The chain up to the tip.
    pub(crate) chain: &'a TestChain,
}

impl Transcript {
    /// A file of this name for the network of a chain.
    pub(crate) fn begin(name: &str, chain: &TestChain) -> Self {
        let mut transcript = Self { file: create(&format!("{name}.jsonl")), steps: 0 };
        transcript.line(&json!({
            "network": chain.params.name,
            "parameters": hex::encode(chain.params.encoded()),
            "genesis": chain.params.genesis_hash().to_string(),
        }));
        transcript
    }

    /// Adds a step.
    pub(crate) fn write(&mut self, step: &Step<'_>) {
        self.steps += 1;
        let tip = step.chain.tip();
        let mut line = json!({
            "step": self.steps,
            "case": step.case,
            "now": step.now,
            "tip": tip.hash.to_string(),
            "height": tip.height,
            "state_root": step.chain.root().to_string(),
        });
        if let Some((bytes, verdict)) = step.delivered {
            line["block"] = hex::encode(bytes).into();
            line["verdict"] = verdict.into();
            line["any_of"] = json!([]);
        }
        if !step.invalid.is_empty() {
            let found = |(block, violation): &(BlockHash, Violation)| -> Value {
                json!({ "block": block.to_string(), "violation": violation.name() })
            };
            line["invalid"] = step.invalid.iter().map(found).collect();
        }
        self.line(&line);
    }

    fn line(&mut self, line: &Value) {
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}").expect("the folder of transcripts can be written");
        }
    }
}

/// Writes an exported chain of these blocks, every parent before its children.
pub(crate) fn export<'a>(name: &str, chain: &TestChain, blocks: impl Iterator<Item = &'a Block>) {
    let Some(file) = create(&format!("{name}.chain")) else { return };
    let mut writer =
        ChainFileWriter::new(file, &chain.params).expect("the folder of transcripts can be written");
    for block in blocks {
        writer.write(block).expect("the folder of transcripts can be written");
    }
    writer.finish().expect("the folder of transcripts can be written");
}

fn create(name: &str) -> Option<BufWriter<File>> {
    let folder = PathBuf::from(std::env::var_os(FOLDER)?);
    create_dir_all(&folder).expect("the folder of transcripts can be made");
    Some(BufWriter::new(File::create(folder.join(name)).expect("the folder of transcripts can be written")))
}
