//! What a node was fed and what it said, as JSON lines for a second implementation to judge: one file a case, in the
//! folder that `CAIRN_TRANSCRIPTS` names. The state root is the mirror's, which agrees with the node on every account.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::Path;

use cairn::consensus::testing::TestChain;
use cairn::consensus::{Params, Violation};
use cairn::primitives::{BlockHash, Timestamp};
use serde_json::{Value, json};

use crate::stage::Verdict;

/// One file, if anybody wants it.
pub(crate) struct Transcript {
    file: Option<BufWriter<File>>,
    steps: u64,
}

/// One line.
pub(crate) struct Step<'a> {
    pub(crate) says: &'a str,
    pub(crate) now: Timestamp,
    pub(crate) block: Option<&'a [u8]>,
    pub(crate) verdict: Verdict,
    pub(crate) any_of: &'a [Violation],
    pub(crate) invalid: Vec<(BlockHash, Violation)>,
    pub(crate) tip: &'a TestChain,
}

impl Transcript {
    /// A file of this name for a network, if a folder is given.
    pub(crate) fn begin(name: &str, params: &Params) -> Self {
        let folder = std::env::var_os("CAIRN_TRANSCRIPTS").filter(|_| !name.is_empty());
        let mut transcript = Self { file: folder.map(|folder| create(Path::new(&folder), name)), steps: 0 };
        transcript.line(&json!({
            "network": params.name,
            "parameters": hex::encode(params.encoded()),
            "genesis": params.genesis_hash().to_string(),
        }));
        transcript
    }

    /// Adds a step.
    pub(crate) fn write(&mut self, step: &Step<'_>) {
        if self.file.is_none() {
            return;
        }
        self.steps += 1;
        let tip = step.tip.tip();
        let mut line = json!({
            "step": self.steps,
            "case": step.says,
            "now": step.now,
            "tip": tip.hash.to_string(),
            "height": tip.height,
            "state_root": step.tip.root().to_string(),
        });
        if let Some(block) = step.block {
            line["block"] = hex::encode(block).into();
            line["verdict"] = step.verdict.to_string().into();
            line["any_of"] = step.any_of.iter().map(|violation| violation.name()).collect();
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

fn create(folder: &Path, name: &str) -> BufWriter<File> {
    create_dir_all(folder).expect("the folder of transcripts can be made");
    let file = File::create(folder.join(format!("{name}.jsonl")));
    BufWriter::new(file.expect("the folder of transcripts can be written"))
}
