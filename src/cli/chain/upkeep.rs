//! `chain rebuild-index` and `chain compact`: what a folder is put in order with, while no node runs on it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::{ensure_chain, serving_node};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::cli::{output, progress, words};
use crate::primitives::{BlockHash, BlockId, Height};
use crate::storage::{OpenOptions, Opened, WalletIndex};

/// Between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was indexed.
#[derive(Debug, Serialize)]
struct Rebuilt {
    blocks: u32,
    tip: BlockHash,
}

/// What a compaction has won.
#[derive(Debug, Serialize)]
struct Shrunk {
    bytes_before: u64,
    bytes_after: u64,
    bodies_before: u64,
    bodies_after: u64,
}

/// Throws the wallet index away and makes it again from the blocks.
pub(super) async fn rebuild_index(session: &Session) -> Outcome {
    let folder = own_folder(session).await?;
    let Opened { mut store, chain, report, .. } =
        OpenOptions::new(&folder, session.params.genesis_hash()).open()?;
    report.lines().iter().for_each(|line| output::aside(line));
    let genesis = BlockId { height: Height::GENESIS, hash: session.params.genesis_hash() };
    let tip = chain.tip.unwrap_or(genesis);
    let index = store.start_index(true)?;
    follow(&index, tip)?;
    drop(index);
    store.close()?;
    let rebuilt = Rebuilt { blocks: tip.height.0, tip: tip.hash };
    session.output.show(&rebuilt, |_| {
        format!("The wallet index is made anew: {} up to {}.", words::count(tip.height.0, "block"), tip.hash)
    });
    Ok(())
}

/// Takes out of the folder what it no longer needs.
pub(super) async fn compact(session: &Session) -> Outcome {
    let folder = own_folder(session).await?;
    let bar = progress::bytes("compacting", Some(0));
    let options = OpenOptions::new(&folder, session.params.genesis_hash());
    let compacted = options.compact(&mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let compacted = compacted?;
    compacted.report.lines().iter().for_each(|line| output::aside(line));
    let shrunk = Shrunk {
        bytes_before: compacted.bytes_before,
        bytes_after: compacted.bytes_after,
        bodies_before: compacted.bodies_before,
        bodies_after: compacted.bodies_after,
    };
    session.output.show(&shrunk, |_| format!("{}\n{}", database_line(&shrunk), bodies_line(&shrunk)));
    Ok(())
}

fn database_line(shrunk: &Shrunk) -> String {
    let [before, after] = [shrunk.bytes_before, shrunk.bytes_after].map(words::grouped);
    if shrunk.bytes_after >= shrunk.bytes_before {
        return format!("The database takes {before} bytes, and there is nothing to win.");
    }
    format!("The database takes {after} bytes; it took {before}. Everything in it was compared.")
}

fn bodies_line(shrunk: &Shrunk) -> String {
    let [after, freed] =
        [shrunk.bodies_after, shrunk.bodies_before.saturating_sub(shrunk.bodies_after)].map(words::grouped);
    if shrunk.bodies_after >= shrunk.bodies_before {
        return format!("The bodies of blocks take {after} bytes, and all of them count.");
    }
    format!("The bodies of blocks take {after} bytes; {freed} that nothing pointed to were freed.")
}

/// The data folder, with a chain and without a node.
async fn own_folder(session: &Session) -> Outcome<std::path::PathBuf> {
    let folder = session.data_folder()?;
    ensure_chain(&folder)?;
    if serving_node(session, &folder).await?.is_some() {
        return Err(running(&folder));
    }
    Ok(folder)
}

fn running(folder: &Path) -> Failure {
    Failure::new(format!("a node runs on {}", folder.display()), "stop it first").because("folder-in-use")
}

/// Shows how far the index is, up to the tip.
fn follow(index: &WalletIndex, tip: BlockId) -> Outcome {
    let bar = progress::counting("indexing");
    bar.set_length(tip.height.0.into());
    loop {
        let position = index.position();
        bar.set_position(position.indexed.height.0.into());
        if let Some(failure) = position.failure {
            return Err(failure.into());
        }
        if position.indexed == tip {
            bar.finish_and_clear();
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
}
