//! `chain import`: the blocks of a file, each checked as if a peer had sent it.

use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use serde::Serialize;

use super::target::{Target, Verdict};
use super::{ensure_numbers_are_known, serving_node};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::{files, progress, words};
use crate::consensus::violation::Violation;
use crate::primitives::{BlockHash, Height};
use crate::storage::chain_file::ChainFileProblem;
use crate::storage::{BlockRecord, ChainFileError, ChainFileReader};

/// Read in one go.
const BUFFER_BYTES: usize = 1 << 18;

/// What was imported.
#[derive(Debug, Serialize)]
struct Imported {
    file: String,
    network: String,
    genesis: BlockHash,
    /// Records of the file.
    blocks: u32,
    /// Those that are new here.
    added: u32,
    /// Those that were here before.
    known: u32,
    tip: BlockHash,
    height: Height,
    /// Bytes of the file.
    bytes: u64,
}

/// How far an import came.
#[derive(Debug, Default)]
struct Progress {
    added: u32,
    known: u32,
    bytes: u64,
}

/// A block, and where it stands in the file.
#[derive(Debug)]
struct Place {
    record: u32,
    offset: u64,
    end: u64,
    height: Height,
    hash: BlockHash,
    parent: BlockHash,
}

pub(super) async fn import(session: &Session, file: &Path) -> Outcome {
    let folder = session.data_folder()?;
    let input = files::open(file)?;
    let bar = progress::bytes("importing", input.length);
    let node = serving_node(session, &folder).await?;
    let params = match &node {
        Some(node) => {
            ensure_numbers_are_known(node)?;
            Arc::clone(&node.session.params)
        }
        None => Arc::clone(&session.params),
    };
    let source = BufReader::with_capacity(BUFFER_BYTES, input.bytes);
    let reader = ChainFileReader::open_for(source, &params).map_err(|error| of_the_file(&error, file))?;
    let target = match node {
        Some(node) => Target::Node(Box::new(node)),
        None => Target::folder(&params, &folder)?,
    };
    let mut reached = Progress::default();
    let outcome = take_all(reader, &target, &bar, &mut reached).await;
    bar.finish_and_clear();
    let tip = target.tip().await;
    target.close().await;
    let tip = tip?;
    outcome
        .map_err(|failure| with_what_is_kept(failure, &reached, &format!("#{} {}", tip.height, tip.hash)))?;
    let imported = Imported {
        file: file.display().to_string(),
        network: params.name.clone(),
        genesis: params.genesis_hash(),
        blocks: reached.added + reached.known,
        added: reached.added,
        known: reached.known,
        tip: tip.hash,
        height: tip.height,
        bytes: reached.bytes,
    };
    session.output.show(&imported, |_| for_people(&imported));
    Ok(())
}

/// Hands in block after block, up to the first that is refused.
async fn take_all(
    mut reader: ChainFileReader<impl Read>,
    target: &Target,
    bar: &ProgressBar,
    reached: &mut Progress,
) -> Outcome {
    let submit = async |record: Result<BlockRecord, ChainFileError>| {
        let record = record.map_err(|error| of_a_record(&error))?;
        let block = record.block().map_err(|error| of_a_record(&error))?;
        let place = Place {
            record: record.number,
            offset: record.offset,
            end: record.offset + size_of::<u32>() as u64 + record.bytes.len() as u64,
            height: block.coinbase.height,
            hash: block.hash(),
            parent: block.header.previous,
        };
        let verdict = target.submit(block).await?;
        Ok::<_, Failure>((place, verdict))
    };
    let mut verdicts = stream::iter(reader.by_ref()).map(submit).buffered(target.ahead());
    while let Some(verdict) = verdicts.next().await {
        let (place, verdict) = verdict?;
        match verdict {
            Verdict::Added => reached.added += 1,
            Verdict::Known => reached.known += 1,
            Verdict::Refused(reason) => return Err(refused(target, &place, reason).await?),
        }
        bar.set_position(place.end);
    }
    drop(verdicts);
    reached.bytes = reader.offset();
    Ok(())
}

/// The failure for a block that breaks a rule, or whose ancestor does.
async fn refused(target: &Target, place: &Place, reason: String) -> Outcome<Failure> {
    let Place { record, offset, height, hash, parent, .. } = place;
    let block = format!("block #{height} {hash} (record {record}, offset {offset})");
    if reason == Violation::InvalidParent.name()
        && let Some(culprit) = target.culprit(*parent).await?
    {
        let cause = format!(
            "{block} breaks a rule: {reason}; its ancestor #{} {} breaks {}",
            culprit.id.height, culprit.id.hash, culprit.violation
        );
        return Ok(Failure::new(cause, "get a good export").because(reason));
    }
    let next_step = if reason == Violation::TimeTooFarAhead.name() {
        "look at the clock of this machine, or import again when it is due"
    } else {
        "get a good export"
    };
    let meaning = Violation::ALL.iter().find(|violation| violation.name() == reason);
    let meaning = meaning.map(|violation| format!(" ({violation})")).unwrap_or_default();
    Ok(Failure::new(format!("{block} breaks a rule: {reason}{meaning}"), next_step).because(reason))
}

/// The failure for a file that cannot be imported at all.
fn of_the_file(error: &ChainFileError, file: &Path) -> Failure {
    let cause = format!("{}: {error}", files::name(file));
    let ChainFileProblem::OtherNetwork(networks) = &error.problem else {
        return Failure::new(cause, "name a file that `cairn chain export` made").because("bad-file");
    };
    let next_step = if networks.found == networks.expected {
        "give the --chain-spec of that network".to_owned()
    } else {
        format!("give --network {}, and its --chain-spec if it has one", networks.found)
    };
    Failure::new(cause, next_step).because("other-network")
}

/// The failure for a file that is damaged further on.
fn of_a_record(error: &ChainFileError) -> Failure {
    let is_no_block = matches!(error.problem, ChainFileProblem::Undecodable(_));
    let reason = if is_no_block { "undecodable" } else { "bad-file" };
    Failure::new(error, "export it again, or copy it again").because(reason)
}

/// Nothing is lost because something else is wrong.
fn with_what_is_kept(failure: Failure, reached: &Progress, tip: &str) -> Failure {
    let added = words::count(reached.added, "block");
    let next_step =
        format!("{}; {added} before it were added and are kept: the tip is {tip}", failure.next_step);
    Failure { next_step, ..failure }
}

fn for_people(imported: &Imported) -> String {
    format!(
        "Imported {} of {} ({} known before); the tip is #{} {}.",
        words::count(imported.added, "block"),
        imported.network,
        words::grouped(imported.known.into()),
        imported.height,
        imported.tip
    )
}
