//! The recorded process: the real threads of a node on the real store, fed with a part of the story.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use cairn::consensus::testing::easy_params;
use cairn::node::query::BlockOutcome;
use cairn::primitives::Block;
use cairn::runtime::{self, NodeHandle};
use cairn::storage::Opened;

use crate::node::options;
use crate::story::{NETWORK, Story};

/// Blocks handed over at once, in turn: alone, and in groups that share a flush.
const WAVES: [usize; 5] = [1, 4, 1, 2, 7];

/// The life of which all is that it compacts the folder.
pub(crate) const COMPACTION: &str = "compact";

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// As a node stops that is asked to.
    Stopped,
    /// All at once.
    Killed,
}

#[test]
#[ignore = "the other tests run it in a process of its own, under the recorder"]
fn recorded_life() {
    let Ok(life) = std::env::var("CAIRN_LIFE") else { return };
    if life == COMPACTION {
        return compact();
    }
    let (count, end) = life.split_once(' ').expect("a life says how many blocks it takes, and how it ends");
    let end = if end == "killed" { End::Killed } else { End::Stopped };
    live(count.parse().unwrap(), end);
}

/// Says what went wrong, if something did, as the command does.
fn compact() {
    let folder = PathBuf::from(std::env::var_os("CAIRN_RECORD_ROOT").unwrap()).join("node");
    if let Err(error) = options(&folder, &easy_params(NETWORK)).compact(&mut |_, _| {}) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

/// Opens the folder, takes the next blocks of the story, and ends. Whatever was acknowledged is marked.
fn live(blocks: usize, end: End) {
    let root = PathBuf::from(std::env::var_os("CAIRN_RECORD_ROOT").unwrap());
    let mut marks = File::options()
        .create(true)
        .append(true)
        .open(std::env::var_os("CAIRN_RECORD_MARKS").unwrap())
        .unwrap();
    let story = Story::new();
    let Opened { mut store, chain, records, .. } = options(&root.join("node"), &story.params).open().unwrap();
    let next: Vec<_> = story
        .order
        .iter()
        .filter(|block| !chain.bodies.iter().any(|id| id.hash == block.header.hash()))
        .take(blocks)
        .collect();
    let index = store.start_index(false).unwrap();
    let running = runtime::start(Arc::clone(&story.params), store, chain, &mut |_, _| {}).unwrap();
    let threads = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut rest, mut waves) = (next.as_slice(), WAVES.iter().cycle());
    while !rest.is_empty() {
        let (wave, after) = rest.split_at(rest.len().min(*waves.next().expect("the waves never end")));
        rest = after;
        threads.block_on(hand_over(&running.handle, wave));
        marks.write_all(running.handle.view().tip.id.hash.to_string().as_bytes()).unwrap();
        records.put("peers", format!("{} blocks to come", rest.len()).repeat(40).as_bytes()).unwrap();
    }
    if end == End::Killed {
        std::process::exit(0);
    }
    drop(index);
    running.handle.stop("enough");
    running.threads.join();
    records.put("mempool", &vec![7; 30_000]).and_then(|()| records.sync()).unwrap();
}

async fn hand_over(handle: &NodeHandle, wave: &[&Arc<Block>]) {
    let submitted: Vec<_> = wave
        .iter()
        .map(|block| {
            let (handle, block) = (handle.clone(), Arc::clone(block));
            tokio::spawn(async move { handle.submit_block(block).await })
        })
        .collect();
    for outcome in submitted {
        let outcome = outcome.await.unwrap().unwrap();
        assert!(matches!(outcome, BlockOutcome::Connected | BlockOutcome::SideBranch), "{outcome:?}");
    }
}
