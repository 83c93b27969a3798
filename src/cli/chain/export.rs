//! `chain export`: the best chain in a file.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};

use super::destination::Destination;
use super::served_blocks::ServedBlocks;
use super::stored_blocks::StoredBlocks;
use super::{Blocks, ensure_chain, ensure_numbers_are_known, serving_node};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::files::STDIO;
use crate::cli::node_access::NodeAccess;
use crate::cli::output::{self, Output};
use crate::cli::session::Session;
use crate::cli::{progress, words};
use crate::consensus::params::Params;
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::ChainFileWriter;

/// Written in one go.
const BUFFER_BYTES: usize = 1 << 18;

/// What was exported.
#[derive(Debug, Serialize)]
struct Exported {
    file: String,
    network: String,
    genesis: BlockHash,
    /// Records: the height of the tip, since genesis is not among them.
    blocks: u32,
    tip: BlockHash,
    height: Height,
    /// Bytes of the file.
    bytes: u64,
}

pub(super) async fn export(session: &Session, file: &Path, force: bool) -> Outcome {
    let folder = session.data_folder()?;
    let destination = Destination::open(file, force)?;
    let exported = if let Some(node) = serving_node(session, &folder).await? {
        ensure_numbers_are_known(&node)?;
        let params = Arc::clone(&node.session.params);
        write(&params, served(node).await?, destination, file).await?
    } else {
        ensure_chain(&folder)?;
        let blocks = StoredBlocks::open(&session.params, &folder)?;
        write(&session.params, blocks, destination, file).await?
    };
    report(session.output, &exported);
    Ok(())
}

/// The blocks of a running node's best chain, as it stands now.
async fn served(node: NodeAccess) -> Outcome<impl Blocks> {
    let info = node.client.blockchain_info().await?;
    let tip = BlockId { height: info.blocks, hash: info.bestblockhash };
    let fetch = async move |which: Value| {
        let digits: String = node.call("getblock", json!([which, 0])).await?;
        hex::decode(digits).map_err(|error| Failure::new(format!("the node's answer: {error}"), "try again"))
    };
    Ok(ServedBlocks::new(info.genesis_hash, tip, fetch))
}

async fn write(
    params: &Params,
    mut source: impl Blocks,
    destination: Destination,
    file: &Path,
) -> Outcome<Exported> {
    let bar = bar(source.tip().height);
    let sink = BufWriter::with_capacity(BUFFER_BYTES, destination);
    let mut writer = ChainFileWriter::new(sink, params).map_err(|error| failed(&error))?;
    while let Some(block) = source.next().await? {
        writer.write_encoded(&block).map_err(|error| failed(&error))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let (sink, written) = writer.finish().map_err(|error| failed(&error))?;
    let destination = sink.into_inner().map_err(|error| failed(error.error()))?;
    destination.keep()?;
    let tip = source.tip();
    Ok(Exported {
        file: file.display().to_string(),
        network: params.name.clone(),
        genesis: params.genesis_hash(),
        blocks: written.records,
        tip: tip.hash,
        height: tip.height,
        bytes: written.bytes,
    })
}

fn bar(height: Height) -> ProgressBar {
    let bar = progress::counting("exporting");
    bar.set_length(height.0.into());
    bar
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(format!("cannot write the chain: {error}"), "look at where it goes: the disk, or the pipe")
}

/// Beside a chain on the standard output there is no room for anything else.
fn report(output: Output, exported: &Exported) {
    let human = || {
        format!(
            "Exported {} of {} ({} bytes) to {}; the tip is #{} {}.",
            words::count(exported.blocks, "block"),
            exported.network,
            words::grouped(exported.bytes),
            exported.file,
            exported.height,
            exported.tip
        )
    };
    if exported.file != STDIO {
        output.show(exported, |_| human());
    } else if output.json {
        output::aside(&serde_json::to_string(exported).expect("every result has text as keys"));
    } else {
        output::aside(&human());
    }
}
